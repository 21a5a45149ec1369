/* What each statement of the table does, as statements.h says, also when several run at once. */
#include "db/db.h"
#include "support/database.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SESSION          "00000000-0000-4000-8000-000000000001"
#define OTHER_SESSION    "00000000-0000-4000-8000-000000000002"
#define NO_SESSION       "00000000-0000-4000-8000-00000000ffff"
#define USER_PERMISSIONS "profile:read profile:write"

static struct db *db;

static void start(void)
{
    database_create();
    db = database_open(DATABASE_WORKER);
}

static void finish(void)
{
    db_free(db);
    database_drop();
}

TestSuite(statements, .init = start, .fini = finish);

/* The result of a statement that must succeed. */
static struct db_result *run(enum statement statement, const char *const values[])
{
    struct db_result *result = NULL;
    enum error error = db_run(db, statement, values, &result);
    cr_assert_eq(error, ERROR_NONE, "%s: %s", statement_entry(statement)->name, error_name(error));
    return result;
}

#define RUN(statement, ...) run(statement, (const char *const[]){ __VA_ARGS__ })

/* Account 1, with the password hash "hash". */
static void create_user(void)
{
    struct db_result *result =
        RUN(STATEMENT_USER_CREATE, "Ada@example.org", "ada@example.org", "Ada", "hash");
    cr_assert_eq(db_integer(result, 0, 0), 1);
    db_result_free(result);
}

static void create_session(const char *id)
{
    db_result_free(RUN(STATEMENT_SESSION_CREATE, id, "1", "3600", NULL, NULL, NULL, "hash"));
}

static void expect_value(const struct db_result *result, int column, const char *expected,
                         const char *what)
{
    const char *value = db_value(result, 0, column);
    cr_assert_eq(!value, !expected, "%s: column %d is %s", what, column, value ? value : "null");
    cr_assert(!value || !strcmp(value, expected), "%s: column %d is %s, not %s", what, column,
              value, expected);
}

/* The table ------------------------------------------------------------------------------------ */

Test(statements, have_each_a_name_of_its_own_and_as_many_parameters_as_the_table_says)
{
    char message[256], sql[4096];
    for (enum statement i = STATEMENT_INVALID + 1; i < STATEMENT_COUNT; i++) {
        const struct statement_entry *entry = statement_entry(i);
        cr_assert(entry->name && entry->sql, "statement %d has no row", (int)i);
        snprintf(sql, sizeof sql, "prepare %s as %s", entry->name, entry->sql);
        enum error error = db_script(db, sql, 1000, message, sizeof message);
        cr_assert_eq(error, ERROR_NONE, "%s: %s", entry->name, message);
        struct db_result *result = NULL;
        error = db_query(db,
                         "select cardinality(parameter_types) from pg_prepared_statements"
                         " where name = $1",
                         1, &entry->name, 1000, &result, message, sizeof message);
        cr_assert_eq(error, ERROR_NONE, "%s", message);
        cr_assert_eq(db_integer(result, 0, 0), entry->parameters, "%s", entry->name);
        db_result_free(result);
    }
}

Test(statements, tell_the_version_of_the_schema)
{
    struct db_result *result = run(STATEMENT_SCHEMA_VERSION, NULL);
    cr_assert_eq(db_integer(result, 0, 0), 1);
    db_result_free(result);
}

/* Rights --------------------------------------------------------------------------------------- */

