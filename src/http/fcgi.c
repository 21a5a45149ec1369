/* fcgi - see fcgi.h. */
#include "http/fcgi.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/secret.h"
#include <errno.h>
#include <fastcgi.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LINGER_MS = 100,        /* longest wait for a peer that has not read us to the end */
    PAUSE_MS = 100,         /* before accept() is tried again without descriptors or memory */
    TROUBLE_LOG_MS = 10000, /* at most one line about that in so long */
    BODY_BYTES_PER_MS = 8,  /* a body that comes slower, on the whole, is given up ... */
    BODY_PATIENCE = 2,      /* ... after so many io_timeouts on top */
    PIECE_SIZE = 8192,      /* most of a body that is handed on at once */
};

struct fcgi {
    FCGX_Request request;
    bool serving;
    int listener;
    int waiter; /* epoll */
    bool is_tcp;
    int64_t io_timeout_ms;
    int64_t trouble_ms;    /* when trouble with accept() was last logged */
    unsigned char *output; /* libfcgi's buffer of what we write, to be wiped */
    size_t output_size;
};

/* FCGX_Init puts handlers of its own on signals that are ignored or at their default. Ours are put
 * back; only SIGPIPE may not kill us where a peer has gone. */
static bool start_library(void)
{
    static const int signals[] = { SIGTERM, SIGUSR1, SIGPIPE };
    enum { COUNT = sizeof signals / sizeof signals[0], PIPE = COUNT - 1 };
    struct sigaction kept[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        sigaction(signals[i], NULL, &kept[i]);
    int failure = FCGX_Init();
    if (kept[PIPE].sa_handler == SIG_DFL)
        kept[PIPE].sa_handler = SIG_IGN;
    for (size_t i = 0; i < COUNT; i++)
        sigaction(signals[i], &kept[i], NULL);
    if (failure)
        LOG(LOG_LEVEL_ERROR, "fastcgi_not_started", log_integer("code", failure));
    return !failure;
}

/* The listener does not block and is watched by epoll, so that unmasking signals and waiting are
 * one step: no signal is missed between the two, and none waits behind an accept() that another
 * worker won. EPOLLEXCLUSIVE wakes one worker a connection rather than all of them. */
static bool watch_listener(struct fcgi *fcgi)
{
    struct sockaddr_storage address = { 0 };
    socklen_t size = sizeof address;
    struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
    fcgi->waiter = epoll_create1(EPOLL_CLOEXEC);
    int flags = fcntl(fcgi->listener, F_GETFL);
    if (fcgi->waiter >= 0 && flags >= 0 &&
        fcntl(fcgi->listener, F_SETFL, flags | O_NONBLOCK) == 0 &&
        getsockname(fcgi->listener, (struct sockaddr *)&address, &size) == 0 &&
        epoll_ctl(fcgi->waiter, EPOLL_CTL_ADD, fcgi->listener, &event) == 0) {
        fcgi->is_tcp = address.ss_family == AF_INET || address.ss_family == AF_INET6;
        return true;
    }
    LOG(LOG_LEVEL_ERROR, "listener_not_usable", log_integer("descriptor", fcgi->listener),
        log_text("reason", strerror(errno)));
    return false;
}

struct fcgi *fcgi_new(int listener, int64_t io_timeout_ms)
{
    struct fcgi *fcgi = memory_new(sizeof *fcgi);
    fcgi->listener = listener;
    fcgi->waiter = -1;
    fcgi->io_timeout_ms = io_timeout_ms > 0 ? io_timeout_ms : 1; /* 0 would be for ever */
    fcgi->trouble_ms = -TROUBLE_LOG_MS;
    if (start_library() && watch_listener(fcgi))
        return fcgi;
    fcgi_free(fcgi);
    return NULL;
}

void fcgi_free(struct fcgi *fcgi)
{
    if (!fcgi)
        return;
    fcgi_finish(fcgi);
    if (fcgi->waiter >= 0)
        close(fcgi->waiter);
    free(fcgi);
}

/* Sleeps with the mask `waiting`; whether a signal arrived. With 0 ms it only lets those in that
 * were pending. */
static bool interrupted(int64_t milliseconds, const sigset_t *waiting)
{
    const struct timespec time = { .tv_sec = milliseconds / 1000,
                                   .tv_nsec = milliseconds % 1000 * 1000000 };
    return ppoll(NULL, 0, &time, waiting) < 0 && errno == EINTR;
}

/* What accept(2) says of a connection that was lost before we took it; and of a host that has run
 * out. 0 ends a list. */
static const int lost_connection[] = {
    ECONNABORTED, EPROTO,     ENETDOWN,  ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH,
    ENETUNREACH,  ECONNRESET, ETIMEDOUT, EPERM,       EINTR,     0
};
static const int exhausted[] = { EMFILE, ENFILE, ENOBUFS, ENOMEM, 0 };

static bool is_one_of(int number, const int *list)
{
    while (*list && *list != number)
        list++;
    return *list != 0;
}

static void log_trouble(struct fcgi *fcgi, int reason)
{
    int64_t now = clock_monotonic_ms();
    if (now - fcgi->trouble_ms < TROUBLE_LOG_MS)
        return;
    fcgi->trouble_ms = now;
    LOG(LOG_LEVEL_ERROR, "accept_failed", log_text("reason", strerror(reason)));
}

/* Waits for the listener: 0, or why not. One that was shut down is always readable, and brings
 * nothing. */
static int wait_for_listener(const struct fcgi *fcgi, const sigset_t *waiting)
{
    struct epoll_event event = { 0 };
    if (epoll_pwait(fcgi->waiter, &event, 1, -1, waiting) < 0)
        return errno;
    return event.events & (EPOLLHUP | EPOLLERR) ? EINVAL : 0;
}

/* What to do after accept() failed: FCGI_EVENT_REQUEST is to try it again. */
static enum fcgi_event recover(struct fcgi *fcgi, int reason, const sigset_t *waiting)
{
    if (is_one_of(reason, lost_connection))
        return FCGI_EVENT_REQUEST;
    if (reason == EAGAIN) {
        reason = wait_for_listener(fcgi, waiting);
        if (!reason)
            return FCGI_EVENT_REQUEST;
        if (reason == EINTR)
            return FCGI_EVENT_INTERRUPTED;
    }
    log_trouble(fcgi, reason);
    if (!is_one_of(reason, exhausted))
        return FCGI_EVENT_FAILED;
    return interrupted(PAUSE_MS, waiting) ? FCGI_EVENT_INTERRUPTED : FCGI_EVENT_REQUEST;
}

/* Signals are let in once before, so that they come through under full load too, and not between
 * the waking and accept(): this worker alone was woken for the connection. */
static enum fcgi_event next_connection(struct fcgi *fcgi, const sigset_t *waiting, int *connection)
{
    enum fcgi_event event = interrupted(0, waiting) ? FCGI_EVENT_INTERRUPTED : FCGI_EVENT_REQUEST;
    while (event == FCGI_EVENT_REQUEST) {
        *connection = accept4(fcgi->listener, NULL, NULL, SOCK_CLOEXEC);
        if (*connection >= 0)
            break;
        event = recover(fcgi, errno, waiting);
    }
    return event;
}

static void set_up_connection(const struct fcgi *fcgi, int connection)
{
    const struct timeval timeout = { .tv_sec = fcgi->io_timeout_ms / 1000,
                                     .tv_usec = fcgi->io_timeout_ms % 1000 * 1000 };
    int yes = 1;
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    if (fcgi->is_tcp)
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

/* Has libfcgi read role and parameters. It finishes the request before first, and closes its
 * connection unless that is to be kept. After an error it closes ours and would accept another by
 * itself, from a listener that is none, so it returns at once. `detached` closes without the linger
 * of libfcgi, which a peer that never stops sending can draw out for ever.
 *
 * No single clock bounds the parameters, only io_timeout each read of them: a web server sends them
 * in one piece after it has read the whole head, so no HTTP client sets their pace. */
static bool read_parameters(FCGX_Request *request, int connection)
{
    FCGX_InitRequest(request, -1, 0);
    request->ipcFd = connection;
    request->keepConnection = 1;
    request->detached = 1;
    if (FCGX_Accept_r(request) != 0)
        return false;
    request->keepConnection = 0;
    /* parameters that break off between two of them pass for all of them; the error tells */
    if (FCGX_GetError(request->in) == 0)
        return true;
    FCGX_Free(request, 1);
    return false;
}

static bool begin_request(struct fcgi *fcgi, int connection)
{
    set_up_connection(fcgi, connection);
    if (!read_parameters(&fcgi->request, connection)) {
        LOG(LOG_LEVEL_INFO, "connection_dropped", log_text("reason", "no whole FastCGI request"));
        return false;
    }
    const FCGX_Stream *out = fcgi->request.out;
    fcgi->output = out->wrNext;
    fcgi->output_size = (size_t)(out->stop - out->wrNext);
    fcgi->serving = true;
    return true;
}

enum fcgi_event fcgi_accept(struct fcgi *fcgi, const sigset_t *waiting)
{
    fcgi_finish(fcgi);
    for (;;) {
        int connection = -1;
        enum fcgi_event event = next_connection(fcgi, waiting, &connection);
        if (event != FCGI_EVENT_REQUEST)
            return event;
        if (begin_request(fcgi, connection))
            return FCGI_EVENT_REQUEST;
    }
}

char *const *fcgi_environment(const struct fcgi *fcgi)
{
    static char *const nothing[] = { NULL };
    return fcgi->serving ? fcgi->request.envp : nothing;
}

enum fcgi_role fcgi_role(const struct fcgi *fcgi)
{
    if (fcgi->request.role == FCGI_RESPONDER)
        return FCGI_ROLE_RESPONDER;
    return fcgi->request.role == FCGI_AUTHORIZER ? FCGI_ROLE_AUTHORIZER : FCGI_ROLE_OTHER;
}

/* Takes what one read of the socket brought, at most `wanted` bytes, and wipes it from libfcgi's
 * memory. Returns how many bytes; 0 at the end. */
static size_t take_piece(FCGX_Stream *in, size_t wanted, char piece[PIECE_SIZE])
{
    int first = FCGX_GetChar(in); /* reads the socket where nothing is left */
    if (first == EOF)
        return 0;
    size_t ready = (size_t)(in->stop - in->rdNext),
           most = wanted < PIECE_SIZE ? wanted : PIECE_SIZE;
    size_t size = 1 + (ready < most - 1 ? ready : most - 1);
    piece[0] = (char)first;
    FCGX_GetStr(piece + 1, (int)(size - 1), in);
    secret_wipe(in->rdNext - size, size);
    return size;
}

/* A slow client behind a web server that passes bodies on as they come must not hold the worker a
 * byte at a time; io_timeout bounds each read only. */
static bool is_overdue(const struct fcgi *fcgi, int64_t started_ms, size_t received)
{
    int64_t allowed = BODY_PATIENCE * fcgi->io_timeout_ms + (int64_t)received / BODY_BYTES_PER_MS;
    return clock_monotonic_ms() - started_ms > allowed;
}

/* What is read of a body. */
struct reading {
    fcgi_sink *sink;
    void *context;
    size_t wanted, limit, received;
};

static enum error read_pieces(struct fcgi *fcgi, struct reading *reading)
{
    char piece[PIECE_SIZE];
    size_t size = 1;
    enum error error = ERROR_NONE;
    int64_t started_ms = clock_monotonic_ms();
    while (!error && reading->received < reading->wanted && size > 0) {
        if (is_overdue(fcgi, started_ms, reading->received)) {
            error = ERROR_INCOMPLETE_BODY;
            break;
        }
        size = take_piece(fcgi->request.in, reading->wanted - reading->received, piece);
        if (size > reading->limit - reading->received)
            error = ERROR_PAYLOAD_TOO_LARGE;
        else if (size > 0)
            error = reading->sink(reading->context, piece, size);
        reading->received += size;
    }
    secret_wipe(piece, sizeof piece);
    return error;
}

enum error fcgi_read_pieces(struct fcgi *fcgi, int64_t length, int64_t limit, fcgi_sink *sink,
                            void *context)
{
    struct reading reading = { sink, context, length < 0 ? SIZE_MAX : (size_t)length,
                               limit < 0 ? 0 : (size_t)limit, 0 };
    /* an authorizer gets no stdin, and waits for it for ever */
    if (!fcgi->serving || fcgi_role(fcgi) != FCGI_ROLE_RESPONDER)
        return ERROR_NONE;
    if (length >= 0 && reading.wanted > reading.limit)
        return ERROR_PAYLOAD_TOO_LARGE;
    enum error error = read_pieces(fcgi, &reading);
    if (error)
        return error;
    /* an abort, a lost peer and a timeout end the stream like its end does; the error tells them */
    bool whole =
        length < 0 ? FCGX_GetError(fcgi->request.in) == 0 : reading.received == reading.wanted;
    return whole ? ERROR_NONE : ERROR_INCOMPLETE_BODY;
}

static enum error append(void *context, const char *bytes, size_t size)
{
    return buffer_append(context, bytes, size) ? ERROR_NONE : ERROR_PAYLOAD_TOO_LARGE;
}

enum error fcgi_read_body(struct fcgi *fcgi, int64_t length, struct buffer *body)
{
    return fcgi_read_pieces(fcgi, length, (int64_t)(body->limit - body->size), append, body);
}

void fcgi_write(struct fcgi *fcgi, const char *bytes, size_t size)
{
    while (fcgi->serving && size > 0) {
        int piece = size < INT_MAX ? (int)size : INT_MAX;
        if (FCGX_PutStr(bytes, piece, fcgi->request.out) != piece)
            return;
        bytes += piece;
        size -= (size_t)piece;
    }
}

/* Whether the peer has sent all that it will. Does not wait. */
static bool is_read_to_the_end(FCGX_Request *request)
{
    if (!FCGX_HasSeenEOF(request->in))
        fcntl(request->ipcFd, F_SETFL, O_NONBLOCK);
    return FCGX_GetChar(request->in) == EOF && FCGX_GetError(request->in) == 0;
}

/* A socket that is closed with input unread resets the connection, and the peer may lose our reply.
 * So the rest is read and thrown away until the peer closes, but not for long. */
static void linger(int connection)
{
    char trash[4096];
    int64_t end_ms = clock_monotonic_ms() + LINGER_MS, left_ms = LINGER_MS;
    struct pollfd peer = { .fd = connection, .events = POLLIN };
    shutdown(connection, SHUT_WR);
    while (left_ms > 0 && poll(&peer, 1, (int)left_ms) > 0 &&
           recv(connection, trash, sizeof trash, MSG_DONTWAIT) > 0)
        left_ms = end_ms - clock_monotonic_ms();
    secret_wipe(trash, sizeof trash);
}

void fcgi_finish(struct fcgi *fcgi)
{
    FCGX_Request *request = &fcgi->request;
    if (!fcgi->serving)
        return;
    fcgi->serving = false;
    FCGX_FClose(request->err);
    FCGX_FClose(request->out); /* the last of the two writes END_REQUEST */
    secret_wipe(fcgi->output, fcgi->output_size);
    if (!is_read_to_the_end(request))
        linger(request->ipcFd);
    FCGX_Finish_r(request); /* frees, and closes the connection */
}
