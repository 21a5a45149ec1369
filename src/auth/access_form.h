/* access_form - the outer form of an access token: the compact serialization of RFC 7515 §7.1,
 * decoded. */
#ifndef AUTH_ACCESS_FORM_H
#define AUTH_ACCESS_FORM_H

#include "auth/access_claims.h"
#include "auth/access_token.h"
#include "base/secret.h"

enum { ACCESS_PART_MAX = ACCESS_TOKEN_MAX / 4 * 3 };

struct access_form {
    struct access_header header;
    unsigned char payload[ACCESS_PART_MAX];
    size_t payload_size;
    unsigned char signature[ACCESS_PART_MAX];
    size_t signature_size;
    size_t signed_size; /* bytes of the token's text that the signature covers */
};

/* False where it is longer than ACCESS_TOKEN_MAX, not three parts of canonical base64url, one of
 * them empty, or where the header is not as access_claims_read_header says. Nothing in it is to be
 * believed yet. */
bool access_form_read(const struct secret *token, struct access_form *form);

#endif
