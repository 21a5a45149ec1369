/* tokens - see tokens.h. */
#include "support/tokens.h"
#include "auth/base64url.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "support/keys.h"
#include <criterion/criterion.h>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <stdlib.h>

const struct config tokens_config = { .issuer = (char *)"https://auth.example.org",
                                      .audience = (char *)"https://example.org",
                                      .access_lifetime_s = 900,
                                      .access_jitter_percent = 5,
                                      .clock_leeway_s = 5 };

static const struct {
    const char *name, *value;
} members[] = {
    { "aud", "\"https://example.org\"" },
    { "exp", "1800000900" },
    { "iat", "1800000000" },
    { "iss", "\"https://auth.example.org\"" },
    { "jti", "\"kX3v0nYq0m1dR9q3b6bK9g\"" },
    { "roles", "[\"user\"]" },
    { "scope", "\"profile:read profile:write\"" },
    { "sid", "\"" TOKENS_SESSION "\"" },
    { "sub", "\"42\"" },
    { "token_type", "\"access\"" },
};
enum { MEMBER_COUNT = sizeof members / sizeof *members };

const struct tokens_signer *tokens_usual_signer(void)
{
    static unsigned char key[32];
    static const struct tokens_signer signer = { .mac_key = key, .mac_key_size = sizeof key };
    sodium_hex2bin(key, sizeof key, keys_hexadecimal(1), 64, NULL, NULL, NULL);
    return &signer;
}

static void add_member(struct buffer *payload, const char *name, const char *value)
{
    if (value)
        buffer_format(payload, "%s\"%s\":%s", payload->size > 1 ? "," : "", name, value);
}

char *tokens_payload(const char *member, const char *value)
{
    struct buffer payload;
    bool replaced = member == NULL;
    buffer_init(&payload, 1 << 24);
    buffer_text(&payload, "{");
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        bool here = member && strcmp(members[i].name, member) == 0;
        add_member(&payload, members[i].name, here ? value : members[i].value);
        replaced = replaced || here;
    }
    if (!replaced)
        add_member(&payload, member, value);
    buffer_text(&payload, "}");
    return payload.data;
}

char *tokens_base64url(const void *bytes, size_t size)
{
    char *text = memory_new(BASE64URL_LENGTH(size) + 1);
    base64url_encode(bytes, size, text);
    return text;
}

/* r and s, 32 bytes each, as RFC 7518 §3.4 wants them. */
static size_t flatten_ecdsa(const unsigned char *der, size_t size, unsigned char *raw)
{
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)size);
    cr_assert_not_null(signature);
    cr_assert_eq(BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, 32), 32);
    cr_assert_eq(BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + 32, 32), 32);
    ECDSA_SIG_free(signature);
    return 64;
}

static size_t sign_with_pem(const char *pem, const char *text, unsigned char signature[1024])
{
    unsigned char made[1024];
    size_t size = sizeof made;
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    cr_assert_eq(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, pkey), 1);
    cr_assert_eq(EVP_DigestSign(context, made, &size, (const unsigned char *)text, strlen(text)),
                 1);
    if (EVP_PKEY_is_a(pkey, "EC"))
        size = flatten_ecdsa(made, size, signature);
    else
        memcpy(signature, made, size);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    return size;
}

static size_t sign_text(const struct tokens_signer *signer, const char *text,
                        unsigned char signature[1024])
{
    unsigned size = 0;
    if (signer->pem)
        return sign_with_pem(signer->pem, text, signature);
    HMAC(EVP_sha256(), signer->mac_key, (int)signer->mac_key_size, (const unsigned char *)text,
         strlen(text), signature, &size);
    return size;
}

struct secret *tokens_sign_bytes(const struct tokens_signer *signer, const char *header,
                                 const void *payload, size_t size)
{
    struct buffer token;
    unsigned char signature[1024];
    char *head = tokens_base64url(header, strlen(header)), *body = tokens_base64url(payload, size);
    buffer_init(&token, 1 << 25);
    buffer_format(&token, "%s.%s", head, body);
    char *tail = tokens_base64url(signature, sign_text(signer, token.data, signature));
    buffer_format(&token, ".%s", tail);
    struct secret *made = secret_new(token.data, token.size);
    buffer_clear(&token);
    free(head);
    free(body);
    free(tail);
    return made;
}

struct secret *tokens_sign(const struct tokens_signer *signer, const char *header,
                           const char *payload)
{
    return tokens_sign_bytes(signer, header, payload, strlen(payload));
}

struct secret *tokens_with(const char *member, const char *value)
{
    char *payload = tokens_payload(member, value);
    struct secret *token = tokens_sign(tokens_usual_signer(), TOKENS_HEADER, payload);
    free(payload);
    return token;
}

struct secret *tokens_text(const char *text)
{
    return secret_new(text, strlen(text));
}

enum error tokens_verify_free(struct secret *token, struct keyset *keyset)
{
    struct access_claims claims;
    enum error error = access_token_verify(token, keyset, &tokens_config, &claims);
    secret_free(token);
    return error;
}

enum error tokens_verify(const char *text, struct keyset *keyset)
{
    return tokens_verify_free(tokens_text(text), keyset);
}
