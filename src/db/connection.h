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
/* NULL-safe. */
void connection_target_free(struct connection_target *target);

/* Connects. Of several hosts each gets its share of the time, so that a dead one does not use up
 * all of it (libpq by itself goes on to the next host when one refuses, but waits for a silent one;
 * its connect_timeout means nothing to asynchronous calls); the one that answered last comes first.
 * The addresses of one name share one share, and libpq resolves names without a deadline:
 * `hostaddr` or a Unix socket avoids both. One that cannot be written to is passed over, unless
 * target_session_attrs says otherwise. NULL, with a sentence in message, where none answered.
 */
PGconn *connection_open(struct connection_target *target, int64_t deadline_ms, char *message,
                        size_t size);

/* Whether an idle connection is still open, as far as is known here. Does not wait. */
bool connection_is_alive(PGconn *connection);

/* Sends what a PQsend... call queued, and waits until the server has answered all of it. Returns
 * the last result, or the first error; NULL where the connection broke, or (*late) the deadline
 * passed, without the server having said what is wrong. */
PGresult *connection_finish(PGconn *connection, int64_t deadline_ms, bool *late);

/* Whether the last answer is complete and the next statement may follow. If not, the connection is
 * to be closed. */
bool connection_is_ready(const PGconn *connection);

#endif
