/* jwk - keys of the published test vectors (JSON Web Key, RFC 7517) in the form that ours have. */
#ifndef SUPPORT_JWK_H
#define SUPPORT_JWK_H

#include <json-c/json.h>
#include <stdbool.h>

/* The folder TEST_CORPORA, parsed file of it; skips the test where there is none. To be freed with
 * json_object_put. */
json_object *jwk_corpus(const char *path);

/* The text of a member, or "". */
const char *jwk_text(json_object *object, const char *member);

/* `k` as hexadecimal digits, to be freed. */
char *jwk_hexadecimal(json_object *jwk);
/* An RSA or EC key as PEM, to be freed: its private half as PKCS#8, or its public one. NULL where
 * OpenSSL makes no key of it. */
char *jwk_pem(json_object *jwk, bool private_half);

/* Whether a token's signature is that key's (RFC 7515), by OpenSSL alone. */
bool jwk_verifies(json_object *jwk, const char *token);

#endif
