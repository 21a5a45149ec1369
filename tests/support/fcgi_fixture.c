/* fcgi_fixture - see fcgi_fixture.h. */
#include "support/fcgi_fixture.h"
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

struct fcgi_fixture fixture;

const char *const fixture_variables[] = { "REQUEST_METHOD=POST", "REQUEST_URI=/api/v1/login/",
                                          "HTTP_EMPTY=", NULL };

void fixture_start(int socket, int64_t io_timeout_ms)
{
    sigset_t blocked;
    sigemptyset(&fixture.nothing_blocked);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    fixture.listener = socket;
    fixture.fcgi = fcgi_new(fixture.listener, io_timeout_ms);
    cr_assert_not_null(fixture.fcgi);
}

void fixture_open(void)
{
    fixture_start(fcgi_client_listener(), FIXTURE_PATIENT_MS);
}

void fixture_stop(void)
{
    fcgi_free(fixture.fcgi);
    close(fixture.listener);
}

int fixture_send_to_fcgi(struct buffer *out)
{
    int connection = fcgi_client_connect(fixture.listener);
    cr_assert(fcgi_client_send(connection, out));
    return connection;
}

int fixture_send_request(const char *body)
{
    struct buffer out = { 0 };
    fcgi_client_request(&out, fixture_variables, body);
    return fixture_send_to_fcgi(&out);
}

void fixture_accept_request(void)
{
    cr_assert_eq(fcgi_accept(fixture.fcgi, &fixture.nothing_blocked), FCGI_EVENT_REQUEST);
}

void fixture_expect_reply(int connection, const char *expected)
{
    struct fcgi_reply reply;
    fcgi_client_receive(connection, 5000, &reply);
    cr_assert_eq(reply.output.size, strlen(expected));
    cr_assert_arr_eq(reply.output.size ? reply.output.data : "", expected, reply.output.size);
    cr_assert_eq(reply.end_records, 1);
    cr_assert_eq(reply.protocol_status, 0);
    cr_assert(reply.closed, "the connection was not closed, or was reset");
    buffer_clear(&reply.output);
    close(connection);
}

void fixture_answer(int connection)
{
    fcgi_write(fixture.fcgi, "Status: 200 OK\r\n\r\nhi", 20);
    fcgi_finish(fixture.fcgi);
    fixture_expect_reply(connection, "Status: 200 OK\r\n\r\nhi");
}

void fixture_expect_body(int64_t length, enum error error, const char *expected)
{
    struct buffer body;
    buffer_init(&body, FIXTURE_BODY_LIMIT);
    cr_assert_eq(fcgi_read_body(fixture.fcgi, length, &body), error);
    if (expected)
        cr_assert_str_eq(body.data ? body.data : "", expected);
    buffer_clear(&body);
}

void fixture_expect_good_request(void)
{
    int connection = fixture_send_request("hello");
    fixture_accept_request();
    fixture_expect_body(5, ERROR_NONE, "hello");
    fixture_answer(connection);
}
