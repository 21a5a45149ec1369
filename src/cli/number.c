/* number - see number.h. */
#include "cli/number.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 20, YEARS_MAX_S = 2000000000 };

bool number_parse(const char *text, int64_t least, int64_t most, int64_t *number)
{
    if (!text)
        return true;
    size_t size = strlen(text);
    if (size == 0 || size > TEXT_MAX || text[strspn(text, "0123456789")])
        return false;
    errno = 0;
    int64_t value = strtoll(text, NULL, 10);
    if (errno || value < least || value > most)
        return false;
    *number = value;
    return true;
}

bool number_parse_time(const char *text, int64_t *seconds)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
    char digits[TEXT_MAX + 1] = "";
    if (!text)
        return true;
    size_t size = strlen(text);
    if (size < 2 || size > TEXT_MAX)
        return false;
    memcpy(digits, text, size - 1);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        int64_t value = 0;
        if (units[i].unit != text[size - 1])
            continue;
        if (!number_parse(digits, 1, YEARS_MAX_S / units[i].seconds, &value))
            return false;
        *seconds = value * units[i].seconds;
        return true;
    }
    return false;
}
