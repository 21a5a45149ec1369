/* clock - what time it is. */
#include "base/clock.h"
#include <criterion/criterion.h>
#include <time.h>

Test(clock, says_the_real_time)
{
    int64_t before = (int64_t)time(NULL);
    int64_t now = clock_now();
    int64_t after = (int64_t)time(NULL);
    cr_assert(before <= now && now <= after);
}

Test(clock, says_what_a_test_set_until_that_is_taken_back)
{
    clock_fake(1000);
    cr_assert_eq(clock_now(), 1000);
    clock_fake(0);
    cr_assert_eq(clock_now(), 0, "1970 is a time too");
    clock_fake(-1);
    cr_assert_geq(clock_now(), (int64_t)time(NULL) - 1);
}

Test(clock, the_monotonic_one_goes_on_while_the_other_is_faked)
{
    const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
    clock_fake(1000);
    int64_t ms = clock_monotonic_ms(), us = clock_monotonic_us();
    nanosleep(&pause, NULL);
    cr_assert_geq(clock_monotonic_ms() - ms, 19);
    cr_assert_geq(clock_monotonic_us() - us, 20000);
    cr_assert_leq(clock_monotonic_us() / 1000 - clock_monotonic_ms(), 0, "the same clock");
}
