/* cli_user - user add, list, show, disable, enable, role, delete: what they say, to people and to
 * programs, and what it means for who is logged in. */
#include "support/cli.h"
#include "support/expect.h"
#include "support/flows.h"
#include "support/guard.h"
#include "support/http_client.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <string.h>

TestSuite(cli_user, .fini = stack_stop);

/* From a line of stdin, as a program gives it. */
static int add(const char *arguments)
{
    return cli_shell(text("printf '%%s\\n' '" PASSWORD "' | \"$0\" user add %s", arguments));
}

static const char *text_of(json_object *object, const char *member)
{
    return json_object_get_string(json_object_object_get(object, member));
}

static int integer_of(json_object *object, const char *member)
{
    json_object *value = json_object_object_get(object, member);
    cr_assert(json_object_is_type(value, json_type_int), "%s: %s", member, cli_output);
    return json_object_get_int(value);
}

static bool boolean_of(json_object *object, const char *member)
{
    json_object *value = json_object_object_get(object, member);
    cr_assert(json_object_is_type(value, json_type_boolean), "%s: %s", member, cli_output);
    return json_object_get_boolean(value);
}

/* The addresses of `user list --json` with these arguments, each followed by a blank. */
static const char *listed(const char *arguments)
{
    const char *all = "";
    cr_assert_eq(cli_shell(text("\"$0\" user list --json %s 2>/dev/null", arguments)), 0, "%s",
                 cli_output);
    json_object *list = cli_json();
    cr_assert(json_object_is_type(list, json_type_array), "%s", cli_output);
    for (size_t i = 0; i < json_object_array_length(list); i++)
        all = text("%s%s ", all, text_of(json_object_array_get_idx(list, i), "email"));
    json_object_put(list);
    return all;
}

/* ---- add, list, show --------------------------------------------------------------------------*/

Test(cli_user, that_is_added_can_log_in_and_is_shown)
{
    STACK();
    cr_assert_eq(add("Ada@example.org --name 'Ada L' --role admin --json"), 0, "%s", cli_output);
    json_object *added = cli_json();
    log_in("ada@example.org");
    log_in("ada@example.org");
    cr_assert_eq(CLI("user", "show", "ADA@example.org", "--json"), 0, "%s", cli_output);
    json_object *shown = cli_json();
    cr_assert_eq(integer_of(shown, "id"), integer_of(added, "id"));
    cr_assert_str_eq(text_of(shown, "email"), "Ada@example.org");
    cr_assert_str_eq(text_of(shown, "name"), "Ada L");
    cr_assert_str_eq(text_of(shown, "roles"), "[ \"admin\", \"user\" ]");
    cr_assert_not(boolean_of(shown, "disabled"));
    cr_assert_eq(integer_of(added, "sessions"), 0);
    cr_assert_eq(integer_of(shown, "sessions"), 2);
    cr_assert_null(json_object_object_get(added, "last_login"));
    cr_assert_str_eq(text_of(shown, "last_login"),
                     stack_sql("select to_char(max(created_at) at time zone 'UTC',"
                               " 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') from sessions"));
    cr_assert_eq(CLI("user", "show", text("%d", integer_of(shown, "id"))), 0, "%s", cli_output);
    cli_expect("EMAIL             Ada@example.org\n");
    cli_expect("DISABLED          no\n");
    json_object_put(added);
    json_object_put(shown);
}

Test(cli_user, that_cannot_be_added_is_refused_with_a_reason)
{
    static const struct {
        const char *arguments;
        int status;
        const char *told;
    } cases[] = {
        { "ada@example.org --name Ada", 1, "this email address has an account already" },
        { "eve@example.org --name Eve --role god", 1, "there is no such role" },
        { "eve@example.org --name Eve --role 'a b'", 2, "A role's name" },
        { "eve@example.org", 2, "needs --name" },
        { "eve --name Eve", 2, "email" },
        { "eve@example.org --name ''", 2, "name" },
        { "--name Eve", 2, "something is missing" },
        { "eve@example.org --name Eve --name Eve", 2, "stands twice" },
    };
    STACK();
    cr_assert_eq(add("ada@example.org --name Ada"), 0, "%s", cli_output);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(add(cases[i].arguments), cases[i].status, "%s: %s", cases[i].arguments,
                     cli_output);
        cli_expect(cases[i].told);
    }
    cr_assert_str_eq(stack_sql("select count(*) from users"), "1");
}

