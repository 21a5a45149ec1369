/* fcgi - requests, and whatever else comes, from the web server's side of the socket. */
#include "base/clock.h"
#include "support/fcgi_fixture.h"
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMIT = FIXTURE_BODY_LIMIT, TIMEOUT_MS = 300, PATIENT_MS = FIXTURE_PATIENT_MS };

static void open_impatient(void)
{
    fixture_start(fcgi_client_listener(), TIMEOUT_MS);
}

TestSuite(fcgi, .init = fixture_open, .fini = fixture_stop);
TestSuite(fcgi_impatient, .init = open_impatient, .fini = fixture_stop);

Test(fcgi, a_request_brings_its_environment_and_gets_its_reply)
{
    int connection = fixture_send_request("");
    fixture_accept_request();
    cr_assert_eq(fcgi_role(fixture.fcgi), FCGI_ROLE_RESPONDER);
    char *const *environment = fcgi_environment(fixture.fcgi);
    for (size_t i = 0; fixture_variables[i]; i++)
        cr_assert_str_eq(environment[i + 1], fixture_variables[i]);
    cr_assert_null(environment[4]);
    fixture_answer(connection);
    cr_assert_null(fcgi_environment(fixture.fcgi)[0]);
}

Test(fcgi, a_body_of_known_length_is_read)
{
    int connection = fixture_send_request("{\"email\":\"a@example.org\"}");
    fixture_accept_request();
    fixture_expect_body(25, ERROR_NONE, "{\"email\":\"a@example.org\"}");
    fixture_answer(connection);
}

Test(fcgi, a_body_longer_than_its_length_is_cut_there)
{
    int connection = fixture_send_request("hello world");
    fixture_accept_request();
    fixture_expect_body(5, ERROR_NONE, "hello");
    fixture_answer(connection);
}

Test(fcgi, a_body_of_unknown_length_is_read_to_its_end)
{
    static const char *const bodies[] = { "", "x", "hello" };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        int connection = fixture_send_request(bodies[i]);
        fixture_accept_request();
        fixture_expect_body(-1, ERROR_NONE, bodies[i]);
        fixture_answer(connection);
    }
}

static char *large_text(size_t size)
{
    char *text = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + i % 23);
    text[size] = '\0';
    return text;
}

Test(fcgi, a_body_of_many_records_arrives_whole)
{
    static const int64_t lengths[] = { LIMIT, -1 };
    char *text = large_text(LIMIT);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        int connection = fixture_send_request(text);
        fixture_accept_request();
        fixture_expect_body(lengths[i], ERROR_NONE, text);
        fixture_answer(connection);
    }
    free(text);
}

Test(fcgi, a_body_over_the_limit_is_refused_and_the_reply_arrives)
{
    static const int64_t lengths[] = { LIMIT + 1, INT64_MAX, -1 };
    char *text = large_text(LIMIT + 1);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        int connection = fixture_send_request(text);
        fixture_accept_request();
        fixture_expect_body(lengths[i], ERROR_PAYLOAD_TOO_LARGE, NULL);
        fixture_answer(connection);
    }
    free(text);
}

Test(fcgi, a_peer_that_closes_in_the_middle_makes_the_body_incomplete)
{
    static const int64_t lengths[] = { 10, -1 };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct buffer out = { 0 };
        fcgi_client_begin(&out, ROLE_RESPONDER, 0);
        fcgi_client_params(&out, fixture_variables);
        fcgi_client_stdin(&out, "hello", 5);
        close(fixture_send_to_fcgi(&out));
        fixture_accept_request();
        fixture_expect_body(lengths[i], ERROR_INCOMPLETE_BODY, NULL);
        fcgi_write(fixture.fcgi, "nobody reads this", 17);
        fcgi_finish(fixture.fcgi);
    }
    fixture_expect_good_request();
}

Test(fcgi, a_body_that_ends_before_its_length_is_incomplete)
{
    int connection = fixture_send_request("hello");
    fixture_accept_request();
    fixture_expect_body(6, ERROR_INCOMPLETE_BODY, NULL);
    fixture_answer(connection);
}

