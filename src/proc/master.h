/* master - keeps the workers and the housekeeper alive: refills what dies, replaces all at a
 * reload, drains at the end. */
#ifndef PROC_MASTER_H
#define PROC_MASTER_H

#include "base/config.h"
#include <stdbool.h>

enum { MASTER_MESSAGE_SIZE = 1024 };

/* Reads the configuration anew into uninitialised storage; returns false with a sentence in
 * message. */
typedef bool master_reload(void *context, struct config *config, char message[MASTER_MESSAGE_SIZE]);

/* Runs until SIGTERM, SIGINT or SIGQUIT. At SIGHUP `reload` is asked for a new configuration; where
 * it is good the workers are replaced one after another, each only when its successor is ready,
 * else the old ones stay and the log says why. The listening socket stays the same. Returns the
 * exit status. */
int master_run(const struct config *config, master_reload *reload, void *context);

#endif
