/* fcgi_fixture - both ends of FastCGI in one process: connections, and what is sent over them, wait
 * in the kernel, so that nothing runs at once but where a test wants somebody to be slow. */
#ifndef SUPPORT_FCGI_FIXTURE_H
#define SUPPORT_FCGI_FIXTURE_H

#include "http/fcgi.h"
#include "support/fcgi_client.h"

enum { FIXTURE_PATIENT_MS = 20000, FIXTURE_BODY_LIMIT = 128 * 1024 };

extern struct fcgi_fixture {
    int listener;
    struct fcgi *fcgi;
    sigset_t nothing_blocked; /* for fcgi_accept; otherwise SIGTERM is blocked */
} fixture;

/* What every request here brings. */
extern const char *const fixture_variables[];

/* Starts on a Unix socket, patiently; or on the socket given. */
void fixture_open(void);
void fixture_start(int socket, int64_t io_timeout_ms);
void fixture_stop(void);

/* A new connection, with these bytes or a whole request sent over it. */
int fixture_send_to_fcgi(struct buffer *out);
int fixture_send_request(const char *body);
void fixture_accept_request(void);

/* What fcgi_read_body says and brings; `expected` may be NULL. */
void fixture_expect_body(int64_t length, enum error error, const char *expected);
/* The output, one END_REQUEST and an orderly close; closes the connection. */
void fixture_expect_reply(int connection, const char *expected);
/* Sends a short reply, and expects it. */
void fixture_answer(int connection);
/* A positive control for whatever went before: the next request is served. */
void fixture_expect_good_request(void);

#endif
