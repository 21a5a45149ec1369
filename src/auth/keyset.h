/* keyset - the key files: access-token keys by `kid`, the server keys of refresh tokens, and the
 * keys that personal information is encrypted with.
 *
 * One file a key in the key directory, mode 0600, named KID.ALG.STATE.EXT:
 *
 *     KID    1 to 64 of [A-Za-z0-9_-]; names made by `key generate` begin with the UTC time
 *     ALG    HS256, ES256, RS256, EdDSA (access tokens), MAC (refresh tokens) or DATA (personal
 * info) STATE  created (verifies, does not sign yet), signing, verifying or retired (ignored); of
 *            DATA, to sign is to encrypt, and to verify is to decrypt
 *     EXT    pem (ES256, RS256, EdDSA: private key, PKCS#8 or traditional) or key (HS256, MAC: one
 * line of 64 hexadecimal digits or more; DATA: of 64)
 *
 * The signing key of a use is the youngest of those in state `signing`, by the time that its name
 * begins with; a name that begins with none is older than those that do, and of equals the last by
 * name is the youngest. A change of state is a rename (key_life.h); a file is never changed in
 * place, which would go unseen. Names that begin with a dot are left out. */
#ifndef AUTH_KEYSET_H
#define AUTH_KEYSET_H

#include "base/error.h"
#include "base/secret.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_algorithm {
    KEY_ALGORITHM_INVALID = 0,
    KEY_HS256,
    KEY_ES256,
    KEY_RS256,
    KEY_EDDSA, /* only where libjwt can: key_algorithm_flaw */
    KEY_MAC,
    KEY_DATA
};
enum key_state { KEY_STATE_INVALID = 0, KEY_CREATED, KEY_SIGNING, KEY_VERIFYING, KEY_RETIRED };
enum key_use { KEY_USE_ACCESS, KEY_USE_REFRESH, KEY_USE_DATA, KEY_USES };

enum { KEY_ID_MAX = 64, KEY_MESSAGE_SIZE = 512, KEY_MAC_SIZE = 32, KEY_FINGERPRINT_SIZE = 4 };
enum { KEY_DATA_SIZE = 32 };

struct key {
    char id[KEY_ID_MAX + 1];
    enum key_algorithm algorithm;
    enum key_state state;
    int64_t changed;            /* when its state did, in seconds since 1970 */
    struct secret *private_key; /* HS256, MAC, DATA: the bytes; else PEM of the private key */
    struct secret *verifier;    /* HS256: the bytes; MAC, DATA: NULL; else PEM of the public key */
    unsigned char fingerprint[KEY_FINGERPRINT_SIZE]; /* MAC: names the key in a refresh token;
                                                        derived from the id */
};

struct keyset;

/* Loads every key of the directory. A file that breaks a rule (name, mode, owner other than us or
 * root, key too weak: HMAC under 32 bytes, RSA under 2,048 bits, a curve other than P-256 and
 * Ed25519, kind other than the name says) fails the whole load with a sentence in message, as does
 * a directory without a signing access-token key or without a signing MAC key, with two files of
 * one KID, or that others than its owner (us or root) may write. Symbolic links are followed: the
 * rules are for the file behind. Errors: ERROR_INTERNAL. */
enum error keyset_load(const char *directory, struct keyset **keyset,
                       char message[KEY_MESSAGE_SIZE]);
/* NULL-safe. Wipes. */
void keyset_free(struct keyset *keyset);

/* Looks, at most once a second, or at once when `now` is set (an unknown key), whether the
 * directory changed, and then loads it anew. Where that fails the log says why, and the old keys
 * stay but for those whose file says that they are retired. Returns whether the keys changed. */
bool keyset_refresh(struct keyset *keyset, bool now);
/* Grows by one whenever the keys change, for what is remembered on the strength of a key. */
uint64_t keyset_version(const struct keyset *keyset);

/* NULL where there is none. Owned by the key set, until the next keyset_refresh. */
const struct key *keyset_signing(const struct keyset *keyset); /* access tokens */
const struct key *keyset_find(const struct keyset *keyset,
                              const char *id); /* access tokens, any state but retired */
const struct key *keyset_mac(const struct keyset *keyset); /* refresh tokens, signing */
const struct key *keyset_find_mac(const struct keyset *keyset,
                                  const unsigned char fingerprint[KEY_FINGERPRINT_SIZE]);

const struct key *keyset_data(const struct keyset *keyset); /* personal info, encrypting */
const struct key *keyset_find_data(const struct keyset *keyset, const char *id);

/* Every key of every use and state, by id. */
size_t keyset_count(const struct keyset *keyset);
const struct key *keyset_at(const struct keyset *keyset, size_t index);

/* "HS256" and so on; NULL for what is not in the table. */
const char *key_algorithm_name(enum key_algorithm algorithm);
enum key_algorithm key_algorithm_of(const char *name);
/* Why we do not take an algorithm of JWTs (RFC 7518, RFC 8037) that somebody may well ask for, as
 * the end of a sentence; NULL for any other. */
const char *key_algorithm_flaw(const char *name);
enum key_use key_use_of(enum key_algorithm algorithm);
const char *key_use_name(enum key_use use);
/* "created" and so on; NULL for what is not in the table. */
const char *key_state_name(enum key_state state);
enum key_state key_state_of(const char *name);

/* Makes a key and writes its file: temporary file, fsync, link without overwriting, fsync of the
 * directory, which is created with mode 0700 if missing. An RSA key has 3,072 bits. The id goes
 * into `id`. */
enum error keyset_generate(const char *directory, enum key_algorithm algorithm,
                           enum key_state state, char id[KEY_ID_MAX + 1],
                           char message[KEY_MESSAGE_SIZE]);

#endif
