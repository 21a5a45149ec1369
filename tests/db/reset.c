/* reset - what happens to codes for a new password when several want something at once, and how
 * long it takes. */
#include "auth/reset.h"
#include "auth/account.h"
#include "auth/outbox.h"
#include "base/clock.h"
#include "support/database.h"
#include "support/keys.h"
#include "support/person.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(reset, .init = person_start, .fini = person_finish);

#define WANTED "another horse"
#define WRONG  "0000-0000"

enum { RACERS = 6, GUESSERS = 50, GUESSES = 2 };

static enum error request(const char *email)
{
    return reset_request(&person_auth, email, strlen(email), &person_client);
}

static enum error verify(const char *email, const char *code)
{
    struct secret *secret = secret_new(code, strlen(code));
    enum error error = reset_verify(&person_auth, email, strlen(email), secret, &person_client);
    secret_free(secret);
    return error;
}

static enum error confirm(const char *code, const char *password)
{
    struct secret *secret = secret_new(code, strlen(code)),
                  *wanted = secret_new(password, strlen(password));
    enum error error = reset_confirm(&person_auth, PERSON_EMAIL, strlen(PERSON_EMAIL), secret,
                                     wanted, &person_client);
    secret_free(secret);
    secret_free(wanted);
    return error;
}

/* The letter, taken as by a housekeeper. */
static struct outbox_letter take(void)
{
    struct outbox_letter letter;
    bool taken = false;
    cr_assert_eq(outbox_take(&person_auth, &letter, &taken), ERROR_NONE);
    cr_assert(taken);
    return letter;
}

/* The code as the mail has it. */
static char code[16];

static void issue(const struct outbox_letter *letter)
{
    struct secret *made = NULL;
    cr_assert_eq(outbox_issue(&person_auth, letter, &made), ERROR_NONE);
    cr_assert_not_null(made);
    snprintf(code, sizeof code, "%s", secret_reveal(made));
    secret_free(made);
}

static void get_code(void)
{
    person_new();
    cr_assert_eq(request(PERSON_EMAIL), ERROR_NONE);
    struct outbox_letter letter = take();
    issue(&letter);
    cr_assert_eq(outbox_end(&person_auth, &letter, NULL), ERROR_NONE);
}

static int count_done(const int statuses[], int n)
{
    int done = 0;
    for (int i = 0; i < n; i++)
        done += statuses[i] == ERROR_NONE;
    return done;
}

/* Guesses ---------------------------------------------------------------------------------------*/

static int child_guesses(int number)
{
    int wrong = 0;
    (void)number;
    person_forked();
    for (int i = 0; i < GUESSES; i++)
        wrong += verify(PERSON_EMAIL, WRONG) == ERROR_INVALID_OTP;
    return wrong == GUESSES ? 0 : 1;
}

/* A guess is compared only where it finds an attempt left, and each takes one: so five. */
Test(reset, of_a_hundred_guesses_at_once_five_are_compared)
{
    int statuses[GUESSERS];
    get_code();
    cr_assert_eq(verify(PERSON_EMAIL, code), ERROR_NONE);
    database_fork(GUESSERS, child_guesses);
    database_join(GUESSERS, statuses);
    cr_assert_eq(count_done(statuses, GUESSERS), GUESSERS);
    cr_assert_eq(database_integer("select attempts from password_resets"), 5);
    cr_assert_eq(verify(PERSON_EMAIL, code), ERROR_INVALID_OTP);
    cr_assert_eq(confirm(code, WANTED), ERROR_INVALID_OTP);
    cr_assert_eq(database_integer("select count(*) from audit where event = 'password_reset_failed'"
                                  " and user_id is not null"),
                 GUESSERS * GUESSES + 2);
    database_sql("update password_resets set attempts = 4");
    cr_assert_eq(verify(PERSON_EMAIL, code), ERROR_NONE);
}

static int child_is_right(int number)
{
    person_forked();
    return (int)verify(PERSON_EMAIL, number % 2 ? code : WRONG);
}

/* The right one among guesses is no better off: it finds an attempt left, or it is too late. */
Test(reset, the_right_code_among_guesses_is_taken_only_while_an_attempt_is_left)
{
    int statuses[GUESSERS];
    get_code();
    database_fork(GUESSERS, child_is_right);
    database_join(GUESSERS, statuses);
    for (int i = 0; i < GUESSERS; i += 2)
        cr_assert_eq(statuses[i], ERROR_INVALID_OTP);
    cr_assert_eq(database_integer("select attempts from password_resets"), 5);
    cr_assert_eq(verify(PERSON_EMAIL, code), ERROR_INVALID_OTP);
}

