/* number - numbers in arguments. */
#ifndef CLI_NUMBER_H
#define CLI_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits within the bounds; NULL leaves *number as it is. False for anything else. */
bool number_parse(const char *text, int64_t least, int64_t most, int64_t *number);
/* Seconds, written as options are: "90s", "15m", "12h", "30d"; likewise. */
bool number_parse_time(const char *text, int64_t *seconds);

#endif
