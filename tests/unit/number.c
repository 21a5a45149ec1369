/* number - numbers and times in arguments. */
#include "cli/number.h"
#include <criterion/criterion.h>

Test(number, is_decimal_digits_within_bounds)
{
    static const char *const wrong[] = { "",
                                         "0",
                                         "101",
                                         "-1",
                                         "+1",
                                         " 1",
                                         "1 ",
                                         "1x",
                                         "0x1",
                                         "99999999999999999999",
                                         "9999999999999999999999" };
    int64_t number = 7;
    cr_assert(number_parse(NULL, 1, 100, &number));
    cr_assert_eq(number, 7);
    cr_assert(number_parse("100", 1, 100, &number));
    cr_assert_eq(number, 100);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_assert_not(number_parse(wrong[i], 1, 100, &number), "'%s'", wrong[i]);
    cr_assert_eq(number, 100);
}

Test(number, of_time_has_a_unit)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = { { "90s", 90 }, { "15m", 900 }, { "12h", 43200 }, { "30d", 2592000 } };
    static const char *const wrong[] = { "",     "s",   "90",           "0s",          "1y", "-1d",
                                         "1.5h", "1 d", "99999999999d", "2000000001s", "d1" };
    int64_t seconds = 7;
    cr_assert(number_parse_time(NULL, &seconds));
    cr_assert_eq(seconds, 7);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert(number_parse_time(cases[i].text, &seconds), "%s", cases[i].text);
        cr_assert_eq(seconds, cases[i].seconds);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_assert_not(number_parse_time(wrong[i], &seconds), "'%s'", wrong[i]);
}