/* Only who has the code may make the service hash. */
Test(reset, a_wrong_code_never_waits_for_the_hash_queue)
{
    get_code();
    person_fill_hash_queue();
    cr_assert_eq(confirm(WRONG, WANTED), ERROR_INVALID_OTP);
    cr_assert_eq(confirm(code, WANTED), ERROR_BUSY);
    person_let_go();
    cr_assert_eq(confirm(code, WANTED), ERROR_NONE);
}

/* Races -----------------------------------------------------------------------------------------*/

static int child_confirms(int number)
{
    char wanted[32];
    snprintf(wanted, sizeof wanted, "password number %d", number);
    person_forked();
    return (int)confirm(code, wanted);
}

Test(reset, of_confirmations_at_once_one_wins)
{
    int statuses[RACERS];
    struct token_pair pair = { 0 };
    get_code();
    database_fork(RACERS, child_confirms);
    database_join(RACERS, statuses);
    cr_assert_eq(count_done(statuses, RACERS), 1);
    for (int i = 0; i < RACERS; i++) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "password number %d", i);
        enum error error = person_log_in(PERSON_EMAIL, wanted, &pair);
        cr_assert_eq(error == ERROR_NONE, statuses[i] == ERROR_NONE, "%d: %s", i,
                     error_name((enum error)statuses[i]));
        token_pair_clear(&pair);
    }
    cr_assert_eq(database_integer("select count(*) from audit where event = 'password_reset'"), 1);
    cr_assert_eq(database_integer("select count(*) from password_resets"), 0);
}

static int child_requests(int number)
{
    (void)number;
    person_forked();
    return (int)request(PERSON_EMAIL);
}

Test(reset, of_requests_at_once_one_mail_comes)
{
    int statuses[GUESSERS];
    person_new();
    database_fork(GUESSERS, child_requests);
    database_join(GUESSERS, statuses);
    cr_assert_eq(count_done(statuses, GUESSERS), GUESSERS);
    cr_assert_eq(database_integer("select count(*) from mail_outbox"), 1);
    cr_assert_eq(
        database_integer("select count(*) from audit where event = 'password_reset_requested'"), 1);
}

/* What had begun when the password was changed, or the account disabled, comes to nothing. */
Test(reset, no_code_is_made_for_what_is_no_longer_wanted)
{
    static const char *const cases[] = {
        "select password_set(id, null, null, password) from users",
        "update users set disabled_at = now()",
        "update mail_outbox set attempts = attempts + 1", /* another housekeeper has it */
        "delete from mail_outbox",
    };
    person_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct secret *made = NULL;
        database_sql("update users set disabled_at = null");
        database_sql("delete from mail_outbox");
        cr_assert_eq(request(PERSON_EMAIL), ERROR_NONE);
        struct outbox_letter letter = take();
        database_sql("%s", cases[i]);
        cr_assert_eq(outbox_issue(&person_auth, &letter, &made), ERROR_NONE);
        cr_assert_null(made, "%s", cases[i]);
        cr_assert_eq(database_integer("select count(*) from password_resets"), 0);
    }
}

static struct outbox_letter raced;

static int child_issues(int number)
{
    struct secret *made = NULL;
    (void)number;
    person_forked();
    enum error error = outbox_issue(&person_auth, &raced, &made);
    secret_free(made);
    return (int)error;
}

/* The change holds the account's lock, and the code is made when it is over, or the reverse. */
Test(reset, no_code_outlives_a_change_of_the_password)
{
    int status;
    person_new();
    for (int i = 0; i < RACERS; i++) {
        database_sql("delete from password_resets");
        cr_assert_eq(request(PERSON_EMAIL), ERROR_NONE);
        raced = take();
        database_sql("begin");
        database_sql("select password_set(id, null, null, password) from users");
        database_fork(1, child_issues);
        usleep((useconds_t)i * 20000);
        database_sql("commit");
        database_join(1, &status);
        cr_assert_eq(status, ERROR_NONE);
        cr_assert_eq(database_integer("select count(*) from password_resets"), 0);
    }
}

static int child_takes(int number)
{
    struct outbox_letter letter;
    bool taken = false;
    (void)number;
    person_forked();
    enum error error = outbox_take(&person_auth, &letter, &taken);
    return error ? 2 : !taken;
}

