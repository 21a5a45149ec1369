/* key_pem - private keys in PEM: which of them we take, their public half, and new ones. The only
 * place that knows OpenSSL. */
#ifndef AUTH_KEY_PEM_H
#define AUTH_KEY_PEM_H

#include "auth/keyset.h"
#include "base/secret.h"

/* Reads the private key in `file` (unencrypted PEM, PKCS#8 or traditional) and checks that it is
 * what the algorithm takes: ES256 a P-256 key, RS256 an RSA key of 2,048 to 8,192 bits, EdDSA an
 * Ed25519 key, each with halves that belong together. Returns NULL and sets both out-parameters, to
 * be freed with secret_free: the same key as PKCS#8 and its public half, each PEM that needs no
 * passphrase. Or returns what is wrong, as the end of a sentence. */
const char *key_pem_read(const struct secret *file, enum key_algorithm algorithm,
                         struct secret **private_key, struct secret **public_key);

/* A new key for ES256 (P-256), RS256 (3,072 bits) or EdDSA (Ed25519) as PKCS#8 PEM, to be freed
 * with secret_free. NULL where OpenSSL fails. */
struct secret *key_pem_new(enum key_algorithm algorithm);

#endif
