/* What each statement of the table does, as statements.h says, also when several run at once. */
#include "db/db.h"
#include "support/database.h"
#include "support/statement.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define USER_PERMISSIONS "profile:read profile:write"

TestSuite(statements, .init = statement_start, .fini = statement_finish);

/* The table ------------------------------------------------------------------------------------ */

Test(statements, have_each_a_name_of_its_own_and_as_many_parameters_as_the_table_says)
{
    char message[256], sql[4096];
    for (enum statement i = STATEMENT_INVALID + 1; i < STATEMENT_COUNT; i++) {
        const struct statement_entry *entry = statement_entry(i);
        cr_assert(entry->name && entry->sql, "statement %d has no row", (int)i);
        snprintf(sql, sizeof sql, "prepare %s as %s", entry->name, entry->sql);
        enum error error = db_script(statement_db, sql, 1000, message, sizeof message);
        cr_assert_eq(error, ERROR_NONE, "%s: %s", entry->name, message);
        struct db_result *result = NULL;
        error = db_query(statement_db,
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
    struct db_result *result = statement_run(STATEMENT_SCHEMA_VERSION, NULL);
    cr_assert_eq(db_integer(result, 0, 0), 2);
    db_result_free(result);
}

Test(statements, tell_whose_connection_it_is_and_what_time_it_is_there)
{
    static const struct {
        enum database_role role;
        const char *name, *mighty;
    } cases[] = { { DATABASE_WORKER, "therappai_auth_worker", "f" },
                  { DATABASE_OWNER, "therappai_auth_owner", "t" },
                  { DATABASE_SUPERUSER, NULL, "t" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct db *db = database_open(cases[i].role);
        struct db_result *result = NULL;
        cr_assert_eq(db_run(db, STATEMENT_CONNECTION_LOOK, NULL, &result), ERROR_NONE);
        if (cases[i].name)
            statement_expect(result, 0, cases[i].name, "role");
        statement_expect(result, 1, cases[i].mighty, "may make tables");
        int64_t apart = db_integer(result, 0, 2) / 1000 - (int64_t)time(NULL);
        cr_assert(apart >= -5 && apart <= 5, "%d s", (int)apart);
        db_result_free(result);
        db_free(db);
    }
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
        "update users set password_changed_at = now(), created_at = now()",
        "update users set created_at = now()",
        "update users set email_key = 'x'",
        "insert into users (id) overriding system value values (7)",
        "update user_roles set role = 'admin'",
        "delete from roles",
        "update audit set user_id = 2",
        "delete from audit",
        "truncate audit",
        "insert into audit (event, at) values ('login', now())",
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
        enum error error = db_script(statement_db, refused[i], 1000, message, sizeof message);
        cr_assert_eq(error, ERROR_INTERNAL, "%s", refused[i]);
        cr_assert(strstr(message, "permission denied") || strstr(message, "must be owner") ||
                      strstr(message, "must be superuser"),
                  "%s: %s", refused[i], message);
    }
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        cr_assert_eq(db_script(statement_db, allowed[i], 1000, message, sizeof message), ERROR_NONE,
                     "%s: %s", allowed[i], message);
}

Test(statements, end_in_the_server_when_the_worker_has_given_up)
{
    static const char *const settings[][2] = {
        { "statement_timeout", "5s" },
        { "lock_timeout", "1500ms" },
        { "idle_in_transaction_session_timeout", "10s" },
    };
    char message[256];
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        struct db_result *result = NULL;
        enum error error = db_query(statement_db, "select current_setting($1)", 1, &settings[i][0],
                                    1000, &result, message, sizeof message);
        cr_assert_eq(error, ERROR_NONE, "%s", message);
        statement_expect(result, 0, settings[i][1], settings[i][0]);
        db_result_free(result);
    }
}

/* Accounts ------------------------------------------------------------------------------------- */

Test(statements, create_an_account_with_the_role_user)
{
    statement_create_user();
    cr_assert_str_eq(database_sql("select concat_ws(',', email, email_key, name, password,"
                                  " profile_pic, disabled_at) from users"),
                     "Ada@example.org,ada@example.org,Ada,hash");
    cr_assert_str_eq(database_sql("select string_agg(role, ',') from user_roles"), "user");
}

Test(statements, refuse_a_second_account_for_an_email)
{
    statement_create_user();
    const char *values[] = { "ADA@example.org", "ada@example.org", "Eve", "other", NULL, NULL };
    cr_assert_eq(db_run(statement_db, STATEMENT_USER_CREATE, values, NULL), ERROR_DUPLICATE);
    cr_assert_eq(database_integer("select count(*) from users"), 1);
    cr_assert_eq(database_integer("select count(*) from user_roles"), 1);
}

static int child_creates_user(int number)
{
    struct db *own = database_open(DATABASE_WORKER);
    char email[64];
    snprintf(email, sizeof email, "ada+%d@example.org", number);
    const char *values[] = { email, "ada@example.org", "Ada", "hash", NULL, NULL };
    enum error error = db_run(own, STATEMENT_USER_CREATE, values, NULL);
    db_free(own);
    return (int)error;
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
    statement_create_user();
    struct db_result *result = STATEMENT_RUN(STATEMENT_USER_FOR_LOGIN, "ada@example.org");
    static const char *const row[] = { "1", "hash", "f", "user", USER_PERMISSIONS };
    cr_assert_eq(db_rows(result), 1);
    for (int i = 0; i < 5; i++)
        statement_expect(result, i, row[i], "an account");
    db_result_free(result);
    database_sql("update users set disabled_at = now(); delete from user_roles");
    result = STATEMENT_RUN(STATEMENT_USER_FOR_LOGIN, "ada@example.org");
    static const char *const disabled[] = { "1", "hash", "t", "", "" };
    for (int i = 0; i < 5; i++)
        statement_expect(result, i, disabled[i], "a disabled account without roles");
    db_result_free(result);
    result = STATEMENT_RUN(STATEMENT_USER_FOR_LOGIN, "Ada@example.org");
    cr_assert_eq(db_rows(result), 0);
    db_result_free(result);
}

Test(statements, list_each_permission_of_all_roles_once_in_order)
{
    statement_create_user();
    database_sql("insert into roles values ('auditor', '{users:read,audit:read}');"
                 "insert into user_roles values (1, 'auditor'), (1, 'admin')");
    struct db_result *result = STATEMENT_RUN(STATEMENT_USER_FOR_LOGIN, "ada@example.org");
    statement_expect(result, 3, "admin auditor user", "roles");
    statement_expect(
        result, 4, "audit:read profile:read profile:write tokens:introspect users:read users:write",
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
    statement_create_user();
    statement_create_session(SESSION);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        database_sql("%s", cases[i].arrange);
        struct db_result *result =
            STATEMENT_RUN(STATEMENT_PROFILE_READ, cases[i].user, cases[i].session);
        cr_assert_eq(db_rows(result), cases[i].rows, "read in %s", cases[i].what);
        db_result_free(result);
        result =
            STATEMENT_RUN(STATEMENT_PROFILE_RENAME, cases[i].user, cases[i].session, cases[i].what);
        cr_assert_eq(db_rows(result), cases[i].rows, "rename in %s", cases[i].what);
        db_result_free(result);
        cr_assert_eq(
            database_integer("select count(*) from users where name = '%s'", cases[i].what),
            cases[i].rows, "after %s", cases[i].what);
    }
}

Test(statements, give_the_profile_as_it_is_and_as_it_became)
{
    statement_create_user();
    statement_create_session(SESSION);
    database_sql("update users set profile_pic = 'p.jpg'");
    struct db_result *result = STATEMENT_RUN(STATEMENT_PROFILE_READ, "1", SESSION);
    static const char *const before[] = { "1", "Ada@example.org", "Ada", "p.jpg", "f" };
    for (int i = 0; i < 5; i++)
        statement_expect(result, i, before[i], "before");
    db_result_free(result);
    result = STATEMENT_RUN(STATEMENT_PROFILE_RENAME, "1", SESSION, "Ada L.");
    static const char *const after[] = { "1", "Ada@example.org", "Ada L.", "p.jpg", "f" };
    for (int i = 0; i < 5; i++)
        statement_expect(result, i, after[i], "after");
    db_result_free(result);
    cr_assert_str_eq(database_sql("select name from users"), "Ada L.");
}

Test(statements, tell_that_an_account_is_disabled_and_do_not_rename_it)
{
    statement_create_user();
    statement_create_session(SESSION);
    database_sql("update users set disabled_at = now()");
    struct db_result *result = STATEMENT_RUN(STATEMENT_PROFILE_READ, "1", SESSION);
    statement_expect(result, 4, "t", "read");
    db_result_free(result);
    result = STATEMENT_RUN(STATEMENT_PROFILE_RENAME, "1", SESSION, "Eve");
    cr_assert_eq(db_rows(result), 1);
    statement_expect(result, 2, "Ada", "rename");
    statement_expect(result, 4, "t", "rename");
    db_result_free(result);
    cr_assert_str_eq(database_sql("select name from users"), "Ada");
}

/* Opening a session ---------------------------------------------------------------------------- */

Test(statements, open_a_session_for_the_hash_that_was_verified)
{
    statement_create_user();
    struct db_result *result = STATEMENT_RUN(STATEMENT_SESSION_CREATE, SESSION, "1", "3600",
                                             "192.0.2.1", "curl", NULL, "hash", NULL);
    static const char *const row[] = { "f", "user", USER_PERMISSIONS };
    cr_assert_eq(db_rows(result), 1);
    for (int i = 0; i < 3; i++)
        statement_expect(result, i, row[i], "a login");
    db_result_free(result);
    cr_assert_str_eq(database_sql("select concat_ws(',', id, user_id, generation, address,"
                                  " user_agent, ended_at, end_reason,"
                                  " expires_at - created_at) from sessions"),
                     SESSION ",1,0,192.0.2.1,curl,01:00:00");
    cr_assert_str_eq(database_sql("select password from users"), "hash");
}

Test(statements, store_a_new_hash_of_the_same_password_with_the_session)
{
    statement_create_user();
    struct db_result *result = STATEMENT_RUN(STATEMENT_SESSION_CREATE, SESSION, "1", "3600", NULL,
                                             NULL, "better", "hash", NULL);
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
    statement_create_user();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        database_sql("%s", cases[i].arrange);
        struct db_result *result = STATEMENT_RUN(STATEMENT_SESSION_CREATE, SESSION, "1", "3600",
                                                 NULL, NULL, "better", "hash", NULL);
        cr_assert_eq(db_rows(result), cases[i].rows, "%s", cases[i].what);
        if (cases[i].rows)
            statement_expect(result, 0, "t", cases[i].what);
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
    const char *values[] = { id, "1", "3600", NULL, NULL, "better", "hash", NULL };
    int outcome = FAILED;
    if (!db_run(own, STATEMENT_SESSION_CREATE, values, &result)) {
        bool disabled = db_rows(result) == 1 && db_boolean(result, 0, 0);
        outcome = db_rows(result) == 0 ? REFUSED : disabled ? DISABLED : CREATED;
    }
    db_result_free(result);
    db_free(own);
    return outcome;
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
        statement_create_user();
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

/* Ending --------------------------------------------------------------------------------------- */

Test(statements, end_a_session_once_and_only_for_its_user)
{
    statement_create_user();
    statement_create_session(SESSION);
    statement_create_session(OTHER_SESSION);
    db_result_free(
        STATEMENT_RUN(STATEMENT_SESSION_END, SESSION, "2", "logout", "logout", NULL, NULL));
    cr_assert_eq(database_integer("select count(*) from sessions where ended_at is null"), 2);
    db_result_free(
        STATEMENT_RUN(STATEMENT_SESSION_END, SESSION, "1", "logout", "logout", NULL, NULL));
    const char *ended = database_sql("select ended_at from sessions where id = '" SESSION "'");
    cr_assert_str_not_empty(ended);
    db_result_free(
        STATEMENT_RUN(STATEMENT_SESSION_END, SESSION, NULL, "replay", "replay", NULL, NULL));
    cr_assert_str_eq(database_sql("select ended_at from sessions where id = '" SESSION "'"), ended);
    db_result_free(
        STATEMENT_RUN(STATEMENT_SESSION_END, OTHER_SESSION, NULL, "replay", "replay", NULL, NULL));
    cr_assert_str_eq(database_sql("select string_agg(end_reason, ',' order by id) from sessions"),
                     "logout,replay");
    db_result_free(
        STATEMENT_RUN(STATEMENT_SESSION_END, NO_SESSION, NULL, "logout", "logout", NULL, NULL));
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
        /* what idles is kept until it has expired as well: no index is on last_used_at */
        { "last_used_at = now() - interval '1 year'", false },
        /* it came to an end long before somebody ended it */
        { "expires_at = now() - interval '31 days', ended_at = now()", false },
    };
    statement_create_user();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        statement_create_session(SESSION);
        statement_create_session(OTHER_SESSION);
        database_sql("update sessions set %s where id = '" SESSION "'", cases[i].arrange);
        struct db_result *result = statement_run(STATEMENT_SESSION_PURGE, NULL);
        cr_assert_eq(db_integer(result, 0, 0), cases[i].purged, "%s", cases[i].arrange);
        db_result_free(result);
        cr_assert_eq(
            database_integer("select count(*) from sessions where id = '" OTHER_SESSION "'"), 1,
            "%s", cases[i].arrange);
        database_sql("delete from sessions");
    }
}

