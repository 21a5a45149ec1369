/* How db finds its server, and what it does when it loses it: hosts that are silent, refuse or come
 * back; back-off; strings that are wrong; what is repeated. */
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
    enum { RUNS = 50 };
    struct silent_host host;
    int lines = 0;
    silent_host_open(&host);
    struct db *db = open_hosts(host.directory, 5);
    database_log_catch();
    for (int i = 0; i < RUNS; i++)
        cr_assert_eq(read_version(db), ERROR_UNAVAILABLE);
    for (const char *at = database_log(); (at = strstr(at, "event=database_not_reached")); at++)
        lines++;
    cr_assert_eq(lines, silent_host_callers(&host), "%s", database_log());
    cr_assert(lines > 0 && lines < RUNS, "%d", lines);
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

/* The answers of `hosts` to the owner, whose transactions are read-only here, and to the worker. */
static void expect_answers(const char *hosts, enum error owner, enum error worker)
{
    char text[2048];
    const struct {
        const char *user;
        enum error answer;
    } cases[] = { { "user=therappai_auth_owner", owner }, { "", worker } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, "%s %s", hosts, cases[i].user);
        struct db *db = open_hosts(text, 2000);
        cr_assert_eq(read_version(db), cases[i].answer, "%s", text);
        db_free(db);
    }
}

