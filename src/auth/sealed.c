/* sealed - see sealed.h. */
#include "auth/sealed.h"
#include "base/memory.h"
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    OVERHEAD = NONCE_SIZE + TAG_SIZE,
    CONTEXT_SIZE = 256
};

/* The number is that of this way of sealing. No part can hold a slash, so that no two places read
 * the same. */
static size_t write_context(const struct key *key, struct sealed_place place,
                            char context[CONTEXT_SIZE])
{
    return (size_t)snprintf(context, CONTEXT_SIZE, "therappai-auth/1/%s/%" PRId64 "/%s",
                            place.column, place.user_id, key->id);
}

static char *to_text(const unsigned char *bytes, size_t size)
{
    char *text = memory_new(2 + size * 2 + 1);
    text[0] = '\\';
    text[1] = 'x';
    sodium_bin2hex(text + 2, size * 2 + 1, bytes, size);
    return text;
}

char *sealed_make(const struct key *key, struct sealed_place place, const struct secret *value)
{
    char context[CONTEXT_SIZE];
    size_t context_size = write_context(key, place, context), size = secret_size(value);
    unsigned char *bytes = memory_new(OVERHEAD + size);
    randombytes_buf(bytes, NONCE_SIZE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        bytes + NONCE_SIZE, NULL, (const unsigned char *)secret_reveal(value), size,
        (const unsigned char *)context, context_size, NULL, bytes,
        (const unsigned char *)secret_reveal(key->private_key));
    char *text = to_text(bytes, OVERHEAD + size);
    free(bytes);
    return text;
}

static struct secret *open_bytes(const struct key *key, struct sealed_place place,
                                 const unsigned char *bytes, size_t size)
{
    char context[CONTEXT_SIZE];
    size_t context_size = write_context(key, place, context);
    struct secret *value = secret_new_empty(size - OVERHEAD);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            secret_bytes(value), NULL, NULL, bytes + NONCE_SIZE, size - NONCE_SIZE,
            (const unsigned char *)context, context_size, bytes,
            (const unsigned char *)secret_reveal(key->private_key)) == 0)
        return value;
    secret_free(value);
    return NULL;
}

struct secret *sealed_open(const struct key *key, struct sealed_place place, const char *sealed)
{
    struct secret *value = NULL;
    size_t digits = strncmp(sealed, "\\x", 2) == 0 ? strlen(sealed) - 2 : 0, size = 0;
    unsigned char *bytes = memory_new(digits / 2 + 1);
    if (digits % 2 == 0 &&
        sodium_hex2bin(bytes, digits / 2, sealed + 2, digits, NULL, &size, NULL) == 0 &&
        size == digits / 2 && size >= OVERHEAD)
        value = open_bytes(key, place, bytes, size);
    free(bytes);
    return value;
}