Test(statements, are_all_that_a_worker_may_do)
{
    static const char *const refused[] = {
        "create table t ()",
        "create schema s",
        "create temporary table t ()",
        "create function f() returns int language sql as 'select 1'",
        "alter table users add column x text",
        "drop table users",
        "truncate sessions",
        "create index on users (name)",
        "insert into roles values ('god', '{}')",
        "update roles set permissions = '{users:write}'",
        "delete from users",
        "update users set created_at = now()",
        "update users set email_key = 'x'",
        "update users set disabled_at = null",
        "insert into users (id, email, email_key, name, password)"
        " overriding system value values (7, 'a', 'a', 'a', 'a')",
        "update user_roles set role = 'admin'",
        "delete from user_roles",
        "update sessions set user_id = 2",
        "update sessions set expires_at = 'infinity'",
        "insert into schema_migrations values (2, 'x', 'x')",
        "delete from schema_migrations",
        "copy users to '/tmp/users'",
        "set role therappai_auth_owner",
    };
    static const char *const allowed[] = {
        "select * from users, roles, user_roles, sessions, schema_migrations",
        "delete from sessions",
    };
    char message[256];
    database_sql("revoke temporary on database %s from public", /* as sql/roles.sql does */
                 database_sql("select current_database()"));
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        enum error error = db_script(db, refused[i], 1000, message, sizeof message);
        cr_assert_eq(error, ERROR_INTERNAL, "%s", refused[i]);
        cr_assert(strstr(message, "permission denied") || strstr(message, "must be owner") ||
                      strstr(message, "must be superuser"),
                  "%s: %s", refused[i], message);
    }
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        cr_assert_eq(db_script(db, allowed[i], 1000, message, sizeof message), ERROR_NONE, "%s: %s",
                     allowed[i], message);
}

Test(statements, end_in_the_server_when_the_worker_has_given_up)
{
    static const char *const settings[][2] = {
        { "statement_timeout", "5s" },
        { "lock_timeout", "2s" },
        { "idle_in_transaction_session_timeout", "10s" },
    };
    char message[256];
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        struct db_result *result = NULL;
        enum error error = db_query(db, "select current_setting($1)", 1, &settings[i][0], 1000,
                                    &result, message, sizeof message);
        cr_assert_eq(error, ERROR_NONE, "%s", message);
        expect_value(result, 0, settings[i][1], settings[i][0]);
        db_result_free(result);
    }
}

/* Accounts ------------------------------------------------------------------------------------- */

Test(statements, create_an_account_with_the_role_user)
{
    create_user();
    cr_assert_str_eq(database_sql("select concat_ws(',', email, email_key, name, password,"
                                  " profile_pic, disabled_at) from users"),
                     "Ada@example.org,ada@example.org,Ada,hash");
    cr_assert_str_eq(database_sql("select string_agg(role, ',') from user_roles"), "user");
}

Test(statements, refuse_a_second_account_for_an_email)
{
    create_user();
    const char *values[] = { "ADA@example.org", "ada@example.org", "Eve", "other" };
    cr_assert_eq(db_run(db, STATEMENT_USER_CREATE, values, NULL), ERROR_DUPLICATE);
    cr_assert_eq(database_integer("select count(*) from users"), 1);
    cr_assert_eq(database_integer("select count(*) from user_roles"), 1);
}

static int child_creates_user(int number)
{
    struct db *own = database_open(DATABASE_WORKER);
    char email[64];
    snprintf(email, sizeof email, "ada+%d@example.org", number);
    const char *values[] = { email, "ada@example.org", "Ada", "hash" };
    return (int)db_run(own, STATEMENT_USER_CREATE, values, NULL);
}

Test(statements, create_one_account_for_twenty_that_want_the_same_email_at_once)
{
    int statuses[20], created = 0;
    database_sql("begin; lock table users in share mode");
    database_fork(20, child_creates_user);
    database_await("select count(*) = 20 from pg_locks where not granted");
    database_sql("commit");
    database_join(20, statuses);
    for (int i = 0; i < 20; i++) {
        created += statuses[i] == ERROR_NONE;
        cr_assert(statuses[i] == ERROR_NONE || statuses[i] == ERROR_DUPLICATE, "%d: %d", i,
                  statuses[i]);
    }
    cr_assert_eq(created, 1);
    cr_assert_eq(database_integer("select count(*) from users"), 1);
}

