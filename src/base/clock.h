/* clock - what time it is; tests may set it. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Seconds since 1970, UTC. */
int64_t clock_now(void);
/* Milliseconds and microseconds of a clock that only goes forward. Never faked. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* From now on clock_now() returns `now`; a negative value gives the real time back. For tests
 * alone. */
void clock_fake(int64_t now);

#endif
