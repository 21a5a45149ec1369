/* fcgi_client - the web server's half of FastCGI (specification §3–§6), record by record, so that
 * tests can send what no web server would. */
#ifndef SUPPORT_FCGI_CLIENT_H
#define SUPPORT_FCGI_CLIENT_H

#include "base/buffer.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fcgi_record {
    RECORD_BEGIN = 1,
    RECORD_ABORT = 2,
    RECORD_END = 3,
    RECORD_PARAMS = 4,
    RECORD_STDIN = 5,
    RECORD_STDOUT = 6,
    RECORD_STDERR = 7
};
enum { ROLE_RESPONDER = 1, ROLE_AUTHORIZER = 2, ROLE_FILTER = 3, KEEP_CONNECTION = 1 };
enum { CLIENT_REQUEST_ID = 1 };

/* A listening Unix socket without a name in the file system, and a TCP one on the loopback; to be
 * closed. A failure ends the test. */
int fcgi_client_listener(void);
int fcgi_client_tcp_listener(void);
/* A connection to either. */
int fcgi_client_connect(int listener);

/* Each appends to `out` what is to be sent. */
void fcgi_client_record(struct buffer *out, enum fcgi_record type, const void *content,
                        size_t size);
void fcgi_client_begin(struct buffer *out, int role, int flags);
/* "NAME=VALUE" texts, NULL at the end, and the empty record behind them. */
void fcgi_client_params(struct buffer *out, const char *const *variables);
/* In as many records as it takes; without the empty record at the end. */
void fcgi_client_stdin(struct buffer *out, const char *bytes, size_t size);
/* A whole request of a responder: begin, params, stdin and its end. */
void fcgi_client_request(struct buffer *out, const char *const *variables, const char *body);

/* Sends all of it, and clears it. False where the peer is gone. */
bool fcgi_client_send(int connection, struct buffer *out);

struct fcgi_reply {
    struct buffer output; /* of all STDOUT records */
    int end_records;      /* how many END_REQUEST came */
    int protocol_status;  /* of the last one */
    bool closed;          /* the peer closed in an orderly way */
};
/* Reads until the peer closes, or for so long. To be cleared by buffer_clear(&reply->output). */
void fcgi_client_receive(int connection, int64_t timeout_ms, struct fcgi_reply *reply);

#endif
