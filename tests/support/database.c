/* database - see database.h. */
#include "support/database.h"
#include "db/migrate.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEMPLATE "db_template"

enum { TEXT_SIZE = 1024, TEXTS = 8, PROCESSES_MAX = 64, LOG_SIZE = 65536 };

static const char *const variables[] = {
    [DATABASE_WORKER] = "TEST_DATABASE",
    [DATABASE_OWNER] = "TEST_DATABASE_OWNER",
    [DATABASE_SUPERUSER] = "TEST_DATABASE_SUPERUSER",
};

static struct {
    char server[3][TEXT_SIZE];   /* connection strings, without the database's name */
    char conninfo[3][TEXT_SIZE]; /* with it */
    char name[32];
    char own[TEXT_SIZE]; /* directory of the test's own server, or "" */
    PGconn *superuser;   /* in the test's database */
    pid_t processes[PROCESSES_MAX];
    int log; /* where the log is caught */
} state;

static const char *source_directory(void)
{
    const char *directory = getenv("TEST_SOURCE_DIRECTORY");
    return directory ? directory : ".";
}

/* SQL ------------------------------------------------------------------------------------------ */

static void ignore(void *context, const PGresult *notice)
{
    (void)context, (void)notice;
}

static PGconn *connect_to(const char *conninfo)
{
    PGconn *connection = PQconnectdb(conninfo);
    cr_assert_eq(PQstatus(connection), CONNECTION_OK, "%s", PQerrorMessage(connection));
    PQsetNoticeReceiver(connection, ignore, NULL);
    return connection;
}

