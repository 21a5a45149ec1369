/* connection - one connection to PostgreSQL by libpq's asynchronous calls: every wait has a
 * deadline. For db.c alone. */
#ifndef DB_CONNECTION_H
#define DB_CONNECTION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A deadline is a time of clock_monotonic_ms(). */
#define CONNECTION_NO_DEADLINE INT64_MAX

struct connection_target;

/* Takes a libpq connection string apart. NULL, with a sentence in message, where it is none. */
struct connection_target *connection_target_new(const char *conninfo, const char *application_name,
                                                char *message, size_t size);
void connection_target_free(struct connection_target *target);

/* Connects. Of several hosts each gets its share of the time, so that a dead one does not use up
 * all of it; the one that answered last comes first. (libpq resolves names without a deadline:
 * `hostaddr` or a Unix socket avoids that.) NULL, with a sentence in message, where none answered.
 */
PGconn *connection_open(struct connection_target *target, int64_t deadline_ms, char *message,
                        size_t size);

/* Whether an idle connection has not been closed by the server, as far as is known here. Does not
 * wait. */
bool connection_is_alive(PGconn *connection);

/* Sends what a PQsend… call queued, and waits for the last result; earlier ones are dropped, but
 * for the first error. NULL: the connection broke, or (*late) the deadline passed; it must then be
 * closed. */
PGresult *connection_finish(PGconn *connection, int64_t deadline_ms, bool *late);

#endif
