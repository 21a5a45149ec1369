/* notify - see notify.h. */
#include "proc/notify.h"
#include "base/clock.h"
#include "base/log.h"
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static const char variable[] = "NOTIFY_SOCKET";

/* unix(7): the name of an abstract socket begins with NUL, and its length tells where it ends. */
static bool parse(const char *name, struct notify *notify)
{
    size_t length = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || length < 2 ||
        length >= sizeof notify->address.sun_path)
        return false;
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, name, length);
    if (name[0] == '@')
        notify->address.sun_path[0] = '\0';
    notify->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

void notify_open(struct notify *notify)
{
    const char *name = getenv(variable);
    *notify = (struct notify){ .size = 0 };
    if (name && *name && !parse(name, notify))
        LOG(LOG_LEVEL_WARN, "notify_socket_unknown", log_text("address", name));
    unsetenv(variable);
}

/* A socket for each message: none stays open for the children to inherit. The service manager may
 * be busy, but must not hold us up for long. */
static void send_state(const struct notify *notify, const char *state)
{
    const struct timeval patience = { .tv_sec = 1 };
    size_t length = strlen(state);
    if (notify->size == 0)
        return;
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor >= 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (descriptor < 0 ||
        sendto(descriptor, state, length, MSG_NOSIGNAL, (const struct sockaddr *)&notify->address,
               notify->size) != (ssize_t)length)
        LOG(LOG_LEVEL_WARN, "notify_failed", log_text("reason", strerror(errno)));
    if (descriptor >= 0)
        close(descriptor);
}

void notify_ready(const struct notify *notify, const char *status)
{
    char state[NOTIFY_STATUS_MAX + 32];
    snprintf(state, sizeof state, "READY=1\nSTATUS=%.*s\n", NOTIFY_STATUS_MAX, status);
    send_state(notify, state);
}

/* The time lets the service manager tell this reload's READY from an earlier one's. */
void notify_reloading(const struct notify *notify)
{
    char state[128];
    snprintf(state, sizeof state,
             "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=Replacing the workers\n",
             clock_monotonic_us());
    send_state(notify, state);
}

void notify_stopping(const struct notify *notify)
{
    send_state(notify, "STOPPING=1\nSTATUS=Finishing the requests\n");
}