Test(statements, find_an_account_for_login)
{
    create_user();
    struct db_result *result = RUN(STATEMENT_USER_FOR_LOGIN, "ada@example.org");
    static const char *const row[] = { "1", "hash", "f", "user", USER_PERMISSIONS };
    cr_assert_eq(db_rows(result), 1);
    for (int i = 0; i < 5; i++)
        expect_value(result, i, row[i], "an account");
    db_result_free(result);
    database_sql("update users set disabled_at = now(); delete from user_roles");
    result = RUN(STATEMENT_USER_FOR_LOGIN, "ada@example.org");
    static const char *const disabled[] = { "1", "hash", "t", "", "" };
    for (int i = 0; i < 5; i++)
        expect_value(result, i, disabled[i], "a disabled account without roles");
    db_result_free(result);
    result = RUN(STATEMENT_USER_FOR_LOGIN, "Ada@example.org");
    cr_assert_eq(db_rows(result), 0);
    db_result_free(result);
}

Test(statements, list_each_permission_of_all_roles_once_in_order)
{
    create_user();
    database_sql("insert into roles values ('auditor', '{users:read,audit:read}');"
                 "insert into user_roles values (1, 'auditor'), (1, 'admin')");
    struct db_result *result = RUN(STATEMENT_USER_FOR_LOGIN, "ada@example.org");
    expect_value(result, 3, "admin auditor user", "roles");
    expect_value(result, 4,
                 "audit:read profile:read profile:write tokens:introspect users:read users:write",
                 "permissions");
    db_result_free(result);
}

/* Profile -------------------------------------------------------------------------------------- */

Test(statements, read_and_rename_a_profile_only_within_a_session_that_lives)
{
    static const struct {
        const char *what, *arrange, *user, *session;
        int rows;
    } cases[] = {
        { "a living session", "select 1", "1", SESSION, 1 },
        { "no session", "select 1", "1", NO_SESSION, 0 },
        { "the session of another", "select 1", "2", SESSION, 0 },
        { "an ended session", "update sessions set ended_at = now()", "1", SESSION, 0 },
        { "an expired session", "update sessions set ended_at = null, expires_at = now()", "1",
          SESSION, 0 },
        { "a deleted account", "delete from users", "1", SESSION, 0 },
    };
    create_user();
    create_session(SESSION);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        database_sql("%s", cases[i].arrange);
        struct db_result *result = RUN(STATEMENT_PROFILE_READ, cases[i].user, cases[i].session);
        cr_assert_eq(db_rows(result), cases[i].rows, "read in %s", cases[i].what);
        db_result_free(result);
        result = RUN(STATEMENT_PROFILE_RENAME, cases[i].user, cases[i].session, cases[i].what);
        cr_assert_eq(db_rows(result), cases[i].rows, "rename in %s", cases[i].what);
        db_result_free(result);
        cr_assert_eq(
            database_integer("select count(*) from users where name = '%s'", cases[i].what),
            cases[i].rows, "after %s", cases[i].what);
    }
}

Test(statements, give_the_profile_as_it_is_and_as_it_became)
{
    create_user();
    create_session(SESSION);
    database_sql("update users set profile_pic = 'p.jpg'");
    struct db_result *result = RUN(STATEMENT_PROFILE_READ, "1", SESSION);
    static const char *const before[] = { "1", "Ada@example.org", "Ada", "p.jpg", "f" };
    for (int i = 0; i < 5; i++)
        expect_value(result, i, before[i], "before");
    db_result_free(result);
    result = RUN(STATEMENT_PROFILE_RENAME, "1", SESSION, "Ada L.");
    static const char *const after[] = { "1", "Ada@example.org", "Ada L.", "p.jpg", "f" };
    for (int i = 0; i < 5; i++)
        expect_value(result, i, after[i], "after");
    db_result_free(result);
    cr_assert_str_eq(database_sql("select name from users"), "Ada L.");
}

Test(statements, tell_that_an_account_is_disabled_and_do_not_rename_it)
{
    create_user();
    create_session(SESSION);
    database_sql("update users set disabled_at = now()");
    struct db_result *result = RUN(STATEMENT_PROFILE_READ, "1", SESSION);
    expect_value(result, 4, "t", "read");
    db_result_free(result);
    result = RUN(STATEMENT_PROFILE_RENAME, "1", SESSION, "Eve");
    cr_assert_eq(db_rows(result), 1);
    expect_value(result, 2, "Ada", "rename");
    expect_value(result, 4, "t", "rename");
    db_result_free(result);
    cr_assert_str_eq(database_sql("select name from users"), "Ada");
}

