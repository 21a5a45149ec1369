/* listen - see listen.h. */
#include "proc/listen.h"
#include "base/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { INHERITED = 0, FIRST_PASSED = 3 /* SD_LISTEN_FDS_START */, BACKLOG = 1024 };

bool listen_is_listener(int descriptor)
{
    int listening = 0;
    socklen_t size = sizeof listening;
    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening;
}

static bool fail(char message[LISTEN_MESSAGE_SIZE], const char *where, const char *why)
{
    snprintf(message, LISTEN_MESSAGE_SIZE, "cannot listen on %s: %s", where, why);
    return false;
}

/* sd_listen_fds(3): LISTEN_PID is ours and LISTEN_FDS counts descriptors from 3 on. 0: none. */
static long count_passed(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    if (!pid || !count || strtol(pid, NULL, 10) != (long)getpid())
        return 0;
    return strtol(count, NULL, 10);
}

static bool take_passed(struct listener *listener, long count, char message[LISTEN_MESSAGE_SIZE])
{
    if (count != 1)
        return fail(message, "the sockets passed", "LISTEN_FDS must be 1");
    if (!listen_is_listener(FIRST_PASSED))
        return fail(message, "the socket passed", "descriptor 3 is not a listening socket");
    fcntl(FIRST_PASSED, F_SETFD, FD_CLOEXEC);
    listener->descriptor = FIRST_PASSED;
    return true;
}

/* Whether somebody answers at the path. */
static bool is_alive(const struct sockaddr_un *address)
{
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return false;
    bool alive =
        connect(probe, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN;
    close(probe);
    return alive;
}

static bool bind_unix(int descriptor, const struct sockaddr_un *address)
{
    const struct sockaddr *generic = (const struct sockaddr *)address;
    struct stat status;
    if (bind(descriptor, generic, sizeof *address) == 0)
        return true;
    if (errno != EADDRINUSE || lstat(address->sun_path, &status) || !S_ISSOCK(status.st_mode) ||
        is_alive(address)) {
        errno = EADDRINUSE;
        return false;
    }
    return unlink(address->sun_path) == 0 && bind(descriptor, generic, sizeof *address) == 0;
}

/* The umask keeps everybody out between bind and chmod. */
static bool open_unix(const struct config *config, struct listener *listener,
                      char message[LISTEN_MESSAGE_SIZE])
{
    const char *path = config->listen;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path)
        return fail(message, path, "the path of a Unix socket has at most 107 bytes");
    memcpy(address.sun_path, path, strlen(path));
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t mask = umask(0177);
    bool bound = descriptor >= 0 && bind_unix(descriptor, &address);
    umask(mask);
    if (bound && chmod(path, (mode_t)config->listen_mode) == 0 &&
        listen(descriptor, BACKLOG) == 0) {
        listener->descriptor = descriptor;
        listener->made_path = memory_text(path);
        return true;
    }
    fail(message, path, strerror(errno));
    if (bound)
        unlink(path);
    if (descriptor >= 0)
        close(descriptor);
    return false;
}

static int bind_tcp(const struct addrinfo *address)
{
    int yes = 1;
    int descriptor =
        socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
    if (descriptor < 0)
        return -1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(descriptor, address->ai_addr, address->ai_addrlen) == 0 &&
        listen(descriptor, BACKLOG) == 0)
        return descriptor;
    int reason = errno;
    close(descriptor);
    errno = reason;
    return -1;
}

/* "host:port", an IPv6 host in brackets. */
static bool open_tcp(const struct config *config, struct listener *listener,
                     char message[LISTEN_MESSAGE_SIZE])
{
    char host[256];
    const char *colon = strrchr(config->listen, ':');
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    struct addrinfo *addresses = NULL;
    if (!colon || (size_t)(colon - config->listen) >= sizeof host)
        return fail(message, config->listen, "this is neither a path nor host:port");
    bool bracketed = config->listen[0] == '[' && colon > config->listen && colon[-1] == ']';
    snprintf(host, sizeof host, "%.*s", (int)(colon - config->listen) - (bracketed ? 2 : 0),
             config->listen + (bracketed ? 1 : 0));
    int problem = getaddrinfo(host, colon + 1, &hints, &addresses);
    if (problem)
        return fail(message, config->listen, gai_strerror(problem));
    for (const struct addrinfo *a = addresses; a && listener->descriptor < 0; a = a->ai_next)
        listener->descriptor = bind_tcp(a);
    int reason = errno;
    freeaddrinfo(addresses);
    return listener->descriptor >= 0 || fail(message, config->listen, strerror(reason));
}

bool listen_open(const struct config *config, struct listener *listener,
                 char message[LISTEN_MESSAGE_SIZE])
{
    *listener = (struct listener){ .descriptor = -1 };
    long passed = count_passed();
    if (passed > 0)
        return take_passed(listener, passed, message);
    if (listen_is_listener(INHERITED)) {
        listener->descriptor = INHERITED;
        return true;
    }
    if (!config->listen[0])
        return fail(message, "anything",
                    "no socket was handed over, and the option 'listen' is empty");
    return config->listen[0] == '/' ? open_unix(config, listener, message)
                                    : open_tcp(config, listener, message);
}

void listen_close(struct listener *listener, bool remove)
{
    if (remove && listener->made_path)
        unlink(listener->made_path);
    if (listener->descriptor >= 0)
        close(listener->descriptor);
    free(listener->made_path);
    *listener = (struct listener){ .descriptor = -1 };
}
