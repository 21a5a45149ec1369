/* access_token - the short-lived JWT (RFC 7519, 8725, claims of RFC 9068) that says who a request
 * comes from and what it may do. The only place that knows libjwt. */
#ifndef AUTH_ACCESS_TOKEN_H
#define AUTH_ACCESS_TOKEN_H

#include "auth/keyset.h"
#include "base/config.h"
#include "base/error.h"
#include "base/secret.h"
#include <stdint.h>

enum {
    ACCESS_TOKEN_MAX = 4096 /* bytes; a longer one is refused before anything parses it */,
    SESSION_ID_SIZE = 37 /* UUID with NUL */
};
enum { ACCESS_SCOPE_SIZE = 1024, ACCESS_ROLES_SIZE = 512 };

/* Identity and permissions. `roles` and `scope` are names separated by single spaces. */
struct access_claims {
    int64_t user_id;
    char session_id[SESSION_ID_SIZE];
    char roles[ACCESS_ROLES_SIZE];
    char scope[ACCESS_SCOPE_SIZE];
    int64_t issued_at, expires_at; /* seconds since 1970; written by access_token_sign */
};

/* Signs with the key set's signing key. Sets issued_at to now and expires_at to now + lifetime,
 * shortened by up to the jitter; adds a random jti. The token is to be freed with secret_free.
 * Errors: ERROR_INTERNAL. */
enum error access_token_sign(struct access_claims *claims, const struct keyset *keyset,
                             const struct config *config, struct secret **token);

/* Everything that must hold, in this order: size; form (three parts of canonical base64url); header
 * of nothing but alg, typ, kid; key by kid; that key's own alg; signature; claims (token_type, iss,
 * aud, sub, sid, iat, jti, roles and scope of their types; nbf and iat not in the future); and only
 * then exp, so that a tampered token that is also expired is invalid. An unknown kid makes the key
 * set look once more. Errors: ERROR_INVALID_TOKEN, ERROR_TOKEN_EXPIRED (ours and intact, its time
 * is over; claims are written then too). */
enum error access_token_verify(const struct secret *token, struct keyset *keyset,
                               const struct config *config, struct access_claims *claims);

/* The same, remembering what verified: a table of fixed size (300 KiB), keyed by a digest of the
 * token, forgotten when the key set changes, for which it looks; the time is checked every time.
 * In access_memory.c. */
struct access_memory;
struct access_memory *access_memory_new(void);
void access_memory_free(struct access_memory *memory); /* NULL-safe */
enum error access_token_recall(struct access_memory *memory, const struct secret *token,
                               struct keyset *keyset, const struct config *config,
                               struct access_claims *claims);

#endif
