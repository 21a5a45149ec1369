/* reset - see reset.h. */
#include "auth/reset.h"
#include "auth/client.h"
#include "auth/email.h"
#include "auth/password.h"
#include "auth/reset_code.h"
#include "auth/throttle.h"
#include "base/clock.h"
#include "base/log.h"
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { INTEGER_SIZE = 24, MACS_MAX = 64 * RESET_MAC_SIZE, GRAIN_US = 10000 };

static const char *write_integer(int64_t integer, char text[INTEGER_SIZE])
{
    snprintf(text, INTEGER_SIZE, "%" PRId64, integer);
    return text;
}

/* Waits until a whole number of grains has passed since the start. What the database has to write
 * where there is an account, and not where there is none, takes some tenths of a millisecond. */
static void fill_grain(int64_t started_us)
{
    int64_t left = GRAIN_US - (clock_monotonic_us() - started_us) % GRAIN_US;
    const struct timespec time = { .tv_nsec = (long)left * 1000 };
    nanosleep(&time, NULL);
}

/* What can be nobody's address is looked up too, as the key that no account has. */
static void write_key(const char *email, size_t size, char key[EMAIL_KEY_SIZE])
{
    if (!email_key(email, size, key))
        key[0] = '\0';
}

/* Request ---------------------------------------------------------------------------------------*/

struct outcome {
    bool found, disabled, queued;
};

static enum error run_request(struct auth *auth, const struct audit_actor *actor, const char *id,
                              const char *key, struct outcome *outcome)
{
    enum { FOUND, DISABLED, QUEUED };
    char actor_id[AUDIT_ID_SIZE], interval[INTEGER_SIZE];
    struct db_result *result = NULL;
    const char *values[AUDIT_ACTOR_VALUES + 3] = { NULL };
    audit_actor_values(actor, actor_id, values);
    values[AUDIT_ACTOR_VALUES] = id;
    values[AUDIT_ACTOR_VALUES + 1] = key;
    values[AUDIT_ACTOR_VALUES + 2] = write_integer(auth->config->reset_interval_s, interval);
    enum error error = db_run(auth->db, STATEMENT_RESET_REQUEST, values, &result);
    if (!error)
        *outcome = (struct outcome){ db_boolean(result, 0, FOUND), db_boolean(result, 0, DISABLED),
                                     db_boolean(result, 0, QUEUED) };
    db_result_free(result);
    return error;
}

enum error reset_request(struct auth *auth, const char *email, size_t email_size,
                         const struct client *client)
{
    char key[EMAIL_KEY_SIZE];
    struct outcome unsaid;
    const struct audit_actor nobody = { .client = client };
    int64_t started_us = clock_monotonic_us();
    struct throttle_try attempt;
    enum error error = throttle_enter(auth, THROTTLE_RESET, NULL, client, &attempt);
    if (error)
        return error;
    write_key(email, email_size, key);
    error = run_request(auth, &nobody, NULL, key, &unsaid);
    throttle_leave(auth, &attempt, error);
    fill_grain(started_us);
    return error;
}

enum error reset_request_for(struct auth *auth, int64_t user_id, const struct audit_actor *actor,
                             bool *queued)
{
    char id[INTEGER_SIZE];
    struct outcome outcome;
    enum error error = run_request(auth, actor, write_integer(user_id, id), NULL, &outcome);
    if (error)
        return error;
    if (!outcome.found)
        return ERROR_NOT_FOUND;
    if (outcome.disabled)
        return ERROR_ACCOUNT_DISABLED;
    *queued = outcome.queued;
    return ERROR_NONE;
}

/* Code ------------------------------------------------------------------------------------------*/

/* A code that somebody typed, as the database can look for it. */
struct attempt {
    struct auth *auth;
    const struct client *client;
    char key[EMAIL_KEY_SIZE];
    struct buffer macs;
    char most[INTEGER_SIZE];
};

static void begin(struct attempt *attempt, struct auth *auth, const char *email, size_t email_size,
                  const struct secret *code, const struct client *client)
{
    attempt->auth = auth;
    attempt->client = client;
    write_key(email, email_size, attempt->key);
    write_integer(auth->config->reset_attempts, attempt->most);
    buffer_init(&attempt->macs, MACS_MAX);
    reset_code_macs(code, attempt->key, auth->keyset, &attempt->macs);
}

static enum error run(struct auth *auth, enum statement statement, const char *const values[])
{
    struct db_result *result = NULL;
    enum error error = db_run(auth->db, statement, values, &result);
    if (!error && !db_boolean(result, 0, 0))
        error = ERROR_INVALID_OTP;
    db_result_free(result);
    return error;
}

static enum error try_code(const struct attempt *attempt)
{
    const char *const values[] = { attempt->key, attempt->macs.data, attempt->most,
                                   client_address(attempt->client), attempt->client->request_id };
    int64_t started_us = clock_monotonic_us();
    struct throttle_try limited;
    enum error error =
        throttle_enter(attempt->auth, THROTTLE_RESET, NULL, attempt->client, &limited);
    if (error)
        return error;
    error = run(attempt->auth, STATEMENT_RESET_TRY, values);
    throttle_leave(attempt->auth, &limited, error);
    fill_grain(started_us);
    return error;
}

static enum error set_password(const struct attempt *attempt, const char *hash)
{
    const char *const values[] = { attempt->key,
                                   attempt->macs.data,
                                   attempt->most,
                                   hash,
                                   client_address(attempt->client),
                                   attempt->client->request_id };
    return run(attempt->auth, STATEMENT_RESET_CONFIRM, values);
}

enum error reset_verify(struct auth *auth, const char *email, size_t email_size,
                        const struct secret *code, const struct client *client)
{
    struct attempt attempt;
    begin(&attempt, auth, email, email_size, code, client);
    enum error error = try_code(&attempt);
    buffer_clear(&attempt.macs);
    return error;
}

/* Who only guesses must not keep those who log in from hashing: the code comes first. */
enum error reset_confirm(struct auth *auth, const char *email, size_t email_size,
                         const struct secret *code, const struct secret *password,
                         const struct client *client)
{
    const struct password_cost cost = { auth->config->argon2_memory_kib,
                                        auth->config->argon2_passes };
    char hash[PASSWORD_HASH_SIZE];
    struct attempt attempt;
    begin(&attempt, auth, email, email_size, code, client);
    enum error error = try_code(&attempt);
    if (!error)
        error = password_hash(password, cost, auth->hash_queue, hash);
    if (!error) {
        error = set_password(&attempt, hash);
        secret_wipe(hash, sizeof hash);
    }
    buffer_clear(&attempt.macs);
    return error;
}

enum error reset_purge(struct auth *auth, int64_t *removed)
{
    struct db_result *result = NULL;
    enum error error = db_run(auth->db, STATEMENT_RESET_PURGE, NULL, &result);
    if (!error)
        *removed = db_integer(result, 0, 0);
    db_result_free(result);
    return error;
}
