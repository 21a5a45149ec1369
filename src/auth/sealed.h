/* sealed - a value that is encrypted for one place in the database, and opens nowhere else:
 * XChaCha20-Poly1305 with a random nonce; account, column and key are authenticated along. */
#ifndef AUTH_SEALED_H
#define AUTH_SEALED_H

#include "auth/keyset.h"
#include "base/secret.h"
#include <stdint.h>

struct sealed_place {
    int64_t user_id;
    const char *column;
};

/* The nonce and the ciphertext as PostgreSQL takes bytes ("\\x" and hexadecimal digits), to be
 * freed. The key is one of KEY_USE_DATA. */
char *sealed_make(const struct key *key, struct sealed_place place, const struct secret *value);

/* The value, to be freed with secret_free. NULL where it was not made by that key for that place.
 */
struct secret *sealed_open(const struct key *key, struct sealed_place place, const char *sealed);

#endif
