/* What migrate.h promises: in order, once, whole or not at all, and no surprises. */
#include "db/migrate.h"
#include "support/database.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct db *db;
static char directory[64];
static char message[512];
static char reports[1024]; /* what was reported: "1 0001-a.sql applied; " */
static int reported;

static void start(void)
{
    database_create_empty();
    db = database_open(DATABASE_OWNER);
    snprintf(directory, sizeof directory, "/tmp/therappai-sql.XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
}

static void finish(void)
{
    char command[128];
    db_free(db);
    database_drop();
    snprintf(command, sizeof command, "rm -r %s", directory);
    cr_assert_eq(system(command), 0);
}

TestSuite(migrate, .init = start, .fini = finish);

static void write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    cr_assert_eq(fclose(file), 0);
}

static void remove_file(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    cr_assert_eq(unlink(path), 0);
}

static void report(void *context, int number, const char *name, enum migrate_state state,
                   const char *applied_at)
{
    static const char *const names[] = { "applied", "pending", "changed", "missing" };
    size_t used = strlen(reports);
    cr_assert_eq(context, &reported);
    cr_assert(!applied_at || strlen(applied_at) == strlen("2026-01-01T00:00:00Z"), "%s",
              applied_at);
    snprintf(reports + used, sizeof reports - used, "%d %s %s%s; ", number, name, names[state],
             applied_at ? " at" : "");
    reported++;
}

static enum error run_by(struct db *by)
{
    reports[0] = message[0] = '\0';
    reported = 0;
    return migrate_run(by, directory, report, &reported, message, sizeof message);
}

static enum error run(void)
{
    return run_by(db);
}

static enum error status(bool *current)
{
    reports[0] = message[0] = '\0';
    reported = 0;
    return migrate_status(db, directory, report, &reported, current, message, sizeof message);
}

static void expect_run(const char *expected)
{
    cr_assert_eq(run(), ERROR_NONE, "%s", message);
    cr_assert_str_eq(reports, expected);
}

static void expect_status(bool expected_current, const char *expected)
{
    bool current = !expected_current;
    cr_assert_eq(status(&current), ERROR_NONE, "%s", message);
    cr_assert_str_eq(reports, expected);
    cr_assert_eq(current, expected_current);
}

static void expect_refusal(const char *part)
{
    cr_assert_eq(run(), ERROR_INTERNAL);
    cr_assert(strstr(message, part), "'%s' is not in: %s", part, message);
    cr_assert_str_empty(reports);
}

static void expect_tables(const char *expected)
{
    cr_assert_str_eq(database_sql("select coalesce(string_agg(relname, ' ' order by relname), '')"
                                  " from pg_class where relkind = 'r'"
                                  " and relnamespace = 'public'::regnamespace"),
                     expected);
}

Test(migrate, applies_what_is_pending_in_order_and_once)
{
    write_file("0002-b.sql", "alter table a add column b text;");
    write_file("0001-a.sql", "create table a ()");
    expect_run("1 0001-a.sql applied; 2 0002-b.sql applied; ");
    expect_run("");
    write_file("0003-c.sql", "alter table a add column c text; -- without a line break at its end");
    expect_run("3 0003-c.sql applied; ");
    expect_tables("a schema_migrations");
    cr_assert_str_eq(database_sql("select string_agg(attname, ' ' order by attnum) from"
                                  " pg_attribute where attrelid = 'a'::regclass and attnum > 0"),
                     "b c");
    cr_assert_str_eq(database_sql("select relowner::regrole from pg_class where relname = 'a'"),
                     "therappai_auth_owner");
}

Test(migrate, brings_an_empty_database_to_the_schema_of_this_program)
{
    char sql[512];
    const char *source = getenv("TEST_SOURCE_DIRECTORY");
    snprintf(sql, sizeof sql, "%s/sql", source ? source : ".");
    enum error error = migrate_run(db, sql, report, &reported, message, sizeof message);
    cr_assert_eq(error, ERROR_NONE, "%s", message);
    cr_assert_eq(reported, MIGRATE_SCHEMA_VERSION);
    expect_tables("audit mail_outbox password_resets personal_info roles schema_migrations "
                  "sessions user_roles users");
    struct db *worker = database_open(DATABASE_WORKER);
    struct db_result *result = NULL;
    cr_assert_eq(db_run(worker, STATEMENT_SCHEMA_VERSION, NULL, &result), ERROR_NONE);
    cr_assert_eq(db_integer(result, 0, 0), MIGRATE_SCHEMA_VERSION);
    db_result_free(result);
    db_free(worker);
}