Test(fcgi, an_abort_in_the_middle_makes_the_body_incomplete)
{
    static const int64_t lengths[] = { 10, -1 };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct buffer out = { 0 };
        fcgi_client_begin(&out, ROLE_RESPONDER, 0);
        fcgi_client_params(&out, fixture_variables);
        fcgi_client_stdin(&out, "hello", 5);
        fcgi_client_record(&out, RECORD_ABORT, NULL, 0);
        int connection = fixture_send_to_fcgi(&out);
        fixture_accept_request();
        fixture_expect_body(lengths[i], ERROR_INCOMPLETE_BODY, NULL);
        fixture_answer(connection);
    }
}

Test(fcgi, requests_come_one_after_another)
{
    int first = fixture_send_request("one"), second = fixture_send_request("two");
    fixture_accept_request();
    fixture_expect_body(3, ERROR_NONE, "one");
    fixture_answer(first);
    fixture_accept_request();
    fixture_expect_body(3, ERROR_NONE, "two");
    fixture_answer(second);
}

Test(fcgi, accepting_again_finishes_what_is_under_way)
{
    int first = fixture_send_request("one"), second = fixture_send_request("two");
    fixture_accept_request();
    fixture_accept_request();
    fixture_expect_reply(first, "");
    fixture_answer(second);
}

Test(fcgi, a_connection_that_is_to_be_kept_is_closed_all_the_same)
{
    struct buffer out = { 0 };
    fcgi_client_begin(&out, ROLE_RESPONDER, KEEP_CONNECTION);
    fcgi_client_params(&out, fixture_variables);
    fcgi_client_record(&out, RECORD_STDIN, NULL, 0);
    int connection = fixture_send_to_fcgi(&out);
    fixture_accept_request();
    fixture_answer(connection);
    fixture_expect_good_request();
}

Test(fcgi, requests_come_over_tcp_too)
{
    fixture_stop();
    fixture_start(fcgi_client_tcp_listener(), PATIENT_MS);
    fixture_expect_good_request();
    char *text = large_text(LIMIT + 1);
    int connection = fixture_send_request(text);
    fixture_accept_request();
    fixture_expect_body(LIMIT + 1, ERROR_PAYLOAD_TOO_LARGE, NULL);
    fixture_answer(connection);
    free(text);
}

Test(fcgi, a_large_reply_arrives_whole)
{
    char *text = large_text(LIMIT);
    int connection = fixture_send_request("");
    fixture_accept_request();
    fcgi_write(fixture.fcgi, text, LIMIT);
    fcgi_finish(fixture.fcgi);
    fixture_expect_reply(connection, text);
    free(text);
}

Test(fcgi, a_peer_that_is_gone_does_not_kill_the_worker)
{
    char *text = large_text(LIMIT);
    close(fixture_send_request(""));
    fixture_accept_request();
    fcgi_write(fixture.fcgi, text, LIMIT);
    fcgi_write(fixture.fcgi, text, LIMIT);
    fcgi_finish(fixture.fcgi);
    free(text);
    fixture_expect_good_request();
}

/* Web servers send an authorizer no stdin, and no end of it either. */
Test(fcgi, an_authorizer_never_waits_for_a_body)
{
    static const struct {
        int number;
        enum fcgi_role role;
    } roles[] = { { ROLE_AUTHORIZER, FCGI_ROLE_AUTHORIZER }, { ROLE_FILTER, FCGI_ROLE_OTHER } };
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        struct buffer out = { 0 };
        fcgi_client_begin(&out, roles[i].number, 0);
        fcgi_client_params(&out, fixture_variables);
        int connection = fixture_send_to_fcgi(&out);
        int64_t started_ms = clock_monotonic_ms();
        fixture_accept_request();
        cr_assert_eq(fcgi_role(fixture.fcgi), roles[i].role);
        fixture_expect_body(100, ERROR_NONE, "");
        fixture_expect_body(-1, ERROR_NONE, "");
        fixture_answer(connection);
        cr_assert_lt(clock_monotonic_ms() - started_ms, PATIENT_MS / 4);
    }
}

static const struct {
    const char *what, *bytes;
    size_t size;
} garbage[] = {
    { "no FastCGI at all", "GET / HTTP/1.0\r\n\r\n", 18 },
    { "version 2", "\2\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0", 16 },
    { "begin of 4 bytes", "\1\1\0\1\0\4\0\0\0\1\0\0", 12 },
    { "an unknown role", "\1\1\0\1\0\10\0\0\0\11\0\0\0\0\0\0", 16 },
    { "stdin before params", "\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0\1\5\0\1\0\1\0\0x", 25 },
    { "half a header", "\1\1\0", 3 },
    { "a huge name",
      "\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0\1\4\0\1\0\10\0\0\277\377\377\376\0abc\1\4\0\1\0\0\0\0",
      40 },
    { "a value cut short",
      "\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0\1\4\0\1\0\5\0\0\1\11abc\1\4\0\1\0\0\0\0", 37 },
    { "params that break off behind the first of them",
      "\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0\1\4\0\1\0\4\0\0\1\1ab", 28 },
    { "nothing", "", 0 },
};