/* Opening a session ---------------------------------------------------------------------------- */

Test(statements, open_a_session_for_the_hash_that_was_verified)
{
    create_user();
    struct db_result *result =
        RUN(STATEMENT_SESSION_CREATE, SESSION, "1", "3600", "192.0.2.1", "curl", NULL, "hash");
    static const char *const row[] = { "f", "user", USER_PERMISSIONS };
    cr_assert_eq(db_rows(result), 1);
    for (int i = 0; i < 3; i++)
        expect_value(result, i, row[i], "a login");
    db_result_free(result);
    cr_assert_str_eq(database_sql("select concat_ws(',', id, user_id, generation, address,"
                                  " user_agent, ended_at, end_reason,"
                                  " expires_at - created_at) from sessions"),
                     SESSION ",1,0,192.0.2.1,curl,01:00:00");
    cr_assert_str_eq(database_sql("select password from users"), "hash");
}

Test(statements, store_a_new_hash_of_the_same_password_with_the_session)
{
    create_user();
    struct db_result *result =
        RUN(STATEMENT_SESSION_CREATE, SESSION, "1", "3600", NULL, NULL, "better", "hash");
    cr_assert_eq(db_rows(result), 1);
    db_result_free(result);
    cr_assert_str_eq(database_sql("select password from users"), "better");
    cr_assert_str_eq(database_sql("select password_changed_at = created_at from users"), "t");
    cr_assert_eq(database_integer("select count(*) from sessions"), 1);
}

Test(statements, open_no_session_where_something_changed_meanwhile)
{
    static const struct {
        const char *what, *arrange;
        int rows;
    } cases[] = {
        { "the account is disabled", "update users set disabled_at = now()", 1 },
        { "the password was changed", "update users set disabled_at = null, password = 'new'", 0 },
        { "the account was deleted", "delete from users", 0 },
    };
    create_user();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        database_sql("%s", cases[i].arrange);
        struct db_result *result =
            RUN(STATEMENT_SESSION_CREATE, SESSION, "1", "3600", NULL, NULL, "better", "hash");
        cr_assert_eq(db_rows(result), cases[i].rows, "%s", cases[i].what);
        if (cases[i].rows)
            expect_value(result, 0, "t", cases[i].what);
        db_result_free(result);
        cr_assert_eq(database_integer("select count(*) from sessions"), 0, "%s", cases[i].what);
        cr_assert_eq(database_integer("select count(*) from users where password = 'better'"), 0,
                     "%s", cases[i].what);
    }
}

enum { CREATED, REFUSED, DISABLED, FAILED };

/* Logs in with a new hash for the password. */
static int child_creates_session(int number)
{
    char id[37];
    struct db_result *result = NULL;
    struct db *own = database_open(DATABASE_WORKER);
    snprintf(id, sizeof id, "00000000-0000-4000-8000-%012d", number);
    const char *values[] = { id, "1", "3600", NULL, NULL, "better", "hash" };
    if (db_run(own, STATEMENT_SESSION_CREATE, values, &result))
        return FAILED;
    if (db_rows(result) == 0)
        return REFUSED;
    return db_boolean(result, 0, 0) ? DISABLED : CREATED;
}

