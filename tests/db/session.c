/* session - refresh tokens against a real database (contract: Refresh tokens). */
#include "support/database.h"
#include "support/person.h"
#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>

TestSuite(session, .init = person_start, .fini = person_finish);

static void clear(struct token_pair pairs[], int count)
{
    for (int i = 0; i < count; i++)
        token_pair_clear(&pairs[i]);
}

/* On use ----------------------------------------------------------------------------------------*/

Test(session, refresh_gives_a_new_access_token_and_the_successor)
{
    int64_t id = person_new();
    struct token_pair pairs[2] = { person_session() };
    pairs[1] = person_next(&pairs[0]);
    struct access_claims before = person_claims(&pairs[0]), after = person_claims(&pairs[1]);
    cr_assert_str_eq(after.session_id, before.session_id);
    cr_assert_eq(after.user_id, id);
    cr_assert_str_eq(after.roles, "user");
    cr_assert_str_eq(after.scope, "profile:read profile:write");
    cr_assert_not(secret_equal(pairs[0].refresh, pairs[1].refresh));
    cr_assert_not(secret_equal(pairs[0].access, pairs[1].access));
    cr_assert_eq(pairs[1].expires_in, after.expires_at - after.issued_at);
    cr_assert_gt(pairs[1].expires_in, 0);
    clear(pairs, 2);
}

Test(session, goes_on_for_ever_for_a_client_that_keeps_its_first_token)
{
    person_new();
    struct token_pair first = person_session(), successor = person_next(&first);
    for (int i = 0; i < 20; i++) {
        struct token_pair next = person_next(&first);
        cr_assert(secret_equal(next.refresh, successor.refresh));
        token_pair_clear(&next);
    }
    cr_assert_eq(database_integer("select generation from sessions"), 0);
    token_pair_clear(&first);
    token_pair_clear(&successor);
}

Test(session, retry_after_a_lost_answer_gets_the_same_successor)
{
    person_new();
    struct token_pair pairs[4] = { person_session() };
    pairs[1] = person_next(&pairs[0]);
    pairs[2] = person_next(&pairs[0]);
    cr_assert(secret_equal(pairs[1].refresh, pairs[2].refresh));
    pairs[3] = person_next(&pairs[2]);
    clear(pairs, 4);
}

Test(session, ends_when_a_retired_token_returns)
{
    person_new();
    struct token_pair pairs[3] = { person_session() }, other = person_session();
    pairs[1] = person_next(&pairs[0]);
    pairs[2] = person_next(&pairs[1]);
    cr_assert_eq(person_try_refresh(&pairs[2]), ERROR_NONE);
    database_log_catch();
    person_expect_refused(&pairs[0], "the replay");
    struct access_claims claims = person_claims(&pairs[0]);
    cr_assert(strstr(database_log(), "level=warn event=refresh_replayed"), "%s", database_log());
    cr_assert(strstr(database_log(), claims.session_id), "%s", database_log());
    cr_assert(strstr(database_log(), "user=1"), "%s", database_log());
    cr_assert_not(strstr(database_log(), "therappai_rt_"), "%s", database_log());
    for (int i = 0; i < 3; i++)
        person_expect_refused(&pairs[i], "the session is over");
    cr_assert_not(person_is_live(&pairs[2]));
    cr_assert_str_eq(person_end_reason(), "replay");
    cr_assert_eq(person_try_refresh(&other), ERROR_NONE, "another session of the account");
    clear(pairs, 3);
    token_pair_clear(&other);
}

/* That a token was handed out retires nothing: only its use does. */
Test(session, keeps_a_token_until_its_successor_is_used)
{
    person_new();
    struct token_pair pairs[2] = { person_session() };
    pairs[1] = person_next(&pairs[0]);
    cr_assert_eq(person_try_refresh(&pairs[0]), ERROR_NONE);
    cr_assert_eq(person_try_refresh(&pairs[1]), ERROR_NONE);
    cr_assert_eq(person_try_refresh(&pairs[1]), ERROR_NONE);
    person_expect_refused(&pairs[0], "retired");
    clear(pairs, 2);
}

