/* tokens - access tokens made by hand, without libjwt, right ones as well as wrong ones. */
#ifndef SUPPORT_TOKENS_H
#define SUPPORT_TOKENS_H

#include "auth/access_token.h"
#include "base/config.h"
#include "base/secret.h"
#include <stddef.h>

/* The time that the tests live in, and what they sign for. */
#define TOKENS_NOW     INT64_C(1800000000)
#define TOKENS_SESSION "0b5f1c9e-6f0a-4d0e-9a54-5d2a3a1f7c11"
extern const struct config tokens_config;

/* What signs: the bytes of a MAC key (HMAC-SHA-256), or a private key in PEM (ECDSA or PKCS #1
 * v1.5, with SHA-256). */
struct tokens_signer {
    const void *mac_key;
    size_t mac_key_size;
    const char *pem;
};
/* The signer of KEYS_HS256. */
const struct tokens_signer *tokens_usual_signer(void);
#define TOKENS_HEADER "{\"alg\":\"HS256\",\"kid\":\"hs-1\",\"typ\":\"JWT\"}"

/* A payload that verifies, with one member's JSON text replaced or added; value NULL leaves the
 * member out, member NULL changes nothing. To be freed. */
char *tokens_payload(const char *member, const char *value);

/* The token of a header and payload, whatever they are. To be freed with secret_free. */
struct secret *tokens_sign(const struct tokens_signer *signer, const char *header,
                           const char *payload);
struct secret *tokens_sign_bytes(const struct tokens_signer *signer, const char *header,
                                 const void *payload, size_t size);
/* The usual header and signer, with one member of the payload as tokens_payload says. */
struct secret *tokens_with(const char *member, const char *value);

/* base64url, to be freed. */
char *tokens_base64url(const void *bytes, size_t size);
struct secret *tokens_text(const char *text);

/* access_token_verify, of a text. */
enum error tokens_verify(const char *text, struct keyset *keyset);
/* access_token_verify, of a token that it frees. */
enum error tokens_verify_free(struct secret *token, struct keyset *keyset);

#endif
