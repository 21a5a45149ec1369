/* access_token - see access_token.h. */
#include "auth/access_token.h"
#include "auth/access_token_steps.h"
#include "base/clock.h"
#include "base/log.h"
#include <jwt.h>
#include <sodium.h>
#include <stdlib.h>

static const jwt_alg_t algorithms[] = {
    [KEY_HS256] = JWT_ALG_HS256,
    [KEY_ES256] = JWT_ALG_ES256,
    [KEY_RS256] = JWT_ALG_RS256,
#ifdef LIBJWT_EDDSA
    [KEY_EDDSA] = JWT_ALG_EDDSA,
#endif
};

/* Verifying ---------------------------------------------------------------------------------------
 */

/* libjwt before 1.17 compares MACs by strcmp (CVE-2024-25189); so that it only ever compares equal
 * ones, they are compared here before, in constant time. */
static bool is_mac(const struct key *key, const struct secret *token,
                   const struct access_form *form)
{
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    if (form->signature_size != sizeof mac)
        return false;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret_reveal(key->verifier),
                                secret_size(key->verifier));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)secret_reveal(token),
                                  form->signed_size);
    crypto_auth_hmacsha256_final(&state, mac);
    bool equal = sodium_memcmp(mac, form->signature, sizeof mac) == 0;
    secret_wipe(&state, sizeof state);
    secret_wipe(mac, sizeof mac);
    return equal;
}

/* The key says which algorithm, never the token (RFC 8725 §3.1): libjwt would take a public key in
 * PEM for the key of a MAC, and no key at all for consent. */
bool access_token_is_signed(const struct key *key, const struct secret *token,
                            const struct access_form *form)
{
    jwt_t *jwt = NULL;
    if (strcmp(form->header.algorithm, key_algorithm_name(key->algorithm)) != 0)
        return false;
    if (!key->verifier || secret_size(key->verifier) == 0)
        return false;
    if (key->algorithm == KEY_HS256 && !is_mac(key, token, form))
        return false;
    if (jwt_decode(&jwt, secret_reveal(token), (const unsigned char *)secret_reveal(key->verifier),
                   (int)secret_size(key->verifier)))
        return false;
    bool good = jwt_get_alg(jwt) == algorithms[key->algorithm];
    jwt_free(jwt);
    return good;
}

enum error access_token_check_time(const struct access_statement *statement,
                                   const struct config *config)
{
    int64_t now = clock_now();
    if (statement->not_before > now + config->clock_leeway_s)
        return ERROR_INVALID_TOKEN;
    if (now >= statement->claims.expires_at + config->clock_leeway_s)
        return ERROR_TOKEN_EXPIRED;
    return ERROR_NONE;
}

/* A key that another process made a moment ago is worth a look at the directory. */
static const struct key *find_key(struct keyset *keyset, const char *id)
{
    const struct key *key = keyset_find(keyset, id);
    if (!key && keyset_refresh(keyset, true))
        key = keyset_find(keyset, id);
    return key;
}

enum error access_token_check(const struct secret *token, struct keyset *keyset,
                              const struct config *config, struct access_statement *statement)
{
    struct access_form form;
    keyset_refresh(keyset, false);
    if (!access_form_read(token, &form) || strcmp(form.header.type, "JWT") != 0)
        return ERROR_INVALID_TOKEN;
    const struct key *key = find_key(keyset, form.header.key_id);
    if (!key || !access_token_is_signed(key, token, &form))
        return ERROR_INVALID_TOKEN;
    if (!access_claims_read(form.payload, form.payload_size, config, statement))
        return ERROR_INVALID_TOKEN;
    return access_token_check_time(statement, config);
}

enum error access_token_verify(const struct secret *token, struct keyset *keyset,
                               const struct config *config, struct access_claims *claims)
{
    struct access_statement statement;
    enum error error = access_token_check(token, keyset, config, &statement);
    if (error == ERROR_NONE || error == ERROR_TOKEN_EXPIRED)
        *claims = statement.claims;
    return error;
}

/* Signing -----------------------------------------------------------------------------------------
 */

static int64_t random_lifetime(const struct config *config)
{
    int64_t span = config->access_lifetime_s * config->access_jitter_percent / 100;
    if (span <= 0)
        return config->access_lifetime_s;
    if (span >= UINT32_MAX)
        span = UINT32_MAX - 1;
    return config->access_lifetime_s - (int64_t)randombytes_uniform((uint32_t)span + 1);
}

/* The signed text, to be freed with free(), or NULL. */
static char *encode(const char *payload, const struct key *key)
{
    jwt_t *jwt = NULL;
    char *text = NULL;
    if (jwt_new(&jwt))
        return NULL;
    if (jwt_add_header(jwt, "kid", key->id) == 0 && jwt_add_grants_json(jwt, payload) == 0 &&
        jwt_set_alg(jwt, algorithms[key->algorithm],
                    (const unsigned char *)secret_reveal(key->private_key),
                    (int)secret_size(key->private_key)) == 0)
        text = jwt_encode_str(jwt);
    jwt_free(jwt);
    return text;
}

static struct secret *sign(const struct access_claims *claims, const struct key *key,
                           const struct config *config)
{
    struct secret *token = NULL;
    char *payload = access_claims_write(claims, config);
    char *text = payload ? encode(payload, key) : NULL;
    size_t size = text ? strlen(text) : 0;
    if (size > 0 && size <= ACCESS_TOKEN_MAX)
        token = secret_new(text, size);
    secret_wipe(text, size);
    free(text);
    free(payload);
    return token;
}

enum error access_token_sign(struct access_claims *claims, const struct keyset *keyset,
                             const struct config *config, struct secret **token)
{
    const struct key *key = keyset_signing(keyset);
    struct access_claims stamped = *claims;
    if (!key) {
        LOG(LOG_LEVEL_ERROR, "access_token_not_signed",
            log_text("reason", "no key in state signing"));
        return ERROR_UNAVAILABLE;
    }
    stamped.issued_at = clock_now();
    stamped.expires_at = stamped.issued_at + random_lifetime(config);
    struct secret *made = sign(&stamped, key, config);
    if (!made) {
        LOG(LOG_LEVEL_ERROR, "access_token_not_signed", log_text("key", key->id),
            log_integer("user", claims->user_id));
        return ERROR_INTERNAL;
    }
    *claims = stamped;
    *token = made;
    return ERROR_NONE;
}
