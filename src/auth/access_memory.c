/* access_memory - access tokens that verified, remembered; see access_token.h. */
#include "auth/access_token_steps.h"
#include "base/memory.h"
#include <sodium.h>
#include <stdlib.h>

/* A token has two places. 1,024 places of some 300 bytes; longer names are not remembered. */
enum { SETS = 512, WAYS = 2, DIGEST_SIZE = 32, NAMES_SIZE = 168 };

struct slot {
    unsigned char digest[DIGEST_SIZE];
    int64_t user_id; /* 0: the slot is free */
    int64_t issued_at, expires_at, not_before;
    char session_id[SESSION_ID_SIZE];
    char names[NAMES_SIZE]; /* roles, NUL, scope, NUL */
};

struct access_memory {
    unsigned char key[crypto_generichash_KEYBYTES];
    uint64_t keyset_version;
    struct slot sets[SETS][WAYS];
};

struct access_memory *access_memory_new(void)
{
    struct access_memory *memory = memory_new(sizeof *memory);
    randombytes_buf(memory->key, sizeof memory->key);
    return memory;
}

void access_memory_free(struct access_memory *memory)
{
    secret_wipe(memory, sizeof *memory);
    free(memory);
}

/* Keyed, so that nobody can choose tokens that meet in one set. */
static void digest_token(const struct access_memory *memory, const struct secret *token,
                         unsigned char digest[DIGEST_SIZE])
{
    crypto_generichash(digest, DIGEST_SIZE, (const unsigned char *)secret_reveal(token),
                       secret_size(token), memory->key, sizeof memory->key);
}

static struct slot *find_set(struct access_memory *memory, const unsigned char *digest)
{
    return memory->sets[(digest[0] | (unsigned)digest[1] << 8) % SETS];
}

static const struct slot *find_slot(const struct slot *set, const unsigned char *digest)
{
    for (int i = 0; i < WAYS; i++)
        if (set[i].user_id && sodium_memcmp(set[i].digest, digest, DIGEST_SIZE) == 0)
            return &set[i];
    return NULL;
}

/* What the slot holds, as it was verified. */
static void recall_slot(const struct slot *slot, struct access_statement *statement)
{
    struct access_claims *claims = &statement->claims;
    size_t roles = strlen(slot->names) + 1;
    claims->user_id = slot->user_id;
    claims->issued_at = slot->issued_at;
    claims->expires_at = slot->expires_at;
    statement->not_before = slot->not_before;
    memcpy(claims->session_id, slot->session_id, SESSION_ID_SIZE);
    memcpy(claims->roles, slot->names, roles);
    memcpy(claims->scope, slot->names + roles, strlen(slot->names + roles) + 1);
}

/* The older of the two makes room. */
static void remember(struct slot *set, const unsigned char *digest,
                     const struct access_statement *statement)
{
    const struct access_claims *claims = &statement->claims;
    size_t roles = strlen(claims->roles) + 1, scope = strlen(claims->scope) + 1;
    if (roles + scope > NAMES_SIZE)
        return;
    memmove(set + 1, set, (WAYS - 1) * sizeof *set);
    set->user_id = claims->user_id;
    set->issued_at = claims->issued_at;
    set->expires_at = claims->expires_at;
    set->not_before = statement->not_before;
    memcpy(set->digest, digest, DIGEST_SIZE);
    memcpy(set->session_id, claims->session_id, SESSION_ID_SIZE);
    memcpy(set->names, claims->roles, roles);
    memcpy(set->names + roles, claims->scope, scope);
}

static void forget_all_when_keys_changed(struct access_memory *memory, const struct keyset *keyset)
{
    if (memory->keyset_version == keyset_version(keyset))
        return;
    secret_wipe(memory->sets, sizeof memory->sets);
    memory->keyset_version = keyset_version(keyset);
}

static enum error check(struct access_memory *memory, const struct secret *token,
                        struct keyset *keyset, const struct config *config,
                        struct access_statement *statement)
{
    unsigned char digest[DIGEST_SIZE];
    digest_token(memory, token, digest);
    struct slot *set = find_set(memory, digest);
    const struct slot *slot = find_slot(set, digest);
    if (slot) {
        recall_slot(slot, statement);
        return access_token_check_time(statement, config);
    }
    enum error error = access_token_check(token, keyset, config, statement);
    forget_all_when_keys_changed(memory, keyset);
    if (error == ERROR_NONE)
        remember(set, digest, statement);
    return error;
}

enum error access_token_recall(struct access_memory *memory, const struct secret *token,
                               struct keyset *keyset, const struct config *config,
                               struct access_claims *claims)
{
    struct access_statement statement;
    if (secret_size(token) > ACCESS_TOKEN_MAX)
        return ERROR_INVALID_TOKEN;
    keyset_refresh(keyset, false); /* else a retired key would live on in the memory */
    forget_all_when_keys_changed(memory, keyset);
    enum error error = check(memory, token, keyset, config, &statement);
    if (error == ERROR_NONE || error == ERROR_TOKEN_EXPIRED)
        *claims = statement.claims;
    return error;
}
