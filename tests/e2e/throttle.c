/* throttle - 429 for who tries too often, through a web server and over all workers. */
#include "support/expect.h"
#include "support/exposition.h"
#include "support/flows.h"
#include "support/processes.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(throttling, .fini = stack_stop);

/* lighttpd takes the client's address from X-Forwarded-For, as behind another proxy. */
#define BEHIND_A_PROXY                                                                             \
    "server.modules += (\"mod_extforward\")\n"                                                     \
    "extforward.forwarder = (\"127.0.0.1\" => \"trust\")\n"
#define HERE      "X-Forwarded-For: 192.0.2.7"
#define ELSEWHERE "X-Forwarded-For: 198.51.100.9"
#define ADA       "ada@example.org"
#define BOB       "bob@example.org"

static const struct http_reply *try_login(const char *email, const char *password, const char *from)
{
    return HTTP("POST", "/login/", .body = log_in_body(email, password), .headers = { from });
}

static void expect_limited(const struct http_reply *reply, int window)
{
    expect_problem(reply, 429, "Too Many Requests", "rate_limited");
    const char *seconds = http_header(reply, "Retry-After");
    cr_assert_not_null(seconds);
    cr_assert(atoi(seconds) >= 1 && atoi(seconds) <= window, "%s", seconds);
}

static void expect_wrong(const struct http_reply *reply)
{
    expect_problem(reply, 401, "Unauthorized", "invalid_credentials");
}

Test(throttling, of_logins_holds_over_all_workers_and_over_a_restart)
{
    STACK(.lighttpd = BEHIND_A_PROXY, .settings = { "workers = 4", "throttle_login = 5" });
    sign_up(ADA);
    sign_up(BOB);
    for (int i = 0; i < 5; i++)
        expect_wrong(try_login(ADA, "wrong", HERE));
    for (int i = 0; i < 8; i++)
        expect_limited(try_login(ADA, "wrong", HERE), 120);
    expect_limited(try_login(ADA, PASSWORD, HERE), 120);
    process_stop(stack_master());
    stack_restart();
    expect_limited(try_login(ADA, PASSWORD, HERE), 120);
    expect_json(try_login(ADA, PASSWORD, ELSEWHERE), 200);
    expect_json(try_login(BOB, PASSWORD, HERE), 200);
}

Test(throttling, is_over_when_the_answer_said)
{
    STACK(.settings = { "throttle_login = 2", "throttle_window = 4s" });
    sign_up(ADA);
    for (int i = 0; i < 2; i++)
        expect_wrong(try_login(ADA, "wrong", NULL));
    const struct http_reply *reply = try_login(ADA, PASSWORD, NULL);
    expect_limited(reply, 2);
    sleep((unsigned)atoi(http_header(reply, "Retry-After")));
    expect_json(try_login(ADA, PASSWORD, NULL), 200);
}

/* An account that nobody has is no exception, or 429 would tell. */
Test(throttling, tells_nobody_whether_an_account_exists)
{
    static const char *const emails[] = { ADA, "nobody@example.org", "Ada@Example.ORG" };
    STACK(.settings = { "throttle_login = 2" });
    sign_up(ADA);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 2 && i < 2; j++)
            expect_wrong(try_login(emails[i], "wrong", NULL));
        expect_limited(try_login(emails[i], "wrong", NULL), 300);
    }
}

Test(throttling, counts_what_comes_at_the_same_moment)
{
    enum { CALLS = 40, ALLOWED = 3 };
    struct http_call calls[CALLS];
    const struct http_reply *replies[CALLS];
    int wrong = 0, limited = 0;
    STACK(.settings = { "workers = 8", "throttle_login = 3", "hash_slots = 6" });
    sign_up(ADA);
    for (int i = 0; i < CALLS; i++)
        calls[i] = CALL("POST", "/login/", .body = log_in_body(ADA, "wrong"));
    http_send_all(calls, CALLS, replies);
    for (int i = 0; i < CALLS; i++) {
        wrong += replies[i]->status == 401;
        limited += replies[i]->status == 429;
    }
    cr_assert_leq(wrong, ALLOWED);
    cr_assert_geq(limited, CALLS - ALLOWED - 5);
}

