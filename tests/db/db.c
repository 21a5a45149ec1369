/* What db.h promises, against a real server: results, deadlines, errors, the log. Lost connections
 * are in connection.c. */
#include "base/clock.h"
#include "db/db.h"
#include "support/database.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(db, .init = database_create, .fini = database_drop);

static struct db *open_with(const char *conninfo, int64_t timeout_ms)
{
    const struct db_options options = {
        .conninfo = conninfo, .timeout_ms = timeout_ms, .prepare = true, .application_name = "test"
    };
    return db_new(&options);
}

/* A worker's connection with a setting or keyword added. */
static struct db *open_plus(const char *addition, int64_t timeout_ms)
{
    char conninfo[2048];
    snprintf(conninfo, sizeof conninfo, "%s %s", database_conninfo(DATABASE_WORKER), addition);
    return open_with(conninfo, timeout_ms);
}

static enum error read_version(struct db *db)
{
    return db_run(db, STATEMENT_SCHEMA_VERSION, NULL, NULL);
}

static enum error look_up(struct db *db, const char *email_key)
{
    return db_run(db, STATEMENT_USER_FOR_LOGIN, &email_key, NULL);
}

static enum error create_user(struct db *db, const char *email)
{
    const char *values[] = { email, email, "Name", "hash", NULL, NULL };
    return db_run(db, STATEMENT_USER_CREATE, values, NULL);
}

static void expect_log(const char *part)
{
    cr_assert(strstr(database_log(), part), "'%s' is not in: %s", part, database_log());
}

static void expect_no_log(const char *part)
{
    cr_assert(!strstr(database_log(), part), "'%s' is in: %s", part, database_log());
}

/* Running -------------------------------------------------------------------------------------- */

Test(db, a_statement_gives_its_rows)
{
    struct db *db = database_open(DATABASE_WORKER);
    struct db_result *result = NULL;
    cr_assert_eq(db_run(db, STATEMENT_SCHEMA_VERSION, NULL, &result), ERROR_NONE);
    cr_assert_eq(db_rows(result), 1);
    cr_assert_str_eq(db_value(result, 0, 0), "2");
    cr_assert_eq(db_integer(result, 0, 0), 2);
    db_result_free(result);
    db_free(db);
}

Test(db, values_are_read_as_text_integer_and_boolean)
{
    char message[128];
    struct db_result *result = NULL;
    struct db *db = database_open(DATABASE_WORKER);
    enum error error =
        db_query(db, "select -9223372036854775808, null, true, false, 'x'||$1, null::boolean", 1,
                 (const char *[]){ "ü" }, 1000, &result, message, sizeof message);
    cr_assert_eq(error, ERROR_NONE, "%s", message);
    cr_assert_eq(db_integer(result, 0, 0), INT64_MIN);
    cr_assert_null(db_value(result, 0, 1));
    cr_assert_eq(db_integer(result, 0, 1), 0);
    cr_assert(db_boolean(result, 0, 2));
    cr_assert_not(db_boolean(result, 0, 3));
    cr_assert_str_eq(db_value(result, 0, 4), "xü");
    cr_assert_not(db_boolean(result, 0, 5));
    db_result_free(result);
    db_free(db);
}

Test(db, a_value_larger_than_every_buffer_goes_there_and_back)
{
    enum { SIZE = 4000000 };
    char message[128], *text = malloc(SIZE + 1);
    struct db_result *result = NULL;
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    struct db *db = database_open(DATABASE_WORKER);
    enum error error = db_query(db, "select $1::text", 1, (const char *[]){ text }, 5000, &result,
                                message, sizeof message);
    cr_assert_eq(error, ERROR_NONE, "%s", message);
    cr_assert(!strcmp(db_value(result, 0, 0), text));
    db_result_free(result);
    db_free(db);
    free(text);
}

