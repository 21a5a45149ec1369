/* connection - see connection.h. */
#include "db/connection.h"
#include "base/clock.h"
#include "base/memory.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARAMETERS_MAX = 64 };

struct connection_target {
    PQconninfoOption *options;
    char *application_name;
    int hosts;
    int first; /* the host that answered last */
    bool demands_writable;
};

/* How many elements a list like "a,b,c" has. */
static int count_elements(const char *list)
{
    int count = 1;
    for (; *list; list++)
        count += *list == ',';
    return count;
}

/* The element as text to be freed; the only element of a list of one stands for all. */
static char *element(const char *list, int index)
{
    if (count_elements(list) == 1)
        return memory_text(list);
    for (; index > 0 && *list; list++)
        index -= *list == ',';
    return memory_text_of(list, strcspn(list, ","));
}

static bool is_listed(const char *keyword)
{
    return !strcmp(keyword, "host") || !strcmp(keyword, "hostaddr") || !strcmp(keyword, "port");
}

/* How many hosts there are; 0 where the lists do not go together. */
static int count_hosts(const PQconninfoOption *option)
{
    int hosts = 1;
    for (; option->keyword; option++) {
        int count = option->val && is_listed(option->keyword) ? count_elements(option->val) : 1;
        if (count > 1 && hosts > 1 && count != hosts)
            return 0;
        if (count > hosts)
            hosts = count;
    }
    return hosts;
}

/* Of several hosts one may be a standby, or a primary that another one has replaced: there only who
 * says so wants to read. */
static bool demands_writable(const struct connection_target *target)
{
    const PQconninfoOption *option = target->options;
    while (option->keyword && strcmp(option->keyword, "target_session_attrs") != 0)
        option++;
    return target->hosts > 1 && !option->val && !getenv("PGTARGETSESSIONATTRS");
}

struct connection_target *connection_target_new(const char *conninfo, const char *application_name,
                                                char *message, size_t size)
{
    char *reason = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &reason);
    int hosts = options ? count_hosts(options) : 0;
    PQfreemem(reason); /* not shown: it repeats the string, which may hold a password */
    if (hosts == 0) {
        snprintf(message, size, "the connection string cannot be read");
        PQconninfoFree(options);
        return NULL;
    }
    struct connection_target *target = memory_new(sizeof *target);
    target->options = options;
    target->application_name = memory_text(application_name);
    target->hosts = hosts;
    target->demands_writable = demands_writable(target);
    return target;
}

void connection_target_free(struct connection_target *target)
{
    if (!target)
        return;
    PQconninfoFree(target->options);
    free(target->application_name);
    free(target);
}