Test(statements, let_a_login_wait_for_a_change_of_its_account_and_see_it)
{
    static const struct {
        const char *change;
        int expected;
        const char *password;
    } cases[] = {
        { "update users set name = 'Other'", CREATED, "better" },
        { "update users set disabled_at = now()", DISABLED, "hash" },
        { "update users set password = 'new'", REFUSED, "new" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status;
        database_sql("truncate users restart identity cascade");
        create_user();
        database_sql("begin");
        database_sql("%s", cases[i].change);
        database_fork(1, child_creates_session);
        database_await("select count(*) = 1 from pg_locks where not granted");
        database_sql("commit");
        database_join(1, &status);
        cr_assert_eq(status, cases[i].expected, "%s: %d", cases[i].change, status);
        cr_assert_eq(database_integer("select count(*) from sessions"), status == CREATED, "%s",
                     cases[i].change);
        cr_assert_str_eq(database_sql("select password from users"), cases[i].password, "%s",
                         cases[i].change);
    }
}

/* Refreshing ----------------------------------------------------------------------------------- */

/* The columns of a refresh. */
struct refreshed {
    bool found, alive, disabled, advanced;
    int64_t user, before;
};

static struct refreshed refresh_by(struct db *by, const char *session, int presented, int set)
{
    char numbers[2][16];
    struct db_result *result = NULL;
    struct refreshed refreshed = { .found = false };
    snprintf(numbers[0], sizeof numbers[0], "%d", presented);
    snprintf(numbers[1], sizeof numbers[1], "%d", set);
    const char *values[] = { session, numbers[0], numbers[1], "1800" };
    enum error error = db_run(by, STATEMENT_SESSION_REFRESH, values, &result);
    cr_assert_eq(error, ERROR_NONE, "%s", error_name(error));
    if (db_rows(result) == 1)
        refreshed = (struct refreshed){ .found = true,
                                        .alive = db_boolean(result, 0, 1),
                                        .disabled = db_boolean(result, 0, 2),
                                        .advanced = db_boolean(result, 0, 4),
                                        .user = db_integer(result, 0, 0),
                                        .before = db_integer(result, 0, 3) };
    db_result_free(result);
    return refreshed;
}

static struct refreshed refresh(int presented, int set)
{
    return refresh_by(db, SESSION, presented, set);
}

/* The row's version: it changes with every write. */
static int64_t version(void)
{
    return database_integer("select xmin from sessions where id = '" SESSION "'");
}

Test(statements, refresh_moves_the_generation_where_it_must)
{
    static const struct {
        const char *what;
        int row, presented, set, after;
        bool advanced, written;
    } cases[] = {
        { "on use: the same token again", 3, 3, 3, 3, false, false },
        { "on use: its successor", 3, 4, 4, 4, true, true },
        { "on use: far ahead, after lost commits", 3, 9, 9, 9, true, true },
        { "on use: a retired token", 3, 2, 2, 3, false, false },
        { "strict: the token", 3, 3, 4, 4, true, true },
        { "strict: ahead", 3, 5, 6, 6, true, true },
        { "strict: a used token", 3, 2, 3, 3, false, false },
        { "strict: one before the used", 3, 1, 2, 3, false, false },
        { "the last there can be", 3, 2147483646, 2147483647, 2147483647, true, true },
    };
    create_user();
    create_session(SESSION);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        database_sql("update sessions set generation = %d", cases[i].row);
        int64_t before = version();
        struct refreshed refreshed = refresh(cases[i].presented, cases[i].set);
        cr_assert(refreshed.found && refreshed.alive && !refreshed.disabled, "%s", cases[i].what);
        cr_assert_eq(refreshed.user, 1, "%s", cases[i].what);
        cr_assert_eq(refreshed.before, cases[i].row, "%s", cases[i].what);
        cr_assert_eq(refreshed.advanced, cases[i].advanced, "%s", cases[i].what);
        cr_assert_eq(database_integer("select generation from sessions"), cases[i].after, "%s",
                     cases[i].what);
        cr_assert_eq(version() != before, cases[i].written, "%s", cases[i].what);
    }
}

Test(statements, refresh_tells_roles_and_permissions_as_they_are_now)
{
    create_user();
    create_session(SESSION);
    database_sql("insert into user_roles values (1, 'admin')");
    struct db_result *result = RUN(STATEMENT_SESSION_REFRESH, SESSION, "0", "0", "1800");
    expect_value(result, 5, "admin user", "roles");
    expect_value(result, 6, USER_PERMISSIONS " tokens:introspect users:read users:write",
                 "permissions");
    db_result_free(result);
}

