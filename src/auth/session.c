/* session - see session.h. */
#include "auth/session.h"
#include "auth/audit.h"
#include "auth/client.h"
#include "auth/email.h"
#include "auth/password.h"
#include "auth/refresh_token.h"
#include "auth/throttle.h"
#include "auth/uuid.h"
#include "base/log.h"
#include "base/metrics.h"
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { INTEGER_SIZE = 24 };

void token_pair_clear(struct token_pair *pair)
{
    secret_free(pair->access);
    secret_free(pair->refresh);
    *pair = (struct token_pair){ 0 };
}

static const char *write_integer(int64_t integer, char text[INTEGER_SIZE])
{
    snprintf(text, INTEGER_SIZE, "%" PRId64, integer);
    return text;
}

/* Tokens ----------------------------------------------------------------------------------------*/

/* Fills in what a statement says of the account. Names that are cut would be other names. */
static bool take_rights(const struct db_result *result, int roles, int permissions,
                        struct access_claims *claims)
{
    int role_size = snprintf(claims->roles, sizeof claims->roles, "%s", db_value(result, 0, roles));
    int scope_size =
        snprintf(claims->scope, sizeof claims->scope, "%s", db_value(result, 0, permissions));
    if (role_size < ACCESS_ROLES_SIZE && scope_size < ACCESS_SCOPE_SIZE)
        return true;
    LOG(LOG_LEVEL_ERROR, "rights_too_long", log_integer("user", claims->user_id));
    return false;
}

/* `left_s`: what the session has left of its absolute life. */
static enum error make_pair(const struct auth *auth, struct access_claims *claims,
                            uint32_t generation, int64_t left_s, struct token_pair *pair)
{
    struct refresh_token token = { .generation = generation };
    struct token_pair made = { 0 };
    memcpy(token.session_id, claims->session_id, sizeof token.session_id);
    enum error error = access_token_sign(claims, auth->keyset, auth->config, &made.access);
    if (error)
        return error;
    made.refresh = refresh_token_make(&token, auth->keyset);
    made.expires_in = claims->expires_at - claims->issued_at;
    made.refresh_expires_in =
        left_s < auth->config->refresh_idle_s ? left_s : auth->config->refresh_idle_s;
    if (!made.refresh) {
        token_pair_clear(&made);
        return ERROR_INTERNAL;
    }
    *pair = made;
    return ERROR_NONE;
}

/* Login -----------------------------------------------------------------------------------------*/

struct account {
    int64_t id;
    bool known;
    char hash[PASSWORD_HASH_SIZE];
};

/* An unknown account is no error here: it has to cost what a known one costs. So what can be
 * nobody's address is looked up too, as the key that no account has. */
static enum error find_account(struct auth *auth, const char *email, size_t size,
                               struct account *account)
{
    enum { ID, HASH };
    char key[EMAIL_KEY_SIZE];
    struct db_result *result = NULL;
    *account = (struct account){ 0 };
    if (!email_key(email, size, key))
        key[0] = '\0';
    const char *const values[] = { key };
    enum error error = db_run(auth->db, STATEMENT_USER_FOR_LOGIN, values, &result);
    if (!error && db_rows(result) > 0) {
        account->known = true;
        account->id = db_integer(result, 0, ID);
        snprintf(account->hash, sizeof account->hash, "%s", db_value(result, 0, HASH));
    }
    db_result_free(result);
    return error;
}

