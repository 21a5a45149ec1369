/* notify - tells the service manager how the master is: the protocol of sd_notify(3), without
 * libsystemd. */
#ifndef PROC_NOTIFY_H
#define PROC_NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>

enum { NOTIFY_STATUS_MAX = 128 };

/* Where the service manager listens. Zero is good: nobody does, and nothing is sent. */
struct notify {
    struct sockaddr_un address;
    socklen_t size; /* 0: nobody listens */
};

/* Takes NOTIFY_SOCKET out of the environment, so that no child speaks for the master. An address
 * that is none (a path or '@' and an abstract name) is logged and left out. */
void notify_open(struct notify *notify);

/* Each is one datagram; where it does not get through the log says so. `status` is a sentence for
 * people, of one line and at most NOTIFY_STATUS_MAX bytes. */
void notify_ready(const struct notify *notify, const char *status);
void notify_reloading(const struct notify *notify); /* until the next notify_ready */
void notify_stopping(const struct notify *notify);

#endif