Test(statements, refresh_of_what_is_over_says_so_and_writes_nothing)
{
    static const struct {
        const char *what, *arrange;
        bool found, alive, disabled;
    } cases[] = {
        { "an ended session", "update sessions set ended_at = now()", true, false, false },
        { "an expired one", "update sessions set ended_at = null, expires_at = now()", true, false,
          false },
        { "an idle one",
          "update sessions set expires_at = 'infinity',"
          " last_used_at = now() - interval '1801 s'",
          true, false, false },
        { "one of a disabled account",
          "update sessions set last_used_at = now() - interval '1700 s';"
          " update users set disabled_at = now()",
          true, true, true },
        { "one of a deleted account", "delete from users", false, false, false },
    };
    create_user();
    create_session(SESSION);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        database_sql("%s", cases[i].arrange);
        int64_t before = version();
        struct refreshed refreshed = refresh(1, 2);
        cr_assert_eq(refreshed.found, cases[i].found, "%s", cases[i].what);
        cr_assert_eq(refreshed.alive, cases[i].alive, "%s", cases[i].what);
        cr_assert_eq(refreshed.disabled, cases[i].disabled, "%s", cases[i].what);
        cr_assert_not(refreshed.advanced, "%s", cases[i].what);
        cr_assert_eq(version(), before, "%s", cases[i].what);
    }
}

Test(statements, refresh_knows_no_session_but_its_own)
{
    create_user();
    create_session(SESSION);
    create_session(OTHER_SESSION);
    cr_assert_not(refresh_by(db, NO_SESSION, 0, 0).found);
    cr_assert(refresh_by(db, OTHER_SESSION, 5, 5).advanced);
    cr_assert_eq(database_integer("select generation from sessions where id = '" SESSION "'"), 0);
}

Test(statements, refresh_notes_the_time_of_the_last_use_once_a_minute)
{
    create_user();
    create_session(SESSION);
    database_sql("update sessions set last_used_at = now() - interval '59 s'");
    int64_t before = version();
    cr_assert_not(refresh(0, 0).advanced);
    cr_assert_eq(version(), before, "after 59 s");
    database_sql("update sessions set last_used_at = now() - interval '61 s'");
    before = version();
    cr_assert_not(refresh(0, 0).advanced, "the generation did not move");
    cr_assert_neq(version(), before, "after 61 s");
    cr_assert_str_eq(database_sql("select last_used_at > now() - interval '10 s' from sessions"),
                     "t");
}

Test(statements, refresh_touches_no_index)
{
    create_user();
    create_session(SESSION);
    for (int i = 1; i <= 20; i++)
        cr_assert(refresh(i, i).advanced);
    db_free(db); /* what a backend counted is seen when it ends */
    db = NULL;
    database_await("select n_tup_upd = 20 and n_tup_hot_upd = 20 from pg_stat_user_tables"
                   " where relname = 'sessions'");
}

/* Refreshing at once --------------------------------------------------------------------------- */

/* Each process refreshes what the plan gives it, with a connection of its own. */
static struct plan {
    int presented, set;
    struct refreshed refreshed;
} * plans;

static int child_refreshes(int number)
{
    struct db *own = database_open(DATABASE_WORKER);
    struct plan *plan = &plans[number];
    plan->refreshed = refresh_by(own, SESSION, plan->presented, plan->set);
    return 0;
}

/* Runs the plans so that each has looked at the row before any of them may change it. */
static void refresh_at_once(int n)
{
    int statuses[64];
    database_sql("begin; select * from sessions for update");
    database_fork(n, child_refreshes);
    database_await("select count(*) = %d from pg_stat_activity where wait_event_type = 'Lock'"
                   " and datname = current_database()",
                   n);
    database_sql("commit");
    database_join(n, statuses);
    for (int i = 0; i < n; i++)
        cr_assert_eq(statuses[i], 0);
}