/* A version 4 UUID (RFC 9562 §5.4). */
static void write_session_id(char id[SESSION_ID_SIZE])
{
    unsigned char bytes[UUID_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    uuid_format(bytes, id);
}

static enum error take_opened(const struct db_result *result, struct access_claims *claims)
{
    enum { DISABLED, ROLES, PERMISSIONS };
    if (db_rows(result) == 0)
        return ERROR_INVALID_CREDENTIALS;
    if (db_boolean(result, 0, DISABLED))
        return ERROR_ACCOUNT_DISABLED;
    return take_rights(result, ROLES, PERMISSIONS, claims) ? ERROR_NONE : ERROR_INTERNAL;
}

/* The hash that was verified goes along, so that a password changed meanwhile opens nothing. */
static enum error open_session(struct auth *auth, const struct account *account, const char *rehash,
                               const struct client *client, struct access_claims *claims)
{
    char id[INTEGER_SIZE], lifetime[INTEGER_SIZE], user_agent[CLIENT_USER_AGENT_SIZE];
    struct db_result *result = NULL;
    write_session_id(claims->session_id);
    const char *const values[] = {
        claims->session_id,
        write_integer(account->id, id),
        write_integer(auth->config->refresh_lifetime_s, lifetime),
        client_address(client),
        client_user_agent(client, user_agent),
        *rehash ? rehash : NULL,
        account->hash,
        client->request_id,
    };
    enum error error = db_run(auth->db, STATEMENT_SESSION_CREATE, values, &result);
    if (!error)
        error = take_opened(result, claims);
    db_result_free(result);
    return error;
}

/* *verified tells a wrong password from a right one that was replaced before the session opened. */
static enum error try_login(struct auth *auth, const char *email, size_t size,
                            const struct secret *password, const struct client *client,
                            struct access_claims *claims, bool *verified)
{
    const struct password_cost cost = { auth->config->argon2_memory_kib,
                                        auth->config->argon2_passes };
    struct account account;
    char rehash[PASSWORD_HASH_SIZE];
    *verified = false;
    enum error error = find_account(auth, email, size, &account);
    claims->user_id = account.id;
    if (!error)
        error = password_verify(password, account.known ? account.hash : NULL, cost,
                                auth->hash_queue, rehash);
    if (!error) {
        *verified = true;
        error = open_session(auth, &account, rehash, client, claims);
        secret_wipe(rehash, sizeof rehash);
    }
    secret_wipe(&account, sizeof account);
    return error;
}

/* A failure that cannot be noted is not told either: nobody may guess unseen. */
static enum error note_failure(struct auth *auth, const struct access_claims *claims,
                               const struct client *client, enum error failure)
{
    const struct audit_event event = { .name = "login_failed",
                                       .user_id = claims->user_id,
                                       .detail = error_name(failure) };
    metrics_count(failure == ERROR_ACCOUNT_DISABLED ? METRIC_LOGINS_DISABLED : METRIC_LOGINS_WRONG);
    enum error error = audit_write(auth, &event, client);
    return error ? error : failure;
}

/* Where options changed, two logins at the same moment both bring a new hash, and the second finds
 * the one that it verified gone. Looking once more tells that from a password that was changed. */
static enum error log_in(struct auth *auth, const char *email, size_t email_size,
                         const struct secret *password, const struct client *client,
                         struct token_pair *pair)
{
    struct access_claims claims = { 0 };
    bool verified;
    enum error error = try_login(auth, email, email_size, password, client, &claims, &verified);
    if (error == ERROR_INVALID_CREDENTIALS && verified)
        error = try_login(auth, email, email_size, password, client, &claims, &verified);
    if (error == ERROR_INVALID_CREDENTIALS || error == ERROR_ACCOUNT_DISABLED)
        return note_failure(auth, &claims, client, error);
    if (!error)
        error = make_pair(auth, &claims, 0, auth->config->refresh_lifetime_s, pair);
    if (!error)
        metrics_count(METRIC_LOGINS);
    return error;
}

/* What is nobody's address has one bucket with all others of its kind. */
enum error session_login(struct auth *auth, const char *email, size_t email_size,
                         const struct secret *password, const struct client *client,
                         struct token_pair *pair)
{
    char key[EMAIL_KEY_SIZE];
    struct throttle_try attempt;
    if (!email_key(email, email_size, key))
        key[0] = '\0';
    enum error error = throttle_enter(auth, THROTTLE_LOGIN, key, client, &attempt);
    if (error)
        return error;
    error = log_in(auth, email, email_size, password, client, pair);
    throttle_leave(auth, &attempt, error);
    return error;
}

/* Refresh ---------------------------------------------------------------------------------------*/

/* What the option refresh_rotation means: how far the token's own generation retires itself, and
 * how far its successor is ahead. */
static const struct rotation {
    uint32_t retire, step;
} rotations[] = {
    [ROTATION_ON_USE] = { 0, 1 },
    [ROTATION_STRICT] = { 1, 1 },
    [ROTATION_OFF] = { 0, 0 },
};

/* Why a session ended, in its row and in the audit log. */
struct ending {
    const char *reason, *event;
};
static const struct ending logout = { "logout", "logout" },
                           revocation = { "revoked", "token_revoked" },
                           replay = { "replay", "refresh_replayed" };

static enum error end_session(struct auth *auth, const char *session_id, const char *user_id,
                              const struct ending *ending, const struct client *client)
{
    const char *const values[] = {
        session_id,         user_id, ending->reason, ending->event, client_address(client),
        client->request_id,
    };
    return db_run(auth->db, STATEMENT_SESSION_END, values, NULL);
}

/* Somebody else has this token or had it (RFC 9700 §4.14.2). Where the session cannot be ended the
 * client must not take the answer for final: the token returns, and this is seen again. */
static enum error end_replayed(struct auth *auth, const struct access_claims *claims,
                               const struct client *client)
{
    char id[INTEGER_SIZE];
    metrics_count(METRIC_REPLAYS);
    LOG(LOG_LEVEL_WARN, "refresh_replayed", log_text("session", claims->session_id),
        log_integer("user", claims->user_id), log_text("address", client_address(client)));
    enum error error =
        end_session(auth, claims->session_id, write_integer(claims->user_id, id), &replay, client);
    return error ? error : ERROR_INVALID_REFRESH_TOKEN;
}

/* One refresh token that is put to use. */
struct use {
    struct auth *auth;
    const struct client *client;
    const struct rotation *rotation;
    struct refresh_token token;
    struct access_claims claims;
    bool advanced;  /* the row's generation moved with it */
    int64_t left_s; /* of the session's absolute life */
};

/* Replay comes before the account's state, which is nothing for the finder of an old token. */
static enum error take_refreshed(struct use *use, const struct db_result *result)
{
    enum { USER_ID, ALIVE, DISABLED, GENERATION, ADVANCED, ROLES, PERMISSIONS, LEFT };
    struct access_claims *claims = &use->claims;
    if (db_rows(result) == 0 || !db_boolean(result, 0, ALIVE))
        return ERROR_INVALID_REFRESH_TOKEN;
    claims->user_id = db_integer(result, 0, USER_ID);
    memcpy(claims->session_id, use->token.session_id, sizeof claims->session_id);
    if (use->token.generation < db_integer(result, 0, GENERATION))
        return end_replayed(use->auth, claims, use->client);
    if (db_boolean(result, 0, DISABLED))
        return ERROR_ACCOUNT_DISABLED;
    use->advanced = db_boolean(result, 0, ADVANCED);
    use->left_s = db_integer(result, 0, LEFT);
    return take_rights(result, ROLES, PERMISSIONS, claims) ? ERROR_NONE : ERROR_INTERNAL;
}

/* The generation from which on tokens are accepted afterwards. Where there are no successors
 * nothing is retired, not even by one from before the option was changed. */
static int64_t least_accepted(const struct use *use)
{
    if (use->rotation->step == 0)
        return 0;
    return (int64_t)use->token.generation + use->rotation->retire;
}

static enum error advance(struct use *use)
{
    char presented[INTEGER_SIZE], least[INTEGER_SIZE], idle[INTEGER_SIZE];
    struct db_result *result = NULL;
    const char *const values[] = {
        use->token.session_id,
        write_integer(use->token.generation, presented),
        write_integer(least_accepted(use), least),
        write_integer(use->auth->config->refresh_idle_s, idle),
    };
    enum error error = db_run(use->auth->db, STATEMENT_SESSION_REFRESH, values, &result);
    if (!error)
        error = take_refreshed(use, result);
    db_result_free(result);
    return error;
}

/* A token that retires itself was used only where it moved the row. Where it did not, another use
 * came between the statement's look at the row and its change; a second look sees what that did. */
static enum error advance_once(struct use *use)
{
    enum error error = advance(use);
    if (error || use->advanced || !use->rotation->retire)
        return error;
    error = advance(use);
    if (error || use->advanced)
        return error;
    return ERROR_INVALID_REFRESH_TOKEN;
}

/* Costs no look at the database, and is limited so that it does not fill the log. Who has a token
 * of ours is not kept from using it by what else comes from the same address. */
static enum error refuse_forged(struct auth *auth, const struct client *client)
{
    struct throttle_try attempt;
    enum error error = throttle_enter(auth, THROTTLE_FORGED, NULL, client, &attempt);
    return error ? error : ERROR_INVALID_REFRESH_TOKEN;
}

static enum error advance_limited(struct use *use)
{
    struct throttle_try attempt;
    enum error error =
        throttle_enter(use->auth, THROTTLE_REFRESH, use->token.session_id, use->client, &attempt);
    if (error)
        return error;
    error = advance_once(use);
    throttle_leave(use->auth, &attempt, error);
    return error;
}

static enum error use_token(struct auth *auth, const struct secret *refresh,
                            const struct client *client, struct token_pair *pair)
{
    struct use use = { .auth = auth,
                       .client = client,
                       .rotation = &rotations[auth->config->refresh_rotation] };
    if (refresh_token_parse(refresh, auth->keyset, &use.token))
        return refuse_forged(auth, client);
    uint32_t successor = use.token.generation + use.rotation->step;
    if (successor >= REFRESH_GENERATION_MAX)
        return ERROR_INVALID_REFRESH_TOKEN;
    enum error error = advance_limited(&use);
    return error ? error : make_pair(auth, &use.claims, successor, use.left_s, pair);
}

enum error session_refresh(struct auth *auth, const struct secret *refresh,
                           const struct client *client, struct token_pair *pair)
{
    enum error error = use_token(auth, refresh, client, pair);
    if (!error)
        metrics_count(METRIC_REFRESHES);
    else if (error == ERROR_INVALID_REFRESH_TOKEN)
        metrics_count(METRIC_REFRESHES_INVALID);
    else if (error == ERROR_ACCOUNT_DISABLED)
        metrics_count(METRIC_REFRESHES_DISABLED);
    return error;
}

/* End -------------------------------------------------------------------------------------------*/

enum error session_logout_refresh(struct auth *auth, const struct secret *refresh,
                                  const struct client *client)
{
    struct refresh_token token;
    enum error error = refresh_token_parse(refresh, auth->keyset, &token);
    return error ? error : end_session(auth, token.session_id, NULL, &logout, client);
}

enum error session_logout_access(struct auth *auth, const struct access_claims *claims,
                                 const struct client *client)
{
    char id[INTEGER_SIZE];
    return end_session(auth, claims->session_id, write_integer(claims->user_id, id), &logout,
                       client);
}

enum error session_revoke(struct auth *auth, const struct secret *token,
                          const struct client *client)
{
    char id[INTEGER_SIZE];
    struct refresh_token refresh;
    struct access_claims claims;
    if (!refresh_token_parse(token, auth->keyset, &refresh))
        return end_session(auth, refresh.session_id, NULL, &revocation, client);
    if (access_token_verify(token, auth->keyset, auth->config, &claims))
        return ERROR_NONE;
    return end_session(auth, claims.session_id, write_integer(claims.user_id, id), &revocation,
                       client);
}

enum error session_purge(struct auth *auth, int64_t *removed)
{
    struct db_result *result = NULL;
    enum error error = db_run(auth->db, STATEMENT_SESSION_PURGE, NULL, &result);
    if (!error)
        *removed = db_integer(result, 0, 0);
    db_result_free(result);
    return error;
}
