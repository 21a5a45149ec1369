/* db - see db.h. */
#include "db/db.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metrics.h"
#include "db/connection.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_DELAY_MS = 50, LONGEST_DELAY_MS = 1000 };

struct db {
    struct connection_target *target; /* NULL: the connection string is not usable */
    int64_t timeout_ms;
    bool prepare;
    PGconn *connection;
    bool prepared[STATEMENT_COUNT];
    int64_t delay_ms;      /* of the next attempt to connect, after a failed one; 0: none failed */
    int64_t not_before_ms; /* no attempt until then */
};

struct db_result {
    PGresult *rows;
};

struct db *db_new(const struct db_options *options)
{
    char message[128];
    struct db *db = memory_new(sizeof *db);
    db->target = connection_target_new(options->conninfo, options->application_name, message,
                                       sizeof message);
    if (!db->target)
        LOG(LOG_LEVEL_ERROR, "database_not_usable", log_text("reason", message));
    db->timeout_ms = options->timeout_ms;
    db->prepare = options->prepare;
    return db;
}

static void disconnect(struct db *db)
{
    PQfinish(db->connection);
    db->connection = NULL;
    memset(db->prepared, 0, sizeof db->prepared);
}

void db_free(struct db *db)
{
    if (!db)
        return;
    disconnect(db);
    connection_target_free(db->target);
    free(db);
}

/* Their texts may repeat values. */
static void log_notice(void *context, const PGresult *notice)
{
    (void)context;
    LOG(LOG_LEVEL_DEBUG, "database_notice",
        log_text("sqlstate", PQresultErrorField(notice, PG_DIAG_SQLSTATE)));
}

/* Up to half of the delay is random, so that workers do not all come back at once. */
static void put_off(struct db *db)
{
    db->delay_ms = db->delay_ms ? db->delay_ms * 2 : FIRST_DELAY_MS;
    if (db->delay_ms > LONGEST_DELAY_MS)
        db->delay_ms = LONGEST_DELAY_MS;
    int64_t random_ms = clock_monotonic_us() % (db->delay_ms / 2);
    db->not_before_ms = clock_monotonic_ms() + db->delay_ms - random_ms;
}

static bool ensure_connection(struct db *db, int64_t deadline_ms, char *message, size_t size)
{
    if (db->connection)
        return true;
    snprintf(message, size, "the connection string cannot be read");
    if (!db->target)
        return false;
    snprintf(message, size, "the last attempt to connect failed a moment ago");
    if (db->delay_ms && clock_monotonic_ms() < db->not_before_ms)
        return false;
    db->connection = connection_open(db->target, deadline_ms, message, size);
    if (!db->connection) {
        put_off(db);
        LOG(LOG_LEVEL_ERROR, "database_not_reached", log_text("reason", message));
        return false;
    }
    if (db->delay_ms)
        LOG(LOG_LEVEL_INFO, "database_back",
            log_integer("server", PQserverVersion(db->connection)));
    db->delay_ms = 0;
    PQsetNoticeReceiver(db->connection, log_notice, NULL);
    return true;
}

/* Errors --------------------------------------------------------------------------------------- */

enum repeat {
    REPEAT_NEVER,
    REPEAT_IF_HARMLESS, /* it may have been done */
    REPEAT_ALWAYS       /* it was not done, and may succeed now */
};

struct state {
    const char *prefix; /* of the SQLSTATE */
    enum error error;
    enum repeat repeat;
    bool drop; /* this connection is of no use any more */
    bool told; /* the server's message holds names and numbers alone, and may be logged */
};

/* The first row that fits counts. */
static const struct state states[] = {
    /* unique_violation */
    { "23505", ERROR_DUPLICATE, REPEAT_NEVER, false, false },
    /* read only: this server is no longer the primary */
    { "25006", ERROR_UNAVAILABLE, REPEAT_ALWAYS, true, true },
    /* no such prepared statement; cached plan must not change result type */
    { "26000", ERROR_INTERNAL, REPEAT_ALWAYS, true, true },
    { "0A000", ERROR_INTERNAL, REPEAT_ALWAYS, true, true },
    /* statement_completion_unknown; rolled back: serialization, deadlock */
    { "40003", ERROR_UNAVAILABLE, REPEAT_IF_HARMLESS, true, true },
    { "40", ERROR_UNAVAILABLE, REPEAT_ALWAYS, false, true },
    /* the connection; shutdown; cancelled: statement_timeout */
    { "08", ERROR_UNAVAILABLE, REPEAT_IF_HARMLESS, true, true },
    { "57P", ERROR_UNAVAILABLE, REPEAT_IF_HARMLESS, true, true },
    { "57", ERROR_UNAVAILABLE, REPEAT_NEVER, false, true },
    /* resources; lock_timeout */
    { "53", ERROR_UNAVAILABLE, REPEAT_NEVER, false, true },
    { "55P03", ERROR_UNAVAILABLE, REPEAT_NEVER, false, true },
    /* rights, names, syntax */
    { "42", ERROR_INTERNAL, REPEAT_NEVER, false, true },
    { "", ERROR_INTERNAL, REPEAT_NEVER, false, false },
};

