/* cookie - cookie mode through a web server (contract: Refresh tokens). */
#include "support/cookies.h"
#include "support/expect.h"
#include "support/flows.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(cookie, .fini = stack_stop);

#define PAGE    "https://app.example.org"
#define ORIGIN  "Origin: " PAGE
#define COOKIES "cookie = on", "allowed_origins = " PAGE
#define EMAIL   "ada@example.org"

static const char login_body[] =
    "{\"email\":\"" EMAIL "\",\"password\":\"" PASSWORD "\",\"cookie\":true}";

static const struct http_reply *log_in_by_cookie(void)
{
    const struct http_reply *reply =
        HTTP("POST", "/login/", .body = login_body, .headers = { ORIGIN });
    expect_json(reply, 200);
    return reply;
}

static const char *refresh_cookie_of(const struct http_reply *reply)
{
    return cookie_header(REFRESH_COOKIE, cookie_value(reply, REFRESH_COOKIE));
}

static void expect_no_cookie(const struct http_reply *reply)
{
    cr_assert_null(http_header(reply, "Set-Cookie"), "%s: %s", reply->about,
                   http_header(reply, "Set-Cookie"));
}

static void expect_invalid(const struct http_reply *reply)
{
    expect_problem(reply, 400, "Invalid refresh token", "invalid_refresh_token");
}

Test(cookie, login_puts_the_refresh_token_into_a_cookie_and_nowhere_else)
{
    STACK(.settings = { COOKIES });
    sign_up(EMAIL);
    const struct http_reply *reply = log_in_by_cookie();
    cr_assert_eq(json_object_object_length(reply->object), 3, "%s", reply->body);
    cr_assert_str_eq(member_text(reply, "token_type"), "Bearer");
    cr_assert_gt(member_integer(reply, "expires_in"), 0);
    cr_assert_null(strstr(reply->body, "therappai_rt_"), "%s", reply->body);
    const char *line = cookie_line(reply, REFRESH_COOKIE);
    cr_assert_not_null(line);
    cr_assert_eq(strncmp(line, "therappai_rt_", 13), 0, "%s", line);
    cr_assert_str_eq(line + strcspn(line, ";"),
                     "; Path=/api/v1/; Max-Age=1209600; Secure; HttpOnly; SameSite=Strict");
    cr_assert_null(cookie_line(reply, ACCESS_COOKIE), "cookie_access is off");
    expect_json(HTTP("GET", "/profile/", .token = member_text(reply, "access")), 200);
}

Test(cookie, is_off_unless_the_option_is_on_and_asked_for)
{
    STACK(.settings = { "allowed_origins = " PAGE });
    sign_up(EMAIL);
    expect_field_error(HTTP("POST", "/login/", .body = login_body, .headers = { ORIGIN }),
                       "cookie");
    expect_field_error(
        HTTP("POST", "/login/", .body = text("{'email':'a','password':'b','cookie':'true'}")),
        "cookie");
    struct tokens tokens = log_in(EMAIL);
    const char *cookie = cookie_header(REFRESH_COOKIE, tokens.refresh);
    expect_field_error(HTTP("POST", "/refresh/", .headers = { ORIGIN, cookie }), "refresh");
    expect_problem(HTTP("POST", "/logout/", .headers = { ORIGIN, cookie }), 401, "Unauthorized",
                   "missing_token");
    refresh(tokens.refresh);
}

Test(cookie, a_login_that_does_not_ask_gets_none)
{
    STACK(.settings = { COOKIES });
    sign_up(EMAIL);
    static const char *const wishes[] = { "", ",'cookie':false" };
    for (size_t i = 0; i < 2; i++) {
        const char *body =
            text("{'email':'%s','password':'%s'%s}", EMAIL, PASSWORD, as_json(wishes[i]));
        const struct http_reply *reply = HTTP("POST", "/login/", .body = body);
        expect_json(reply, 200);
        expect_no_cookie(reply);
        expect_no_cookie(
            HTTP("POST", "/refresh/", .body = refresh_body(member_text(reply, "refresh"))));
    }
}

Test(cookie, refresh_takes_it_and_sets_the_successor)
{
    STACK(.settings = { COOKIES });
    sign_up(EMAIL);
    static const char *const bodies[] = { NULL, "{}" };
    const char *cookie = refresh_cookie_of(log_in_by_cookie());
    for (size_t i = 0; i < 2; i++) {
        const struct http_reply *reply =
            HTTP("POST", "/refresh/", .body = bodies[i], .headers = { ORIGIN, cookie });
        expect_json(reply, 200);
        cr_assert_eq(json_object_object_length(reply->object), 3, "%s", reply->body);
        cr_assert_str_neq(refresh_cookie_of(reply), cookie);
        cookie = refresh_cookie_of(reply);
        expect_json(HTTP("GET", "/profile/", .token = member_text(reply, "access")), 200);
    }
}

