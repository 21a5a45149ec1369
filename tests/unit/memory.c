/* memory - allocation that never fails. */
#include "base/memory.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

Test(memory, new_memory_is_zero)
{
    unsigned char *memory = memory_new(10000);
    for (size_t i = 0; i < 10000; i++)
        cr_assert_eq(memory[i], 0, "byte %zu", i);
    free(memory);
}

Test(memory, none_is_a_size_too)
{
    void *memory = memory_new(0);
    cr_assert_not_null(memory);
    memory = memory_resize(memory, 0);
    cr_assert_not_null(memory);
    free(memory);
}

Test(memory, resizing_keeps_the_bytes)
{
    char *memory = memory_resize(NULL, 4);
    memcpy(memory, "abc", 4);
    memory = memory_resize(memory, 100000);
    cr_assert_str_eq(memory, "abc");
    free(memory);
}

Test(memory, a_text_is_copied)
{
    char original[] = "abc";
    char *copy = memory_text(original), *part = memory_text_of(original, 2);
    original[0] = 'x';
    cr_assert_str_eq(copy, "abc");
    cr_assert_str_eq(part, "ab");
    cr_assert_null(memory_text(NULL));
    free(copy);
    free(part);
}

/* AddressSanitizer ends the process by itself at such a size. */
#if !defined(__SANITIZE_ADDRESS__)
Test(memory, no_memory_left_ends_the_process, .signal = SIGABRT)
{
    volatile size_t much = SIZE_MAX / 4;
    free(memory_new(much));
}
#endif