static const struct state *state_of(const PGresult *result)
{
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const struct state *state = states;
    while (strncmp(code ? code : "", state->prefix, strlen(state->prefix)) != 0)
        state++;
    return state;
}

/* Messages and details may hold values of a row, and those are people's: else only names are
 * logged. */
static void log_refusal(const char *statement, const PGresult *result)
{
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    LOG(LOG_LEVEL_ERROR, "database_refused", log_text("statement", statement),
        log_text("sqlstate", PQresultErrorField(result, PG_DIAG_SQLSTATE)),
        log_text("message", state_of(result)->told ? message : NULL),
        log_text("constraint", PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME)),
        log_text("table", PQresultErrorField(result, PG_DIAG_TABLE_NAME)),
        log_text("column", PQresultErrorField(result, PG_DIAG_COLUMN_NAME)));
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

/* Running -------------------------------------------------------------------------------------- */

/* What one attempt came to. */
struct attempt {
    PGresult *result; /* NULL: no connection, or it was lost */
    bool sent;        /* the server may have seen the statement */
    bool late;        /* the deadline passed */
    bool unreachable; /* there is no connection; that is logged */
};

static PGresult *prepare(struct db *db, enum statement statement, int64_t deadline_ms, bool *late)
{
    const struct statement_entry *entry = statement_entry(statement);
    if (!PQsendPrepare(db->connection, entry->name, entry->sql, entry->parameters, NULL))
        return NULL;
    return connection_finish(db->connection, deadline_ms, late);
}

static struct attempt send_statement(struct db *db, enum statement statement,
                                     const char *const values[], int64_t deadline_ms)
{
    const struct statement_entry *entry = statement_entry(statement);
    struct attempt attempt = { .sent = false };
    if (db->prepare && !db->prepared[statement]) {
        attempt.result = prepare(db, statement, deadline_ms, &attempt.late);
        if (!attempt.result || !is_good(attempt.result))
            return attempt;
        PQclear(attempt.result);
        attempt.result = NULL;
        db->prepared[statement] = true;
    }
    attempt.sent = true;
    int queued = db->prepare ? PQsendQueryPrepared(db->connection, entry->name, entry->parameters,
                                                   values, NULL, NULL, 0)
                             : PQsendQueryParams(db->connection, entry->sql, entry->parameters,
                                                 NULL, values, NULL, NULL, 0);
    if (queued)
        attempt.result = connection_finish(db->connection, deadline_ms, &attempt.late);
    return attempt;
}

/* Reads and harmless writes find out by failing that the connection died while idle; another write
 * looks before, since it is not sent twice. */
static struct attempt try_once(struct db *db, enum statement statement, const char *const values[],
                               int64_t deadline_ms)
{
    char message[256];
    if (db->connection && !statement_entry(statement)->repeatable &&
        !connection_is_alive(db->connection))
        disconnect(db);
    if (!ensure_connection(db, deadline_ms, message, sizeof message))
        return (struct attempt){ .unreachable = true };
    struct attempt attempt = send_statement(db, statement, values, deadline_ms);
    bool refused = attempt.result && !is_good(attempt.result);
    if (!connection_is_ready(db->connection) || (refused && state_of(attempt.result)->drop))
        disconnect(db);
    return attempt;
}

static bool may_repeat(enum statement statement, const struct attempt *attempt)
{
    bool harmless = !attempt->sent || statement_entry(statement)->repeatable;
    if (attempt->unreachable || attempt->late)
        return false;
    if (!attempt->result)
        return harmless;
    enum repeat repeat = state_of(attempt->result)->repeat;
    return repeat == REPEAT_ALWAYS || (repeat == REPEAT_IF_HARMLESS && harmless);
}

static enum error take(PGresult *rows, struct db_result **result)
{
    if (!result) {
        PQclear(rows);
        return ERROR_NONE;
    }
    *result = memory_new(sizeof **result);
    (*result)->rows = rows;
    return ERROR_NONE;
}

