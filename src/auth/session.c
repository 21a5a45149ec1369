/* session - see session.h. */
#include "auth/session.h"
#include "auth/email.h"
#include "auth/password.h"
#include "auth/refresh_token.h"
#include "auth/uuid.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { NUMBER_SIZE = 24, USER_AGENT_SIZE = 512 };

void token_pair_clear(struct token_pair *pair)
{
    secret_free(pair->access);
    secret_free(pair->refresh);
    *pair = (struct token_pair){ 0 };
}

static void print_number(int64_t number, char text[NUMBER_SIZE])
{
    snprintf(text, NUMBER_SIZE, "%lld", (long long)number);
}

/* Roles and permissions go into the token whole or not at all: one that was cut could say something
 * else. */
static bool copy_names(char *to, size_t size, const char *names)
{
    int length = snprintf(to, size, "%s", names ? names : "");
    return length >= 0 && (size_t)length < size;
}

/* Signs both tokens. */
static enum error issue(const struct auth *auth, struct access_claims *claims,
                        const struct refresh_token *refresh, struct token_pair *pair)
{
    struct token_pair made = { 0 };
    enum error error = access_token_sign(claims, auth->keyset, auth->config, &made.access);
    if (!error && !(made.refresh = refresh_token_make(refresh, auth->keyset)))
        error = ERROR_INTERNAL;
    if (error) {
        token_pair_clear(&made);
        return error;
    }
    made.expires_in = claims->expires_at - clock_now();
    *pair = made;
    return ERROR_NONE;
}

/* Login ---------------------------------------------------------------------------------------- */

/* What is known of the account that somebody wants to log in to. Unknown: password is NULL. */
struct account {
    int64_t id;
    char *password;
};

static void account_clear(struct account *account)
{
    if (account->password)
        secret_wipe(account->password, strlen(account->password));
    free(account->password);
    *account = (struct account){ 0 };
}

/* An address that can be nobody's is looked up all the same, so that it takes no less time. */
static enum error find_account(struct auth *auth, const char *email, size_t size,
                               struct account *account)
{
    char key[EMAIL_KEY_SIZE] = "";
    struct db_result *result = NULL;
    if (!email_key(email, size, key))
        key[0] = '\0';
    const char *values[] = { key };
    enum error error = db_run(auth->db, STATEMENT_USER_FOR_LOGIN, values, &result);
    if (!error && db_rows(result) == 1) {
        account->id = db_integer(result, 0, 0);
        account->password = memory_text(db_value(result, 0, 1));
    }
    db_result_free(result);
    return error;
}

/* PostgreSQL refuses what is no UTF-8, and a client chooses this text: it is cut there, and at 512
 * bytes. */
static const char *clean_user_agent(const char *text, char clean[USER_AGENT_SIZE])
{
    size_t used = 0, size = text ? strlen(text) : 0;
    while (used < size) {
        utf8proc_int32_t point;
        utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text + used,
                                                   (utf8proc_ssize_t)(size - used), &point);
        if (length <= 0 || used + (size_t)length >= USER_AGENT_SIZE)
            break;
        memcpy(clean + used, text + used, (size_t)length);
        used += (size_t)length;
    }
    clean[used] = '\0';
    return used ? clean : NULL;
}

static const char *clean_address(const char *address)
{
    unsigned char parsed[16];
    if (!address ||
        (inet_pton(AF_INET, address, parsed) != 1 && inet_pton(AF_INET6, address, parsed) != 1))
        return NULL;
    return address;
}

