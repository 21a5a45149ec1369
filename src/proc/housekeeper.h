/* housekeeper - the process that does what no request waits for: it removes sessions that are long
 * over. */
#ifndef PROC_HOUSEKEEPER_H
#define PROC_HOUSEKEEPER_H

#include "base/config.h"
#include <stdbool.h>

/* Works at once and then every purge_interval until SIGTERM, SIGINT or SIGQUIT; with `once`, works
 * and returns. Returns the exit status: with `once`, failure where the database was away. */
int housekeeper_run(const struct config *config, bool once);

#endif