static void start_race(void)
{
    start();
    plans =
        mmap(NULL, 64 * sizeof *plans, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(plans, MAP_FAILED);
    create_user();
    create_session(SESSION);
    database_sql("update sessions set generation = 3, last_used_at = now() - interval '2 min'");
}

TestSuite(race, .init = start_race, .fini = finish);

Test(race, the_same_token_refreshed_twenty_times_at_once_is_no_replay)
{
    for (int i = 0; i < 20; i++)
        plans[i] = (struct plan){ .presented = 3, .set = 3 };
    refresh_at_once(20);
    for (int i = 0; i < 20; i++) {
        cr_assert(plans[i].refreshed.alive, "%d", i);
        cr_assert_eq(plans[i].refreshed.before, 3, "%d", i);
    }
    cr_assert_eq(database_integer("select generation from sessions"), 3);
}

Test(race, a_successor_used_twenty_times_at_once_moves_the_generation_once)
{
    int advanced = 0;
    for (int i = 0; i < 20; i++)
        plans[i] = (struct plan){ .presented = 4, .set = 4 };
    refresh_at_once(20);
    for (int i = 0; i < 20; i++) {
        cr_assert(plans[i].refreshed.alive && plans[i].refreshed.before == 3, "%d", i);
        advanced += plans[i].refreshed.advanced;
    }
    cr_assert_eq(advanced, 1);
    cr_assert_eq(database_integer("select generation from sessions"), 4);
}

Test(race, a_token_and_its_successor_at_once_are_no_replay_and_the_successor_stays)
{
    for (int i = 0; i < 10; i++)
        plans[i] = (struct plan){ .presented = 3 + i % 2, .set = 3 + i % 2 };
    refresh_at_once(10);
    for (int i = 0; i < 10; i++) {
        cr_assert(plans[i].refreshed.alive, "%d", i);
        cr_assert(plans[i].refreshed.before <= plans[i].presented, "%d", i);
    }
    cr_assert_eq(database_integer("select generation from sessions"), 4);
}

Test(race, the_generation_never_goes_back)
{
    for (int i = 0; i < 20; i++)
        plans[i] = (struct plan){ .presented = 23 - i, .set = 23 - i };
    plans[19] = plans[18]; /* each must wait, so each must have something to write */
    refresh_at_once(20);
    cr_assert_eq(database_integer("select generation from sessions"), 23);
}

Test(race, a_strict_token_used_by_twenty_at_once_advances_for_one)
{
    int advanced = 0;
    for (int i = 0; i < 20; i++)
        plans[i] = (struct plan){ .presented = 3, .set = 4 };
    refresh_at_once(20);
    for (int i = 0; i < 20; i++)
        advanced += plans[i].refreshed.advanced;
    cr_assert_eq(advanced, 1);
    cr_assert_eq(database_integer("select generation from sessions"), 4);
}

Test(race, a_refresh_that_waited_for_the_end_of_its_session_does_not_revive_it)
{
    int status;
    plans[0] = (struct plan){ .presented = 4, .set = 4 };
    database_sql("begin; update sessions set ended_at = now(), end_reason = 'logout'");
    database_fork(1, child_refreshes);
    database_await("select count(*) = 1 from pg_stat_activity where wait_event_type = 'Lock'"
                   " and datname = current_database()");
    database_sql("commit");
    database_join(1, &status);
    cr_assert_not(plans[0].refreshed.advanced);
    cr_assert_str_eq(database_sql("select generation || end_reason from sessions"), "3logout");
    cr_assert_not(refresh(4, 4).alive);
}

/* Ending --------------------------------------------------------------------------------------- */

Test(statements, end_a_session_once_and_only_for_its_user)
{
    create_user();
    create_session(SESSION);
    create_session(OTHER_SESSION);
    db_result_free(RUN(STATEMENT_SESSION_END, SESSION, "2", "logout"));
    cr_assert_eq(database_integer("select count(*) from sessions where ended_at is null"), 2);
    db_result_free(RUN(STATEMENT_SESSION_END, SESSION, "1", "logout"));
    const char *ended = database_sql("select ended_at from sessions where id = '" SESSION "'");
    cr_assert_str_not_empty(ended);
    db_result_free(RUN(STATEMENT_SESSION_END, SESSION, NULL, "replay"));
    cr_assert_str_eq(database_sql("select ended_at from sessions where id = '" SESSION "'"), ended);
    db_result_free(RUN(STATEMENT_SESSION_END, OTHER_SESSION, NULL, "replay"));
    cr_assert_str_eq(database_sql("select string_agg(end_reason, ',' order by id) from sessions"),
                     "logout,replay");
    db_result_free(RUN(STATEMENT_SESSION_END, NO_SESSION, NULL, "logout"));
}

Test(statements, purge_what_is_over_for_30_days)
{
    static const struct {
        const char *arrange;
        bool purged;
    } cases[] = {
        { "ended_at = null", false },
        { "ended_at = now() - interval '29 days'", false },
        { "ended_at = now() - interval '31 days'", true },
        { "expires_at = now() - interval '29 days'", false },
        { "expires_at = now() - interval '31 days'", true },
        { "last_used_at = now() - interval '29 days' - interval '1 hour'", false },
        { "last_used_at = now() - interval '31 days' - interval '1 hour'", true },
        /* it came to an end long before somebody ended it */
        { "expires_at = now() - interval '31 days', ended_at = now()", false },
    };
    create_user();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        create_session(SESSION);
        create_session(OTHER_SESSION);
        database_sql("update sessions set %s where id = '" SESSION "'", cases[i].arrange);
        struct db_result *result = RUN(STATEMENT_SESSION_PURGE, "3600");
        cr_assert_eq(db_integer(result, 0, 0), cases[i].purged, "%s", cases[i].arrange);
        db_result_free(result);
        cr_assert_eq(
            database_integer("select count(*) from sessions where id = '" OTHER_SESSION "'"), 1,
            "%s", cases[i].arrange);
        database_sql("delete from sessions");
    }
}