Test(connection, a_host_that_is_read_only_is_passed_over_for_one_that_is_not)
{
    char hosts[2048];
    database_sql("alter role therappai_auth_owner in database %s"
                 " set default_transaction_read_only = on",
                 database_sql("select current_database()"));
    database_log_catch();
    snprintf(hosts, sizeof hosts, "%s target_session_attrs=read-write", database_host());
    expect_answers(hosts, ERROR_UNAVAILABLE, ERROR_NONE);
    cr_assert(strstr(database_log(), "read-only"), "%s", database_log());
    snprintf(hosts, sizeof hosts, "%s,%s", database_host(), database_host());
    expect_answers(hosts, ERROR_UNAVAILABLE, ERROR_NONE);
    snprintf(hosts, sizeof hosts, "%s,%s target_session_attrs=any", database_host(),
             database_host());
    expect_answers(hosts, ERROR_NONE, ERROR_NONE);
    expect_answers(database_host(), ERROR_NONE, ERROR_NONE);
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

/* Lost connections ----------------------------------------------------------------------------- */

static enum error look_up(struct db *db, const char *email_key)
{
    return db_run(db, STATEMENT_USER_FOR_LOGIN, &email_key, NULL);
}

static enum error create_user(struct db *db, const char *email)
{
    const char *values[] = { email, email, "Name", "hash", NULL, NULL };
    return db_run(db, STATEMENT_USER_CREATE, values, NULL);
}

/* Ends the process that serves the connection, and waits until it is gone. */
static void kill_backend(pid_t backend)
{
    database_sql("select pg_terminate_backend(%d)", (int)backend);
    database_await("select not exists (select from pg_stat_activity where pid = %d)", (int)backend);
}

/* How many of this database wait for a lock. */
static void await_waiting(int count)
{
    database_await("select count(*) = %d from pg_stat_activity where datname = current_database()"
                   " and wait_event_type = 'Lock'",
                   count);
}

Test(connection, a_read_survives_that_its_idle_connection_was_ended)
{
    struct db *db = database_open(DATABASE_WORKER);
    cr_assert_eq(read_version(db), ERROR_NONE);
    pid_t before = database_backend(db);
    kill_backend(before);
    cr_assert_eq(read_version(db), ERROR_NONE);
    cr_assert_neq(database_backend(db), before);
    db_free(db);
}

Test(connection, a_write_survives_that_its_idle_connection_was_ended_and_happens_once)
{
    struct db *db = database_open(DATABASE_WORKER);
    cr_assert_eq(create_user(db, "a@example.org"), ERROR_NONE);
    kill_backend(database_backend(db));
    cr_assert_eq(create_user(db, "b@example.org"), ERROR_NONE);
    cr_assert_eq(database_integer("select count(*) from users"), 2);
    db_free(db);
}

#define SESSION "00000000-0000-4000-8000-000000000001"

static int child_looks_up(int number)
{
    struct db *db = database_open(DATABASE_WORKER);
    (void)number;
    enum error error = look_up(db, "a@example.org");
    db_free(db);
    return (int)error;
}

static int child_creates_user(int number)
{
    struct db *db = database_open(DATABASE_WORKER);
    (void)number;
    enum error error = create_user(db, "a@example.org");
    db_free(db);
    return (int)error;
}

/* Which is a write, and does no harm when it happens twice. */
static int child_renames(int number)
{
    struct db *db = database_open(DATABASE_WORKER);
    const char *values[] = { "1", SESSION, "Name" };
    (void)number;
    enum error error = db_run(db, STATEMENT_PROFILE_RENAME, values, NULL);
    db_free(db);
    return (int)error;
}

/* Makes a statement that renames wait until `commit`. */
static void hold_an_account(void)
{
    database_sql("insert into users (email, email_key, name, password) values ('a', 'a', 'a', 'a');"
                 "insert into sessions (id, user_id, expires_at)"
                 " values ('" SESSION "', 1, 'infinity')");
    database_sql("begin; select * from users for update");
}

/* Ends the backend of the statement that waits. */
static void kill_the_waiting(void)
{
    await_waiting(1);
    kill_backend((pid_t)database_integer("select pid from pg_stat_activity where wait_event_type"
                                         " = 'Lock' and datname = current_database()"));
}

Test(connection, a_statement_that_does_no_harm_twice_is_repeated_if_its_connection_ends_meanwhile)
{
    int status;
    hold_an_account();
    database_fork(1, child_renames);
    kill_the_waiting();
    await_waiting(1); /* there it is again */
    database_sql("commit");
    database_join(1, &status);
    cr_assert_eq(status, ERROR_NONE);
    cr_assert_str_eq(database_sql("select name from users"), "Name");
}

Test(connection, a_statement_is_repeated_once_only)
{
    int status;
    hold_an_account();
    database_fork(1, child_renames);
    kill_the_waiting();
    kill_the_waiting();
    database_sql("commit");
    database_join(1, &status);
    cr_assert_eq(status, ERROR_UNAVAILABLE);
    cr_assert_str_eq(database_sql("select name from users"), "a");
}

Test(connection, a_write_whose_connection_ends_meanwhile_is_not_repeated)
{
    int status;
    database_sql("begin; insert into users (email, email_key, name, password)"
                 " values ('a', 'a@example.org', 'a', 'a')"); /* the other waits for its end */
    database_fork(1, child_creates_user);
    kill_the_waiting();
    database_sql("rollback");
    database_join(1, &status);
    cr_assert_eq(status, ERROR_UNAVAILABLE);
    cr_assert_eq(database_integer("select count(*) from users"), 0);
}

Test(connection, a_statement_whose_connection_ends_before_it_is_sent_is_run_on_another)
{
    static database_process *const statements[] = { child_looks_up, child_creates_user };
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        int status;
        database_sql("begin; lock table users"); /* it cannot be prepared */
        database_fork(1, statements[i]);
        kill_the_waiting();
        await_waiting(1);
        database_sql("commit");
        database_join(1, &status);
        cr_assert_eq(status, ERROR_NONE, "%zu: %d", i, status);
    }
    cr_assert_eq(database_integer("select count(*) from users"), 1);
}

Test(connection, a_server_that_became_read_only_is_left_for_another_connection)
{
    struct db *db = database_open(DATABASE_WORKER);
    database_sql("alter role therappai_auth_worker in database %s"
                 " set default_transaction_read_only = on",
                 database_sql("select current_database()"));
    pid_t before = database_backend(db);
    database_sql("alter role therappai_auth_worker in database %s"
                 " reset default_transaction_read_only",
                 database_sql("select current_database()"));
    cr_assert_eq(create_user(db, "a@example.org"), ERROR_NONE);
    cr_assert_neq(database_backend(db), before);
    db_free(db);
}

Test(connection, a_server_that_stays_read_only_is_unavailable_for_writes_alone)
{
    char host[2048];
    snprintf(host, sizeof host, "%s options='-c default_transaction_read_only=on'",
             database_host());
    struct db *db = open_hosts(host, 5000);
    database_log_catch();
    cr_assert_eq(create_user(db, "a@example.org"), ERROR_UNAVAILABLE);
    cr_assert(strstr(database_log(), "sqlstate=25006"), "%s", database_log());
    cr_assert_eq(read_version(db), ERROR_NONE);
    db_free(db);
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