static void new_session_id(char id[SESSION_ID_SIZE])
{
    unsigned char bytes[UUID_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 (RFC 9562 §5.4) */
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* variant */
    uuid_format(bytes, id);
}

/* Opens the session, unless the account is disabled or its password was changed meanwhile. */
static enum error create(struct auth *auth, const struct account *account, const char *rehash,
                         const struct client *client, struct access_claims *claims)
{
    char user[NUMBER_SIZE], lifetime[NUMBER_SIZE], user_agent[USER_AGENT_SIZE];
    struct db_result *result = NULL;
    new_session_id(claims->session_id);
    print_number(account->id, user);
    print_number(auth->config->refresh_lifetime_s, lifetime);
    const char *values[] = { claims->session_id,
                             user,
                             lifetime,
                             clean_address(client->address),
                             clean_user_agent(client->user_agent, user_agent),
                             *rehash ? rehash : NULL,
                             account->password };
    enum error error = db_run(auth->db, STATEMENT_SESSION_CREATE, values, &result);
    if (error)
        return error;
    if (db_rows(result) != 1)
        error = ERROR_INVALID_CREDENTIALS;
    else if (db_boolean(result, 0, 0))
        error = ERROR_ACCOUNT_DISABLED;
    else if (!copy_names(claims->roles, sizeof claims->roles, db_value(result, 0, 1)) ||
             !copy_names(claims->scope, sizeof claims->scope, db_value(result, 0, 2)))
        error = ERROR_INTERNAL;
    db_result_free(result);
    return error;
}

enum error session_login(struct auth *auth, const char *email, size_t email_size,
                         const struct secret *password, const struct client *client,
                         struct token_pair *pair)
{
    const struct password_cost cost = { auth->config->argon2_memory_kib,
                                        auth->config->argon2_passes };
    char rehash[PASSWORD_HASH_SIZE] = "";
    struct account account = { 0 };
    struct access_claims claims = { 0 };
    enum error error = find_account(auth, email, email_size, &account);
    if (!error)
        error = password_verify(password, account.password, cost, auth->hash_queue, rehash);
    if (!error)
        error = create(auth, &account, rehash, client, &claims);
    if (!error) {
        struct refresh_token refresh = { .generation = 0 };
        claims.user_id = account.id;
        memcpy(refresh.session_id, claims.session_id, sizeof refresh.session_id);
        error = issue(auth, &claims, &refresh, pair);
    }
    secret_wipe(rehash, sizeof rehash);
    account_clear(&account);
    return error;
}

/* A key that another process made a moment ago is worth a look at the directory: nobody is to lose
 * a session over it. */
static enum error parse(struct auth *auth, const struct secret *text, struct refresh_token *token)
{
    enum error error = refresh_token_parse(text, auth->keyset, token);
    if (error && keyset_refresh(auth->keyset, true))
        error = refresh_token_parse(text, auth->keyset, token);
    return error;
}

/* Refresh -------------------------------------------------------------------------------------- */

static enum error end(struct auth *auth, const char *session_id, const char *user_id,
                      const char *reason)
{
    const char *values[] = { session_id, user_id, reason };
    return db_run(auth->db, STATEMENT_SESSION_END, values, NULL);
}

/* A retired token came back: somebody has a copy. Nobody can tell whose is the copy, so both lose
 * the session. */
static enum error end_replayed(struct auth *auth, const struct refresh_token *token,
                               const struct db_result *row, const struct client *client)
{
    LOG(LOG_LEVEL_WARN, "refresh_replayed", log_text("session", token->session_id),
        log_integer("user", db_integer(row, 0, 0)), log_integer("generation", token->generation),
        log_integer("accepted_from", db_integer(row, 0, 3)),
        log_text("address", clean_address(client->address)));
    enum error error = end(auth, token->session_id, NULL, "replay");
    return error ? error : ERROR_INVALID_REFRESH_TOKEN;
}

/* What the row says of the token presented. Columns: see SESSION_REFRESH. */
static enum error judge(struct auth *auth, const struct refresh_token *token,
                        const struct db_result *row, const struct client *client)
{
    bool strict = auth->config->refresh_rotation == ROTATION_STRICT;
    if (db_rows(row) != 1 || !db_boolean(row, 0, 1))
        return ERROR_INVALID_REFRESH_TOKEN;
    if (db_boolean(row, 0, 2))
        return ERROR_ACCOUNT_DISABLED;
    bool retired = db_integer(row, 0, 3) > (int64_t)token->generation;
    bool lost_race = strict && !db_boolean(row, 0, 4);
    return retired || lost_race ? end_replayed(auth, token, row, client) : ERROR_NONE;
}

static enum error take_claims(const struct refresh_token *token, const struct db_result *row,
                              struct access_claims *claims)
{
    *claims = (struct access_claims){ .user_id = db_integer(row, 0, 0) };
    memcpy(claims->session_id, token->session_id, sizeof claims->session_id);
    bool whole = copy_names(claims->roles, sizeof claims->roles, db_value(row, 0, 5)) &&
                 copy_names(claims->scope, sizeof claims->scope, db_value(row, 0, 6));
    return whole ? ERROR_NONE : ERROR_INTERNAL;
}

static enum error advance(struct auth *auth, const struct refresh_token *token,
                          struct db_result **row)
{
    bool strict = auth->config->refresh_rotation == ROTATION_STRICT;
    char presented[NUMBER_SIZE], accepted[NUMBER_SIZE], idle[NUMBER_SIZE];
    print_number(token->generation, presented);
    print_number((int64_t)token->generation + strict, accepted);
    print_number(auth->config->refresh_idle_s, idle);
    const char *values[] = { token->session_id, presented, accepted, idle };
    return db_run(auth->db, STATEMENT_SESSION_REFRESH, values, row);
}

enum error session_refresh(struct auth *auth, const struct secret *refresh,
                           const struct client *client, struct token_pair *pair)
{
    struct refresh_token token;
    struct access_claims claims;
    struct db_result *row = NULL;
    enum error error = parse(auth, refresh, &token);
    if (error)
        return error;
    error = advance(auth, &token, &row);
    if (!error)
        error = judge(auth, &token, row, client);
    if (!error)
        error = take_claims(&token, row, &claims);
    db_result_free(row);
    if (error)
        return error;
    if (auth->config->refresh_rotation != ROTATION_OFF && token.generation < REFRESH_GENERATION_MAX)
        token.generation++;
    return issue(auth, &claims, &token, pair);
}

/* Logout --------------------------------------------------------------------------------------- */

enum error session_logout_refresh(struct auth *auth, const struct secret *refresh)
{
    struct refresh_token token;
    enum error error = parse(auth, refresh, &token);
    return error ? error : end(auth, token.session_id, NULL, "logout");
}

enum error session_logout_access(struct auth *auth, const struct access_claims *claims)
{
    char user[NUMBER_SIZE];
    print_number(claims->user_id, user);
    return end(auth, claims->session_id, user, "logout");
}

/* Housekeeping --------------------------------------------------------------------------------- */

enum error session_purge(struct auth *auth, int64_t *removed)
{
    char idle[NUMBER_SIZE];
    struct db_result *result = NULL;
    print_number(auth->config->refresh_idle_s, idle);
    const char *values[] = { idle };
    enum error error = db_run(auth->db, STATEMENT_SESSION_PURGE, values, &result);
    if (!error)
        *removed = db_integer(result, 0, 0);
    db_result_free(result);
    return error;
}