Test(migrate, keeps_the_sha256_of_the_files_bytes)
{
    write_file("0001-a.sql", "-- 'ü' \\ $1 \"\r\n");
    expect_run("1 0001-a.sql applied; ");
    cr_assert_str_eq(database_sql("select checksum from schema_migrations"),
                     database_sql("select encode(sha256('\\x2d2d2027c3bc27205c20243120220d0a'),"
                                  " 'hex')"));
}

Test(migrate, tells_the_state_of_each_and_changes_nothing)
{
    write_file("0001-a.sql", "create table a ()");
    write_file("0002-b.sql", "create table b ()");
    expect_status(false, "1 0001-a.sql pending; 2 0002-b.sql pending; ");
    expect_tables("");
    expect_run("1 0001-a.sql applied; 2 0002-b.sql applied; ");
    expect_status(true, "1 0001-a.sql applied at; 2 0002-b.sql applied at; ");
    write_file("0001-a.sql", "create table another ()");
    remove_file("0002-b.sql");
    expect_status(false, "1 0001-a.sql changed at; 2 0002-b.sql missing at; ");
    write_file("0001-a.sql", "create table a ()");
    write_file("0002-b.sql", "create table b ()");
    write_file("0003-c.sql", "create table c ()");
    expect_status(false, "1 0001-a.sql applied at; 2 0002-b.sql applied at; "
                         "3 0003-c.sql pending; ");
}

Test(migrate, stops_before_anything_where_a_file_was_changed_or_is_missing)
{
    write_file("0001-a.sql", "create table a ()");
    write_file("0002-b.sql", "create table b ()");
    expect_run("1 0001-a.sql applied; 2 0002-b.sql applied; ");
    write_file("0003-c.sql", "create table c ()");
    write_file("0001-a.sql", "create table a () ");
    expect_refusal("0001-a.sql: this was changed");
    write_file("0001-a.sql", "create table a ()");
    remove_file("0003-c.sql");
    remove_file("0002-b.sql");
    expect_refusal("0002-b.sql: this is applied, but the file is gone");
    expect_tables("a b schema_migrations");
}

Test(migrate, stops_where_the_files_are_not_what_they_must_be)
{
    static const struct {
        const char *name, *text, *refusal;
    } cases[] = {
        { "0003-c.sql", "select 1", "0002-" },
        { "0001-other.sql", "select 1", "another file has its number" },
        { "0000-a.sql", "select 1", "0000-a.sql: the name is not" },
        { "002-a.sql", "select 1", "002-a.sql: the name is not" },
        { "00002-a.sql", "select 1", "00002-a.sql: the name is not" },
        { "0002_a.sql", "select 1", "0002_a.sql: the name is not" },
        { "0002-A.sql", "select 1", "0002-A.sql: the name is not" },
        { "0002-a'b.sql", "select 1", "0002-a'b.sql: the name is not" },
        { "0002-.sql", "select 1", "0002-.sql: the name is not" },
        { "0002-a.sql~", "select 1", "0002-a.sql~: the name is not" },
        { "0002-a.txt", "select 1", "0002-a.txt: the name is not" },
        { "README", "select 1", "README: the name is not" },
        { "9999-a.sql", "select 1", "9999-a.sql: the name is not" },
        { "0002-a.sql", "select '\xff'", "invalid byte sequence" },
    };
    write_file("0001-a.sql", "create table a ()");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file(cases[i].name, cases[i].text);
        expect_refusal(cases[i].refusal);
        remove_file(cases[i].name);
    }
    write_file("roles.sql", "not a migration");
    write_file(".0002-a.sql.swp", "not one either");
    expect_run("1 0001-a.sql applied; ");
}