/* Waits until the socket is ready; false when the deadline has passed. */
static bool wait_for(const PGconn *connection, short events, int64_t deadline_ms)
{
    struct pollfd socket = { .fd = PQsocket(connection), .events = events };
    for (;;) {
        int64_t left =
            deadline_ms == CONNECTION_NO_DEADLINE ? -1 : deadline_ms - clock_monotonic_ms();
        if (deadline_ms != CONNECTION_NO_DEADLINE && left <= 0)
            return false;
        int ready = poll(&socket, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

/* Starts to connect to one host of the list. */
static PGconn *start(const struct connection_target *target, int host)
{
    const char *keywords[PARAMETERS_MAX + 1], *values[PARAMETERS_MAX + 1];
    char *copies[PARAMETERS_MAX];
    int count = 0, copied = 0;
    const PQconninfoOption *option = target->options;
    for (; option->keyword && count < PARAMETERS_MAX - 3; option++) {
        if (!option->val)
            continue;
        keywords[count] = option->keyword;
        values[count] = option->val;
        if (is_listed(option->keyword))
            values[count] = copies[copied++] = element(option->val, host);
        count++;
    }
    if (target->demands_writable) {
        keywords[count] = "target_session_attrs";
        values[count++] = "read-write";
    }
    keywords[count] = "fallback_application_name";
    values[count++] = target->application_name;
    keywords[count] = "client_encoding"; /* whatever the environment says */
    values[count++] = "UTF8";
    keywords[count] = values[count] = NULL;
    PGconn *connection = PQconnectStartParams(keywords, values, 0);
    while (copied > 0)
        free(copies[--copied]);
    return connection;
}

/* Drives the connection until it stands or fails. */
static bool complete(PGconn *connection, int64_t deadline_ms)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    if (PQstatus(connection) == CONNECTION_BAD)
        return false;
    while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
        short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (!wait_for(connection, events, deadline_ms))
            return false;
        status = PQconnectPoll(connection);
    }
    return status == PGRES_POLLING_OK && PQsetnonblocking(connection, 1) == 0;
}

/* Where time ran out, libpq's sentence says whom it asked and ends there. */
static void keep_reason(const PGconn *connection, char *message, size_t size)
{
    const char *reason = connection ? PQerrorMessage(connection) : "";
    int length = (int)strcspn(reason, "\n");
    bool ends = length > 0 && reason[length - 1] != ' ';
    snprintf(message, size, "%.*s%s", length, reason, ends ? "" : "the server does not answer");
}

PGconn *connection_open(struct connection_target *target, int64_t deadline_ms, char *message,
                        size_t size)
{
    for (int tried = 0; tried < target->hosts; tried++) {
        int host = (target->first + tried) % target->hosts;
        int64_t now = clock_monotonic_ms(), share = deadline_ms;
        if (deadline_ms != CONNECTION_NO_DEADLINE)
            share = now + (deadline_ms - now) / (target->hosts - tried);
        PGconn *connection = start(target, host);
        if (connection && complete(connection, share)) {
            target->first = host;
            return connection;
        }
        keep_reason(connection, message, size);
        PQfinish(connection);
    }
    return NULL;
}

/* Between two statements the server says nothing but that it closes. (A notice, or news of a
 * changed setting, costs a new connection; they are rare.) */
bool connection_is_alive(PGconn *connection)
{
    struct pollfd socket = { .fd = PQsocket(connection), .events = POLLIN };
    return PQstatus(connection) == CONNECTION_OK && poll(&socket, 1, 0) <= 0;
}

/* Sends all that is queued, and reads meanwhile, so that neither side waits for the other. */
static bool flush(PGconn *connection, int64_t deadline_ms)
{
    int left;
    while ((left = PQflush(connection)) > 0) {
        if (!wait_for(connection, POLLIN | POLLOUT, deadline_ms))
            return false;
        if (!PQconsumeInput(connection))
            return false;
    }
    return left == 0;
}

static bool receive(PGconn *connection, int64_t deadline_ms)
{
    while (PQisBusy(connection))
        if (!wait_for(connection, POLLIN, deadline_ms) || !PQconsumeInput(connection))
            return false;
    return true;
}

static bool is_error(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

/* COPY would go on for ever: nobody here sends or takes its data. */
static bool is_copy(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

static PGresult *prefer(PGresult *kept, PGresult *next)
{
    bool keep = kept && is_error(kept);
    PQclear(keep ? next : kept);
    return keep ? kept : next;
}

PGresult *connection_finish(PGconn *connection, int64_t deadline_ms, bool *late)
{
    PGresult *kept = NULL, *next = NULL;
    bool whole = flush(connection, deadline_ms);
    while (whole && (whole = receive(connection, deadline_ms)) &&
           (next = PQgetResult(connection)) != NULL) {
        whole = !is_copy(next);
        kept = prefer(kept, next);
    }
    *late = !whole && PQstatus(connection) == CONNECTION_OK;
    bool refused = kept && PQresultErrorField(kept, PG_DIAG_SQLSTATE);
    if (refused || (whole && kept && !is_error(kept)))
        return kept;
    PQclear(kept);
    return NULL;
}

bool connection_is_ready(const PGconn *connection)
{
    PGTransactionStatusType status = PQtransactionStatus(connection);
    return PQstatus(connection) == CONNECTION_OK && status != PQTRANS_ACTIVE &&
           status != PQTRANS_UNKNOWN;
}
