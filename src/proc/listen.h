/* listen - the listening socket: handed over by whoever started us, or made from the option
 * `listen`. */
#ifndef PROC_LISTEN_H
#define PROC_LISTEN_H

#include "base/config.h"
#include <stdbool.h>

enum { LISTEN_MESSAGE_SIZE = 512 };

struct listener {
    int descriptor;  /* -1: none */
    char *made_path; /* of the Unix socket that we made, and remove at the end; or NULL */
};

/* Whether the descriptor is a socket that listens: how spawn-fcgi, mod_fcgid and lighttpd hand
 * theirs over (FastCGI §2.2). */
bool listen_is_listener(int descriptor);

/* In this order: LISTEN_FDS (systemd's protocol; exactly one), descriptor 0, the option. A Unix
 * socket left behind by a dead process is replaced, one that somebody answers is not. Returns false
 * with a sentence in message. */
bool listen_open(const struct config *config, struct listener *listener,
                 char message[LISTEN_MESSAGE_SIZE]);

/* Closes it. Also removes the path that we made where `remove` is set: once, by the master. */
void listen_close(struct listener *listener, bool remove);

#endif