Test(migrate, says_so_where_there_is_no_file_or_no_directory)
{
    expect_refusal("there are no migrations");
    cr_assert_eq(rmdir(directory), 0);
    expect_refusal("No such file");
    cr_assert_eq(mkdir(directory, 0700), 0);
}

Test(migrate, leaves_nothing_of_one_that_fails_and_keeps_those_before)
{
    write_file("0001-a.sql", "create table a ();\ninsert into a default values;");
    write_file("0002-b.sql", "create table b ();\nselect 1;\nselect nonsense;\ncreate table c ();");
    write_file("0003-d.sql", "create table d ()");
    cr_assert_eq(run(), ERROR_INTERNAL);
    cr_assert(strstr(message, "0002-b.sql: line 3: column \"nonsense\" does not exist"), "%s",
              message);
    cr_assert_str_eq(reports, "1 0001-a.sql applied; ");
    expect_tables("a schema_migrations");
    expect_status(false, "1 0001-a.sql applied at; 2 0002-b.sql pending; 3 0003-d.sql pending; ");
    write_file("0002-b.sql", "create table b ()");
    expect_run("2 0002-b.sql applied; 3 0003-d.sql applied; ");
}

Test(migrate, leaves_nothing_of_one_that_loses_its_connection)
{
    write_file("0001-a.sql", "create table a (); select pg_terminate_backend(pg_backend_pid())");
    cr_assert_eq(run(), ERROR_UNAVAILABLE);
    expect_tables("schema_migrations");
    write_file("0001-a.sql", "create table a ()");
    expect_run("1 0001-a.sql applied; ");
}

Test(migrate, gives_up_waiting_for_a_table_before_all_workers_wait_behind_it, .timeout = 30)
{
    write_file("0001-a.sql", "create table a ()");
    expect_run("1 0001-a.sql applied; ");
    write_file("0002-b.sql", "alter table a add column b text");
    database_sql("begin; lock table a");
    cr_assert_eq(run(), ERROR_UNAVAILABLE);
    cr_assert(strstr(message, "0002-b.sql: canceling statement due to lock timeout"), "%s",
              message);
    database_sql("commit");
    expect_run("2 0002-b.sql applied; ");
}

/* Each has a connection of its own, and says how many it applied. */
static int child_migrates(int number)
{
    (void)number;
    struct db *own = database_open(DATABASE_OWNER);
    enum error error = run_by(own);
    db_free(own);
    return error ? 100 : reported;
}

Test(migrate, lets_the_second_of_two_at_once_wait_and_find_nothing_to_do)
{
    int statuses[5], applied = 0;
    write_file("0001-a.sql", "create table a (); select pg_sleep(0.5)");
    write_file("0002-b.sql", "create table b ()");
    database_fork(5, child_migrates);
    database_join(5, statuses);
    for (int i = 0; i < 5; i++) {
        cr_assert(statuses[i] == 0 || statuses[i] == 2, "%d", statuses[i]);
        applied += statuses[i];
    }
    cr_assert_eq(applied, 2);
    cr_assert_eq(database_integer("select count(*) from schema_migrations"), 2);
}

Test(migrate, lets_the_lock_go_whatever_happens)
{
    write_file("0001-a.sql", "select nonsense");
    cr_assert_eq(run(), ERROR_INTERNAL);
    cr_assert_eq(database_integer("select count(*) from pg_locks where locktype = 'advisory'"
                                  " and database = (select oid from pg_database"
                                  " where datname = current_database())"),
                 0);
}

Test(migrate, is_refused_to_the_worker)
{
    write_file("0001-a.sql", "create table a ()");
    db_free(db);
    db = database_open(DATABASE_WORKER);
    expect_refusal("permission denied");
    expect_tables("");
}

Test(migrate, is_unavailable_without_a_server)
{
    const struct db_options options = { .conninfo = "host=/nonexistent",
                                        .timeout_ms = 1000,
                                        .application_name = "test" };
    write_file("0001-a.sql", "create table a ()");
    db_free(db);
    db = db_new(&options);
    cr_assert_eq(run(), ERROR_UNAVAILABLE);
    cr_assert(strstr(message, "/nonexistent"), "%s", message);
    bool current;
    cr_assert_eq(status(&current), ERROR_UNAVAILABLE);
    cr_assert_str_not_empty(message);
}
