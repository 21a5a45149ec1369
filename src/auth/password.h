/* password - the rule for passwords, and argon2id (RFC 9106) over their NFC form. */
#ifndef AUTH_PASSWORD_H
#define AUTH_PASSWORD_H

#include "auth/hash_queue.h"
#include "base/error.h"
#include "base/secret.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    PASSWORD_MIN = 8,
    PASSWORD_MAX = 1024 /* code points as typed */,
    PASSWORD_HASH_SIZE = 128 /* with NUL */
};

struct password_cost {
    int64_t memory_kib, passes;
};

/* NULL, or a sentence for the client: not UTF-8, too short, too long. Costs next to nothing for any
 * size. */
const char *password_flaw(const struct secret *password);

/* Writes "$argon2id$v=19$m=…,t=…,p=1$salt$hash". The password has no flaw.
 * Errors: ERROR_BUSY (hash queue), ERROR_INTERNAL (no memory for the hash). */
enum error password_hash(const struct secret *password, struct password_cost cost,
                         struct hash_queue *queue, char hash[PASSWORD_HASH_SIZE]);

/* Compares with `stored`; NULL stands for an unknown account and costs the same work, and never
 * matches. A flawed password is wrong without any work. On success, where the stored hash has
 * another cost, `rehash` gets the new hash, else "". Errors: ERROR_INVALID_CREDENTIALS, ERROR_BUSY,
 * ERROR_INTERNAL. */
enum error password_verify(const struct secret *password, const char *stored,
                           struct password_cost cost, struct hash_queue *queue,
                           char rehash[PASSWORD_HASH_SIZE]);

/* NULL, or a sentence: this is no hash that password_verify could compare, or one that costs more
 * than any option allows. */
const char *password_hash_flaw(const char *hash);

#endif
