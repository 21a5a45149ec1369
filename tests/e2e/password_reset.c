/* password_reset - POST /password-reset/…/ through a web server and a mail server. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/mail_server.h"
#include "support/processes.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(password_reset, .fini = stack_stop);

#define EMAIL  "ada@example.org"
#define WANTED "another horse altogether"

/* The mail server needs the directory of the stack, and the service the port: so the one goes
 * before the other, and the other's port before both. */
static void start(void)
{
    int port = mail_server_free_port();
    STACK(.settings = { text("mail_server = smtp://127.0.0.1:%d", port),
                        "mail_from = no-reply@example.org", "reset_interval = 1s" });
    MAIL_SERVER(.port = port);
}

static const char *request_body(const char *email)
{
    return text("{'email':'%s'}", email);
}

static const char *code_body(const char *email, const char *code)
{
    return text("{'email':'%s','otp':'%s'}", email, code);
}

static const char *confirm_body(const char *email, const char *code, const char *password)
{
    return text("{'email':'%s','otp':'%s','new_password':'%s','confirm_password':'%s'}", email,
                code, password, password);
}

static const struct http_reply *request(const char *email)
{
    return HTTP("POST", "/password-reset/request/", .body = request_body(email));
}

static const struct http_reply *verify(const char *email, const char *code)
{
    return HTTP("POST", "/password-reset/verify-otp/", .body = code_body(email, code));
}

static const struct http_reply *confirm(const char *email, const char *code, const char *password)
{
    return HTTP("POST", "/password-reset/confirm/", .body = confirm_body(email, code, password));
}

static void expect_wrong(const struct http_reply *reply)
{
    expect_problem(reply, 400, "Bad Request", "invalid_otp");
}

/* The code of a new mail. */
static const char *new_code(const char *email)
{
    expect_json(request(email), 200);
    const char *mail = mail_server_take();
    cr_assert(mail_server_await_outbox());
    return mail_server_code(mail);
}

static const char *log_in_with(const char *password)
{
    return text("%d", HTTP("POST", "/login/", .body = log_in_body(EMAIL, password))->status);
}

/* A code is never this one by chance but once in a million million. */
#define NO_CODE "0000-0000"

Test(password_reset, brings_a_code_by_mail_that_sets_a_new_password_once)
{
    start();
    struct tokens tokens = new_user(EMAIL), other = log_in(EMAIL);
    const char *code = new_code("ADA@example.org");
    expect_json(verify(EMAIL, code), 200);
    expect_json(verify(EMAIL, code), 200);
    expect_no_content(confirm(EMAIL, code, WANTED));
    cr_assert_str_eq(log_in_with(WANTED), "200");
    cr_assert_str_eq(log_in_with(PASSWORD), "401");
    expect_problem(HTTP("GET", "/profile/", .token = tokens.access), 401, "Unauthorized",
                   "invalid_token");
    expect_problem(HTTP("POST", "/refresh/", .body = refresh_body(other.refresh)), 400,
                   "Invalid refresh token", "invalid_refresh_token");
    expect_wrong(verify(EMAIL, code));
    expect_wrong(confirm(EMAIL, code, PASSWORD));
    cr_assert_str_eq(stack_sql("select string_agg(event, ' ' order by id) from audit"
                               " where user_id is not null and event like 'password%%'"),
                     "password_reset_requested password_reset password_reset_failed"
                     " password_reset_failed");
}

Test(password_reset, takes_a_code_as_people_type_it)
{
    start();
    sign_up(EMAIL);
    const char *code = new_code(EMAIL);
    expect_json(verify(EMAIL, text("%.4s%s", code, code + 5)), 200);
    expect_json(verify(EMAIL, text(" %.4s %s ", code, code + 5)), 200);
    char *small = strdup(code);
    for (char *at = small; *at; at++)
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    expect_json(verify(EMAIL, small), 200);
    free(small);
}

