/* worker - one process that serves one request at a time until it is told to stop. */
#ifndef PROC_WORKER_H
#define PROC_WORKER_H

#include "base/config.h"

/* Called once when the worker is ready to accept; may be NULL. */
typedef void worker_ready(void);

/* Serves requests from the listening socket. SIGTERM, SIGINT, SIGQUIT and SIGUSR1 end it as soon as
 * it is between two requests; the one under way is answered. Returns the exit status. */
int worker_run(const struct config *config, int listener, worker_ready *ready);

#endif
