/* account - POST /password/, DELETE /profile/ and GET /profile/export/ through a web server. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <string.h>

#define NEW_PASSWORD "a better password than before"

TestSuite(account, .fini = stack_stop);

static const char *passwords(const char *current, const char *wanted, const char *confirmation)
{
    return text("{'current_password':'%s','new_password':'%s','confirm_password':'%s'}", current,
                wanted, confirmation);
}

static int log_in_status(const char *password)
{
    return HTTP("POST", "/login/", .body = log_in_body("ada@example.org", password))->status;
}

Test(account, a_new_password_ends_every_other_session)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org"), other = log_in("ada@example.org"),
                  bob = new_user("bob@example.org");
    expect_no_content(HTTP("POST", "/password/", .token = tokens.access,
                           .body = passwords(PASSWORD, NEW_PASSWORD, NEW_PASSWORD)));
    expect_problem(HTTP("GET", "/profile/", .token = other.access), 401, "Unauthorized",
                   "invalid_token");
    expect_problem(HTTP("POST", "/refresh/", .body = refresh_body(other.refresh)), 400,
                   "Invalid refresh token", "invalid_refresh_token");
    refresh(tokens.refresh);
    refresh(bob.refresh);
    cr_assert_eq(log_in_status(PASSWORD), 401);
    cr_assert_eq(log_in_status(NEW_PASSWORD), 200);
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM audit WHERE event = 'password_changed'"
                               " AND actor_id = user_id"),
                     "1");
}

Test(account, a_wrong_password_changes_nothing_and_is_no_reason_to_log_in_again)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org"), other = log_in("ada@example.org");
    expect_field_error(HTTP("POST", "/password/", .token = tokens.access,
                            .body = passwords("wrong horse", NEW_PASSWORD, NEW_PASSWORD)),
                       "current_password");
    expect_field_error(HTTP("DELETE", "/profile/", .token = tokens.access,
                            .body = as_json("{'password':'wrong horse'}")),
                       "password");
    refresh(other.refresh);
    cr_assert_eq(log_in_status(PASSWORD), 200);
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM audit WHERE event = 'password_wrong'"), "2");
}

Test(account, a_new_password_has_to_be_one)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    const struct {
        const char *body, *member;
    } cases[] = {
        { passwords(PASSWORD, "short", "short"), "new_password" },
        { passwords(PASSWORD, NEW_PASSWORD, "another one"), "confirm_password" },
        { text("{'new_password':'%s','confirm_password':'%s'}", NEW_PASSWORD, NEW_PASSWORD),
          "current_password" },
        { text("{'current_password':'%s'}", PASSWORD), "new_password" },
        { as_json("{'current_password':1,'new_password':null}"), "current_password" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_field_error(
            HTTP("POST", "/password/", .token = tokens.access, .body = cases[i].body),
            cases[i].member);
    cr_assert_eq(log_in_status(PASSWORD), 200);
}

Test(account, deleted_takes_everything_along_but_the_audit_log)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org"), bob = new_user("bob@example.org");
    expect_no_content(HTTP("DELETE", "/profile/", .token = tokens.access,
                           .body = text("{'password':'%s'}", PASSWORD)));
    expect_problem(HTTP("GET", "/profile/", .token = tokens.access), 401, "Unauthorized",
                   "invalid_token");
    expect_problem(HTTP("POST", "/refresh/", .body = refresh_body(tokens.refresh)), 400,
                   "Invalid refresh token", "invalid_refresh_token");
    cr_assert_eq(log_in_status(PASSWORD), 401);
    cr_assert_str_eq(stack_sql("SELECT (SELECT count(*) FROM users) || ' ' ||"
                               " (SELECT count(*) FROM sessions) || ' ' ||"
                               " (SELECT count(*) FROM user_roles)"),
                     "1 1 1");
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM audit WHERE event = 'account_deleted'"), "1");
    refresh(bob.refresh);
    sign_up("ada@example.org");
}

Test(account, needs_a_token_of_a_session_that_lives)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    const struct http_call calls[] = {
        CALL("POST", "/password/", .body = passwords(PASSWORD, NEW_PASSWORD, NEW_PASSWORD)),
        CALL("DELETE", "/profile/", .body = text("{'password':'%s'}", PASSWORD)),
        CALL("GET", "/profile/export/"),
    };
    expect_no_content(HTTP("POST", "/logout/", .token = tokens.access));
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct http_call call = calls[i];
        expect_problem(http_send(&call), 401, "Unauthorized", "missing_token");
        call.token = tokens.access;
        expect_problem(http_send(&call), 401, "Unauthorized", "invalid_token");
    }
    stack_sql("UPDATE users SET disabled_at = now();"
              " UPDATE sessions SET ended_at = NULL, end_reason = NULL");
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct http_call call = calls[i];
        call.token = tokens.access;
        expect_problem(http_send(&call), 403, "Forbidden", "forbidden");
    }
    stack_sql("UPDATE users SET disabled_at = NULL");
    cr_assert_eq(log_in_status(PASSWORD), 200);
}

Test(account, is_exported_whole_without_a_secret_and_without_anybody_else)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    new_user("bob@example.org");
    const struct http_reply *reply = HTTP("GET", "/profile/export/", .token = tokens.access);
    expect_json(reply, 200);
    static const char *const there[] = { "\"email\":\"ada@example.org\"", "\"created\":\"20",
                                         "\"roles\":[\"user\"]",          "\"sessions\":[{",
                                         "\"event\":\"sign_up\"",         "\"event\":\"login\"" },
                             *const missing[] = { "bob", "argon2", "password\":" };
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++)
        cr_assert(strstr(reply->body, there[i]), "%s: %s", there[i], reply->body);
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++)
        cr_assert_null(strstr(reply->body, missing[i]), "%s: %s", missing[i], reply->body);
    cr_assert_str_eq(http_header(reply, "Content-Disposition"),
                     "attachment; filename=\"account.json\"");
}