static enum error conclude(enum statement statement, const struct attempt *attempt,
                           struct db_result **result)
{
    const char *name = statement_entry(statement)->name;
    if (attempt->unreachable)
        return ERROR_UNAVAILABLE;
    if (!attempt->result) {
        LOG(LOG_LEVEL_ERROR, "database_lost", log_text("statement", name),
            log_text("reason", attempt->late ? "no answer in time" : "connection lost"));
        return ERROR_UNAVAILABLE;
    }
    if (is_good(attempt->result))
        return take(attempt->result, result);
    enum error error = state_of(attempt->result)->error;
    if (error != ERROR_DUPLICATE)
        log_refusal(name, attempt->result);
    PQclear(attempt->result);
    return error;
}

enum error db_run(struct db *db, enum statement statement, const char *const values[],
                  struct db_result **result)
{
    int64_t deadline_ms = clock_monotonic_ms() + db->timeout_ms;
    struct attempt attempt = try_once(db, statement, values, deadline_ms);
    bool failed = !attempt.result || !is_good(attempt.result);
    if (failed && may_repeat(statement, &attempt)) {
        PQclear(attempt.result);
        attempt = try_once(db, statement, values, deadline_ms);
    }
    enum error error = conclude(statement, &attempt, result);
    if (error == ERROR_UNAVAILABLE)
        metrics_count(METRIC_DATABASE_UNAVAILABLE);
    else if (error == ERROR_INTERNAL)
        metrics_count(METRIC_DATABASE_REFUSED);
    return error;
}

/* Results -------------------------------------------------------------------------------------- */

int db_rows(const struct db_result *result)
{
    return PQntuples(result->rows);
}

const char *db_value(const struct db_result *result, int row, int column)
{
    return PQgetisnull(result->rows, row, column) ? NULL : PQgetvalue(result->rows, row, column);
}

int64_t db_integer(const struct db_result *result, int row, int column)
{
    const char *value = db_value(result, row, column);
    return value ? strtoll(value, NULL, 10) : 0;
}

bool db_boolean(const struct db_result *result, int row, int column)
{
    const char *value = db_value(result, row, column);
    return value && value[0] == 't';
}

void db_result_free(struct db_result *result)
{
    if (!result)
        return;
    PQclear(result->rows);
    free(result);
}

/* Migrations ----------------------------------------------------------------------------------- */

/* Which line of the script the server complains about; 0 where it does not say. PostgreSQL counts
 * characters. */
static int line_of(const char *sql, const PGresult *result)
{
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    long left = position ? strtol(position, NULL, 10) : 0;
    int line = left > 0;
    for (; left > 1 && *sql; sql++) {
        left -= ((unsigned char)sql[1] & 0xc0) != 0x80;
        line += *sql == '\n';
    }
    return line;
}

static enum error conclude_query(struct db *db, const char *sql, PGresult *answer,
                                 struct db_result **result, char *message, size_t size)
{
    if (!connection_is_ready(db->connection))
        disconnect(db);
    if (!answer) {
        snprintf(message, size, "the database does not answer, or the connection was lost");
        return ERROR_UNAVAILABLE;
    }
    if (is_good(answer))
        return take(answer, result);
    enum error error = state_of(answer)->error;
    const char *text = PQresultErrorField(answer, PG_DIAG_MESSAGE_PRIMARY);
    int line = line_of(sql, answer);
    if (line > 0)
        snprintf(message, size, "line %d: %s", line, text);
    else
        snprintf(message, size, "%s", text ? text : "the database refused it");
    PQclear(answer);
    return error;
}

static int64_t deadline_of(int64_t timeout_ms)
{
    return timeout_ms > 0 ? clock_monotonic_ms() + timeout_ms : CONNECTION_NO_DEADLINE;
}

enum error db_script(struct db *db, const char *sql, int64_t timeout_ms, char *message, size_t size)
{
    bool late;
    PGresult *answer = NULL;
    if (!ensure_connection(db, clock_monotonic_ms() + db->timeout_ms, message, size))
        return ERROR_UNAVAILABLE;
    if (PQsendQuery(db->connection, sql))
        answer = connection_finish(db->connection, deadline_of(timeout_ms), &late);
    return conclude_query(db, sql, answer, NULL, message, size);
}

enum error db_query(struct db *db, const char *sql, int n, const char *const values[],
                    int64_t timeout_ms, struct db_result **result, char *message, size_t size)
{
    bool late;
    PGresult *answer = NULL;
    if (!ensure_connection(db, clock_monotonic_ms() + db->timeout_ms, message, size))
        return ERROR_UNAVAILABLE;
    if (PQsendQueryParams(db->connection, sql, n, NULL, values, NULL, NULL, 0))
        answer = connection_finish(db->connection, deadline_of(timeout_ms), &late);
    return conclude_query(db, sql, answer, result, message, size);
}