Test(fcgi, garbage_is_dropped_and_the_wait_goes_on)
{
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        int connection = fcgi_client_connect(fixture.listener);
        cr_assert_eq(send(connection, garbage[i].bytes, garbage[i].size, 0),
                     (ssize_t)garbage[i].size, "%s", garbage[i].what);
        shutdown(connection, SHUT_WR);
        fixture_expect_good_request();
        struct fcgi_reply reply;
        fcgi_client_receive(connection, 1000, &reply);
        cr_assert_eq(reply.end_records, 0, "%s", garbage[i].what);
        buffer_clear(&reply.output);
        close(connection);
    }
}

Test(fcgi_impatient, a_silent_peer_is_dropped_after_the_timeout)
{
    int silent = fcgi_client_connect(fixture.listener);
    int64_t started_ms = clock_monotonic_ms();
    fixture_expect_good_request();
    int64_t took_ms = clock_monotonic_ms() - started_ms;
    cr_assert_geq(took_ms, TIMEOUT_MS - 20);
    cr_assert_lt(took_ms, TIMEOUT_MS + 2000);
    close(silent);
}

Test(fcgi_impatient, a_peer_that_falls_silent_in_the_body_makes_it_incomplete)
{
    struct buffer out = { 0 };
    fcgi_client_begin(&out, ROLE_RESPONDER, 0);
    fcgi_client_params(&out, fixture_variables);
    fcgi_client_stdin(&out, "hello", 5);
    int connection = fixture_send_to_fcgi(&out);
    fixture_accept_request();
    fixture_expect_body(10, ERROR_INCOMPLETE_BODY, NULL);
    fixture_answer(connection);
}

/* Sends a byte of stdin every 50 ms until it is told to stop. */
struct dripper {
    int connection;
    pthread_t thread;
    volatile sig_atomic_t stop;
};

static void *drip(void *argument)
{
    struct dripper *dripper = argument;
    bool alive = true;
    while (alive && !dripper->stop) {
        struct buffer out = { 0 };
        fcgi_client_stdin(&out, "x", 1);
        alive = fcgi_client_send(dripper->connection, &out);
        poll(NULL, 0, 50);
    }
    return NULL;
}

static void start_dripping(struct dripper *dripper)
{
    struct buffer out = { 0 };
    fcgi_client_begin(&out, ROLE_RESPONDER, 0);
    fcgi_client_params(&out, fixture_variables);
    dripper->connection = fixture_send_to_fcgi(&out);
    cr_assert_eq(pthread_create(&dripper->thread, NULL, drip, dripper), 0);
}

static void stop_dripping(struct dripper *dripper)
{
    dripper->stop = 1;
    pthread_join(dripper->thread, NULL);
    close(dripper->connection);
}

Test(fcgi_impatient, a_body_that_drips_is_given_up)
{
    struct dripper dripper = { 0 };
    start_dripping(&dripper);
    fixture_accept_request();
    int64_t started_ms = clock_monotonic_ms();
    fixture_expect_body(10000, ERROR_INCOMPLETE_BODY, NULL);
    cr_assert_lt(clock_monotonic_ms() - started_ms, 10 * TIMEOUT_MS);
    fcgi_finish(fixture.fcgi);
    stop_dripping(&dripper);
}

Test(fcgi, a_peer_that_never_stops_sending_does_not_hold_the_worker)
{
    struct dripper dripper = { 0 };
    start_dripping(&dripper);
    fixture_accept_request();
    int64_t started_ms = clock_monotonic_ms();
    fcgi_finish(fixture.fcgi);
    cr_assert_lt(clock_monotonic_ms() - started_ms, 1500);
    stop_dripping(&dripper);
    fixture_expect_good_request();
}

Test(fcgi, a_request_under_way_is_finished_when_all_is_freed)
{
    int connection = fixture_send_request("");
    fixture_accept_request();
    fcgi_free(fixture.fcgi);
    fixture.fcgi = NULL;
    fixture_expect_reply(connection, "");
}