Test(password_reset, answers_alike_whether_or_not_there_is_an_account)
{
    static const char *const emails[] = { EMAIL, "eve@example.org",      "bob@example.org", "",
                                          "x",   "a\\u0000@example.org", "' or '1'='1" };
    start();
    sign_up(EMAIL);
    sign_up("bob@example.org");
    stack_sql("update users set disabled_at = now() where email like 'bob%%'");
    const char *body = request(EMAIL)->body;
    int headers = request(EMAIL)->header_count;
    for (size_t i = 0; i < sizeof emails / sizeof emails[0]; i++) {
        const struct http_reply *reply = request(emails[i]);
        expect_json(reply, 200);
        cr_assert_str_eq(reply->body, body);
        cr_assert_eq(reply->header_count, headers);
        expect_wrong(verify(emails[i], NO_CODE));
        expect_wrong(confirm(emails[i], NO_CODE, WANTED));
    }
    mail_server_take();
    cr_assert(mail_server_await_outbox());
    cr_assert_str_eq(
        stack_sql("select count(*) from audit where event = 'password_reset_requested'"), "1");
}

Test(password_reset, gives_up_a_code_after_five_wrong_ones)
{
    start();
    sign_up(EMAIL);
    const char *code = new_code(EMAIL);
    for (int i = 0; i < 4; i++)
        expect_wrong(verify(EMAIL, i % 2 ? NO_CODE : "no code at all"));
    expect_json(verify(EMAIL, code), 200);
    expect_wrong(confirm(EMAIL, NO_CODE, WANTED));
    expect_wrong(verify(EMAIL, code));
    expect_wrong(confirm(EMAIL, code, WANTED));
    sleep(1);
    expect_no_content(confirm(EMAIL, new_code(EMAIL), WANTED));
}

Test(password_reset, code_dies_with_its_time_its_successor_its_account)
{
    static const struct {
        const char *about, *sql;
    } cases[] = {
        { "its time", "update password_resets set expires_at = now()" },
        { "another password", "select password_set(id, null, null, password) from users" },
        { "a disabled account", "update users set disabled_at = now()" },
        { "another account", "update password_resets set user_id = (select max(id) from users)" },
    };
    start();
    sign_up(EMAIL);
    sign_up("bob@example.org");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stack_sql("update users set disabled_at = null");
        stack_sql("delete from password_resets");
        const char *code = new_code(EMAIL);
        expect_json(verify(EMAIL, code), 200);
        stack_sql("%s", cases[i].sql);
        expect_wrong(verify(EMAIL, code));
        expect_wrong(verify("bob@example.org", code));
        expect_wrong(confirm(EMAIL, code, WANTED));
    }
    stack_sql("update users set disabled_at = null");
    stack_sql("delete from password_resets");
    const char *first = new_code(EMAIL);
    sleep(1);
    const char *second = new_code(EMAIL);
    expect_wrong(verify(EMAIL, first));
    expect_json(verify(EMAIL, second), 200);
}