Test(cli_user, list_can_be_narrowed_and_paged)
{
    STACK();
    sign_up("ada@example.org");
    sign_up("bob@example.com");
    sign_up("eve@example.com");
    stack_sql("update users set disabled_at = now() where email like 'eve%%'");
    stack_sql("insert into user_roles select id, 'admin' from users where email like 'bob%%'");
    const char *first = stack_sql("select min(id) from users");
    cr_assert_str_eq(listed(""), "ada@example.org bob@example.com eve@example.com ");
    cr_assert_str_eq(listed("EXAMPLE.com"), "bob@example.com eve@example.com ");
    cr_assert_str_eq(listed("--role admin"), "bob@example.com ");
    cr_assert_str_eq(listed("--disabled"), "eve@example.com ");
    cr_assert_str_eq(listed("--enabled --limit 1"), "ada@example.org ");
    cr_assert_str_eq(listed(text("--limit 1 --after %s", first)), "bob@example.com ");
    cr_assert_str_eq(listed("nobody"), "");
    cr_assert_eq(CLI("user", "list", "--limit", "3"), 0);
    cli_expect("there may be more");
    cr_assert_eq(CLI("user", "list"), 0);
    cr_assert_null(strstr(cli_output, "there may be more"), "%s", cli_output);
}

/* The columns of people are aligned; what a name does to a terminal is shown, not done. */
Test(cli_user, list_for_people_is_a_table_that_names_cannot_break)
{
    STACK(.kind = STACK_NOTHING);
    stack_sql("insert into users (email, email_key, name, password) values"
              " ('a@example.org', 'a@example.org', E'A\\nB\\u001b[31m', 'x'),"
              " ('longer@example.org', 'longer@example.org', 'Zoë', 'x')");
    cr_assert_eq(CLI("user", "list"), 0, "%s", cli_output);
    cr_assert_null(strchr(cli_output, '\033'), "%s", cli_output);
    char *lines[3], *rest = cli_output;
    for (int i = 0; i < 3; i++)
        cr_assert_not_null(lines[i] = strsep(&rest, "\n"));
    cr_assert_str_eq(rest, "");
    cr_assert_eq(strstr(lines[0], "NAME") - lines[0], strstr(lines[2], "Zoë") - lines[2]);
    cr_assert_eq(strstr(lines[0], "NAME") - lines[0], strstr(lines[1], "A\\u{a}B") - lines[1]);
}

/* ---- disable, role, delete --------------------------------------------------------------------*/

Test(cli_user, that_is_disabled_is_out_at_once_and_enabled_may_come_back)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    cr_assert_eq(CLI("user", "disable", "ada@example.org"), 0, "%s", cli_output);
    cli_expect("sessions have ended");
    expect_problem(HTTP("POST", "/refresh/", .body = refresh_body(tokens.refresh)), 400,
                   "Invalid refresh token", "invalid_refresh_token");
    expect_problem(HTTP("POST", "/login/", .body = log_in_body("ada@example.org", PASSWORD)), 403,
                   "Forbidden", "forbidden");
    cr_assert_eq(CLI("user", "disable", "ada@example.org"), 0, "%s", cli_output);
    cli_expect("already");
    cr_assert_eq(CLI("user", "enable", "ada@example.org"), 0, "%s", cli_output);
    log_in("ada@example.org");
    expect_problem(HTTP("POST", "/refresh/", .body = refresh_body(tokens.refresh)), 400,
                   "Invalid refresh token", "invalid_refresh_token");
}

Test(cli_user, role_is_given_and_taken_from_the_next_refresh_on)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    new_user("eve@example.org");
    cr_assert_eq(CLI("user", "role", "ada@example.org", "--add", "admin"), 0, "%s", cli_output);
    cr_assert_eq(CLI("user", "role", "eve@example.org", "--add", "admin"), 0, "%s", cli_output);
    refresh(tokens.refresh);
    cr_assert_str_eq(stack_sql("select string_agg(role, ' ' order by role) from user_roles join"
                               " users on id = user_id where email like 'ada%%'"),
                     "admin user");
    cr_assert_eq(CLI("user", "role", "ada@example.org", "--remove", "admin"), 0, "%s", cli_output);
    cr_assert_eq(CLI("user", "role", "ada@example.org", "--remove", "admin"), 0, "%s", cli_output);
    cli_expect("did not have");
    cr_assert_eq(CLI("user", "role", "ada@example.org", "--add", "god"), 1, "%s", cli_output);
    cli_expect("there is no such");
    cr_assert_eq(CLI("user", "role", "ada@example.org"), 2, "%s", cli_output);
    cr_assert_eq(CLI("user", "role", "ada@example.org", "--add", "admin", "--remove", "user"), 2,
                 "%s", cli_output);
}