Test(cookie, lives_no_longer_than_the_session)
{
    STACK(.settings = { COOKIES });
    sign_up(EMAIL);
    const char *cookie = refresh_cookie_of(log_in_by_cookie());
    stack_sql("UPDATE sessions SET expires_at = now() + interval '1000 seconds'");
    const struct http_reply *reply = HTTP("POST", "/refresh/", .headers = { ORIGIN, cookie });
    const char *age = strstr(cookie_line(reply, REFRESH_COOKIE), "Max-Age=");
    cr_assert_not_null(age);
    long seconds = strtol(age + strlen("Max-Age="), NULL, 10);
    cr_assert(seconds > 900 && seconds <= 1000, "%ld", seconds);
}

Test(cookie, a_refresh_token_in_the_body_wins_and_is_answered_in_the_body)
{
    STACK(.settings = { COOKIES });
    sign_up(EMAIL);
    const char *cookie = refresh_cookie_of(log_in_by_cookie());
    struct tokens other = log_in(EMAIL);
    const struct http_reply *reply = HTTP("POST", "/refresh/", .body = refresh_body(other.refresh),
                                          .headers = { ORIGIN, cookie });
    expect_json(reply, 200);
    cr_assert_not_null(member_text(reply, "refresh"));
    expect_no_cookie(reply);
    reply = HTTP("POST", "/refresh/", .body = refresh_body("x"), .headers = { ORIGIN, cookie });
    expect_invalid(reply);
    expect_no_cookie(reply);
    expect_no_content(HTTP("POST", "/logout/", .body = refresh_body(other.refresh),
                           .headers = { ORIGIN, cookie }));
    expect_json(HTTP("POST", "/refresh/", .headers = { ORIGIN, cookie }), 200);
}

Test(cookie, logout_ends_the_session_and_clears_it)
{
    STACK(.settings = { COOKIES });
    sign_up(EMAIL);
    const char *cookie = refresh_cookie_of(log_in_by_cookie());
    for (int i = 0; i < 2; i++) {
        const struct http_reply *reply = HTTP("POST", "/logout/", .headers = { ORIGIN, cookie });
        expect_no_content(reply);
        cr_assert(cookie_is_cleared(reply, REFRESH_COOKIE));
    }
    const struct http_reply *reply = HTTP("POST", "/refresh/", .headers = { ORIGIN, cookie });
    expect_invalid(reply);
    cr_assert(cookie_is_cleared(reply, REFRESH_COOKIE));
}

Test(cookie, one_that_is_not_ours_or_doubled_is_refused_and_cleared)
{
    STACK(.settings = { COOKIES });
    sign_up(EMAIL);
    const char *good = cookie_value(log_in_by_cookie(), REFRESH_COOKIE);
    const char *const cookies[] = {
        cookie_header(REFRESH_COOKIE, "nonsense"),
        cookie_header(REFRESH_COOKIE, ""),
        cookie_header(REFRESH_COOKIE, text("\"%s\"", good)),
        text("Cookie: " REFRESH_COOKIE "=%s; " REFRESH_COOKIE "=%s", good, good),
        text("Cookie: " REFRESH_COOKIE "=x; " REFRESH_COOKIE "=%s", good),
    };
    static const char *const paths[] = { "/refresh/", "/logout/" };
    for (size_t i = 0; i < sizeof cookies / sizeof cookies[0]; i++)
        for (size_t j = 0; j < 2; j++) {
            const struct http_reply *reply =
                HTTP("POST", paths[j], .headers = { ORIGIN, cookies[i] }, .about = cookies[i]);
            expect_invalid(reply);
            cr_assert(cookie_is_cleared(reply, REFRESH_COOKIE), "%s", reply->about);
        }
    const char *beside = text("Cookie: a=\"{;b; " REFRESH_COOKIE "=%s; c=d", good);
    expect_json(HTTP("POST", "/refresh/", .headers = { ORIGIN, beside }), 200);
}

