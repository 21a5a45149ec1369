/* red - tests that must be red: what the sanitizers find in a Criterion test, which is a process of
 * its own, is to be seen by who runs the tests. deploy/test runs them one by one and wants a
 * report of each. */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdlib.h>

static volatile int four = 4, largest = INT_MAX;

Test(red, one_byte_past_the_end)
{
    volatile char *bytes = malloc((size_t)four); /* else the write may be left out */
    cr_assert_not_null(bytes);
    bytes[four] = 'x';
    free((void *)bytes);
}

Test(red, a_number_beyond_int)
{
    int next = largest + four;
    cr_assert_lt(next, largest);
}

Test(red, memory_that_nobody_frees)
{
    static char *volatile forgotten;
    forgotten = malloc(1000);
    cr_assert_not_null(forgotten);
    forgotten = NULL;
}
