/* How db finds its server: hosts that are silent, refuse or come back; back-off; strings that are
 * wrong. */
#include "base/clock.h"
#include "db/db.h"
#include "support/database.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

TestSuite(connection, .init = database_create, .fini = database_drop);

/* A host that takes connections and never says a word. */
struct silent_host {
    char directory[64];
    int listener;
};

static struct sockaddr_un address_of(const struct silent_host *host)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.5432", host->directory);
    return address;
}

static void silent_host_open(struct silent_host *host)
{
    snprintf(host->directory, sizeof host->directory, "/tmp/therappai-host.XXXXXX");
    cr_assert_not_null(mkdtemp(host->directory));
    struct sockaddr_un address = address_of(host);
    host->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    cr_assert_eq(bind(host->listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(host->listener, 100), 0);
}

static void silent_host_close(struct silent_host *host)
{
    struct sockaddr_un address = address_of(host);
    close(host->listener);
    unlink(address.sun_path);
    rmdir(host->directory);
}

/* How many have called since it was asked last. */
static int silent_host_callers(const struct silent_host *host)
{
    int callers = 0, caller;
    for (; (caller = accept(host->listener, NULL, NULL)) >= 0; callers++)
        close(caller);
    return callers;
}

static struct db *open_hosts(const char *hosts, int64_t timeout_ms)
{
    char conninfo[4096];
    snprintf(conninfo, sizeof conninfo, "%s host=%s", database_conninfo(DATABASE_WORKER), hosts);
    const struct db_options options = {
        .conninfo = conninfo, .timeout_ms = timeout_ms, .prepare = true, .application_name = "test"
    };
    return db_new(&options);
}

static enum error timed_read(struct db *db, int64_t *taken_ms)
{
    int64_t start = clock_monotonic_ms();
    enum error error = db_run(db, STATEMENT_SCHEMA_VERSION, NULL, NULL);
    *taken_ms = clock_monotonic_ms() - start;
    return error;
}

static enum error read_version(struct db *db)
{
    return db_run(db, STATEMENT_SCHEMA_VERSION, NULL, NULL);
}

Test(connection, a_silent_host_is_given_up_at_the_deadline)
{
    struct silent_host host;
    int64_t taken;
    silent_host_open(&host);
    struct db *db = open_hosts(host.directory, 300);
    cr_assert_eq(timed_read(db, &taken), ERROR_UNAVAILABLE);
    cr_assert(taken >= 290 && taken < 1000, "%d ms", (int)taken);
    db_free(db);
    silent_host_close(&host);
}

Test(connection, after_a_failed_attempt_others_are_refused_at_once_and_ever_rarer)
{
    struct silent_host host;
    int64_t taken;
    int runs = 0, refused_at_once = 0;
    silent_host_open(&host);
    struct db *db = open_hosts(host.directory, 5);
    for (int64_t start = clock_monotonic_ms(); clock_monotonic_ms() - start < 1500; runs++) {
        cr_assert_eq(timed_read(db, &taken), ERROR_UNAVAILABLE);
        refused_at_once += taken < 3;
        usleep(5000);
    }
    /* Delays of 25 to 50, 50 to 100, 100 to 200, 200 to 400, 400 to 800, 500 to 1000 ms. */
    int callers = silent_host_callers(&host);
    cr_assert(callers >= 4 && callers <= 7, "%d attempts in %d runs", callers, runs);
    cr_assert(refused_at_once > runs / 2, "%d of %d", refused_at_once, runs);
    db_free(db);
    silent_host_close(&host);
}

Test(connection, a_failure_is_logged_for_each_attempt_and_not_for_each_statement)
{
    struct silent_host host;
    silent_host_open(&host);
    struct db *db = open_hosts(host.directory, 5);
    database_log_catch();
    cr_assert_eq(read_version(db), ERROR_UNAVAILABLE);
    size_t size = strlen(database_log());
    cr_assert(strstr(database_log(), "event=database_not_reached"), "%s", database_log());
    cr_assert_eq(read_version(db), ERROR_UNAVAILABLE);
    cr_assert_eq(strlen(database_log()), size);
    db_free(db);
    silent_host_close(&host);
}

Test(connection, a_silent_host_leaves_time_for_the_next_one_which_is_then_asked_first)
{
    struct silent_host host;
    char hosts[2048];
    int64_t taken;
    silent_host_open(&host);
    snprintf(hosts, sizeof hosts, "%s,%s", host.directory, database_host());
    struct db *db = open_hosts(hosts, 1000);
    cr_assert_eq(timed_read(db, &taken), ERROR_NONE);
    cr_assert(taken >= 450, "%d ms", (int)taken);
    database_sql("select pg_terminate_backend(%d)", (int)database_backend(db));
    cr_assert_eq(timed_read(db, &taken), ERROR_NONE);
    cr_assert(taken < 400, "%d ms", (int)taken);
    db_free(db);
    silent_host_close(&host);
}

Test(connection, a_host_that_refuses_is_passed_over_at_once)
{
    char hosts[2048];
    int64_t taken;
    snprintf(hosts, sizeof hosts, "/nonexistent,%s port=5432,5432", database_host());
    struct db *db = open_hosts(hosts, 2000);
    cr_assert_eq(timed_read(db, &taken), ERROR_NONE);
    cr_assert(taken < 900, "%d ms", (int)taken);
    db_free(db);
}

Test(connection, a_host_that_is_read_only_is_passed_over_for_one_that_is_not)
{
    char hosts[2048];
    struct db *db;
    database_sql("alter role therappai_auth_owner in database %s"
                 " set default_transaction_read_only = on",
                 database_sql("select current_database()"));
    snprintf(hosts, sizeof hosts, "%s user=therappai_auth_owner target_session_attrs=read-write",
             database_host());
    db = open_hosts(hosts, 2000);
    database_log_catch();
    cr_assert_eq(read_version(db), ERROR_UNAVAILABLE);
    cr_assert(strstr(database_log(), "read-only"), "%s", database_log());
    db_free(db);
    snprintf(hosts, sizeof hosts, "%s target_session_attrs=read-write", database_host());
    db = open_hosts(hosts, 2000);
    cr_assert_eq(read_version(db), ERROR_NONE);
    db_free(db);
}

Test(connection, what_is_wrong_with_a_connection_string_makes_the_database_unavailable)
{
    static const struct {
        const char *addition, *log;
    } cases[] = {
        { "user=nobody_we_know password=verysecret", "role \\\"nobody_we_know\\\" does not exist" },
        { "dbname=nothing_we_know password=verysecret", "does not exist" },
        { "port=1 password=verysecret", "connection to server" },
        { "nonsense=1 password=verysecret", "the connection string cannot be read" },
        { "password='verysecret", "the connection string cannot be read" },
        { "host=a,b,c port=1,2 password=verysecret", "the connection string cannot be read" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char host[2048];
        database_log_catch();
        snprintf(host, sizeof host, "%s %s", database_host(), cases[i].addition);
        struct db *db = open_hosts(host, 1000);
        cr_assert_eq(read_version(db), ERROR_UNAVAILABLE, "%s", cases[i].addition);
        cr_assert(strstr(database_log(), cases[i].log), "%s: %s", cases[i].addition,
                  database_log());
        cr_assert_null(strstr(database_log(), "verysecret"), "%s", database_log());
        db_free(db);
    }
}

Test(connection, a_worker_that_forks_later_connects_only_when_it_needs_to)
{
    struct silent_host host;
    silent_host_open(&host);
    struct db *db = open_hosts(host.directory, 5);
    cr_assert_eq(silent_host_callers(&host), 0);
    db_free(db);
    silent_host_close(&host);
}

/* A server of its own -------------------------------------------------------------------------- */

TestSuite(own_server, .init = database_create_with_server, .fini = database_drop, .timeout = 60);

/* Whether the statement works within 3 s; what fails until then must be unavailability. */
static bool comes_back(struct db *db)
{
    enum error error = ERROR_UNAVAILABLE;
    for (int i = 0; i < 150 && error; i++) {
        error = read_version(db);
        cr_assert(error == ERROR_NONE || error == ERROR_UNAVAILABLE, "%s", error_name(error));
        if (error)
            usleep(20000);
    }
    return error == ERROR_NONE;
}

Test(own_server, a_server_that_stops_is_unavailable_and_found_again_when_it_starts)
{
    struct db *db = database_open(DATABASE_WORKER);
    cr_assert_eq(read_version(db), ERROR_NONE);
    database_server_stop();
    for (int i = 0; i < 50; i++) {
        cr_assert_eq(read_version(db), ERROR_UNAVAILABLE);
        usleep(10000);
    }
    database_server_start();
    database_log_catch();
    cr_assert(comes_back(db));
    cr_assert(strstr(database_log(), "event=database_back"), "%s", database_log());
    db_free(db);
}

Test(own_server, a_server_whose_every_process_is_frozen_is_unavailable_and_found_again)
{
    int64_t taken;
    struct db *db = open_hosts(database_host(), 300);
    cr_assert_eq(read_version(db), ERROR_NONE);
    pid_t backend = database_backend(db);
    pid_t postmaster = (pid_t)database_integer(
        "select (regexp_split_to_array(pg_read_file('postmaster.pid'), '\\n'))[1]");
    kill(postmaster, SIGSTOP);
    kill(backend, SIGSTOP);
    enum error first = timed_read(db, &taken);
    int64_t second_taken;
    usleep(60000); /* the back-off of the first attempt to connect has not begun: it is tried */
    enum error second = timed_read(db, &second_taken);
    kill(postmaster, SIGCONT);
    kill(backend, SIGCONT);
    cr_assert_eq(first, ERROR_UNAVAILABLE);
    cr_assert(taken < 1000, "%d ms", (int)taken);
    cr_assert_eq(second, ERROR_UNAVAILABLE);
    cr_assert(second_taken < 1000, "%d ms", (int)second_taken);
    cr_assert(comes_back(db));
    db_free(db);
}
