/* cli_role - role list, set, delete: what roles may do, changed by the owner of the schema. */
#include "support/cli.h"
#include "support/expect.h"
#include "support/flows.h"
#include "support/guard.h"
#include "support/http_client.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <string.h>

TestSuite(cli_role, .fini = stack_stop);

/* The role in `role list --json`, or NULL; `list` is to be put. */
static json_object *find(const char *name, json_object **list)
{
    cr_assert_eq(CLI("role", "list", "--json"), 0, "%s", cli_output);
    *list = cli_json();
    for (size_t i = 0; i < json_object_array_length(*list); i++) {
        json_object *role = json_object_array_get_idx(*list, i);
        if (!strcmp(json_object_get_string(json_object_object_get(role, "name")), name))
            return role;
    }
    return NULL;
}

static void expect_permissions(const char *name, const char *permissions)
{
    json_object *list, *role = find(name, &list);
    cr_assert_not_null(role, "%s", cli_output);
    cr_assert_str_eq(json_object_get_string(json_object_object_get(role, "permissions")),
                     permissions);
    json_object_put(list);
}

Test(cli_role, says_what_its_bearers_may_do)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    cr_assert_eq(CLI("role", "set", "editor", "pages:read", "pages:write"), 0, "%s", cli_output);
    expect_permissions("editor", "[ \"pages:read\", \"pages:write\" ]");
    cr_assert_eq(CLI("user", "role", "ada@example.org", "--add", "editor"), 0, "%s", cli_output);
    tokens = refresh(tokens.refresh);
    cr_assert_eq(CLI("role", "set", "user"), 0, "%s", cli_output);
    expect_permissions("user", "[ ]");
    tokens = refresh(tokens.refresh);
    expect_problem(HTTP("GET", "/profile/", .token = tokens.access), 403, "Forbidden", "forbidden");
    cr_assert_eq(CLI("role", "set", "user", "profile:read"), 0, "%s", cli_output);
    tokens = refresh(tokens.refresh);
    expect_json(HTTP("GET", "/profile/", .token = tokens.access), 200);
}

Test(cli_role, that_accounts_have_is_not_removed)
{
    STACK();
    json_object *list;
    sign_up("ada@example.org");
    cr_assert_eq(CLI("role", "set", "editor", "pages:read"), 0, "%s", cli_output);
    cr_assert_eq(CLI("user", "role", "ada@example.org", "--add", "editor"), 0, "%s", cli_output);
    cr_assert_eq(CLI("role", "delete", "editor"), 1, "%s", cli_output);
    cli_expect("user list --role editor");
    cr_assert_eq(CLI("user", "role", "ada@example.org", "--remove", "editor"), 0, "%s", cli_output);
    cr_assert_eq(CLI("role", "delete", "editor"), 0, "%s", cli_output);
    cr_assert_null(find("editor", &list));
    json_object_put(list);
    cr_assert_str_eq(stack_sql("select string_agg(event || ' ' || detail, ', ' order by id)"
                               " from audit where event like 'role%%'"),
                     "role_set editor: pages:read, role_given editor, role_taken editor,"
                     " role_deleted editor");
}

Test(cli_role, that_is_wrong_is_refused)
{
    static const struct {
        const char *arguments;
        int status;
        const char *told;
    } cases[] = {
        { "set 'A b' x", 2, "A role's name" },
        { "set editor 'a b'", 2, "permission" },
        { "set editor ''", 2, "permission" },
        { "set editor 'a\"b'", 2, "quotation" },
        { "set editor $(printf 'p%.0s' {1..2000})", 2, "access token" },
        { "set", 2, "something is missing" },
        { "delete god", 1, "there is no such" },
        { "delete", 2, "something is missing" },
        { "list editor", 2, "a word too many" },
        { "", 2, "one of these has to follow" },
        { "--set database_owner='host=/nonexistent dbname=x' set editor x", 1, "does not answer" },
    };
    STACK(.kind = STACK_NOTHING);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(cli_shell(text("\"$0\" role %s", cases[i].arguments)), cases[i].status,
                     "%s: %s", cases[i].arguments, cli_output);
        cli_expect(cases[i].told);
    }
    cr_assert_str_eq(stack_sql("select count(*) from roles"), "2");
}