Test(db, a_statement_is_prepared_at_its_first_use_and_only_if_that_is_wanted)
{
    static const struct {
        bool prepare;
        int64_t prepared;
    } cases[] = { { true, 1 }, { false, 0 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char message[128];
        struct db_result *result = NULL;
        const struct db_options options = { .conninfo = database_conninfo(DATABASE_WORKER),
                                            .timeout_ms = 5000,
                                            .prepare = cases[i].prepare,
                                            .application_name = "test" };
        struct db *db = db_new(&options);
        cr_assert_eq(read_version(db), ERROR_NONE);
        cr_assert_eq(read_version(db), ERROR_NONE);
        cr_assert_eq(db_query(db, "select count(*) from pg_prepared_statements", 0, NULL, 1000,
                              &result, message, sizeof message),
                     ERROR_NONE);
        cr_assert_eq(db_integer(result, 0, 0), cases[i].prepared, "prepare: %d", cases[i].prepare);
        db_result_free(result);
        db_free(db);
    }
}

Test(db, the_server_is_told_who_is_connected)
{
    struct db *db = database_open(DATABASE_WORKER);
    cr_assert_str_eq(database_sql("select application_name from pg_stat_activity where pid = %d",
                                  (int)database_backend(db)),
                     "test");
    db_free(db);
    db_free(NULL);
    db_result_free(NULL);
}

/* Prepared statements -------------------------------------------------------------------------- */

Test(db, a_change_of_the_schema_under_a_prepared_statement_does_not_show)
{
    struct db *db = database_open(DATABASE_WORKER);
    cr_assert_eq(read_version(db), ERROR_NONE);
    database_sql("alter table schema_migrations alter number type bigint");
    cr_assert_eq(read_version(db), ERROR_NONE);
    db_free(db);
}

Test(db, a_prepared_statement_that_the_server_lost_is_prepared_again)
{
    char message[128];
    struct db *db = database_open(DATABASE_WORKER);
    cr_assert_eq(create_user(db, "a@example.org"), ERROR_NONE);
    cr_assert_eq(db_script(db, "deallocate all", 1000, message, sizeof message), ERROR_NONE);
    cr_assert_eq(create_user(db, "b@example.org"), ERROR_NONE);
    db_free(db);
}

/* Deadlines ------------------------------------------------------------------------------------ */

static int64_t since(int64_t start)
{
    return clock_monotonic_ms() - start;
}

Test(db, a_frozen_server_is_unavailable_within_the_deadline_and_back_afterwards)
{
    struct db *db = open_plus("", 300);
    pid_t backend = database_backend(db);
    int64_t start = clock_monotonic_ms();
    cr_assert_eq(kill(backend, SIGSTOP), 0);
    enum error error = read_version(db);
    int64_t taken = since(start);
    kill(backend, SIGCONT);
    cr_assert_eq(error, ERROR_UNAVAILABLE);
    cr_assert(taken >= 290 && taken < 1000, "%d ms", (int)taken);
    cr_assert_eq(read_version(db), ERROR_NONE);
    cr_assert_neq(database_backend(db), backend);
    db_free(db);
}

Test(db, a_write_that_nobody_reads_is_given_up_at_the_deadline)
{
    enum { SIZE = 30000000 };
    char message[128], *text = malloc(SIZE + 1);
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    struct db *db = open_plus("", 300);
    pid_t backend = database_backend(db);
    int64_t start = clock_monotonic_ms();
    cr_assert_eq(kill(backend, SIGSTOP), 0);
    enum error error = db_query(db, "select length($1)", 1, (const char *[]){ text }, 300, NULL,
                                message, sizeof message);
    db_free(db); /* does not wait either */
    int64_t taken = since(start);
    kill(backend, SIGCONT);
    cr_assert_eq(error, ERROR_UNAVAILABLE);
    cr_assert(taken >= 290 && taken < 1500, "%d ms", (int)taken);
    free(text);
}

Test(db, the_time_is_that_of_all_attempts_together)
{
    struct db *db = open_plus("", 400);
    database_sql("begin; lock table users in access exclusive mode");
    int64_t start = clock_monotonic_ms();
    cr_assert_eq(look_up(db, "a@example.org"), ERROR_UNAVAILABLE);
    cr_assert(since(start) < 1000, "%d ms", (int)since(start));
    database_sql("commit");
    cr_assert_eq(look_up(db, "a@example.org"), ERROR_NONE);
    db_free(db);
}

Test(db, what_gave_up_waiting_for_a_lock_is_unavailable_and_keeps_its_connection)
{
    struct db *db = open_plus("options='-c lock_timeout=100'", 5000);
    pid_t before = database_backend(db);
    database_log_catch();
    database_sql("begin; lock table users in access exclusive mode");
    cr_assert_eq(create_user(db, "a@example.org"), ERROR_UNAVAILABLE);
    expect_log("sqlstate=55P03");
    database_sql("commit");
    cr_assert_eq(database_backend(db), before);
    db_free(db);
}

static void ignore_signal(int signal)
{
    (void)signal;
}

/* A signal every 5 ms, for half a second. */
static int child_disturbs(int number)
{
    (void)number;
    for (int i = 0; i < 100 && kill(getppid(), SIGUSR2) == 0; i++)
        usleep(5000);
    return 0;
}

Test(db, signals_do_not_cut_a_wait_short)
{
    char message[128] = "";
    struct sigaction action = { .sa_handler = ignore_signal };
    sigaction(SIGUSR2, &action, NULL);
    struct db *db = database_open(DATABASE_WORKER);
    int status;
    database_fork(1, child_disturbs);
    enum error error =
        db_query(db, "select pg_sleep(0.3)", 0, NULL, 5000, NULL, message, sizeof message);
    cr_assert_eq(error, ERROR_NONE, "%s", message);
    database_join(1, &status);
    db_free(db);
}

/* Repetition by SQLSTATE ----------------------------------------------------------------------- */

Test(db, a_deadlock_is_tried_again_even_by_a_write)
{
    /* The first insert of a row is refused as a victim of a deadlock would be, the second is not: a
     * sequence is not rolled back. */
    database_sql("create sequence attempts; grant usage on sequence attempts to public;"
                 "create function refuse_once() returns trigger language plpgsql as $$ begin"
                 " if nextval('attempts') = 1 then raise sqlstate '40P01'; end if;"
                 " return new; end $$;"
                 "create trigger refuse before insert on users for each row"
                 " execute function refuse_once()");
    struct db *db = database_open(DATABASE_WORKER);
    cr_assert_eq(create_user(db, "a@example.org"), ERROR_NONE);
    cr_assert_eq(database_integer("select last_value from attempts"), 2);
    cr_assert_eq(database_integer("select count(*) from users"), 1);
    db_free(db);
}

Test(db, each_sqlstate_becomes_the_error_that_its_class_means)
{
    static const struct {
        const char *sqlstate;
        enum error error;
        int attempts;
    } cases[] = {
        { "40001", ERROR_UNAVAILABLE, 2 }, /* serialization_failure */
        { "40003", ERROR_UNAVAILABLE, 1 }, /* statement_completion_unknown */
        { "53100", ERROR_UNAVAILABLE, 1 }, /* disk_full */
        { "53200", ERROR_UNAVAILABLE, 1 }, /* out_of_memory */
        { "55P03", ERROR_UNAVAILABLE, 1 }, /* lock_not_available */
        { "57014", ERROR_UNAVAILABLE, 1 }, /* query_canceled */
        { "57P01", ERROR_UNAVAILABLE, 1 }, /* admin_shutdown */
        { "08006", ERROR_UNAVAILABLE, 1 }, /* connection_failure */
        { "25006", ERROR_UNAVAILABLE, 2 }, /* read_only_sql_transaction */
        { "23505", ERROR_DUPLICATE, 1 },   /* unique_violation */
        { "23503", ERROR_INTERNAL, 1 },    /* foreign_key_violation */
        { "23514", ERROR_INTERNAL, 1 },    /* check_violation */
        { "22003", ERROR_INTERNAL, 1 },    /* numeric_value_out_of_range */
        { "42501", ERROR_INTERNAL, 1 },    /* insufficient_privilege */
        { "55000", ERROR_INTERNAL, 1 },    /* object_not_in_prerequisite_state */
        { "XX000", ERROR_INTERNAL, 1 },    /* internal_error */
    };
    database_sql("create sequence attempts; grant usage on sequence attempts to public;"
                 "create function refuse() returns trigger language plpgsql as $$ begin"
                 " perform nextval('attempts');"
                 " raise exception using errcode = new.name; end $$;"
                 "create trigger refuse before insert on users for each row"
                 " execute function refuse()");
    struct db *db = database_open(DATABASE_WORKER);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *values[] = { "e", "k", cases[i].sqlstate, "h", NULL, NULL };
        database_sql("select setval('attempts', 1, false)");
        enum error error = db_run(db, STATEMENT_USER_CREATE, values, NULL);
        cr_assert_eq(error, cases[i].error, "%s: %s", cases[i].sqlstate, error_name(error));
        cr_assert_eq(database_integer("select last_value from attempts"), cases[i].attempts, "%s",
                     cases[i].sqlstate);
        cr_assert_eq(read_version(db), ERROR_NONE, "after %s", cases[i].sqlstate);
    }
    db_free(db);
}

