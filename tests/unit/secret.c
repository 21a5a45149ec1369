/* secret - memory that wipes itself. */
#include "base/secret.h"
#include <criterion/criterion.h>
#include <string.h>

static void start(void)
{
    cr_assert(secret_start());
}

TestSuite(secret, .init = start);

Test(secret, starting_twice_is_no_mistake)
{
    cr_assert(secret_start());
}

Test(secret, holds_a_copy_with_a_nul_behind_it)
{
    char original[] = "p\0ss";
    struct secret *secret = secret_new(original, 4);
    memset(original, 'x', sizeof original);
    cr_assert_eq(secret_size(secret), 4);
    cr_assert_eq(memcmp(secret_reveal(secret), "p\0ss", 5), 0);
    secret_free(secret);
}

Test(secret, may_be_empty)
{
    struct secret *secret = secret_new(NULL, 0);
    cr_assert_eq(secret_size(secret), 0);
    cr_assert_str_eq(secret_reveal(secret), "");
    secret_free(secret);
}

Test(secret, made_empty_is_zero_and_can_be_written)
{
    struct secret *secret = secret_new_empty(3);
    cr_assert_eq(memcmp(secret_reveal(secret), "\0\0\0", 4), 0);
    memcpy(secret_bytes(secret), "key", 3);
    cr_assert_str_eq(secret_reveal(secret), "key");
    secret_free(secret);
}

Test(secret, freeing_none_is_no_mistake)
{
    secret_free(NULL);
    secret_wipe(NULL, 10);
}

Test(secret, two_are_equal_when_size_and_all_bytes_are)
{
    static const struct {
        const char *about, *a, *b;
        size_t a_size, b_size;
        bool equal;
    } cases[] = {
        { "the same", "secret", "secret", 6, 6, true },
        { "both empty", "", "", 0, 0, true },
        { "the same with a NUL", "se\0ret", "se\0ret", 6, 6, true },
        { "the first byte", "secret", "xecret", 6, 6, false },
        { "the last byte", "secret", "secrex", 6, 6, false },
        { "behind a NUL", "se\0ret", "se\0rex", 6, 6, false },
        { "one is the beginning of the other", "secret", "secre", 6, 5, false },
        { "one is empty", "secret", "", 6, 0, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct secret *a = secret_new(cases[i].a, cases[i].a_size);
        struct secret *b = secret_new(cases[i].b, cases[i].b_size);
        cr_assert_eq(secret_equal(a, b), cases[i].equal, "%s", cases[i].about);
        cr_assert_eq(secret_equal(b, a), cases[i].equal, "%s, turned round", cases[i].about);
        secret_free(a);
        secret_free(b);
    }
}

Test(secret, wiping_leaves_zeros_and_touches_nothing_else)
{
    char bytes[] = "abcdef";
    secret_wipe(bytes + 1, 4);
    cr_assert_eq(memcmp(bytes, "a\0\0\0\0f", 7), 0);
}
