/* keys - key directories for tests. */
#ifndef SUPPORT_KEYS_H
#define SUPPORT_KEYS_H

#include "auth/keyset.h"
#include <stddef.h>
#include <sys/types.h>

/* An empty directory of mode 0700; keys_directory_free removes it with all that is in it. */
char *keys_directory_new(void);
void keys_directory_free(char *directory);

/* A file of that very name, with mode 0600. */
void keys_write(const char *directory, const char *name, const char *text);
void keys_write_bytes(const char *directory, const char *name, const void *bytes, size_t size,
                      mode_t mode);
void keys_rename(const char *directory, const char *from, const char *to);
void keys_remove(const char *directory, const char *name);
/* Sets the directory's time of change to `seconds` before now, so that what comes next is seen as a
 * change, and what was loaded as settled. */
void keys_age_directory(const char *directory, int seconds);

/* 64 hexadecimal digits that differ by `seed`. Static. */
const char *keys_hexadecimal(int seed);
#define KEYS_HS256 "hs-1.HS256.signing.key"
#define KEYS_MAC   "mac-1.MAC.signing.key"
/* Writes the two above, of the seeds 1 and 2. */
void keys_write_usual(const char *directory);

/* A new private key as PKCS#8 PEM, to be freed. */
char *keys_ec_pem(const char *curve);
char *keys_rsa_pem(unsigned bits);
/* Its public half, to be freed. */
char *keys_public_pem(const char *private_pem);
/* How long a public key is. */
int keys_bits(const char *public_pem);
/* The same key in the traditional form, or under a passphrase; to be freed. */
char *keys_traditional_pem(const char *private_pem);
char *keys_encrypted_pem(const char *private_pem);
/* A P-256 key whose public half belongs to another, to be freed. */
char *keys_mismatched_pem(void);

/* Loads, or fails the test with what keyset_load says. */
struct keyset *keys_load(const char *directory);
/* What keyset_load says of the directory, which must not load. Static. */
const char *keys_load_failure(const char *directory);

#endif