Test(statements, purge_a_thousand_at_a_time_and_pass_over_what_is_in_use)
{
    create_user();
    database_sql("insert into sessions (id, user_id, expires_at) select gen_random_uuid(), 1,"
                 " now() - interval '31 days' from generate_series(1, 1500)");
    database_sql("begin; select * from sessions limit 1 for update");
    static const int removed[] = { 1000, 499, 0 };
    for (size_t i = 0; i < sizeof removed / sizeof removed[0]; i++) {
        struct db_result *result = RUN(STATEMENT_SESSION_PURGE, "3600");
        cr_assert_eq(db_integer(result, 0, 0), removed[i], "call %zu", i + 1);
        db_result_free(result);
    }
    database_sql("commit");
}

/* A server of its own -------------------------------------------------------------------------- */

/* With a standby demanded that does not exist, what commits synchronously waits for ever; what does
 * not, does not. */
Test(statements_alone, refresh_commits_asynchronously_and_an_end_does_not,
     .init = database_create_with_server, .fini = database_drop, .timeout = 60)
{
    const struct db_options options = { .conninfo = database_conninfo(DATABASE_WORKER),
                                        .timeout_ms = 1000,
                                        .prepare = true,
                                        .application_name = "test" };
    db = db_new(&options);
    create_user();
    create_session(SESSION);
    create_session(OTHER_SESSION);
    database_sql("set synchronous_commit = local");
    database_sql("alter system set synchronous_standby_names = 'nobody'");
    database_sql("select pg_reload_conf()");
    database_await("select current_setting('synchronous_standby_names') = 'nobody'");
    const char *values[] = { OTHER_SESSION, NULL, "logout" };
    enum error error = ERROR_NONE;
    for (int i = 0; i < 500 && !error; i++) { /* the server needs a moment to hear of it */
        database_sql("update sessions set ended_at = null where id = '" OTHER_SESSION "'");
        error = db_run(db, STATEMENT_SESSION_END, values, NULL);
    }
    cr_assert_eq(error, ERROR_UNAVAILABLE);
    cr_assert(refresh(1, 1).advanced);
    cr_assert(refresh(2, 3).advanced);
    cr_assert_eq(database_integer("select generation from sessions where id = '" SESSION "'"), 3);
    db_free(db);
}