Test(session, catches_up_with_a_token_ahead_of_its_row)
{
    person_new();
    struct token_pair first = person_session(), fifth = person_generation(&first, 5), next;
    next = person_next(&fifth);
    cr_assert_eq(database_integer("select generation from sessions"), 5);
    struct token_pair sixth = person_generation(&first, 6);
    cr_assert(secret_equal(next.refresh, sixth.refresh));
    person_expect_refused(&first, "retired, now that the row has caught up");
    cr_assert_str_eq(person_end_reason(), "replay");
    token_pair_clear(&first);
    token_pair_clear(&fifth);
    token_pair_clear(&sixth);
    token_pair_clear(&next);
}

/* The row, as a crash leaves it that lost the commits: the client goes on, and its replayed tokens
 * are still found. */
Test(session, survives_the_loss_of_its_last_commits)
{
    person_new();
    struct token_pair pairs[4] = { person_session() };
    for (int i = 1; i < 4; i++)
        pairs[i] = person_next(&pairs[i - 1]);
    database_sql("update sessions set generation = 0");
    struct token_pair again = person_next(&pairs[2]);
    cr_assert(secret_equal(again.refresh, pairs[3].refresh));
    person_expect_refused(&pairs[0], "retired again");
    token_pair_clear(&again);
    clear(pairs, 4);
}

Test(session, has_no_generation_past_the_last)
{
    person_new();
    struct token_pair first = person_session(), good = person_generation(&first, 0x7ffffffc),
                      last = person_generation(&first, 0x7ffffffd), next;
    person_expect_refused(&last, "it has no successor");
    cr_assert_eq(database_integer("select generation from sessions"), 0);
    next = person_next(&good);
    cr_assert(secret_equal(next.refresh, last.refresh));
    token_pair_clear(&first);
    token_pair_clear(&good);
    token_pair_clear(&last);
    token_pair_clear(&next);
}

/* Races -----------------------------------------------------------------------------------------*/

enum { RACERS = 20, TOKEN_SIZE = 128 };

static struct token_pair raced;
static char (*answers)[TOKEN_SIZE]; /* shared */

static int refresh_apart(int number)
{
    struct token_pair next = { 0 };
    person_forked();
    enum error error = person_refresh(&raced, &next);
    if (!error)
        snprintf(answers[number], TOKEN_SIZE, "%s", secret_reveal(next.refresh));
    token_pair_clear(&next);
    return (int)error;
}

static void race(int statuses[RACERS])
{
    size_t size = sizeof(char[RACERS][TOKEN_SIZE]);
    answers = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(answers != MAP_FAILED);
    database_fork(RACERS, refresh_apart);
    database_join(RACERS, statuses);
}

Test(session, twenty_refreshes_at_once_all_get_the_same_successor)
{
    int statuses[RACERS];
    person_new();
    raced = person_session();
    for (int round = 0; round < 3; round++) {
        race(statuses);
        for (int i = 0; i < RACERS; i++) {
            cr_assert_eq(statuses[i], ERROR_NONE, "%s", error_name((enum error)statuses[i]));
            cr_assert_str_eq(answers[i], answers[0]);
        }
        token_pair_clear(&raced);
        raced.refresh = secret_new(answers[0], strlen(answers[0]));
    }
    cr_assert_eq(database_integer("select generation from sessions"), 2);
    cr_assert_str_eq(person_end_reason(), "lives");
    token_pair_clear(&raced);
}

