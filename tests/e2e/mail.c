/* mail - what the housekeeper sends, how, and what becomes of it when that does not work. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/mail_server.h"
#include "support/processes.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(mail, .fini = stack_stop);

#define EMAIL "ada@example.org"

static void start(const char *further)
{
    int port = mail_server_free_port();
    STACK(.settings = { text("mail_server = smtp://127.0.0.1:%d", port),
                        "mail_from = no-reply@example.org", "reset_interval = 1s", further });
    MAIL_SERVER(.port = port);
}

static void request(const char *email)
{
    expect_json(HTTP("POST", "/password-reset/request/", .body = text("{'email':'%s'}", email)),
                200);
}

static void expect_line(const char *mail, const char *line)
{
    cr_assert(strstr(mail, text("\n%s", line)), "no '%s' in: %s", line, mail);
}

/* As if the time until the next attempt were over. */
static void make_due(void)
{
    stack_sql("update mail_outbox set due_at = now()");
}

Test(mail, is_as_the_rfcs_want_it)
{
    start("mail_subject = Ihr Code für ein neues Passwort, das Sie sich leichter merken");
    sign_up(EMAIL);
    request(EMAIL);
    const char *mail = mail_server_take();
    expect_line(mail, "From: <no-reply@example.org>\n");
    expect_line(mail, "To: <" EMAIL ">\n");
    expect_line(mail, "Subject: =?UTF-8?Q?=49=68=72=20");
    expect_line(mail, "MIME-Version: 1.0\n");
    expect_line(mail, "Content-Type: text/plain; charset=utf-8\n");
    expect_line(mail, "Content-Transfer-Encoding: quoted-printable\n");
    expect_line(mail, "Auto-Submitted: auto-generated\n");
    cr_assert(strstr(mail, "\nDate: ") && strstr(mail, " +0000\n"), "%s", mail);
    cr_assert(strstr(mail, "\nMessage-ID: <") && strstr(mail, "@example.org>\n"), "%s", mail);
    cr_assert(strstr(mail, "within 15 minutes"), "%s", mail);
    cr_assert(mail_server_await_outbox());
}

Test(mail, goes_encrypted_and_with_a_password_to_a_server_that_wants_it)
{
    int port = mail_server_free_port();
    STACK(.settings = { "mail_from = no-reply@example.org" });
    MAIL_SERVER(.port = port, .login = true);
    stack_configure(text("mail_server = smtp://127.0.0.1:%d", port));
    stack_configure("mail_tls = always");
    stack_configure("mail_user = " MAIL_SERVER_USER);
    stack_configure(text("mail_password_file = %s", mail_server_password_file()));
    stack_configure(text("mail_ca_file = %s", mail_server_certificate()));
    stack_reload_and_wait();
    sign_up(EMAIL);
    request(EMAIL);
    cr_assert(strstr(mail_server_take(), "with esmtpsa"), "it did not log in over TLS");
}

