/* account - what happens when a password changes, or an account ends, while something else does. */
#include "auth/account.h"
#include "support/database.h"
#include "support/person.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(account, .init = person_start, .fini = person_finish);

enum { RACERS = 6 };

static struct access_claims claims;

static enum error change(const char *current, const char *wanted)
{
    struct secret *old = secret_new(current, strlen(current)),
                  *new = secret_new(wanted, strlen(wanted));
    enum error error = account_change_password(&person_auth, &claims, old, new, &person_client);
    secret_free(old);
    secret_free(new);
    return error;
}

static struct token_pair start(void)
{
    person_new();
    struct token_pair pair = person_session();
    claims = person_claims(&pair);
    return pair;
}

static int child_changes(int number)
{
    char wanted[32];
    snprintf(wanted, sizeof wanted, "password number %d", number);
    person_forked();
    return (int)change(PERSON_PASSWORD, wanted);
}

Test(account, of_passwords_that_change_at_once_one_wins)
{
    int statuses[RACERS], done = 0;
    struct token_pair pair = start(), unused;
    person_config.hash_timeout_ms = 20000;
    database_fork(RACERS, child_changes);
    database_join(RACERS, statuses);
    for (int i = 0; i < RACERS; i++) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "password number %d", i);
        enum error error = person_log_in(PERSON_EMAIL, wanted, &unused);
        cr_assert_eq(error == ERROR_NONE, statuses[i] == ERROR_NONE, "%d: %s", i,
                     error_name((enum error)statuses[i]));
        done += statuses[i] == ERROR_NONE;
        if (!error)
            token_pair_clear(&unused);
    }
    cr_assert_eq(done, 1);
    token_pair_clear(&pair);
}

static int child_logs_in(int number)
{
    struct token_pair pair;
    (void)number;
    person_forked();
    return (int)person_log_in(PERSON_EMAIL, PERSON_PASSWORD, &pair);
}

/* The login waits for the lock of the change, or the change for the login's. */
Test(account, no_session_of_the_old_password_outlives_its_change)
{
    int statuses[RACERS];
    struct token_pair pair = start();
    database_fork(RACERS, child_logs_in);
    cr_assert_eq(change(PERSON_PASSWORD, "another horse"), ERROR_NONE);
    database_join(RACERS, statuses);
    cr_assert_eq(database_integer("select count(*) from sessions where ended_at is null"), 1);
    cr_assert(person_is_live(&pair));
    token_pair_clear(&pair);
}

static int child_changes_alone(int number)
{
    (void)number;
    person_forked();
    return (int)change(PERSON_PASSWORD, "another horse");
}

/* A login that had the account's lock first: the change waits for it, and ends what it opened. */
Test(account, a_session_that_opens_while_the_change_waits_ends_with_it)
{
    int status;
    char message[256];
    struct token_pair pair = start();
    struct db *login = database_open(DATABASE_SUPERUSER);
    cr_assert_eq(db_script(login,
                           "begin; select from users for no key update;"
                           " insert into sessions (id, user_id, expires_at) select"
                           " gen_random_uuid(), id, now() + interval '1 day' from users",
                           5000, message, sizeof message),
                 ERROR_NONE, "%s", message);
    database_fork(1, child_changes_alone);
    database_await("select count(*) > 0 from pg_stat_activity where wait_event_type = 'Lock'");
    cr_assert_eq(db_script(login, "commit", 5000, message, sizeof message), ERROR_NONE);
    database_join(1, &status);
    cr_assert_eq(status, ERROR_NONE, "%s", error_name((enum error)status));
    cr_assert_eq(database_integer("select count(*) from sessions where ended_at is null"), 1);
    cr_assert(person_is_live(&pair));
    db_free(login);
    token_pair_clear(&pair);
}

Test(account, is_not_deleted_by_another_accounts_session)
{
    struct token_pair pair = start();
    struct secret *password = secret_new(PERSON_PASSWORD, strlen(PERSON_PASSWORD));
    person_sign_up("bob@example.org", PERSON_PASSWORD);
    claims.user_id++;
    cr_assert_eq(account_delete(&person_auth, &claims, password, &person_client),
                 ERROR_INVALID_TOKEN);
    claims.user_id--;
    cr_assert_eq(account_delete(&person_auth, &claims, password, &person_client), ERROR_NONE);
    cr_assert_str_eq(database_sql("select string_agg(email, ' ') from users"), "bob@example.org");
    secret_free(password);
    token_pair_clear(&pair);
}

Test(account, costs_no_login_when_a_login_meanwhile_brought_a_new_hash)
{
    struct token_pair pair = start();
    person_config.argon2_passes++;
    struct token_pair other = person_session();
    cr_assert_eq(change(PERSON_PASSWORD, "another horse"), ERROR_NONE);
    cr_assert(person_is_live(&pair));
    cr_assert_not(person_is_live(&other));
    token_pair_clear(&pair);
    token_pair_clear(&other);
}
