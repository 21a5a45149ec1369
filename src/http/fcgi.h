/* fcgi - FastCGI requests from a listening socket, one at a time. The only place that knows
 * libfcgi.
 *
 * We accept connections ourselves and hand them to libfcgi, so that a silent peer meets a read
 * timeout, a signal wakes nothing but accept(), and a peer that asks for keep-alive does not hold
 * the worker (kept connections would starve a prefork pool). */
#ifndef HTTP_FCGI_H
#define HTTP_FCGI_H

#include "base/buffer.h"
#include "base/error.h"
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fcgi;

/* `listener` stays the caller's, and is made non-blocking. `io_timeout_ms` bounds each wait for the
 * peer. NULL, logged, where libfcgi does not start or the listener is none. Signal handlers stay as
 * they are; but where SIGPIPE has its default, it is ignored from now on. */
struct fcgi *fcgi_new(int listener, int64_t io_timeout_ms);
/* NULL-safe; finishes a request that is under way. */
void fcgi_free(struct fcgi *fcgi);

enum fcgi_event {
    FCGI_EVENT_REQUEST,
    FCGI_EVENT_INTERRUPTED /* by a signal, before anything was accepted */,
    FCGI_EVENT_FAILED /* logged */
};

/* Waits for the next request. Signals of the process are as they are now while a request is read
 * and served; only while waiting for a connection the mask is `waiting`. What is to end the wait
 * must be blocked now and let in by `waiting`; then none is ever missed, and one that is pending
 * comes before the next connection. A connection that brings no whole request is dropped, and the
 * wait goes on. */
enum fcgi_event fcgi_accept(struct fcgi *fcgi, const sigset_t *waiting);

/* "NAME=VALUE" texts, NULL at the end; owned by fcgi until fcgi_finish. */
char *const *fcgi_environment(const struct fcgi *fcgi);

enum fcgi_role { FCGI_ROLE_RESPONDER, FCGI_ROLE_AUTHORIZER, FCGI_ROLE_OTHER };
enum fcgi_role fcgi_role(const struct fcgi *fcgi);

/* Appends the body to `body`: `length` bytes, or, where length is -1 (unknown), all there is; at
 * most body->limit. Errors: ERROR_PAYLOAD_TOO_LARGE (read no further than the limit),
 * ERROR_INCOMPLETE_BODY (fewer bytes came, or they came too slowly on the whole). Roles other than
 * the responder have no body: ERROR_NONE, and nothing is read. */
enum error fcgi_read_body(struct fcgi *fcgi, int64_t length, struct buffer *body);

/* The same body piece by piece, as it comes: each is handed to `sink`, and wiped behind it. An
 * error of the sink ends the reading. Errors also: those of fcgi_read_body, `limit` taking the part
 * of body->limit. */
typedef enum error fcgi_sink(void *context, const char *bytes, size_t size);
enum error fcgi_read_pieces(struct fcgi *fcgi, int64_t length, int64_t limit, fcgi_sink *sink,
                            void *context);

/* Sends bytes of the reply (CGI header lines, empty line, body). A peer that is gone is no error.
 */
void fcgi_write(struct fcgi *fcgi, const char *bytes, size_t size);
/* Ends the request and closes the connection, whatever the peer asked for. Does nothing where no
 * request is under way. */
void fcgi_finish(struct fcgi *fcgi);

#endif
