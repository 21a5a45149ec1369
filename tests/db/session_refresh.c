/* What the statement that refreshes a session does, alone and when several run at once. */
#include "db/db.h"
#include "support/database.h"
#include "support/statement.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define USER_PERMISSIONS "profile:read profile:write"

TestSuite(session_refresh, .init = statement_start, .fini = statement_finish);

/* Refreshing ----------------------------------------------------------------------------------- */

/* The columns of a refresh. */
struct refreshed {
    bool found, alive, disabled, advanced;
    int64_t user, before;
};

static enum error try_refresh(struct db *by, const char *session, int presented, int set,
                              struct refreshed *refreshed)
{
    char numbers[2][16];
    struct db_result *result = NULL;
    snprintf(numbers[0], sizeof numbers[0], "%d", presented);
    snprintf(numbers[1], sizeof numbers[1], "%d", set);
    const char *values[] = { session, numbers[0], numbers[1], "1800" };
    enum error error = db_run(by, STATEMENT_SESSION_REFRESH, values, &result);
    if (error)
        return error;
    *refreshed = (struct refreshed){ .found = db_rows(result) == 1 };
    if (refreshed->found)
        *refreshed = (struct refreshed){ .found = true,
                                         .alive = db_boolean(result, 0, 1),
                                         .disabled = db_boolean(result, 0, 2),
                                         .advanced = db_boolean(result, 0, 4),
                                         .user = db_integer(result, 0, 0),
                                         .before = db_integer(result, 0, 3) };
    db_result_free(result);
    return ERROR_NONE;
}

static struct refreshed refresh_by(struct db *by, const char *session, int presented, int set)
{
    struct refreshed refreshed = { .found = false };
    enum error error = try_refresh(by, session, presented, set, &refreshed);
    cr_assert_eq(error, ERROR_NONE, "%s", error_name(error));
    return refreshed;
}

static struct refreshed refresh(int presented, int set)
{
    return refresh_by(statement_db, SESSION, presented, set);
}

/* The row's version: it changes with every write. */
static int64_t version(void)
{
    return database_integer("select xmin from sessions where id = '" SESSION "'");
}

Test(session_refresh, refresh_moves_the_generation_where_it_must)
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
    statement_create_user();
    statement_create_session(SESSION);
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

Test(session_refresh, refresh_tells_roles_and_permissions_as_they_are_now)
{
    statement_create_user();
    statement_create_session(SESSION);
    database_sql("insert into user_roles values (1, 'admin')");
    struct db_result *result = STATEMENT_RUN(STATEMENT_SESSION_REFRESH, SESSION, "0", "0", "1800");
    statement_expect(result, 5, "admin user", "roles");
    statement_expect(result, 6, USER_PERMISSIONS " tokens:introspect users:read users:write",
                     "permissions");
    db_result_free(result);
}

Test(session_refresh, refresh_of_what_is_over_says_so_and_writes_nothing)
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
    statement_create_user();
    statement_create_session(SESSION);
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

Test(session_refresh, refresh_knows_no_session_but_its_own)
{
    statement_create_user();
    statement_create_session(SESSION);
    statement_create_session(OTHER_SESSION);
    cr_assert_not(refresh_by(statement_db, NO_SESSION, 0, 0).found);
    cr_assert(refresh_by(statement_db, OTHER_SESSION, 5, 5).advanced);
    cr_assert_eq(database_integer("select generation from sessions where id = '" SESSION "'"), 0);
}

Test(session_refresh, refresh_notes_the_time_of_the_last_use_once_a_minute)
{
    statement_create_user();
    statement_create_session(SESSION);
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

Test(session_refresh, refresh_by_a_retired_token_writes_nothing_even_then)
{
    statement_create_user();
    statement_create_session(SESSION);
    database_sql("update sessions set generation = 3, last_used_at = now() - interval '61 s'");
    int64_t before = version();
    cr_assert_not(refresh(2, 2).advanced, "on use");
    cr_assert_eq(version(), before, "on use");
    cr_assert_not(refresh(2, 3).advanced, "strict");
    cr_assert_eq(version(), before, "strict");
    cr_assert(refresh(3, 3).alive);
    cr_assert_neq(version(), before, "a token that is accepted");
}

Test(session_refresh, refresh_touches_no_index)
{
    statement_create_user();
    statement_create_session(SESSION);
    for (int i = 1; i <= 20; i++)
        cr_assert(refresh(i, i).advanced);
    db_free(statement_db); /* what a backend counted is seen when it ends */
    statement_db = NULL;
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
    enum error error = try_refresh(own, SESSION, plan->presented, plan->set, &plan->refreshed);
    db_free(own);
    return (int)error;
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
    statement_start();
    plans =
        mmap(NULL, 64 * sizeof *plans, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(plans, MAP_FAILED);
    statement_create_user();
    statement_create_session(SESSION);
    database_sql("update sessions set generation = 3, last_used_at = now() - interval '2 min'");
}

TestSuite(race, .init = start_race, .fini = statement_finish);

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

/* A server of its own -------------------------------------------------------------------------- */

/* With a standby demanded that does not exist, what commits synchronously waits for ever; what does
 * not, does not. */
Test(session_refresh_alone, refresh_commits_asynchronously_and_an_end_does_not,
     .init = database_create_with_server, .fini = database_drop, .timeout = 60)
{
    const struct db_options options = { .conninfo = database_conninfo(DATABASE_WORKER),
                                        .timeout_ms = 1000,
                                        .prepare = true,
                                        .application_name = "test" };
    statement_db = db_new(&options);
    statement_create_user();
    statement_create_session(SESSION);
    statement_create_session(OTHER_SESSION);
    database_sql("set synchronous_commit = local");
    database_sql("alter system set synchronous_standby_names = 'nobody'");
    database_sql("select pg_reload_conf()");
    database_await("select current_setting('synchronous_standby_names') = 'nobody'");
    const char *values[] = { OTHER_SESSION, NULL, "logout", "logout", NULL, NULL };
    enum error error = ERROR_NONE;
    for (int i = 0; i < 500 && !error; i++) { /* the server needs a moment to hear of it */
        database_sql("update sessions set ended_at = null where id = '" OTHER_SESSION "'");
        error = db_run(statement_db, STATEMENT_SESSION_END, values, NULL);
    }
    cr_assert_eq(error, ERROR_UNAVAILABLE);
    cr_assert(refresh(1, 1).advanced);
    cr_assert(refresh(2, 3).advanced);
    cr_assert_eq(database_integer("select generation from sessions where id = '" SESSION "'"), 3);
    db_free(statement_db);
}
