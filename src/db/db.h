/* db - one PostgreSQL connection that is opened when first needed, comes back by itself, and never
 * waits without a deadline. The only place that knows libpq. */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/error.h"
#include "db/statements.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

struct db_options {
    const char *conninfo; /* copied */
    int64_t timeout_ms; /* for one db_run with all that it needs: connecting, preparing, executing,
                           one repetition */
    bool prepare;       /* false: no prepared statements, for pgbouncer in transaction mode */
    const char *application_name; /* as pg_stat_activity shows it; copied */
};

/* Does not connect yet. */
struct db *db_new(const struct db_options *options);
/* NULL-safe. */
void db_free(struct db *db);

struct db_result;

/* Runs one statement of the table in a transaction of its own. `values` has as many texts as the
 * statement has parameters, NULL for SQL null. On ERROR_NONE the result is stored, to be freed with
 * db_result_free (result may be NULL where nobody wants it). Errors, logged here:
 *
 *     ERROR_UNAVAILABLE  no connection, the deadline passed, or a SQLSTATE of class 08, 40, 53, 57,
 *                        or 55P03 (lock_timeout), 25006 (read only: a standby)
 *     ERROR_DUPLICATE    unique_violation; not logged
 *     ERROR_INTERNAL     anything else that PostgreSQL refused
 *
 * A connection found dead is opened anew, and the statement is run once more if it was not sent, if
 * PostgreSQL says that it was undone, or if the table calls it repeatable; any other is not
 * repeated. After a failed attempt to connect, further ones are refused at once, and without a line
 * in the log, until a back-off (50 ms doubling to 1 s, less up to half) has passed. What still runs
 * in the server after the deadline is ended by the statement_timeout of the worker's role. */
enum error db_run(struct db *db, enum statement statement, const char *const values[],
                  struct db_result **result);

int db_rows(const struct db_result *result);
/* The value as text, owned by the result; NULL for SQL null. `column` is the statement's column,
 * from 0. */
const char *db_value(const struct db_result *result, int row, int column);
/* As integer (0 for null) and as boolean (false for null). */
int64_t db_integer(const struct db_result *result, int row, int column);
bool db_boolean(const struct db_result *result, int row, int column);
/* NULL-safe; wipes nothing: what must not stay in memory is copied out into secrets by the caller.
 */
void db_result_free(struct db_result *result);

/* For migrations: a script of several statements by the simple protocol, within timeout_ms (0: no
 * limit). The message of the server goes into message (size bytes). */
enum error db_script(struct db *db, const char *sql, int64_t timeout_ms, char *message,
                     size_t size);
/* For migrations: one statement that is not in the table. As db_script otherwise. */
enum error db_query(struct db *db, const char *sql, int n, const char *const values[],
                    int64_t timeout_ms, struct db_result **result, char *message, size_t size);

#endif