/* The server under test has a certificate for 127.0.0.1, by itself, and wants a login. */
Test(mail, goes_to_no_server_that_is_not_to_be_trusted)
{
    static const struct {
        const char *about, *host, *certificate, *tls, *user;
    } cases[] = {
        { "another issuer", "127.0.0.1", "other", "always", MAIL_SERVER_USER },
        { "the issuers of the system", "127.0.0.1", "", "always", MAIL_SERVER_USER },
        { "another name", "localhost", "server", "always", MAIL_SERVER_USER },
        { "no TLS, where the login needs it", "127.0.0.1", "server", "remote", MAIL_SERVER_USER },
        { "another user", "127.0.0.1", "server", "always", "somebody" },
    };
    int port = mail_server_free_port();
    STACK(.settings = { "mail_from = no-reply@example.org" });
    MAIL_SERVER(.port = port, .login = true);
    stack_configure(text("mail_password_file = %s", mail_server_password_file()));
    sign_up(EMAIL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *file =
            *cases[i].certificate ? stack_path(text("mail/%s.pem", cases[i].certificate)) : "\"\"";
        stack_configure(text("mail_server = smtp://%s:%d", cases[i].host, port));
        stack_configure(text("mail_ca_file = %s", file));
        stack_configure(text("mail_tls = %s", cases[i].tls));
        stack_configure(text("mail_user = %s", cases[i].user));
        stack_reload_and_wait();
        size_t from = strlen(stack_log());
        stack_sql("delete from mail_outbox");
        stack_sql("delete from password_resets");
        request(EMAIL);
        cr_assert(stack_log_await(from, "event=mail_"), "%s: %s", cases[i].about, stack_log());
        cr_assert_null(strstr(stack_log() + from, "mail_sent"), "%s", cases[i].about);
        cr_assert_eq(mail_server_count(), 0, "%s", cases[i].about);
    }
    stack_configure("mail_tls = always");
    stack_configure("mail_user = " MAIL_SERVER_USER);
    stack_configure(text("mail_server = smtp://127.0.0.1:%d", port));
    stack_configure(text("mail_ca_file = %s", mail_server_certificate()));
    stack_reload_and_wait();
    stack_sql("delete from mail_outbox");
    stack_sql("delete from password_resets");
    request(EMAIL);
    mail_server_take();
}

Test(mail, waits_for_a_server_that_is_away)
{
    start(NULL);
    int port = mail_server_port();
    sign_up(EMAIL);
    mail_server_stop();
    request(EMAIL);
    cr_assert(stack_log_await(0, "mail_not_sent"), "%s", stack_log());
    cr_assert_str_eq(stack_sql("select attempts from mail_outbox"), "1");
    cr_assert_str_eq(stack_sql("select due_at between now() + interval '30 seconds' and now() +"
                               " interval '60 seconds' from mail_outbox"),
                     "t");
    MAIL_SERVER(.port = port);
    make_due();
    stack_reload_and_wait();
    const char *code = mail_server_code(mail_server_take());
    expect_json(HTTP("POST", "/password-reset/verify-otp/",
                     .body = text("{'email':'" EMAIL "','otp':'%s'}", code)),
                200);
}

Test(mail, is_tried_again_where_it_was_refused_for_now_and_not_for_good)
{
    static const struct {
        const char *about, *email, *event, *left, *audited;
    } cases[] = {
        { "451", "later@example.org", "mail_not_sent", "1", "0" },
        { "550", "nobody@example.org", "mail_given_up", "0", "1" },
        { "quotes", "\\\"a,b\\\"@example.org", "mail_given_up", "0", "1" },
        { "beyond ASCII", "ädä@example.org", "mail_given_up", "0", "1" },
        { "a header", "a<b>@example.org", "mail_given_up", "0", "1" },
    };
    start(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stack_sql("delete from users");
        stack_sql("delete from audit");
        size_t from = strlen(stack_log());
        sign_up(cases[i].email);
        request(cases[i].email);
        cr_assert(stack_log_await(from, cases[i].event), "%s: %s", cases[i].about, stack_log());
        usleep(200000);
        cr_assert_str_eq(stack_sql("select count(*) from mail_outbox"), cases[i].left, "%s",
                         cases[i].about);
        cr_assert_str_eq(stack_sql("select count(*) from audit"
                                   " where event = 'password_reset_undelivered'"),
                         cases[i].audited, "%s", cases[i].about);
    }
    cr_assert_eq(mail_server_count(), 0);
}

Test(mail, is_given_up_after_some_hours)
{
    start(NULL);
    sign_up("later@example.org");
    request("later@example.org");
    cr_assert(stack_log_await(0, "mail_not_sent"));
    stack_sql("update mail_outbox set created_at = now() - interval '4 hours'");
    make_due();
    cr_assert(stack_log_await(0, "mail_given_up"));
    cr_assert(mail_server_await_outbox());
}

