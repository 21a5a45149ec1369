/* reset_code - the code that a mail brings to who wants a new password: eight symbols, 40 bits.
 *
 * The symbols are digits and capitals without I, L, O and U, which the eye takes for others; a code
 * is read in any case, with or without its hyphen and spaces, an O as 0, an I or L as 1. With a few
 * attempts a code, 40 bits are far more than enough; the database has nothing but a MAC, so that
 * whoever reads it has no code either. */
#ifndef AUTH_RESET_CODE_H
#define AUTH_RESET_CODE_H

#include "auth/keyset.h"
#include "base/buffer.h"
#include "base/secret.h"

enum { RESET_MAC_SIZE = 2 * KEY_MAC_SIZE + 1 };

/* A new one, as people read it: "7K3M-9QXT". To be freed with secret_free. */
struct secret *reset_code_new(void);

/* HMAC-SHA-512/256 under the server key that signs refresh tokens, over "therappai-auth password
 * reset v1", NUL, the email key, NUL and the symbols; in hexadecimal digits. */
void reset_code_mac(const struct secret *code, const char *email_key, const struct keyset *keyset,
                    char mac[RESET_MAC_SIZE]);

/* What may stand in the database for a code that somebody typed: its MAC under each server key,
 * separated by spaces. What can be no code has MACs too, which no code has. */
void reset_code_macs(const struct secret *typed, const char *email_key, const struct keyset *keyset,
                     struct buffer *macs);

#endif