/* The log -------------------------------------------------------------------------------------- */

Test(db, a_duplicate_is_an_answer_and_no_error_in_the_log)
{
    struct db *db = database_open(DATABASE_WORKER);
    database_log_catch();
    cr_assert_eq(create_user(db, "a@example.org"), ERROR_NONE);
    cr_assert_eq(create_user(db, "a@example.org"), ERROR_DUPLICATE);
    cr_assert_str_empty(database_log());
    db_free(db);
}

Test(db, a_refusal_is_logged_once_without_the_values)
{
    struct db *db = database_open(DATABASE_WORKER);
    const char *values[] = { "1", "somebody's session" };
    database_log_catch();
    cr_assert_eq(db_run(db, STATEMENT_PROFILE_READ, values, NULL), ERROR_INTERNAL);
    expect_log("event=database_refused statement=profile_read sqlstate=22P02");
    expect_no_log("somebody");
    cr_assert_null(strchr(strchr(database_log(), '\n') + 1, '\n'), "two lines");
    db_free(db);
}

Test(db, a_refusal_that_names_only_tables_is_logged_with_its_message)
{
    struct db *db = database_open(DATABASE_WORKER);
    database_log_catch();
    database_sql("revoke select on users from therappai_auth_worker");
    cr_assert_eq(look_up(db, "somebody@example.org"), ERROR_INTERNAL);
    expect_log("sqlstate=42501 message=\"permission denied for table users\"");
    expect_no_log("somebody");
    db_free(db);
}