Test(password_reset, every_member_at_fault_is_named_and_costs_no_attempt)
{
    static const struct {
        const char *member, *body;
    } cases[] = {
        { "new_password", "{'email':'a@b.c','otp':'x','new_password':'short',"
                          "'confirm_password':'short'}" },
        { "confirm_password", "{'email':'a@b.c','otp':'x','new_password':'long enough',"
                              "'confirm_password':'something else'}" },
        { "otp", "{'email':'a@b.c','otp':17,'new_password':'long enough',"
                 "'confirm_password':'long enough'}" },
        { "email", "{'otp':'x','new_password':'long enough','confirm_password':'long enough'}" },
    };
    start();
    sign_up(EMAIL);
    const char *code = new_code(EMAIL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_field_error(HTTP("POST", "/password-reset/confirm/", .body = as_json(cases[i].body)),
                           cases[i].member);
    expect_field_error(confirm(EMAIL, code, "short"), "new_password");
    expect_field_error(HTTP("POST", "/password-reset/request/", .body = "{}"), "email");
    expect_field_error(HTTP("POST", "/password-reset/verify-otp/", .body = "{}"), "otp");
    cr_assert_str_eq(stack_sql("select attempts from password_resets"), "0");
    expect_no_content(confirm(EMAIL, code, WANTED));
}

Test(password_reset, is_not_offered_where_there_is_no_mail)
{
    STACK();
    sign_up(EMAIL);
    expect_problem(request(EMAIL), 404, "Not Found", "not_found");
    expect_problem(verify(EMAIL, NO_CODE), 404, "Not Found", "not_found");
    expect_problem(confirm(EMAIL, NO_CODE, WANTED), 404, "Not Found", "not_found");
    cr_assert(stack_log_await(0, "mail_off"));
    cr_assert_str_eq(stack_sql("select count(*) from mail_outbox"), "0");
}

Test(password_reset, sends_no_more_mail_than_one_an_interval)
{
    enum { REQUESTS = 20 };
    struct http_call calls[REQUESTS];
    const struct http_reply *replies[REQUESTS];
    start();
    stack_configure("reset_interval = 2m");
    stack_reload_and_wait();
    sign_up(EMAIL);
    for (int i = 0; i < REQUESTS; i++)
        calls[i] = CALL("POST", "/password-reset/request/", .body = request_body(EMAIL));
    http_send_all(calls, REQUESTS, replies);
    for (int i = 0; i < REQUESTS; i++)
        expect_json(replies[i], 200);
    const char *code = mail_server_code(mail_server_take());
    cr_assert(mail_server_await_outbox());
    expect_json(request(EMAIL), 200);
    cr_assert_str_eq(stack_sql("select count(*) from mail_outbox"), "0");
    expect_json(verify(EMAIL, code), 200);
    stack_sql("update password_resets set created_at = now() - interval '121 seconds'");
    expect_json(verify(EMAIL, new_code(EMAIL)), 200);
}

Test(password_reset, may_be_sent_by_an_administrator)
{
    start();
    sign_up(EMAIL);
    sign_up("grace@example.org");
    stack_sql("insert into user_roles select id, 'admin' from users"
              " where email = 'grace@example.org'");
    struct tokens admin = log_in("grace@example.org"), ada = log_in(EMAIL);
    const char *id = text("%s", stack_sql("select id from users where email = '" EMAIL "'"));
    expect_problem(HTTP("POST", "/admin/users/{id}/password-reset/", .id = id, .token = ada.access),
                   403, "Forbidden", "forbidden");
    expect_no_content(
        HTTP("POST", "/admin/users/{id}/password-reset/", .id = id, .token = admin.access));
    const char *code = mail_server_code(mail_server_take());
    expect_no_content(confirm(EMAIL, code, WANTED));
    cr_assert_str_eq(log_in_with(WANTED), "200");
    cr_assert_str_eq(stack_sql("select count(*) from audit where event ="
                               " 'password_reset_requested' and user_id = %s and actor_id <> %s",
                               id, id),
                     "1");
}

Test(password_reset, leaves_neither_code_nor_address_in_any_log)
{
    static const char *const names[] = { "service.log", "lighttpd.log", "access.log" };
    start();
    sign_up(EMAIL);
    const char *code = new_code(EMAIL);
    expect_wrong(verify(EMAIL, NO_CODE));
    expect_no_content(confirm(EMAIL, code, WANTED));
    mail_server_stop();
    stack_sql("delete from password_resets");
    request(EMAIL);
    cr_assert(stack_log_await(0, "mail_not_sent"));
    stack_stop_web_server();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        static char log[1 << 20];
        FILE *file = fopen(stack_path(names[i]), "r");
        cr_assert_not_null(file, "%s", names[i]);
        log[fread(log, 1, sizeof log - 1, file)] = '\0';
        fclose(file);
        cr_assert_null(strstr(log, code), "%s", names[i]);
        cr_assert_null(strstr(log, NO_CODE), "%s", names[i]);
        cr_assert_null(strstr(log, EMAIL), "%s", names[i]);
        cr_assert_null(strstr(log, WANTED), "%s", names[i]);
    }
    cr_assert(strstr(stack_log(), "mail_sent"), "%s", stack_log());
}
