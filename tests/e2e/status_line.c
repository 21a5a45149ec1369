/* status_line - what the service says to the web server, byte by byte: lighttpd hands on the
 * status alone, Apache and nginx the reason phrase as well. */
#include "support/expect.h"
#include "support/fcgi_client.h"
#include "support/flows.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

TestSuite(status_line, .fini = stack_stop);

struct row {
    const char *method, *uri, *authorization, *body, *status_line;
};

/* The first line of the answer. */
static const char *ask(const struct row *row)
{
    struct buffer request;
    struct fcgi_reply reply;
    const char *const variables[] = {
        text("REQUEST_METHOD=%s", row->method),
        text("REQUEST_URI=/api/v1%s", row->uri),
        text("CONTENT_LENGTH=%zu", row->body ? strlen(row->body) : 0),
        "CONTENT_TYPE=application/json",
        "REMOTE_ADDR=127.0.0.1",
        row->authorization ? text("HTTP_AUTHORIZATION=Bearer %s", row->authorization) : NULL,
        NULL,
    };
    int connection = stack_connect();
    cr_assert_geq(connection, 0);
    buffer_init(&request, 1 << 20);
    fcgi_client_request(&request, variables, row->body ? row->body : "");
    cr_assert(fcgi_client_send(connection, &request));
    fcgi_client_receive(connection, 10000, &reply);
    close(connection);
    cr_assert_eq(reply.end_records, 1);
    const char *output = reply.output.data ? reply.output.data : "";
    const char *line = text("%.*s", (int)strcspn(output, "\r\n"), output);
    buffer_clear(&reply.output);
    return line;
}

Test(status_line, has_the_reason_phrase_of_the_table)
{
    STACK(.settings = { "access_lifetime = 1s", "clock_leeway = 0s", "body_limit = 1k" });
    struct tokens tokens = new_user("ada@example.org");
    sleep(2);
    const struct row rows[] = {
        { "GET", "/profile/", tokens.access, NULL, "Status: 419 Token expired" },
        { "GET", "/profile/", "nonsense", NULL, "Status: 401 Unauthorized" },
        { "GET", "/profile/", NULL, NULL, "Status: 401 Unauthorized" },
        { "POST", "/refresh/", NULL, refresh_body("none"), "Status: 400 Invalid refresh token" },
        { "POST", "/refresh/", NULL, "{}", "Status: 400 Bad Request" },
        { "POST", "/login/", NULL, log_in_body("eve@example.org", PASSWORD),
          "Status: 401 Unauthorized" },
        { "POST", "/login/", NULL, repeated("x", 1025), "Status: 413 Payload Too Large" },
        { "GET", "/login/", NULL, NULL, "Status: 405 Method Not Allowed" },
        { "GET", "/nothing/", NULL, NULL, "Status: 404 Not Found" },
        { "GET", "/healthz/", NULL, NULL, "Status: 200 OK" },
        { "POST", "/logout/", NULL, refresh_body(tokens.refresh), "Status: 204 No Content" },
        { "POST", "/signup/", NULL, sign_up_body("bob@example.org", PASSWORD),
          "Status: 201 Created" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_assert_str_eq(ask(&rows[i]), rows[i].status_line, "%s %s: %s", rows[i].method,
                         rows[i].uri, ask(&rows[i]));
}