Test(db, a_constraint_is_logged_by_its_name)
{
    struct db *db = database_open(DATABASE_WORKER);
    database_log_catch();
    database_sql("alter table users add constraint no_robots check (name <> 'robot')");
    const char *values[] = { "somebody@example.org", "k", "robot", "h", NULL, NULL };
    cr_assert_eq(db_run(db, STATEMENT_USER_CREATE, values, NULL), ERROR_INTERNAL);
    expect_log("sqlstate=23514 constraint=no_robots table=users");
    expect_no_log("robot@");
    expect_no_log("somebody");
    db_free(db);
}

Test(db, notices_do_not_reach_stderr)
{
    char message[128] = "";
    struct db *db = database_open(DATABASE_WORKER);
    database_log_catch();
    cr_assert_eq(db_script(db, "do $$ begin raise warning 'somebody'; end $$", 1000, message,
                           sizeof message),
                 ERROR_NONE, "%s", message);
    cr_assert_str_empty(database_log());
    db_free(db);
}

/* For migrations ------------------------------------------------------------------------------- */

Test(db, a_script_says_in_which_line_it_fails)
{
    char message[256];
    struct db *db = database_open(DATABASE_OWNER);
    cr_assert_eq(
        db_script(db, "create table a ();\n-- ü\nselect nonsense;", 1000, message, sizeof message),
        ERROR_INTERNAL);
    cr_assert_str_eq(message, "line 3: column \"nonsense\" does not exist");
    cr_assert_str_eq(database_sql("select to_regclass('a') is null"), "t");
    db_free(db);
}

Test(db, a_script_or_query_past_its_time_is_given_up)
{
    char message[256];
    struct db *db = database_open(DATABASE_OWNER);
    int64_t start = clock_monotonic_ms();
    cr_assert_eq(db_script(db, "select pg_sleep(3)", 100, message, sizeof message),
                 ERROR_UNAVAILABLE);
    cr_assert_eq(db_query(db, "select pg_sleep(3)", 0, NULL, 100, NULL, message, sizeof message),
                 ERROR_UNAVAILABLE);
    cr_assert(since(start) < 2000);
    cr_assert_eq(db_script(db, "select 1", 0, message, sizeof message), ERROR_NONE);
    db_free(db);
}

Test(db, a_script_that_wants_data_sent_ends)
{
    char message[256];
    struct db *db = database_open(DATABASE_OWNER);
    cr_assert_eq(db_script(db, "copy schema_migrations from stdin", 5000, message, sizeof message),
                 ERROR_UNAVAILABLE);
    cr_assert_eq(db_script(db, "select 1", 0, message, sizeof message), ERROR_NONE);
    db_free(db);
}
