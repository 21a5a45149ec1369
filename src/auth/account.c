/* account - see account.h. */
#include "auth/account.h"
#include "auth/audit.h"
#include "auth/client.h"
#include "auth/password.h"
#include "auth/picture.h"
#include "auth/throttle.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metrics.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { INTEGER_SIZE = 24 };

/* The owner, who has shown the token and is to show the password. */
struct owner {
    const struct access_claims *claims;
    const struct client *client;
    char id[INTEGER_SIZE];
    char hash[PASSWORD_HASH_SIZE]; /* that was verified */
};

static struct password_cost cost_of(const struct auth *auth)
{
    return (struct password_cost){ auth->config->argon2_memory_kib, auth->config->argon2_passes };
}

static enum error read_hash(struct auth *auth, struct owner *owner)
{
    enum { DISABLED, HASH };
    struct db_result *result = NULL;
    const char *const values[] = { owner->id, owner->claims->session_id };
    enum error error = db_run(auth->db, STATEMENT_PASSWORD_READ, values, &result);
    if (!error && db_rows(result) == 0)
        error = ERROR_INVALID_TOKEN;
    if (!error && db_boolean(result, 0, DISABLED))
        error = ERROR_ACCOUNT_DISABLED;
    if (!error)
        snprintf(owner->hash, sizeof owner->hash, "%s", db_value(result, 0, HASH));
    db_result_free(result);
    return error;
}

/* Who has a stolen token may guess here too: so a failure is noted, or not told. */
static enum error verify_and_note(struct auth *auth, struct owner *owner,
                                  const struct secret *password)
{
    char rehash[PASSWORD_HASH_SIZE];
    enum error error =
        password_verify(password, owner->hash, cost_of(auth), auth->hash_queue, rehash);
    secret_wipe(rehash, sizeof rehash);
    if (error != ERROR_INVALID_CREDENTIALS)
        return error;
    metrics_count(METRIC_PASSWORDS_WRONG);
    const struct audit_event event = { .name = "password_wrong",
                                       .user_id = owner->claims->user_id,
                                       .actor_id = owner->claims->user_id,
                                       .session_id = owner->claims->session_id };
    enum error unnoted = audit_write(auth, &event, owner->client);
    return unnoted ? unnoted : error;
}

static enum error verify(struct auth *auth, struct owner *owner, const struct secret *password)
{
    struct throttle_try attempt;
    enum error error = throttle_enter(auth, THROTTLE_PASSWORD, owner->id, owner->client, &attempt);
    if (error)
        return error;
    error = verify_and_note(auth, owner, password);
    throttle_leave(auth, &attempt, error);
    return error;
}

/* The hash that was verified goes along: `done` is 0 where it is no longer the account's. */
static enum error run_verified(struct auth *auth, const struct owner *owner,
                               enum statement statement, const char *hash, int64_t *done)
{
    enum { PICTURE = 1 };
    struct db_result *result = NULL;
    const char *const values[] = { owner->id,
                                   owner->claims->session_id,
                                   owner->hash,
                                   client_address(owner->client),
                                   owner->client->request_id,
                                   hash };
    enum error error = db_run(auth->db, statement, values, &result);
    if (!error)
        *done = db_integer(result, 0, 0);
    if (!error && statement == STATEMENT_ACCOUNT_DELETE && db_value(result, 0, PICTURE))
        picture_remove(auth->config, db_value(result, 0, PICTURE));
    db_result_free(result);
    return error;
}

/* Verifies, hashes the password that is wanted (NULL: none), and runs. A login meanwhile may have
 * replaced the hash by one of another cost, which is no other password: so once more. */
static enum error with_password(struct auth *auth, const struct access_claims *claims,
                                const struct client *client, const struct secret *password,
                                enum statement statement, const struct secret *wanted)
{
    struct owner owner = { .claims = claims, .client = client };
    char hash[PASSWORD_HASH_SIZE] = "";
    enum error error = ERROR_NONE;
    int64_t done = 0;
    snprintf(owner.id, sizeof owner.id, "%" PRId64, claims->user_id);
    for (int tries = 0; tries < 2 && !error && !done; tries++) {
        error = read_hash(auth, &owner);
        if (!error)
            error = verify(auth, &owner, password);
        if (!error && wanted && !*hash)
            error = password_hash(wanted, cost_of(auth), auth->hash_queue, hash);
        if (!error)
            error = run_verified(auth, &owner, statement, hash, &done);
    }
    secret_wipe(&owner, sizeof owner);
    secret_wipe(hash, sizeof hash);
    return !error && !done ? ERROR_INVALID_CREDENTIALS : error;
}

enum error account_change_password(struct auth *auth, const struct access_claims *claims,
                                   const struct secret *current, const struct secret *wanted,
                                   const struct client *client)
{
    return with_password(auth, claims, client, current, STATEMENT_PASSWORD_CHANGE, wanted);
}

enum error account_delete(struct auth *auth, const struct access_claims *claims,
                          const struct secret *password, const struct client *client)
{
    enum error error =
        with_password(auth, claims, client, password, STATEMENT_ACCOUNT_DELETE, NULL);
    if (!error)
        LOG(LOG_LEVEL_INFO, "account_deleted", log_integer("user", claims->user_id));
    return error;
}

/* History ---------------------------------------------------------------------------------------*/

void account_history_clear(struct account_history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        free(history->events[i].name);
        free(history->events[i].at);
        free(history->events[i].address);
    }
    free(history->events);
    free(history->created);
    *history = (struct account_history){ 0 };
}

static void take_history(const struct db_result *result, struct account_history *history)
{
    enum { DISABLED, CREATED, EVENT, AT, ADDRESS };
    int rows = db_rows(result);
    history->created = memory_text(db_value(result, 0, CREATED));
    history->events = memory_new((size_t)rows * sizeof history->events[0]);
    for (int row = 0; row < rows && db_value(result, row, EVENT); row++)
        history->events[history->count++] = (struct account_event){
            .name = memory_text(db_value(result, row, EVENT)),
            .at = memory_text(db_value(result, row, AT)),
            .address = memory_text(db_value(result, row, ADDRESS)),
        };
}

enum error account_read_history(struct auth *auth, const struct access_claims *claims,
                                struct account_history *history)
{
    char id[INTEGER_SIZE];
    struct db_result *result = NULL;
    snprintf(id, sizeof id, "%" PRId64, claims->user_id);
    const char *const values[] = { id, claims->session_id };
    enum error error = db_run(auth->db, STATEMENT_ACCOUNT_HISTORY, values, &result);
    if (!error && db_rows(result) == 0)
        error = ERROR_INVALID_TOKEN;
    if (!error && db_boolean(result, 0, 0))
        error = ERROR_ACCOUNT_DISABLED;
    if (!error)
        take_history(result, history);
    db_result_free(result);
    return error;
}