/* A browser sends a cookie along whoever made the request. */
Test(cookie, is_taken_from_known_pages_alone)
{
    STACK(.settings = { COOKIES, "public_url = https://auth.example.org" });
    sign_up(EMAIL);
    const char *cookie = refresh_cookie_of(log_in_by_cookie());
    static const char *const bad[][2] = {
        { "Accept: */*", NULL },
        { "Origin: https://evil.example", NULL },
        { "Origin: https://evil.example", "Sec-Fetch-Site: same-origin" },
        { "Origin: null", "Sec-Fetch-Site: same-origin" },
        { "Origin: http://app.example.org", NULL },
        { ORIGIN ".evil.example", NULL },
        { ORIGIN, "Origin: https://evil.example" },
        { "Sec-Fetch-Site: same-site", NULL },
        { "Sec-Fetch-Site: cross-site", NULL },
        { "Sec-Fetch-Site: none", NULL },
    };
    static const char *const good[][2] = {
        { "Sec-Fetch-Site: same-origin", NULL },
        { "Origin: https://auth.example.org", NULL },
        { ORIGIN, "Sec-Fetch-Site: same-site" },
    };
    static const char *const paths[] = { "/refresh/", "/logout/" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (size_t j = 0; j < 2; j++) {
            const struct http_reply *reply = HTTP(
                "POST", paths[j], .headers = { cookie, bad[i][0], bad[i][1] }, .about = bad[i][0]);
            expect_problem(reply, 403, "Forbidden", "forbidden");
            expect_no_cookie(reply);
        }
        expect_problem(
            HTTP("POST", "/login/", .body = login_body, .headers = { bad[i][0], bad[i][1] }), 403,
            "Forbidden", "forbidden");
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const struct http_reply *reply =
            HTTP("POST", "/refresh/", .headers = { cookie, good[i][0], good[i][1] });
        expect_json(reply, 200);
        cookie = refresh_cookie_of(reply);
    }
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), "1");
}

Test(cookie, an_answer_that_is_not_final_leaves_it_alone)
{
    STACK(.settings = { COOKIES });
    sign_up(EMAIL);
    const char *cookie = refresh_cookie_of(log_in_by_cookie());
    stack_sql("UPDATE users SET disabled_at = now()");
    const struct http_reply *reply = HTTP("POST", "/refresh/", .headers = { ORIGIN, cookie });
    expect_problem(reply, 403, "Forbidden", "forbidden");
    expect_no_cookie(reply);
    stack_sql("UPDATE users SET disabled_at = NULL");
    expect_json(HTTP("POST", "/refresh/", .headers = { ORIGIN, cookie }), 200);
}

Test(cookie, holds_no_access_token_for_the_services_own_routes)
{
    STACK(.settings = { COOKIES, "cookie_access = on" });
    sign_up(EMAIL);
    const struct http_reply *reply = log_in_by_cookie();
    const char *access = cookie_value(reply, ACCESS_COOKIE);
    cr_assert_str_eq(access, member_text(reply, "access"));
    const char *line = cookie_line(reply, ACCESS_COOKIE);
    cr_assert_str_eq(strchr(line, ';'), text("; Path=/; Max-Age=%d; Secure; HttpOnly; SameSite=Lax",
                                             (int)member_integer(reply, "expires_in")));
    expect_problem(
        HTTP("GET", "/profile/", .headers = { ORIGIN, cookie_header(ACCESS_COOKIE, access) }), 401,
        "Unauthorized", "missing_token");
    expect_json(HTTP("GET", "/profile/", .token = access), 200);
    const char *cookie = refresh_cookie_of(reply);
    reply = HTTP("POST", "/refresh/", .headers = { ORIGIN, cookie });
    cr_assert_str_eq(cookie_value(reply, ACCESS_COOKIE), member_text(reply, "access"));
    reply = HTTP("POST", "/logout/", .token = access);
    expect_no_content(reply);
    cr_assert(cookie_is_cleared(reply, ACCESS_COOKIE));
    cr_assert(cookie_is_cleared(reply, REFRESH_COOKIE));
}

Test(cookie, stands_in_no_log)
{
    STACK(.settings = { COOKIES, "cookie_access = on" });
    sign_up(EMAIL);
    const char *value = cookie_value(log_in_by_cookie(), REFRESH_COOKIE);
    const char *doubled =
        text("Cookie: " REFRESH_COOKIE "=%s; " REFRESH_COOKIE "=%s", value, value);
    expect_invalid(HTTP("POST", "/refresh/", .headers = { ORIGIN, doubled }));
    expect_json(
        HTTP("POST", "/refresh/", .headers = { ORIGIN, cookie_header(REFRESH_COOKIE, value) }),
        200);
    cr_assert(stack_log_await(0, "event=request"), "the log says nothing at all");
    cr_assert_null(strstr(stack_log(), value));
}