Test(throttling, an_attacker_elsewhere_does_not_keep_a_person_out)
{
    STACK(.lighttpd = BEHIND_A_PROXY,
          .settings = { "throttle_login = 0", "throttle_login_account = 3" });
    sign_up(ADA);
    expect_json(try_login(ADA, PASSWORD, HERE), 200);
    for (int i = 0; i < 10; i++)
        try_login(ADA, "wrong", text("X-Forwarded-For: 203.0.113.%d", i + 1));
    expect_limited(try_login(ADA, PASSWORD, ELSEWHERE), 200);
    expect_json(try_login(ADA, PASSWORD, HERE), 200);
}

Test(throttling, an_attacker_beside_a_person_does_not_keep_them_out)
{
    STACK(.lighttpd = BEHIND_A_PROXY, .settings = { "throttle_login_address = 4" });
    sign_up(ADA);
    sign_up(BOB);
    expect_json(try_login(ADA, PASSWORD, HERE), 200);
    for (int i = 0; i < 4; i++)
        expect_wrong(try_login(text("victim-%d@example.org", i), "password", HERE));
    expect_limited(try_login(BOB, PASSWORD, HERE), 150);
    expect_json(try_login(ADA, PASSWORD, HERE), 200);
    expect_json(try_login(BOB, PASSWORD, ELSEWHERE), 200);
}

/* Only the web server's word counts: anyone can write the header. */
Test(throttling, is_not_escaped_by_a_header)
{
    STACK(.settings = { "throttle_login = 3" });
    sign_up(ADA);
    for (int i = 0; i < 3; i++)
        expect_wrong(try_login(ADA, "wrong", text("X-Forwarded-For: 203.0.113.%d", i)));
    expect_limited(try_login(ADA, "wrong", "X-Forwarded-For: 203.0.113.77"), 200);
    expect_limited(try_login(ADA, "wrong", "Remote-Addr: 203.0.113.77"), 200);
}

Test(throttling, of_sign_ups_counts_those_that_succeed)
{
    STACK(.lighttpd = BEHIND_A_PROXY, .settings = { "throttle_sign_up = 2" });
    for (int i = 0; i < 4; i++) {
        const char *body = sign_up_body(text("user-%d@example.org", i), PASSWORD);
        const struct http_reply *reply =
            HTTP("POST", "/signup/", .body = body, .headers = { HERE });
        if (i < 2)
            expect_json(reply, 201);
        else
            expect_limited(reply, 300);
    }
    expect_json(
        HTTP("POST", "/signup/", .body = sign_up_body(ADA, PASSWORD), .headers = { ELSEWHERE }),
        201);
}

Test(throttling, of_refreshes_keeps_nobody_from_using_a_good_token)
{
    STACK(.lighttpd = BEHIND_A_PROXY, .settings = { "throttle_refresh = 3" });
    struct tokens tokens = new_user(ADA), ended = log_in(ADA);
    HTTP("POST", "/logout/", .body = refresh_body(ended.refresh));
    for (int i = 0; i < 5; i++) {
        const struct http_reply *forged =
            HTTP("POST", "/refresh/", .body = refresh_body("nonsense"), .headers = { HERE });
        const struct http_reply *old =
            HTTP("POST", "/refresh/", .body = refresh_body(ended.refresh), .headers = { HERE });
        if (i >= 3) {
            expect_limited(forged, 200);
            expect_limited(old, 200);
            continue;
        }
        expect_problem(forged, 400, "Invalid refresh token", "invalid_refresh_token");
        expect_problem(old, 400, "Invalid refresh token", "invalid_refresh_token");
    }
    for (int i = 0; i < 8; i++)
        expect_json(
            HTTP("POST", "/refresh/", .body = refresh_body(tokens.refresh), .headers = { HERE }),
            200);
}