Test(cli_user, that_is_the_last_administrator_is_kept_unless_forced)
{
    static const char *const losses[] = { "disable ada@example.org",
                                          "role ada@example.org --remove admin",
                                          "delete ada@example.org --yes" };
    STACK();
    cr_assert_eq(add("ada@example.org --name Ada --role admin"), 0, "%s", cli_output);
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        cr_assert_eq(cli_shell(text("\"$0\" user %s", losses[i])), 1, "%s", cli_output);
        cli_expect("--force");
    }
    cr_assert_str_eq(stack_sql("select count(*) from enabled_admins"), "1");
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        cr_assert_eq(cli_shell(text("\"$0\" user enable ada@example.org && \"$0\" user role"
                                    " ada@example.org --add admin && \"$0\" user %s --force",
                                    losses[i])),
                     0, "%s", cli_output);
        cr_assert_str_eq(stack_sql("select count(*) from enabled_admins"), "0");
    }
}

Test(cli_user, delete_asks_and_takes_no_silence_for_a_yes)
{
    const struct terminal_step wrong[] = { { "type 'ada@example.org'", "yes\n", 0 }, { 0 } },
                               right[] = { { "type 'ada@example.org'", "ada@example.org\n", 0 },
                                           { 0 } };
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    new_user("eve@example.org");
    const char *id = stack_sql("select min(id) from users");
    const struct terminal_step by_id[] = { { "To go on, type '", "\x04", 0 }, { 0 } };
    cr_assert_eq(CLI("user", "delete", "ada@example.org"), 1, "%s", cli_output);
    cli_expect("--yes");
    cr_assert_eq(cli_shell("echo ada@example.org | \"$0\" user delete ada@example.org"), 1);
    cr_assert_eq(CLI_TERMINAL(wrong, "user", "delete", "ada@example.org"), 1, "%s", cli_output);
    cli_expect("nothing was done");
    cr_assert_eq(CLI_TERMINAL(by_id, "user", "delete", id), 1, "%s", cli_output);
    cli_expect("EMAIL             ada@example.org\r\n");
    cr_assert_str_eq(stack_sql("select count(*) from users"), "2");
    cr_assert_eq(CLI_TERMINAL(right, "user", "delete", "ada@example.org"), 0, "%s", cli_output);
    cli_expect("is gone");
    cr_assert_str_eq(stack_sql("select email from users"), "eve@example.org");
    expect_problem(HTTP("POST", "/refresh/", .body = refresh_body(tokens.refresh)), 400,
                   "Invalid refresh token", "invalid_refresh_token");
    cr_assert_eq(CLI("user", "delete", "eve@example.org", "--yes"), 0, "%s", cli_output);
    cr_assert_str_eq(stack_sql("select count(*) from users"), "0");
    cr_assert_str_eq(stack_sql("select count(*) from audit where event = 'account_deleted'"), "2");
}

/* ---- all --------------------------------------------------------------------------------------*/

Test(cli_user, of_no_account_is_a_failure_and_wrong_use_is_2)
{
    static const struct {
        const char *arguments;
        int status;
    } cases[] = {
        { "show eve@example.org", 1 },
        { "show 4711", 1 },
        { "show nonsense", 1 },
        { "disable eve@example.org", 1 },
        { "enable eve@example.org", 1 },
        { "role eve@example.org --add admin", 1 },
        { "delete eve@example.org --yes", 1 },
        { "passwd eve@example.org <<<'" PASSWORD "'", 1 },
        { "show", 2 },
        { "show ada@example.org eve@example.org", 2 },
        { "list --enabled --disabled", 2 },
        { "list --limit 0", 2 },
        { "list --limit x", 2 },
        { "list --after -1", 2 },
        { "list --frobnicate", 2 },
        { "list a b", 2 },
        { "disable", 2 },
        { "delete --yes", 2 },
        { "frobnicate", 2 },
        { "--set database='host=/nonexistent dbname=x' list", 1 },
        { "--set database='host=/nonexistent dbname=x' show ada@example.org", 1 },
        { "list >/dev/full", 1 },
        { "show ada@example.org >/dev/full", 1 },
        { "show ada@example.org", 0 },
    };
    STACK();
    sign_up("ada@example.org");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(cli_shell(text("\"$0\" user %s", cases[i].arguments)), cases[i].status,
                     "%s: %s", cases[i].arguments, cli_output);
        cr_assert(cases[i].status == 0 || strstr(cli_output, "therappai-auth: "), "%s: %s",
                  cases[i].arguments, cli_output);
    }
}
