/* key_jwk - the public half of a key as a JSON Web Key (RFC 7517, RFC 7518 §6, RFC 8037), for
 * whoever verifies our access tokens. */
#ifndef AUTH_KEY_JWK_H
#define AUTH_KEY_JWK_H

#include "auth/keyset.h"
#include <stdbool.h>

enum { KEY_JWK_NUMBER_SIZE = 1400 /* base64url of 8,192 bits, with NUL */, KEY_JWK_TAG_SIZE = 32 };

/* All texts but the numbers are static or the key set's. */
struct key_jwk {
    const char *id, *algorithm, *type; /* kid, alg, kty */
    const char *curve;                 /* crv; NULL: an RSA key */
    const char *names[2];              /* of the numbers: x and y, n and e, or x */
    char numbers[2][KEY_JWK_NUMBER_SIZE];
};

/* The public keys of a set: which, in the order of their ids, and a text that changes with them. */
struct key_jwk_set {
    struct key_jwk *keys;
    size_t count;
    char tag[KEY_JWK_TAG_SIZE];
};

/* What a worker remembers of its key set. */
struct key_jwk_memory {
    struct key_jwk_set set;
    uint64_t keyset_version; /* 0: nothing was read yet */
};

/* Keys that verify access tokens, or are going to, and have a public half. To write them down costs
 * as much as a signature, and anybody may ask: it is done once for each state of the key set, which
 * is always the same one. *set is the memory's, until the next call. Errors: ERROR_INTERNAL. */
enum error key_jwk_read(struct key_jwk_memory *memory, const struct keyset *keyset,
                        const struct key_jwk_set **set);
void key_jwk_forget(struct key_jwk_memory *memory);

#endif
