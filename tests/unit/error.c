/* error - every error has a name for the log. */
#include "base/error.h"
#include <criterion/criterion.h>
#include <string.h>

Test(error, each_has_a_name_of_its_own)
{
    for (int i = 0; i < ERROR_COUNT; i++) {
        const char *name = error_name((enum error)i);
        cr_assert_str_neq(name, "unknown", "error %d", i);
        cr_assert_gt(strlen(name), 0, "error %d", i);
        cr_assert_eq(name[strspn(name, "abcdefghijklmnopqrstuvwxyz_")], '\0', "error %d: %s", i,
                     name);
        for (int j = 0; j < i; j++)
            cr_assert_str_neq(name, error_name((enum error)j), "errors %d and %d", j, i);
    }
}

Test(error, what_is_none_has_a_name_too)
{
    cr_assert_str_eq(error_name(ERROR_COUNT), "unknown");
    cr_assert_str_eq(error_name((enum error) - 1), "unknown");
}
