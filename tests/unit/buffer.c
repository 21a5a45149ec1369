/* buffer - bytes that grow up to a limit. */
#include "base/buffer.h"
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

Test(buffer, nothing_is_allocated_before_the_first_byte)
{
    struct buffer buffer;
    buffer_init(&buffer, 10);
    cr_assert_null(buffer.data);
    cr_assert_eq(buffer.capacity, 0);
    buffer_clear(&buffer);
}

Test(buffer, pieces_follow_one_another_and_end_in_a_nul)
{
    struct buffer buffer;
    buffer_init(&buffer, 1000);
    cr_assert(buffer_text(&buffer, "one"));
    cr_assert(buffer_append(&buffer, " two\0!", 6));
    cr_assert(buffer_append(&buffer, NULL, 0));
    cr_assert(buffer_format(&buffer, " %s %d", "three", 4));
    cr_assert_eq(buffer.size, 17);
    cr_assert_eq(memcmp(buffer.data, "one two\0! three 4", 18), 0);
    cr_assert_not(buffer.overflowed);
    buffer_clear(&buffer);
}

Test(buffer, it_grows_to_its_limit_and_takes_nothing_past_it)
{
    enum { LIMIT = 5000 };
    struct buffer buffer;
    buffer_init(&buffer, LIMIT);
    for (int i = 0; i < LIMIT; i++)
        cr_assert(buffer_append(&buffer, &(char){ (char)('a' + i % 26) }, 1), "byte %d", i);
    cr_assert_not(buffer.overflowed);
    cr_assert_not(buffer_append(&buffer, "x", 1));
    cr_assert(buffer.overflowed);
    cr_assert_eq(buffer.size, LIMIT);
    cr_assert_eq(strlen(buffer.data), LIMIT);
    for (int i = 0; i < LIMIT; i++)
        cr_assert_eq(buffer.data[i], 'a' + i % 26, "byte %d", i);
    buffer_clear(&buffer);
}

Test(buffer, what_does_not_fit_whole_is_not_taken_in_part)
{
    struct buffer buffer;
    buffer_init(&buffer, 4);
    cr_assert(buffer_text(&buffer, "abc"));
    cr_assert_not(buffer_text(&buffer, "de"));
    cr_assert_not(buffer_format(&buffer, "%d", 12));
    cr_assert_null(buffer_room(&buffer, 2));
    cr_assert_str_eq(buffer.data, "abc");
    cr_assert(buffer_text(&buffer, "d"), "what fits is taken after a refusal too");
    buffer_clear(&buffer);
}

Test(buffer, a_size_near_the_largest_does_not_wrap_around)
{
    struct buffer buffer;
    buffer_init(&buffer, 100);
    cr_assert(buffer_text(&buffer, "abc"));
    cr_assert_null(buffer_room(&buffer, SIZE_MAX));
    cr_assert_null(buffer_room(&buffer, SIZE_MAX - 2));
    cr_assert_not_null(buffer_room(&buffer, 97));
    buffer_clear(&buffer);
}

Test(buffer, room_is_taken_as_far_as_it_was_used)
{
    struct buffer buffer;
    buffer_init(&buffer, 100);
    cr_assert(buffer_text(&buffer, "ab"));
    char *room = buffer_room(&buffer, 50);
    cr_assert_not_null(room);
    memcpy(room, "cdefgh", 6);
    buffer_extend(&buffer, 3);
    cr_assert_str_eq(buffer.data, "abcde");
    buffer_clear(&buffer);
}

Test(buffer, reset_wipes_the_bytes_and_keeps_a_small_memory)
{
    struct buffer buffer;
    buffer_init(&buffer, 100000);
    cr_assert(buffer_text(&buffer, "confidential"));
    const char *before = buffer.data;
    cr_assert_not(buffer_append(&buffer, before, 100000));
    buffer_reset(&buffer);
    cr_assert_eq(buffer.data, before);
    cr_assert_eq(buffer.size, 0);
    cr_assert_not(buffer.overflowed);
    for (size_t i = 0; i < sizeof "confidential"; i++)
        cr_assert_eq(buffer.data[i], 0, "byte %zu", i);
    buffer_clear(&buffer);
}

Test(buffer, reset_gives_a_large_memory_back_and_the_limit_stays)
{
    struct buffer buffer;
    buffer_init(&buffer, 100000);
    cr_assert(buffer_format(&buffer, "%50000d", 1));
    buffer_reset(&buffer);
    cr_assert_null(buffer.data);
    cr_assert_eq(buffer.limit, 100000);
    cr_assert(buffer_text(&buffer, "again"));
    cr_assert_str_eq(buffer.data, "again");
    buffer_clear(&buffer);
}
