/* login - POST /login/ through a web server. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(login, .fini = stack_stop);

Test(login, answers_with_both_tokens_and_the_life_of_the_first)
{
    STACK();
    sign_up("ada@example.org");
    const struct http_reply *reply =
        HTTP("POST", "/login/", .body = log_in_body("ada@example.org", PASSWORD));
    expect_json(reply, 200);
    cr_assert_str_eq(member_text(reply, "token_type"), "Bearer");
    cr_assert(!strncmp(member_text(reply, "refresh"), "therappai_rt_", 13));
    int64_t life = member_integer(reply, "expires_in");
    cr_assert(life >= 15 * 60 * 95 / 100 - 1 && life <= 15 * 60, "%lld", (long long)life);
    cr_assert_eq(json_object_object_length(reply->object), 4, "%s", reply->body);
    expect_json(HTTP("GET", "/profile/", .token = member_text(reply, "access")), 200);
}

Test(login, the_case_of_the_email_does_not_matter)
{
    STACK();
    sign_up("Ada@Example.org");
    log_in("ada@example.org");
    log_in("ADA@EXAMPLE.ORG");
}

/* RFC 9110 and the contract: one answer for both, so that it does not tell who has an account. */
Test(login, a_wrong_password_and_an_unknown_email_get_the_same_answer)
{
    STACK();
    sign_up("ada@example.org");
    const struct http_reply *wrong =
        HTTP("POST", "/login/", .body = log_in_body("ada@example.org", "not the password"),
             .headers = { "X-Request-Id: same" });
    const struct http_reply *unknown =
        HTTP("POST", "/login/", .body = log_in_body("eve@example.org", PASSWORD),
             .headers = { "X-Request-Id: same" });
    expect_problem(wrong, 401, "Unauthorized", "invalid_credentials");
    expect_problem(unknown, 401, "Unauthorized", "invalid_credentials");
    cr_assert_str_eq(wrong->body, unknown->body);
    cr_assert_eq(wrong->header_count, unknown->header_count);
    log_in("ada@example.org");
}

Test(login, what_can_be_no_account_or_password_is_only_wrong)
{
    static const struct {
        const char *about, *email, *password;
    } cases[] = {
        { "no email address", "ada", PASSWORD },
        { "an empty email", "", PASSWORD },
        { "SQL", "' OR '1'='1", PASSWORD },
        { "a NUL in the email", "ada@example.org\\u0000", PASSWORD },
        { "a short password", "ada@example.org", "x" },
        { "an empty password", "ada@example.org", "" },
    };
    STACK();
    sign_up("ada@example.org");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_problem(HTTP("POST", "/login/",
                            .body = log_in_body(cases[i].email, cases[i].password),
                            .about = cases[i].about),
                       401, "Unauthorized", "invalid_credentials");
    expect_problem(HTTP("POST", "/login/",
                        .body = log_in_body("ada@example.org", repeated("x", 50000)),
                        .about = "a password of 50,000 letters"),
                   401, "Unauthorized", "invalid_credentials");
    log_in("ada@example.org");
}

Test(login, every_member_at_fault_is_named)
{
    STACK();
    expect_field_error(HTTP("POST", "/login/", .body = text("{'email':'a@b.c'}")), "password");
    expect_field_error(HTTP("POST", "/login/", .body = text("{'password':'12345678'}")), "email");
    expect_field_error(HTTP("POST", "/login/", .body = text("{'email':1,'password':'12345678'}")),
                       "email");
    expect_field_error(HTTP("POST", "/login/", .body = text("{'email':'a@b.c','password':null}")),
                       "password");
}

Test(login, a_disabled_account_is_told_so_only_with_its_password)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    stack_sql("UPDATE users SET disabled_at = now()");
    expect_problem(HTTP("POST", "/login/", .body = log_in_body("ada@example.org", PASSWORD)), 403,
                   "Forbidden", "forbidden");
    expect_problem(HTTP("POST", "/login/", .body = log_in_body("ada@example.org", "not this one")),
                   401, "Unauthorized", "invalid_credentials");
    expect_problem(HTTP("GET", "/profile/", .token = tokens.access), 403, "Forbidden", "forbidden");
    expect_problem(HTTP("POST", "/refresh/", .body = refresh_body(tokens.refresh)), 403,
                   "Forbidden", "forbidden");
    stack_sql("UPDATE users SET disabled_at = NULL");
    log_in("ada@example.org");
}

Test(login, each_is_a_session_of_its_own)
{
    STACK();
    struct tokens first = new_user("ada@example.org"), second = log_in("ada@example.org");
    cr_assert_str_neq(first.refresh, second.refresh);
    expect_no_content(HTTP("POST", "/logout/", .token = first.access));
    expect_problem(HTTP("GET", "/profile/", .token = first.access), 401, "Unauthorized",
                   "invalid_token");
    expect_json(HTTP("GET", "/profile/", .token = second.access), 200);
}

/* The hash says what it cost; where the options changed since, the log-in that knows the password
 * makes a new one. */
Test(login, a_changed_cost_of_hashing_reaches_a_password_at_its_next_login)
{
    STACK();
    sign_up("ada@example.org");
    const char *hash = stack_sql("SELECT password FROM users");
    cr_assert(strstr(hash, "$argon2id$v=19$m=") == hash && strstr(hash, ",t=1,p=1$"), "%s", hash);
    stack_configure("argon2_passes = 3");
    stack_reload_and_wait();
    cr_assert_str_eq(stack_sql("SELECT password FROM users"), hash);
    log_in("ada@example.org");
    cr_assert(strstr(stack_sql("SELECT password FROM users"), ",t=3,p=1$"));
    log_in("ada@example.org");
}