/* Each host has a housekeeper. */
Test(mail, is_sent_once_by_however_many_housekeepers)
{
    enum { PEOPLE = 20, HOUSEKEEPERS = 4 };
    pid_t housekeepers[HOUSEKEEPERS];
    int port = mail_server_free_port();
    STACK(.kind = STACK_NOTHING, .settings = { text("mail_server = smtp://127.0.0.1:%d", port),
                                               "mail_from = no-reply@example.org" });
    MAIL_SERVER(.port = port);
    stack_sql("insert into users (email, email_key, name, password)"
              " select n || '@example.org', n || '@example.org', 'Ada', 'x'"
              " from generate_series(1, %d) n",
              (int)PEOPLE);
    stack_sql("insert into mail_outbox (user_id, kind) select id, 'password_reset' from users");
    for (int i = 0; i < HOUSEKEEPERS; i++)
        housekeepers[i] = process_start(&(struct process){
            .arguments = { stack_program(), "--config", stack_path("therappai-auth.conf"),
                           "housekeeper", "--once" },
            .log = stack_path("service.log") });
    for (int i = 0; i < HOUSEKEEPERS; i++)
        cr_assert_eq(process_wait(housekeepers[i], 60000), 0, "%s", stack_log());
    cr_assert(mail_server_await_outbox());
    sleep(1);
    cr_assert_eq(mail_server_count(), PEOPLE);
    cr_assert_str_eq(stack_sql("select count(*) from password_resets"), text("%d", (int)PEOPLE));
}

static bool is_begun(const void *unused)
{
    (void)unused;
    return !strcmp(stack_sql("select sum(attempts) from mail_outbox"), "1");
}

Test(mail, to_a_server_that_says_nothing_keeps_nobody_from_stopping)
{
    int port, listener = mail_server_silent(&port);
    STACK(.settings = { text("mail_server = smtp://127.0.0.1:%d", port),
                        "mail_from = no-reply@example.org", "mail_timeout = 3s" });
    sign_up(EMAIL);
    request(EMAIL);
    cr_assert(process_await(is_begun, NULL, 10000));
    cr_assert_eq(process_stop(stack_master()), 0);
    cr_assert(strstr(stack_log(), "mail_not_sent"), "%s", stack_log());
    cr_assert_null(strstr(stack_log(), "child_killed"), "%s", stack_log());
    close(listener);
}

/* A mistake stops the start, and a reload. */
Test(mail, files_are_looked_at_before_the_start)
{
    static const struct {
        const char *about, *password, *template;
        mode_t mode;
        int status;
    } cases[] = {
        { "good", "secret\n", "Your code: {code}\n", 0600, 0 },
        { "good, without a line's end", "secret", "{code}", 0400, 0 },
        { "others may read the password", "secret\n", "{code}", 0640, 1 },
        { "no password", "\n", "{code}", 0600, 1 },
        { "two lines", "secret\nsecond\n", "{code}", 0600, 1 },
        { "a carriage return", "secret\r\n", "{code}", 0600, 1 },
        { "no code", "secret\n", "Your code is {otp}\n", 0600, 1 },
        { "a control character", "secret\n", "{code}\x1b[2J\n", 0600, 1 },
    };
    STACK(.kind = STACK_NOTHING, .settings = { "mail_server = smtps://mail.example.org:465",
                                               "mail_from = no-reply@example.org" });
    stack_configure("mail_user = postman");
    stack_configure(text("mail_password_file = %s", stack_path("password")));
    stack_configure(text("mail_template = %s", stack_path("text")));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char output[2048];
        const char *const names[] = { "password", "text" }, *const contents[] = {
            cases[i].password, cases[i].template
        };
        for (int j = 0; j < 2; j++) {
            unlink(stack_path(names[j]));
            FILE *file = fopen(stack_path(names[j]), "w");
            cr_assert_not_null(file);
            fputs(contents[j], file);
            fclose(file);
        }
        chmod(stack_path("password"), cases[i].mode);
        int status =
            stack_run((const char *const[]){ "check-config", NULL }, output, sizeof output);
        cr_assert_eq(status, cases[i].status, "%s: %s", cases[i].about, output);
        cr_assert_null(strstr(output, "secret"), "%s", output);
    }
}