Test(throttling, of_passwords_is_for_who_holds_a_stolen_token)
{
    STACK(.settings = { "throttle_password = 2" });
    struct tokens tokens = new_user(ADA), other = new_user(BOB);
    const char *wrong = as_json("{'password':'wrong'}");
    for (int i = 0; i < 2; i++)
        expect_field_error(HTTP("DELETE", "/profile/", .token = tokens.access, .body = wrong),
                           "password");
    expect_limited(HTTP("DELETE", "/profile/", .token = tokens.access, .body = wrong), 300);
    expect_limited(
        HTTP("POST", "/password/", .token = tokens.access,
             .body = text("{'current_password':'%s','new_password':'correct horse battery',"
                          "'confirm_password':'correct horse battery'}",
                          PASSWORD)),
        300);
    expect_no_content(HTTP("DELETE", "/profile/", .token = other.access,
                           .body = text("{'password':'%s'}", PASSWORD)));
}

Test(throttling, of_codes_for_a_new_password_counts_every_one)
{
    STACK(.lighttpd = BEHIND_A_PROXY,
          .settings = { "throttle_reset = 4", "mail_server = smtp://127.0.0.1:1",
                        "mail_from = auth@example.org" });
    sign_up(ADA);
    const char *ask = as_json("{'email':'ada@example.org'}"),
               *try = as_json("{'email':'ada@example.org','otp':'AAAA-AAAA'}");
    for (int i = 0; i < 2; i++) {
        expect_json(HTTP("POST", "/password-reset/request/", .body = ask, .headers = { HERE }),
                    200);
        expect_problem(
            HTTP("POST", "/password-reset/verify-otp/", .body = try, .headers = { HERE }), 400,
            "Bad Request", "invalid_otp");
    }
    expect_limited(HTTP("POST", "/password-reset/request/", .body = ask, .headers = { HERE }), 200);
    expect_limited(HTTP("POST", "/password-reset/verify-otp/", .body = try, .headers = { HERE }),
                   200);
    expect_limited(HTTP("POST", "/password-reset/confirm/", .headers = { HERE },
                        .body = as_json("{'email':'ada@example.org','otp':'AAAA-AAAA',"
                                        "'new_password':'correct horse',"
                                        "'confirm_password':'correct horse'}")),
                   200);
    expect_json(HTTP("POST", "/password-reset/request/", .body = ask, .headers = { ELSEWHERE }),
                200);
}

static bool has_counted(const void *count)
{
    return exposition_value(HTTP("GET", "/metrics")->body,
                            "therappai_auth_throttled_total{kind=\"login\"}") ==
           *(const int *)count;
}

Test(throttling, is_counted_each_time_and_audited_once)
{
    static const int count = 7;
    STACK(.settings = { "throttle_login = 1" });
    sign_up(ADA);
    expect_wrong(try_login(ADA, "wrong", NULL));
    cr_assert_str_eq(stack_sql("select count(*) from audit where event = 'throttled'"), "0");
    for (int i = 0; i < count; i++)
        expect_limited(try_login(ADA, "wrong", NULL), 600);
    cr_assert(process_await(has_counted, &count, 5000));
    cr_assert_str_eq(stack_sql("select count(*) from audit where event = 'throttled'"), "1");
    cr_assert_str_eq(stack_sql("select detail from audit where event = 'throttled'"), "login");
    cr_assert_str_eq(stack_sql("select count(*) from audit where event = 'login_failed'"), "1");
}

/* The usual limits: a person who errs a few times, and many who share an address. */
Test(throttling, is_not_felt_by_people)
{
    STACK(.lighttpd = BEHIND_A_PROXY, .settings = { "throttle_login = 10", "throttle_password = 10",
                                                    "throttle_refresh = 100" });
    for (int i = 0; i < 15; i++) {
        const char *email = text("user-%d@example.org", i);
        expect_json(
            HTTP("POST", "/signup/", .body = sign_up_body(email, PASSWORD), .headers = { HERE }),
            201);
        for (int j = 0; j < 3; j++)
            expect_wrong(try_login(email, "wrong", HERE));
        expect_json(try_login(email, PASSWORD, HERE), 200);
    }
}
