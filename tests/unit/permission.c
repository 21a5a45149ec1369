/* permission - names, and whether a scope holds one. */
#include "auth/permission.h"
#include <criterion/criterion.h>
#include <stddef.h>

Test(permission, every_one_has_a_name_of_its_own)
{
    for (int i = PERMISSION_INVALID + 1; i < PERMISSION_COUNT; i++) {
        cr_assert_not_null(permission_name((enum permission)i), "%d", i);
        for (int j = PERMISSION_INVALID + 1; j < i; j++)
            cr_assert_str_neq(permission_name((enum permission)i),
                              permission_name((enum permission)j));
    }
}

Test(permission, what_is_not_in_the_table_has_no_name)
{
    static const int outside[] = { PERMISSION_INVALID, PERMISSION_COUNT, -1, 1 << 30 };
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        cr_assert_null(permission_name((enum permission)outside[i]), "%d", outside[i]);
}

Test(permission, is_in_a_scope_as_a_whole_word)
{
    static const struct {
        const char *scope;
        bool held;
    } cases[] = {
        { "profile:read", true },
        { "profile:read profile:write", true },
        { "profile:write profile:read", true },
        { "users:read profile:read users:write", true },
        { "", false },
        { NULL, false },
        { " ", false },
        { "profile:write", false },
        { "profile:reader", false },
        { "xprofile:read", false },
        { "profile:rea", false },
        { "PROFILE:READ", false },
        { "profile:read\tprofile:write", false },
        { "profile:read,profile:write", false },
        { "profile :read", false },
        { "xprofile:read profile:readx", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(permission_in_scope(PERMISSION_PROFILE_READ, cases[i].scope), cases[i].held,
                     "scope '%s'", cases[i].scope ? cases[i].scope : "(none)");
}

Test(permission, that_is_none_is_in_no_scope)
{
    cr_assert_not(permission_in_scope(PERMISSION_INVALID, "profile:read"));
    cr_assert_not(permission_in_scope(PERMISSION_INVALID, ""));
    cr_assert_not(permission_in_scope(PERMISSION_COUNT, "profile:read"));
}