Test(statements, purge_sessions_by_index_whatever_the_number_of_the_living)
{
    statement_create_user();
    database_sql("insert into sessions (id, user_id, expires_at) select gen_random_uuid(), 1,"
                 " now() + interval '30 days' from generate_series(1, 20000)");
    database_sql("analyze sessions");
    database_sql("create function scans(sql text) returns text language plpgsql as $$"
                 " declare line text; found text := '';"
                 " begin for line in execute 'explain (costs off) ' || sql loop"
                 " if line like '%%Scan%%' then found := found || line || E'\\n'; end if;"
                 " end loop; return found; end $$");
    const char *scans =
        database_sql("select scans($$%s$$)", statement_entry(STATEMENT_SESSION_PURGE)->sql);
    cr_assert(strstr(scans, " sessions_ended_at "), "%s", scans);
    cr_assert(strstr(scans, " sessions_expires_at "), "%s", scans);
    cr_assert_not(strstr(scans, "Seq Scan"), "%s", scans);
}

Test(statements, purge_a_thousand_at_a_time_and_pass_over_what_is_in_use)
{
    statement_create_user();
    database_sql("insert into sessions (id, user_id, expires_at) select gen_random_uuid(), 1,"
                 " now() - interval '31 days' from generate_series(1, 1500)");
    database_sql("begin; select * from sessions limit 1 for update");
    static const int removed[] = { 1000, 499, 0 };
    for (size_t i = 0; i < sizeof removed / sizeof removed[0]; i++) {
        struct db_result *result = statement_run(STATEMENT_SESSION_PURGE, NULL);
        cr_assert_eq(db_integer(result, 0, 0), removed[i], "call %zu", i + 1);
        db_result_free(result);
    }
    database_sql("commit");
}
