/* access_claims - header and payload of an access token as JSON, read strictly. The only place in
 * this folder that knows json-c. */
#ifndef AUTH_ACCESS_CLAIMS_H
#define AUTH_ACCESS_CLAIMS_H

#include "auth/access_token.h"
#include "base/config.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ACCESS_ALG_SIZE = 16, ACCESS_TYP_SIZE = 16 };

/* "" for what is missing. */
struct access_header {
    char algorithm[ACCESS_ALG_SIZE];
    char type[ACCESS_TYP_SIZE];
    char key_id[KEY_ID_MAX + 1];
};

/* False where it is not one JSON object of strings named alg, typ, kid, none of them twice, none of
 * them longer than any of ours. So `crit` is refused too (RFC 7515 §4.1.11), and `jwk`, `jku`,
 * `x5c` never say what to verify with (RFC 8725 §3.10). */
bool access_claims_read_header(const unsigned char *json, size_t size,
                               struct access_header *header);

/* What a payload says, once the signature held. */
struct access_statement {
    struct access_claims claims;
    int64_t not_before; /* the later of nbf and iat */
};

/* False where it is not one JSON object without NUL or duplicate members in which token_type, iss,
 * aud, sub, sid, iat, exp, jti, roles, scope and, where it is there, nbf are what they must be.
 * Whether it is time is not looked at. Other members are ignored (RFC 7519 §4). */
bool access_claims_read(const unsigned char *json, size_t size, const struct config *config,
                        struct access_statement *statement);

/* The payload as JSON text, to be freed with free(). NULL where the claims are not such as
 * access_claims_read takes. */
char *access_claims_write(const struct access_claims *claims, const struct config *config);

#endif
