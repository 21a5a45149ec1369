/* fcgi_client - see fcgi_client.h. */
#include "support/fcgi_client.h"
#include "base/clock.h"
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HEADER_SIZE = 8, CONTENT_MAX = 65528, MESSAGE_MAX = 16 * 1024 * 1024 };

static int listener_of(const struct sockaddr *address, socklen_t size)
{
    int listener = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(listener, 0);
    cr_assert_eq(bind(listener, address, size), 0);
    cr_assert_eq(listen(listener, 16), 0);
    return listener;
}

/* Linux makes up an abstract name for an address of nothing but a family (unix(7), autobind). */
int fcgi_client_listener(void)
{
    const struct sockaddr_un address = { .sun_family = AF_UNIX };
    return listener_of((const struct sockaddr *)&address, sizeof(sa_family_t));
}

int fcgi_client_tcp_listener(void)
{
    const struct sockaddr_in address = { .sin_family = AF_INET,
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    return listener_of((const struct sockaddr *)&address, sizeof address);
}

int fcgi_client_connect(int listener)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    int connection = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(connection, 0);
    cr_assert_eq(connect(connection, (const struct sockaddr *)&address, size), 0);
    return connection;
}

void fcgi_client_record(struct buffer *out, enum fcgi_record type, const void *content, size_t size)
{
    const unsigned char header[HEADER_SIZE] = { 1,
                                                (unsigned char)type,
                                                0,
                                                CLIENT_REQUEST_ID,
                                                (unsigned char)(size >> 8),
                                                (unsigned char)size };
    if (!out->limit)
        buffer_init(out, MESSAGE_MAX);
    buffer_append(out, header, sizeof header);
    if (size)
        buffer_append(out, content, size);
}

void fcgi_client_begin(struct buffer *out, int role, int flags)
{
    const unsigned char body[8] = { 0, (unsigned char)role, (unsigned char)flags };
    fcgi_client_record(out, RECORD_BEGIN, body, sizeof body);
}

static void append_length(struct buffer *out, size_t size)
{
    const unsigned char bytes[4] = { (unsigned char)(0x80 | size >> 24),
                                     (unsigned char)(size >> 16), (unsigned char)(size >> 8),
                                     (unsigned char)size };
    if (size < 0x80)
        buffer_append(out, &bytes[3], 1);
    else
        buffer_append(out, bytes, sizeof bytes);
}

/* In records of at most CONTENT_MAX. */
static void append_stream(struct buffer *out, enum fcgi_record type, const char *bytes, size_t size)
{
    while (size > 0) {
        size_t piece = size < CONTENT_MAX ? size : CONTENT_MAX;
        fcgi_client_record(out, type, bytes, piece);
        bytes += piece;
        size -= piece;
    }
}

void fcgi_client_params(struct buffer *out, const char *const *variables)
{
    struct buffer pairs;
    buffer_init(&pairs, MESSAGE_MAX);
    for (; *variables; variables++) {
        size_t name = strcspn(*variables, "=");
        const char *value = *variables + name + 1;
        append_length(&pairs, name);
        append_length(&pairs, strlen(value));
        buffer_append(&pairs, *variables, name);
        buffer_text(&pairs, value);
    }
    append_stream(out, RECORD_PARAMS, pairs.data, pairs.size);
    fcgi_client_record(out, RECORD_PARAMS, NULL, 0);
    buffer_clear(&pairs);
}

void fcgi_client_stdin(struct buffer *out, const char *bytes, size_t size)
{
    append_stream(out, RECORD_STDIN, bytes, size);
}

void fcgi_client_request(struct buffer *out, const char *const *variables, const char *body)
{
    fcgi_client_begin(out, ROLE_RESPONDER, 0);
    fcgi_client_params(out, variables);
    fcgi_client_stdin(out, body, strlen(body));
    fcgi_client_record(out, RECORD_STDIN, NULL, 0);
}

bool fcgi_client_send(int connection, struct buffer *out)
{
    size_t sent = 0;
    while (sent < out->size) {
        ssize_t piece = send(connection, out->data + sent, out->size - sent, MSG_NOSIGNAL);
        if (piece <= 0)
            break;
        sent += (size_t)piece;
    }
    bool whole = sent == out->size;
    buffer_clear(out);
    return whole;
}

static void read_all(int connection, int64_t timeout_ms, struct buffer *raw, bool *closed)
{
    int64_t end_ms = clock_monotonic_ms() + timeout_ms, left_ms = timeout_ms;
    struct pollfd peer = { .fd = connection, .events = POLLIN };
    while (left_ms > 0 && poll(&peer, 1, (int)left_ms) > 0) {
        char piece[4096];
        ssize_t size = recv(connection, piece, sizeof piece, 0);
        *closed = size == 0;
        if (size <= 0)
            break;
        buffer_append(raw, piece, (size_t)size);
        left_ms = end_ms - clock_monotonic_ms();
    }
}

void fcgi_client_receive(int connection, int64_t timeout_ms, struct fcgi_reply *reply)
{
    struct buffer raw;
    *reply = (struct fcgi_reply){ .protocol_status = -1 };
    buffer_init(&reply->output, MESSAGE_MAX);
    buffer_init(&raw, MESSAGE_MAX);
    read_all(connection, timeout_ms, &raw, &reply->closed);
    for (size_t at = 0; at + HEADER_SIZE <= raw.size;) {
        const unsigned char *header = (const unsigned char *)raw.data + at;
        size_t size = (size_t)header[4] << 8 | header[5];
        const char *content = raw.data + at + HEADER_SIZE;
        at += HEADER_SIZE + size + header[6];
        cr_assert_leq(at, raw.size, "a record is cut");
        if (header[1] == RECORD_STDOUT && size)
            buffer_append(&reply->output, content, size);
        if (header[1] == RECORD_END) {
            reply->end_records++;
            reply->protocol_status = content[4];
        }
    }
    buffer_clear(&raw);
}