Test(session, strict_lets_one_of_twenty_at_once_through_and_ends)
{
    int statuses[RACERS], succeeded = 0;
    person_config.refresh_rotation = ROTATION_STRICT;
    person_new();
    raced = person_session();
    race(statuses);
    for (int i = 0; i < RACERS; i++) {
        succeeded += statuses[i] == ERROR_NONE;
        cr_assert(statuses[i] == ERROR_NONE || statuses[i] == ERROR_INVALID_REFRESH_TOKEN, "%s",
                  error_name((enum error)statuses[i]));
    }
    cr_assert_eq(succeeded, 1);
    cr_assert_str_eq(person_end_reason(), "replay");
    token_pair_clear(&raced);
}

static int try_apart(int number)
{
    (void)number;
    person_forked();
    return (int)person_try_refresh(&raced);
}

/* A connection that holds what the SQL locked, until it is freed. */
static struct db *hold(const char *sql)
{
    char message[256];
    struct db *db = database_open(DATABASE_SUPERUSER);
    cr_assert_eq(db_script(db, sql, 5000, message, sizeof message), ERROR_NONE, "%s", message);
    return db;
}

/* Both look at the row before either moves it: the lock holds the first in its update, and the
 * second behind it. */
Test(session, strict_sees_a_replay_that_came_between_look_and_change)
{
    int statuses[2];
    person_config.refresh_rotation = ROTATION_STRICT;
    person_new();
    raced = person_session();
    struct db *holder = hold("begin; select from sessions for update");
    database_fork(2, try_apart);
    database_await("select count(*) = 2 from pg_stat_activity where wait_event_type = 'Lock'"
                   " and datname = current_database()");
    db_free(holder);
    database_join(2, statuses);
    cr_assert_eq(statuses[0] + statuses[1], ERROR_INVALID_REFRESH_TOKEN, "one of each");
    cr_assert_str_eq(person_end_reason(), "replay");
    token_pair_clear(&raced);
}

/* Strict, off -----------------------------------------------------------------------------------*/

Test(session, strict_lets_a_token_be_used_once)
{
    person_config.refresh_rotation = ROTATION_STRICT;
    person_new();
    struct token_pair pairs[3] = { person_session() };
    pairs[1] = person_next(&pairs[0]);
    pairs[2] = person_next(&pairs[1]);
    cr_assert(person_is_live(&pairs[2]));
    person_expect_refused(&pairs[1], "used before");
    person_expect_refused(&pairs[2], "the session is over");
    cr_assert_str_eq(person_end_reason(), "replay");
    clear(pairs, 3);
}

Test(session, strict_catches_up_with_a_token_ahead_of_its_row)
{
    person_config.refresh_rotation = ROTATION_STRICT;
    person_new();
    struct token_pair first = person_session(), fifth = person_generation(&first, 5);
    cr_assert_eq(person_try_refresh(&fifth), ERROR_NONE);
    cr_assert_eq(database_integer("select generation from sessions"), 6);
    person_expect_refused(&fifth, "used before");
    token_pair_clear(&first);
    token_pair_clear(&fifth);
}

Test(session, off_gives_the_same_token_again)
{
    person_config.refresh_rotation = ROTATION_OFF;
    person_new();
    struct token_pair first = person_session();
    for (int i = 0; i < 5; i++) {
        struct token_pair next = person_next(&first);
        cr_assert(secret_equal(next.refresh, first.refresh));
        cr_assert_not(secret_equal(next.access, first.access));
        token_pair_clear(&next);
    }
    cr_assert_eq(database_integer("select generation from sessions"), 0);
    token_pair_clear(&first);
}

Test(session, off_forgets_no_token_that_was_retired_before)
{
    person_new();
    struct token_pair pairs[2] = { person_session() };
    pairs[1] = person_next(&pairs[0]);
    cr_assert_eq(person_try_refresh(&pairs[1]), ERROR_NONE);
    person_config.refresh_rotation = ROTATION_OFF;
    cr_assert_eq(person_try_refresh(&pairs[1]), ERROR_NONE);
    person_expect_refused(&pairs[0], "retired while on-use");
    person_expect_refused(&pairs[1], "the session is over");
    clear(pairs, 2);
}
