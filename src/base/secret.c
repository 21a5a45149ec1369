/* secret - see secret.h. */
#include "base/secret.h"
#include "base/memory.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct secret {
    size_t size;
    unsigned char bytes[]; /* size of them and a NUL */
};

bool secret_start(void)
{
    return sodium_init() >= 0;
}

struct secret *secret_new_empty(size_t size)
{
    struct secret *secret = memory_new(sizeof *secret + size + 1);
    secret->size = size;
    return secret;
}

struct secret *secret_new(const void *bytes, size_t size)
{
    struct secret *secret = secret_new_empty(size);
    if (size)
        memcpy(secret->bytes, bytes, size);
    return secret;
}

void secret_free(struct secret *secret)
{
    if (!secret)
        return;
    sodium_memzero(secret->bytes, secret->size);
    free(secret);
}

const char *secret_reveal(const struct secret *secret)
{
    return (const char *)secret->bytes;
}

unsigned char *secret_bytes(struct secret *secret)
{
    return secret->bytes;
}

size_t secret_size(const struct secret *secret)
{
    return secret->size;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
    return a->size == b->size && sodium_memcmp(a->bytes, b->bytes, a->size) == 0;
}

void secret_wipe(void *memory, size_t size)
{
    if (memory)
        sodium_memzero(memory, size);
}
