/* stack_database - see stack_database.h. */
#include "support/stack_database.h"
#include "support/http_client.h"
#include "support/processes.h"
#include <criterion/criterion.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEMPLATE "e2e_template"

static void take(const char *variable, char connection[CONNECTION_SIZE])
{
    const char *value = getenv(variable);
    cr_assert(value && *value, "%s is not set: run the tests by tests/support/with-postgres",
              variable);
    snprintf(connection, CONNECTION_SIZE, "%s", value);
}

void stack_database_shared(struct stack_database *server)
{
    take("TEST_DATABASE", server->worker);
    take("TEST_DATABASE_OWNER", server->owner);
    take("TEST_DATABASE_SUPERUSER", server->superuser);
}

/* The last of two equal keywords counts. */
static void turn_to(char connection[CONNECTION_SIZE], const char *name)
{
    size_t size = strlen(connection);
    snprintf(connection + size, CONNECTION_SIZE - size, " dbname=%s", name);
}

static struct stack_database turned_to(const struct stack_database *server, const char *name)
{
    struct stack_database database = *server;
    turn_to(database.worker, name);
    turn_to(database.owner, name);
    turn_to(database.superuser, name);
    return database;
}

static void ignore(void *context, const char *notice)
{
    (void)context, (void)notice;
}

static PGconn *connect_to(const char *connection)
{
    PGconn *server = PQconnectdb(connection);
    cr_assert(PQstatus(server) == CONNECTION_OK, "%s", PQerrorMessage(server));
    PQsetNoticeProcessor(server, ignore, NULL);
    return server;
}

static char *ask(PGconn *server, const char *sql)
{
    PGresult *result = PQexec(server, sql);
    ExecStatusType status = PQresultStatus(result);
    cr_assert(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, "%s: %s", sql,
              PQerrorMessage(server));
    bool some = PQntuples(result) > 0 && PQnfields(result) > 0;
    char *value = strdup(some ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return value;
}

static void execute(PGconn *server, const char *sql)
{
    free(ask(server, sql));
}

char *stack_database_query(const char *connection, const char *sql)
{
    PGconn *server = connect_to(connection);
    char *value = ask(server, sql);
    PQfinish(server);
    return value;
}

/* As deploy/postgres makes it. */
static void create_empty(PGconn *server, const struct stack_database *database, const char *name)
{
    execute(server, text("CREATE DATABASE %s OWNER therappai_auth_owner", name));
    free(stack_database_query(database->superuser,
                              "ALTER SCHEMA public OWNER TO therappai_auth_owner"));
}

static void migrate(const char *program, const struct stack_database *database)
{
    char output[4096];
    const struct process process = {
        .arguments = { program, "migrate", NULL },
        .environment = { "THERAPPAI_AUTH_CONFIG=/dev/null",
                         text("THERAPPAI_AUTH_DATABASE_OWNER=%s", database->owner),
                         text("THERAPPAI_AUTH_MIGRATION_DIRECTORY=%s/sql",
                              getenv("TEST_SOURCE_DIRECTORY")) },
    };
    int status = process_run(&process, output, sizeof output);
    cr_assert_eq(status, 0, "migrate: %s", output);
}

/* Once a run: whoever comes first makes it, the others wait. */
static void need_template(PGconn *server, const struct stack_database *at, const char *program)
{
    execute(server, "SELECT pg_advisory_lock(4711)");
    char *there = ask(server, "SELECT 1 FROM pg_database WHERE datname = '" TEMPLATE
                              "' AND NOT datallowconn");
    if (!*there) {
        struct stack_database database = turned_to(at, TEMPLATE);
        execute(server, "DROP DATABASE IF EXISTS " TEMPLATE);
        create_empty(server, &database, TEMPLATE);
        migrate(program, &database);
        execute(server, "ALTER DATABASE " TEMPLATE " ALLOW_CONNECTIONS false");
    }
    free(there);
    execute(server, "SELECT pg_advisory_unlock(4711)");
}

void stack_database_create(struct stack_database *database, const char *name, const char *program,
                           bool schema)
{
    const struct stack_database at = *database;
    PGconn *server = connect_to(at.superuser);
    *database = turned_to(&at, name);
    if (schema) {
        need_template(server, &at, program);
        execute(server,
                text("CREATE DATABASE %s OWNER therappai_auth_owner TEMPLATE " TEMPLATE, name));
    } else {
        create_empty(server, database, name);
    }
    PQfinish(server);
}

void stack_database_drop(const struct stack_database *database, const char *name)
{
    struct stack_database maintenance = turned_to(database, "postgres");
    char *nothing = stack_database_query(maintenance.superuser,
                                         text("DROP DATABASE IF EXISTS %s WITH (FORCE)", name));
    free(nothing);
}