static const char *ask(PGconn *connection, const char *sql)
{
    static char texts[TEXTS][TEXT_SIZE];
    static int next;
    char *text = texts[next++ % TEXTS];
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    cr_assert(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, "%s: %s", sql,
              PQerrorMessage(connection));
    bool some = PQntuples(result) > 0 && PQnfields(result) > 0;
    snprintf(text, TEXT_SIZE, "%s", some ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return text;
}

static const char *ask_format(const char *format, va_list arguments)
    __attribute__((format(printf, 1, 0)));
static const char *ask_format(const char *format, va_list arguments)
{
    char sql[TEXT_SIZE * 4];
    vsnprintf(sql, sizeof sql, format, arguments);
    if (!state.superuser)
        state.superuser = connect_to(state.conninfo[DATABASE_SUPERUSER]);
    return ask(state.superuser, sql);
}

const char *database_sql(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *value = ask_format(format, arguments);
    va_end(arguments);
    return value;
}

int64_t database_integer(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *value = ask_format(format, arguments);
    va_end(arguments);
    return strtoll(value, NULL, 10);
}

void database_await(const char *format, ...)
{
    char sql[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    for (int i = 0; i < 500; i++) {
        database_sql("select pg_stat_clear_snapshot()"); /* inside a transaction it is kept */
        if (!strcmp(database_sql("%s", sql), "t"))
            return;
        usleep(20000);
    }
    cr_assert_fail("not within 10 s: %s", sql);
}

/* The database --------------------------------------------------------------------------------- */

/* The last of two equal keywords counts. */
static void name_database(const char *name)
{
    snprintf(state.name, sizeof state.name, "%s", name);
    for (int i = 0; i < 3; i++)
        snprintf(state.conninfo[i], TEXT_SIZE, "%s dbname=%s", state.server[i], name);
}

static void ignore_migration(void *context, int number, const char *name, enum migrate_state what,
                             const char *applied_at)
{
    (void)context, (void)number, (void)name, (void)what, (void)applied_at;
}

static void migrate(void)
{
    char directory[TEXT_SIZE], message[512];
    struct db *db = database_open(DATABASE_OWNER);
    snprintf(directory, sizeof directory, "%s/sql", source_directory());
    enum error error = migrate_run(db, directory, ignore_migration, NULL, message, sizeof message);
    cr_assert_eq(error, ERROR_NONE, "%s", message);
    db_free(db);
}

/* As sql/roles.sql leaves it: the owner makes the schema. */
static void create_empty(PGconn *server, const char *name)
{
    char sql[128];
    snprintf(sql, sizeof sql, "create database %s template template0", name);
    ask(server, sql);
    name_database(name);
    PGconn *inside = connect_to(state.conninfo[DATABASE_SUPERUSER]);
    ask(inside, "alter schema public owner to therappai_auth_owner");
    PQfinish(inside);
}

/* Once a run: whoever comes first makes it, the others wait. */
static void need_template(PGconn *server)
{
    ask(server, "select pg_advisory_lock(4712)");
    if (!*ask(server,
              "select 1 from pg_database where datname = '" TEMPLATE "' and not datallowconn")) {
        ask(server, "drop database if exists " TEMPLATE);
        create_empty(server, TEMPLATE);
        migrate();
        ask(server, "alter database " TEMPLATE " allow_connections false");
    }
    ask(server, "select pg_advisory_unlock(4712)");
}

static void take_server(void)
{
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(variables[i]);
        cr_assert(value, "%s is not set: run the tests by tests/support/with-postgres",
                  variables[i]);
        snprintf(state.server[i], TEXT_SIZE, "%s", value);
    }
}

static void create(bool schema)
{
    char name[32], sql[128];
    PGconn *server = connect_to(state.server[DATABASE_SUPERUSER]);
    snprintf(name, sizeof name, "test_%d", (int)getpid());
    if (schema) {
        need_template(server);
        snprintf(sql, sizeof sql, "create database %s template " TEMPLATE, name);
        ask(server, sql);
        name_database(name);
    } else {
        create_empty(server, name);
    }
    PQfinish(server);
}

void database_create(void)
{
    take_server();
    create(true);
}

void database_create_empty(void)
{
    take_server();
    create(false);
}

static void remove_server(void)
{
    char command[TEXT_SIZE + 32];
    database_server_stop();
    snprintf(command, sizeof command, "rm -rf '%s'", state.own);
    cr_assert_eq(system(command), 0);
    state.own[0] = '\0';
}

/* Those that a failed test left. */
static void end_processes(void)
{
    for (int i = 0; i < PROCESSES_MAX; i++)
        if (state.processes[i] > 0 && kill(state.processes[i], SIGKILL) == 0)
            waitpid(state.processes[i], NULL, 0);
}

void database_drop(void)
{
    char sql[128];
    end_processes();
    PQfinish(state.superuser);
    state.superuser = NULL;
    if (state.own[0]) {
        remove_server();
        return;
    }
    PGconn *server = connect_to(state.server[DATABASE_SUPERUSER]);
    snprintf(sql, sizeof sql, "drop database if exists %s with (force)", state.name);
    ask(server, sql);
    PQfinish(server);
}

/* The test's own server ------------------------------------------------------------------------ */

void database_server_start(void)
{
    static const char *const names[] = { "database=", "database_owner=", "superuser=" };
    char command[TEXT_SIZE * 3], line[TEXT_SIZE];
    snprintf(command, sizeof command,
             "POSTGRES_NO_SYNC=1 '%s/deploy/postgres' start '%s' fsync=off", source_directory(),
             state.own);
    FILE *output = popen(command, "r");
    cr_assert_not_null(output);
    while (fgets(line, sizeof line, output)) {
        line[strcspn(line, "\n")] = '\0';
        for (int i = 0; i < 3; i++)
            if (!strncmp(line, names[i], strlen(names[i])))
                snprintf(state.server[i], TEXT_SIZE, "%s", line + strlen(names[i]));
    }
    cr_assert_eq(pclose(output), 0, "%s", command);
}

void database_server_stop(void)
{
    char command[TEXT_SIZE * 3];
    PQfinish(state.superuser);
    state.superuser = NULL;
    snprintf(command, sizeof command, "'%s/deploy/postgres' stop '%s'", source_directory(),
             state.own);
    cr_assert_eq(system(command), 0, "%s", command);
}

void database_create_with_server(void)
{
    const char *directory = getenv("TEST_POSTGRES_DIRECTORY");
    cr_assert_not_null(directory, "run the tests by tests/support/with-postgres");
    snprintf(state.own, sizeof state.own, "%s/own.%d", directory, (int)getpid());
    database_server_start();
    create(true);
}

/* Connections ---------------------------------------------------------------------------------- */

const char *database_conninfo(enum database_role role)
{
    return state.conninfo[role];
}

const char *database_host(void)
{
    static char host[TEXT_SIZE];
    const char *start = strstr(state.server[DATABASE_WORKER], "host=");
    cr_assert_not_null(start);
    snprintf(host, sizeof host, "%.*s", (int)strcspn(start + 5, " "), start + 5);
    return host;
}

struct db *database_open(enum database_role role)
{
    const struct db_options options = { .conninfo = state.conninfo[role],
                                        .timeout_ms = 5000,
                                        .prepare = true,
                                        .application_name = "test" };
    return db_new(&options);
}

pid_t database_backend(struct db *db)
{
    char message[256];
    struct db_result *result = NULL;
    enum error error =
        db_query(db, "select pg_backend_pid()", 0, NULL, 5000, &result, message, sizeof message);
    cr_assert_eq(error, ERROR_NONE, "%s", message);
    pid_t backend = (pid_t)db_integer(result, 0, 0);
    db_result_free(result);
    return backend;
}

/* Processes ------------------------------------------------------------------------------------ */

void database_fork(int n, database_process *run)
{
    cr_assert(n <= PROCESSES_MAX);
    for (int i = 0; i < n; i++) {
        state.processes[i] = fork();
        cr_assert(state.processes[i] >= 0);
        if (state.processes[i] == 0)
            _exit(run(i));
    }
}

static int await_process(pid_t process)
{
    int status;
    for (int i = 0; i < 2000; i++) {
        if (waitpid(process, &status, WNOHANG) == process)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        usleep(10000);
    }
    kill(process, SIGKILL);
    waitpid(process, &status, 0);
    return -1;
}

void database_join(int n, int statuses[])
{
    for (int i = 0; i < n; i++) {
        statuses[i] = await_process(state.processes[i]);
        state.processes[i] = 0;
        cr_assert(statuses[i] >= 0, "process %d did not end", i);
    }
}

/* The log -------------------------------------------------------------------------------------- */

void database_log_catch(void)
{
    char path[] = "/tmp/therappai-log.XXXXXX";
    state.log = mkstemp(path);
    cr_assert(state.log >= 0);
    unlink(path);
    dup2(state.log, STDERR_FILENO);
}

const char *database_log(void)
{
    static char text[LOG_SIZE];
    ssize_t size = pread(state.log, text, sizeof text - 1, 0);
    cr_assert(size >= 0);
    text[size] = '\0';
    return text;
}
