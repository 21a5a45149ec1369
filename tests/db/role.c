/* role - what roles may do is the owner's to say. */
#include "auth/role.h"
#include "support/database.h"
#include "support/person.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct audit_actor op = { .operator_name = "op" };

TestSuite(role, .init = person_start, .fini = person_finish);

static struct auth as_owner(void)
{
    return (struct auth){ .config = &person_config, .db = database_open(DATABASE_OWNER) };
}

static void take(void *context, const char *const values[])
{
    char *list = context;
    size_t used = strlen(list);
    snprintf(list + used, 1024 - used, "[%s|%s|%s]", values[ROLE_NAME], values[ROLE_PERMISSIONS],
             values[ROLE_ACCOUNTS]);
}

Test(role, is_made_changed_listed_and_removed)
{
    char list[1024] = "";
    bool is_new = false, gone = false;
    struct auth owner = as_owner();
    cr_assert_eq(role_set(&owner, "editor", "pages:read pages:write", &op, &is_new), ERROR_NONE);
    cr_assert(is_new);
    cr_assert_eq(role_set(&owner, "editor", "pages:read", &op, &is_new), ERROR_NONE);
    cr_assert_not(is_new);
    cr_assert_eq(role_set(&owner, "empty", "", &op, &is_new), ERROR_NONE);
    person_new();
    cr_assert_eq(role_list(&person_auth, take, list), ERROR_NONE);
    cr_assert_str_eq(list, "[admin|profile:read profile:write users:read users:write"
                           " tokens:introspect|0][editor|pages:read|0][empty||0]"
                           "[user|profile:read profile:write|1]");
    cr_assert_eq(role_delete(&owner, "editor", &op, &gone), ERROR_NONE);
    cr_assert(gone);
    cr_assert_eq(role_delete(&owner, "editor", &op, &gone), ERROR_NOT_FOUND);
    cr_assert_eq(database_integer("select count(*) from audit where operator = 'op'"
                                  " and event in ('role_set', 'role_deleted')"),
                 4);
    cr_assert_str_eq(database_sql("select detail from audit where event = 'role_set' order by id"),
                     "editor: pages:read pages:write");
    db_free(owner.db);
}

Test(role, that_accounts_have_stays)
{
    bool gone = true;
    struct auth owner = as_owner();
    person_new();
    cr_assert_eq(role_delete(&owner, "user", &op, &gone), ERROR_NONE);
    cr_assert_not(gone);
    cr_assert_eq(database_integer("select count(*) from user_roles"), 1);
    cr_assert_eq(database_integer("select count(*) from audit where event = 'role_deleted'"), 0);
    db_free(owner.db);
}

Test(role, is_nothing_that_a_worker_may_change)
{
    bool changed;
    cr_assert_eq(role_set(&person_auth, "user", "users:write", &op, &changed), ERROR_INTERNAL);
    cr_assert_eq(role_delete(&person_auth, "admin", &op, &changed), ERROR_INTERNAL);
    cr_assert_eq(database_integer("select count(*) from roles where 'users:write' ="
                                  " any (permissions)"),
                 1);
}

Test(role, names_and_permissions_have_a_form, .init = NULL, .fini = NULL)
{
    static const char *const names[] = { "",  "A",   "a b",
                                         "ä", "a:b", "a23456789012345678901234567890123" };
    static const char *const permissions[] = {
        " ", "a ", " a", "a  b", "a\"b", "a\\", "a\nb", "ä"
    };
    char many[2048];
    cr_assert_null(role_name_flaw("a2345678901234567890123456789_-2"));
    cr_assert_null(role_permissions_flaw(""));
    cr_assert_null(role_permissions_flaw("pages:read pages.write/x"));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        cr_assert_not_null(role_name_flaw(names[i]), "'%s'", names[i]);
    for (size_t i = 0; i < sizeof permissions / sizeof permissions[0]; i++)
        cr_assert_not_null(role_permissions_flaw(permissions[i]), "'%s'", permissions[i]);
    memset(many, 'a', sizeof many);
    many[1023] = '\0';
    cr_assert_null(role_permissions_flaw(many));
    many[1023] = 'a';
    many[1024] = '\0';
    cr_assert_not_null(role_permissions_flaw(many));
}