Test(reset, a_letter_is_taken_by_one_until_it_is_due_again)
{
    int statuses[RACERS];
    person_new();
    cr_assert_eq(request(PERSON_EMAIL), ERROR_NONE);
    database_fork(RACERS, child_takes);
    database_join(RACERS, statuses);
    cr_assert_eq(count_done(statuses, RACERS), 1);
    for (int i = 0; i < RACERS; i++)
        cr_assert(statuses[i] <= 1);
    database_sql("update mail_outbox set due_at = now()");
    struct outbox_letter letter = take();
    cr_assert_eq(letter.attempts, 2);
    cr_assert_str_eq(database_sql("select due_at - now() between interval '100 seconds' and"
                                  " interval '120 seconds' from mail_outbox"),
                     "t");
    database_sql("update mail_outbox set due_at = now(), attempts = 1000");
    letter = take();
    cr_assert_str_eq(database_sql("select due_at - now() between interval '59 minutes' and"
                                  " interval '60 minutes' from mail_outbox"),
                     "t");
}

/* Keys ------------------------------------------------------------------------------------------*/

Test(reset, a_code_stays_good_when_the_key_changes_and_not_when_it_is_retired)
{
    get_code();
    keys_write(person_keys, "mac-2.MAC.signing.key", keys_hexadecimal(7));
    person_load_keys();
    cr_assert_eq(verify(PERSON_EMAIL, code), ERROR_NONE);
    keys_rename(person_keys, KEYS_MAC, "mac-1.MAC.retired.key");
    person_load_keys();
    cr_assert_eq(verify(PERSON_EMAIL, code), ERROR_INVALID_OTP);
}

/* Administrators --------------------------------------------------------------------------------*/

Test(reset, an_administrator_asks_for_it_by_the_account)
{
    char number[AUDIT_ID_SIZE];
    bool queued = false;
    int64_t id = person_new();
    const struct audit_actor actor = { .user_id = 4711, .client = &person_client };
    cr_assert_eq(reset_request_for(&person_auth, id, &actor, &queued), ERROR_NONE);
    cr_assert(queued);
    cr_assert_eq(reset_request_for(&person_auth, id, &actor, &queued), ERROR_NONE);
    cr_assert(!queued);
    snprintf(number, sizeof number, "%lld", (long long)id);
    cr_assert_str_eq(database_sql("select user_id from audit where actor_id = 4711"
                                  " and event = 'password_reset_requested'"),
                     number);
    cr_assert_eq(reset_request_for(&person_auth, id + 1, &actor, &queued), ERROR_NOT_FOUND);
    database_sql("update users set disabled_at = now()");
    cr_assert_eq(reset_request_for(&person_auth, id, &actor, &queued), ERROR_ACCOUNT_DISABLED);
}

Test(reset, codes_that_are_long_over_are_removed)
{
    int64_t removed = 0;
    get_code();
    database_sql("update password_resets set expires_at = now() - interval '23 hours'");
    cr_assert_eq(reset_purge(&person_auth, &removed), ERROR_NONE);
    cr_assert_eq(removed, 0);
    database_sql("update password_resets set expires_at = now() - interval '25 hours'");
    cr_assert_eq(reset_purge(&person_auth, &removed), ERROR_NONE);
    cr_assert_eq(removed, 1);
}

/* Time ------------------------------------------------------------------------------------------*/

enum { ROUNDS = 60 };

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int64_t median(int64_t list[ROUNDS])
{
    qsort(list, ROUNDS, sizeof list[0], compare);
    return list[ROUNDS / 2];
}

static int64_t measure(enum error (*run)(const char *email), const char *email, enum error expected)
{
    int64_t started = clock_monotonic_us();
    enum error error = run(email);
    cr_assert_eq(error, expected, "%s", error_name(error));
    return clock_monotonic_us() - started;
}

static enum error guess(const char *email)
{
    return verify(email, WRONG);
}

/* Each time as the first time: with nothing waiting, and all attempts left; and either behind the
 * same statement, which leaves the server busy for a moment. */
static void expect_alike(enum error (*run)(const char *email), enum error expected,
                         const char *again)
{
    int64_t known[ROUNDS], unknown[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        database_sql("%s", again);
        unknown[i] = measure(run, "eve@example.org", expected);
        database_sql("%s", again);
        known[i] = measure(run, PERSON_EMAIL, expected);
    }
    int64_t with = median(known), without = median(unknown);
    cr_assert(10 * with < 12 * without && 10 * without < 12 * with,
              "%lld us for an account, %lld us for none", (long long)with, (long long)without);
}

Test(reset, a_request_takes_as_long_for_an_account_as_for_none)
{
    person_new();
    expect_alike(request, ERROR_NONE, "delete from mail_outbox");
    cr_assert_eq(database_integer("select count(*) from mail_outbox"), 1);
}

Test(reset, a_wrong_code_takes_as_long_for_an_account_as_for_none)
{
    get_code();
    expect_alike(guess, ERROR_INVALID_OTP, "update password_resets set attempts = 0");
    cr_assert_eq(database_integer("select attempts from password_resets"), 1);
}
