/* logout - POST /logout/ through a web server. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <unistd.h>

TestSuite(logout, .fini = stack_stop);

static void expect_over(struct tokens tokens)
{
    expect_problem(HTTP("POST", "/refresh/", .body = refresh_body(tokens.refresh)), 400,
                   "Invalid refresh token", "invalid_refresh_token");
    expect_problem(HTTP("GET", "/profile/", .token = tokens.access), 401, "Unauthorized",
                   "invalid_token");
}

Test(logout, ends_the_session_of_an_access_token)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org"), other = log_in("ada@example.org");
    expect_json(HTTP("GET", "/profile/", .token = tokens.access), 200);
    expect_no_content(HTTP("POST", "/logout/", .token = tokens.access));
    expect_over(tokens);
    refresh(other.refresh);
}

Test(logout, ends_the_session_of_a_refresh_token)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    expect_no_content(HTTP("POST", "/logout/", .body = refresh_body(tokens.refresh)));
    expect_over(tokens);
}

Test(logout, repeated_is_no_error)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    for (int i = 0; i < 3; i++) {
        expect_no_content(HTTP("POST", "/logout/", .token = tokens.access));
        expect_no_content(HTTP("POST", "/logout/", .body = refresh_body(tokens.refresh)));
    }
    expect_over(tokens);
}

Test(logout, takes_any_generation_of_the_refresh_token)
{
    STACK();
    struct tokens first = new_user("ada@example.org");
    struct tokens second = refresh(first.refresh), third = refresh(second.refresh);
    expect_no_content(HTTP("POST", "/logout/", .body = refresh_body(first.refresh)));
    expect_over(third);
}

/* Nobody is kept from logging out by an access token that is over. */
Test(logout, a_refresh_token_is_enough_beside_an_expired_access_token)
{
    STACK(.settings = { "access_lifetime = 1s", "clock_leeway = 0s" });
    struct tokens tokens = new_user("ada@example.org");
    sleep(2);
    expect_problem(HTTP("POST", "/logout/", .token = tokens.access), 419, "Token expired",
                   "token_expired");
    expect_no_content(
        HTTP("POST", "/logout/", .token = tokens.access, .body = refresh_body(tokens.refresh)));
    expect_problem(HTTP("POST", "/refresh/", .body = refresh_body(tokens.refresh)), 400,
                   "Invalid refresh token", "invalid_refresh_token");
}

Test(logout, without_any_token_is_refused)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    expect_problem(HTTP("POST", "/logout/"), 401, "Unauthorized", "missing_token");
    expect_problem(HTTP("POST", "/logout/", .body = "{}"), 401, "Unauthorized", "missing_token");
    expect_problem(HTTP("POST", "/logout/", .token = "nonsense"), 401, "Unauthorized",
                   "invalid_token");
    expect_problem(HTTP("POST", "/logout/", .body = refresh_body("nonsense")), 400,
                   "Invalid refresh token", "invalid_refresh_token");
    expect_field_error(HTTP("POST", "/logout/", .body = text("{'refresh':17}")), "refresh");
    refresh(tokens.refresh);
}
