/* cli_session - session list and end, and the audit log that an operator reads. */
#include "support/cli.h"
#include "support/expect.h"
#include "support/flows.h"
#include "support/guard.h"
#include "support/http_client.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

TestSuite(cli_session, .fini = stack_stop);

static const char *text_of(json_object *object, const char *member)
{
    return json_object_get_string(json_object_object_get(object, member));
}

static void expect_refused(const struct tokens *tokens)
{
    expect_problem(HTTP("POST", "/refresh/", .body = refresh_body(tokens->refresh)), 400,
                   "Invalid refresh token", "invalid_refresh_token");
}

/* What `arguments` print, an array. */
static json_object *array_of(const char *arguments)
{
    cr_assert_eq(cli_shell(text("\"$0\" %s --json", arguments)), 0, "%s", cli_output);
    json_object *list = cli_json();
    cr_assert(json_object_is_type(list, json_type_array), "%s", cli_output);
    return list;
}

Test(cli_session, list_has_those_that_live_and_end_ends_one)
{
    STACK();
    struct tokens first = new_user("ada@example.org"), second = log_in("ada@example.org");
    const char *id = stack_sql("select id from sessions order by created_at limit 1");
    json_object *list = array_of("session list ada@example.org");
    cr_assert_eq(json_object_array_length(list), 2);
    json_object *session = json_object_array_get_idx(list, 1);
    cr_assert_str_eq(text_of(session, "id"), id);
    cr_assert_str_eq(text_of(session, "address"), "127.0.0.1");
    cr_assert_eq(strlen(text_of(session, "expires")), strlen("2026-01-31T12:00:00Z"));
    json_object_put(list);
    cr_assert_eq(CLI("session", "end", id), 0, "%s", cli_output);
    cr_assert_str_eq(cli_output, "1 session has ended.\n");
    expect_refused(&first);
    refresh(second.refresh);
    cr_assert_eq(CLI("session", "list", "ada@example.org"), 0, "%s", cli_output);
    cr_assert_null(strstr(cli_output, id), "%s", cli_output);
    cr_assert_eq(CLI("session", "end", id), 1, "%s", cli_output);
    cli_expect("there is no such");
}

Test(cli_session, end_of_an_account_ends_all_of_its_own)
{
    STACK();
    struct tokens first = new_user("ada@example.org"), second = log_in("ada@example.org"),
                  other = new_user("eve@example.org");
    cr_assert_eq(CLI("session", "end", "--user", "ada@example.org"), 0, "%s", cli_output);
    cr_assert_str_eq(cli_output, "2 sessions have ended.\n");
    expect_refused(&first);
    expect_refused(&second);
    refresh(other.refresh);
    cr_assert_eq(CLI("session", "end", "--user", "ada@example.org"), 0, "%s", cli_output);
    cr_assert_str_eq(cli_output, "0 sessions have ended.\n");
    json_object *list = array_of("session list ada@example.org");
    cr_assert_eq(json_object_array_length(list), 0);
    json_object_put(list);
}

Test(cli_session, of_nobody_is_a_failure_and_wrong_use_is_2)
{
    static const struct {
        const char *arguments;
        int status;
    } cases[] = {
        { "list eve@example.org", 1 },
        { "end 00000000-0000-4000-8000-000000000000", 1 },
        { "end nonsense", 1 },
        { "end --user eve@example.org", 1 },
        { "list", 2 },
        { "list a b", 2 },
        { "end", 2 },
        { "end 00000000-0000-4000-8000-000000000000 --user ada@example.org", 2 },
        { "end --all", 2 },
        { "", 2 },
        { "--set database='host=/nonexistent dbname=x' list ada@example.org", 1 },
    };
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(cli_shell(text("\"$0\" session %s", cases[i].arguments)), cases[i].status,
                     "%s: %s", cases[i].arguments, cli_output);
    refresh(tokens.refresh);
}

/* ---- audit ------------------------------------------------------------------------------------*/

Test(cli_session, that_an_operator_ended_stands_in_the_audit_log)
{
    STACK();
    new_user("ada@example.org");
    const char *id = stack_sql("select id from users");
    cr_assert_eq(cli_shell("unset SUDO_USER; \"$0\" session end --user ada@example.org"), 0);
    json_object *list = array_of(text("audit --user %s --event session_ended", id));
    cr_assert_eq(json_object_array_length(list), 1);
    json_object *row = json_object_array_get_idx(list, 0);
    cr_assert_str_eq(text_of(row, "operator"), getpwuid(getuid())->pw_name);
    cr_assert_str_eq(text_of(row, "session"), stack_sql("select id from sessions"));
    cr_assert_str_eq(text_of(row, "user"), id);
    cr_assert_null(json_object_object_get(row, "actor"));
    json_object_put(list);
}

Test(cli_session, audit_is_narrowed_and_begins_with_the_newest)
{
    static const struct {
        const char *arguments, *events;
    } cases[] = {
        { "", "login sign_up old " },
        { "--limit 1", "login " },
        { "--event sign_up", "sign_up " },
        { "--since 1h", "login sign_up " },
        { "--since 30d", "login sign_up old " },
        { "--user ada@example.org", "login sign_up " },
        { "--user 4711", "old " },
        { "--user ada@example.org --event old", "" },
    };
    STACK();
    stack_sql("insert into audit (event, user_id, at) values ('old', 4711, now() - interval '2d')");
    new_user("ada@example.org");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *events = "";
        json_object *list = array_of(text("audit %s", cases[i].arguments));
        for (size_t row = 0; row < json_object_array_length(list); row++)
            events = text("%s%s ", events, text_of(json_object_array_get_idx(list, row), "event"));
        cr_assert_str_eq(events, cases[i].events, "%s", cases[i].arguments);
        json_object_put(list);
    }
    cr_assert_eq(CLI("audit"), 0, "%s", cli_output);
    cli_expect("REQUEST ID");
    cr_assert_eq(CLI("audit", "--user", "eve@example.org"), 1, "%s", cli_output);
    cr_assert_eq(CLI("audit", "--since", "yesterday"), 2, "%s", cli_output);
    cr_assert_eq(CLI("audit", "--limit", "0"), 2, "%s", cli_output);
    cr_assert_eq(CLI("audit", "all"), 2, "%s", cli_output);
}
