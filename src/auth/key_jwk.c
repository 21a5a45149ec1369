/* key_jwk - see key_jwk.h. */
#include "auth/key_jwk.h"
#include "auth/base64url.h"
#include "base/memory.h"
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES_MAX = 1024, P256_BYTES = 32, TAG_BYTES = 16 };

/* How each algorithm's public key is written: OpenSSL's names of the numbers, and ours. Of Ed25519
 * it is no number but bytes (RFC 8037 §2), and those alone. */
static const struct form {
    enum key_algorithm algorithm;
    const char *type, *curve;
    const char *parameters[2], *names[2];
    int bytes; /* of each number; 0: as many as it has */
} forms[] = {
    { KEY_ES256, "EC", "P-256", { "qx", "qy" }, { "x", "y" }, P256_BYTES },
    { KEY_RS256, "RSA", NULL, { "n", "e" }, { "n", "e" }, 0 },
    { KEY_EDDSA, "OKP", "Ed25519", { NULL, NULL }, { "x", NULL }, 0 },
};

static const struct form *form_of(const struct key *key)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (forms[i].algorithm == key->algorithm && key->state != KEY_RETIRED)
            return &forms[i];
    return NULL;
}

/* Big endian; coordinates with their leading zeros (RFC 7518 §6.2.1.2), an RSA number without. */
static bool write_number(const EVP_PKEY *pkey, const char *parameter, int bytes,
                         char text[KEY_JWK_NUMBER_SIZE])
{
    unsigned char binary[NUMBER_BYTES_MAX];
    BIGNUM *number = NULL;
    if (EVP_PKEY_get_bn_param(pkey, parameter, &number) != 1)
        return false;
    int size = bytes ? bytes : BN_num_bytes(number);
    bool done = size <= NUMBER_BYTES_MAX && BN_bn2binpad(number, binary, size) == size;
    if (done)
        base64url_encode(binary, (size_t)size, text);
    BN_free(number);
    return done;
}

static bool write_raw(const EVP_PKEY *pkey, char text[KEY_JWK_NUMBER_SIZE])
{
    unsigned char bytes[NUMBER_BYTES_MAX];
    size_t size = sizeof bytes;
    if (EVP_PKEY_get_raw_public_key(pkey, bytes, &size) != 1)
        return false;
    base64url_encode(bytes, size, text);
    return true;
}

static bool write_numbers(const struct secret *public_pem, const struct form *form,
                          struct key_jwk *jwk)
{
    BIO *bio = BIO_new_mem_buf(secret_reveal(public_pem), (int)secret_size(public_pem));
    EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    bool done = pkey != NULL;
    if (done && !form->parameters[0])
        done = write_raw(pkey, jwk->numbers[0]);
    for (size_t i = 0; i < 2 && done && form->parameters[i]; i++)
        done = write_number(pkey, form->parameters[i], form->bytes, jwk->numbers[i]);
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    ERR_clear_error();
    return done;
}

static bool read_key(const struct key *key, const struct form *form, struct key_jwk *jwk)
{
    *jwk = (struct key_jwk){ .id = key->id,
                             .algorithm = key_algorithm_name(key->algorithm),
                             .type = form->type,
                             .curve = form->curve,
                             .names = { form->names[0], form->names[1] } };
    return write_numbers(key->verifier, form, jwk);
}

static void write_tag(struct key_jwk_set *set)
{
    unsigned char digest[TAG_BYTES];
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof digest);
    for (size_t i = 0; i < set->count; i++) {
        const struct key_jwk *key = &set->keys[i];
        const char *const texts[] = { key->id, key->algorithm, key->numbers[0], key->numbers[1] };
        for (size_t j = 0; j < sizeof texts / sizeof texts[0]; j++)
            crypto_generichash_update(&state, (const unsigned char *)texts[j],
                                      strlen(texts[j]) + 1);
    }
    crypto_generichash_final(&state, digest, sizeof digest);
    base64url_encode(digest, sizeof digest, set->tag);
}

static void clear(struct key_jwk_set *set)
{
    free(set->keys);
    *set = (struct key_jwk_set){ 0 };
}

static enum error read_keys(const struct keyset *keyset, struct key_jwk_set *set)
{
    size_t count = keyset_count(keyset);
    *set = (struct key_jwk_set){ .keys = memory_new(count * sizeof set->keys[0]) };
    for (size_t i = 0; i < count; i++) {
        const struct key *key = keyset_at(keyset, i);
        const struct form *form = form_of(key);
        if (!form)
            continue;
        if (!read_key(key, form, &set->keys[set->count++])) {
            clear(set);
            return ERROR_INTERNAL;
        }
    }
    write_tag(set);
    return ERROR_NONE;
}

enum error key_jwk_read(struct key_jwk_memory *memory, const struct keyset *keyset,
                        const struct key_jwk_set **set)
{
    if (memory->keyset_version != keyset_version(keyset)) {
        key_jwk_forget(memory);
        enum error error = read_keys(keyset, &memory->set);
        if (error)
            return error;
        memory->keyset_version = keyset_version(keyset);
    }
    *set = &memory->set;
    return ERROR_NONE;
}

void key_jwk_forget(struct key_jwk_memory *memory)
{
    clear(&memory->set);
    memory->keyset_version = 0;
}
