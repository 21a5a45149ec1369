/* stack_cluster - a PostgreSQL server of a test's own, to be stopped, frozen and started. */
#ifndef SUPPORT_STACK_CLUSTER_H
#define SUPPORT_STACK_CLUSTER_H

#include "support/stack_database.h"

/* Makes it below `directory` and starts it; writes the connection strings of its database
 * postgres. */
void stack_cluster_create(const char *directory, struct stack_database *server);
void stack_cluster_stop(void);
void stack_cluster_start(void);
/* To every process of it. */
void stack_cluster_signal(int signal);
/* Stops it; nothing is kept. */
void stack_cluster_remove(void);

#endif
