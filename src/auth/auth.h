/* auth - what the modules of this folder share: the parts of one worker. Owned by who made them. */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "base/config.h"
#include "db/db.h"

struct keyset;
struct key_jwk_memory;
struct hash_queue;
struct throttle;

struct auth {
    const struct config *config;
    struct db *db;
    struct keyset *keyset;
    struct key_jwk_memory *jwks;
    struct hash_queue *hash_queue;
    struct throttle *throttle; /* NULL: everything may be tried, as by an operator */
};

/* Where a request comes from, for the list of sessions and the audit log. Each may be NULL; none is
 * trusted. */
struct client {
    const char *address;
    const char *user_agent;
    const char *request_id;
};

#endif
