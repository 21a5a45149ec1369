/* refresh_token - the opaque, long-lived token: a session's id and a generation under a MAC of the
 * server's key.
 *
 *     "therappai_rt_" base64url( key fingerprint (4) | session id (16) | generation (4, big endian)
 * | MAC (32) )
 *
 * MAC is HMAC-SHA-512/256 over "therappai-auth refresh token v1", NUL and the 24 bytes before it.
 * So a token that we did not issue never reaches the database, and the successor (generation + 1)
 * is the same whenever it is derived. */
#ifndef AUTH_REFRESH_TOKEN_H
#define AUTH_REFRESH_TOKEN_H

#include "auth/access_token.h"
#include "auth/keyset.h"
#include "base/error.h"
#include "base/secret.h"
#include <stdint.h>

#define REFRESH_TOKEN_PREFIX "therappai_rt_"
enum { REFRESH_TOKEN_BYTES = KEY_FINGERPRINT_SIZE + 16 + 4 + KEY_MAC_SIZE };

struct refresh_token {
    char session_id[SESSION_ID_SIZE];
    uint32_t generation; /* 0 at login; below REFRESH_GENERATION_MAX */
};
#define REFRESH_GENERATION_MAX 0x7ffffffeU

/* Under the signing MAC key. To be freed with secret_free. NULL where the session id is no UUID in
 * lower case or the generation is not below REFRESH_GENERATION_MAX. */
struct secret *refresh_token_make(const struct refresh_token *token, const struct keyset *keyset);
/* A token under a key that is not known makes the key set look once more. Errors:
 * ERROR_INVALID_REFRESH_TOKEN for whatever is not, to the bit, a token made under one of our keys.
 */
enum error refresh_token_parse(const struct secret *text, struct keyset *keyset,
                               struct refresh_token *token);

#endif
