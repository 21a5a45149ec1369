/* clock - see clock.h. */
#include "base/clock.h"
#include <time.h>

static int64_t faked = -1;

int64_t clock_now(void)
{
    return faked >= 0 ? faked : (int64_t)time(NULL);
}

int64_t clock_monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
    return clock_monotonic_us() / 1000;
}

void clock_fake(int64_t now)
{
    faked = now;
}
