/* jwk - see jwk.h. */
#include "support/jwk.h"
#include "auth/base64url.h"
#include "base/memory.h"
#include <criterion/criterion.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 2048, NUMBERS_MAX = 8, DER_MAX = 256 };

json_object *jwk_corpus(const char *path)
{
    char whole[1024];
    const char *folder = getenv("TEST_CORPORA");
    if (!folder)
        cr_skip_test("TEST_CORPORA names no folder of published test vectors");
    snprintf(whole, sizeof whole, "%s/%s", folder, path);
    json_object *corpus = json_object_from_file(whole);
    if (!corpus)
        cr_skip_test("%s is not there", whole);
    return corpus;
}

const char *jwk_text(json_object *object, const char *member)
{
    json_object *value;
    if (!json_object_object_get_ex(object, member, &value) || !value)
        return "";
    return json_object_get_string(value);
}

/* At most NUMBER_MAX bytes; none where it is not canonical base64url. */
static size_t decode_text(const char *text, unsigned char *bytes)
{
    size_t size;
    return base64url_decode(text, strlen(text), bytes, NUMBER_MAX, &size) ? size : 0;
}

static size_t decode(json_object *jwk, const char *member, unsigned char *bytes)
{
    return decode_text(jwk_text(jwk, member), bytes);
}

char *jwk_hexadecimal(json_object *jwk)
{
    unsigned char bytes[NUMBER_MAX];
    size_t size = decode(jwk, "k", bytes);
    char *text = memory_new(size * 2 + 1);
    return sodium_bin2hex(text, size * 2 + 1, bytes, size);
}

struct number {
    const char *member, *parameter;
    bool is_private;
};

static const struct number rsa_numbers[] = {
    { "n", OSSL_PKEY_PARAM_RSA_N, false },         { "e", OSSL_PKEY_PARAM_RSA_E, false },
    { "d", OSSL_PKEY_PARAM_RSA_D, true },          { "p", OSSL_PKEY_PARAM_RSA_FACTOR1, true },
    { "q", OSSL_PKEY_PARAM_RSA_FACTOR2, true },    { "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1, true },
    { "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2, true }, { "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1, true },
};

/* OpenSSL keeps pointers to the numbers until the parameters are built. */
static void push_numbers(OSSL_PARAM_BLD *builder, json_object *jwk, bool private_half,
                         BIGNUM *numbers[NUMBERS_MAX])
{
    unsigned char bytes[NUMBER_MAX];
    for (size_t i = 0; i < NUMBERS_MAX; i++) {
        if ((rsa_numbers[i].is_private && !private_half) || !*jwk_text(jwk, rsa_numbers[i].member))
            continue;
        size_t size = decode(jwk, rsa_numbers[i].member, bytes);
        numbers[i] = BN_bin2bn(bytes, (int)size, NULL);
        OSSL_PARAM_BLD_push_BN(builder, rsa_numbers[i].parameter, numbers[i]);
    }
}

static void push_point(OSSL_PARAM_BLD *builder, json_object *jwk, bool private_half,
                       unsigned char point[1 + 2 * NUMBER_MAX], BIGNUM *numbers[NUMBERS_MAX])
{
    unsigned char bytes[NUMBER_MAX];
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    size_t x = decode(jwk, "x", point + 1);
    size_t y = decode(jwk, "y", bytes);
    memcpy(point + 1 + x, bytes, y);
    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, jwk_text(jwk, "crv"), 0);
    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + x + y);
    if (private_half) {
        size_t size = decode(jwk, "d", bytes);
        numbers[0] = BN_bin2bn(bytes, (int)size, NULL);
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, numbers[0]);
    }
}

static EVP_PKEY *make_okp(json_object *jwk)
{
    unsigned char bytes[NUMBER_MAX];
    size_t size = decode(jwk, "x", bytes);
    return EVP_PKEY_new_raw_public_key_ex(NULL, jwk_text(jwk, "crv"), NULL, bytes, size);
}

static EVP_PKEY *make(json_object *jwk, bool private_half)
{
    if (strcmp(jwk_text(jwk, "kty"), "OKP") == 0)
        return private_half ? NULL : make_okp(jwk);
    EVP_PKEY *pkey = NULL;
    BIGNUM *numbers[NUMBERS_MAX] = { NULL };
    unsigned char point[1 + 2 * NUMBER_MAX];
    bool is_ec = strcmp(jwk_text(jwk, "kty"), "EC") == 0;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, is_ec ? "EC" : "RSA", NULL);
    if (is_ec)
        push_point(builder, jwk, private_half, point, numbers);
    else
        push_numbers(builder, jwk, private_half, numbers);
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    if (EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, private_half ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                          parameters) != 1)
        pkey = NULL;
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    for (size_t i = 0; i < NUMBERS_MAX; i++)
        BN_free(numbers[i]);
    return pkey;
}

char *jwk_pem(json_object *jwk, bool private_half)
{
    char *bytes, *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    EVP_PKEY *pkey = make(jwk, private_half);
    int written = !pkey ? 0
                  : private_half
                      ? PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL)
                      : PEM_write_bio_PUBKEY(bio, pkey);
    if (written == 1) {
        long size = BIO_get_mem_data(bio, &bytes);
        text = memory_text_of(bytes, (size_t)size);
    }
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    return text;
}

/* The two numbers of an ECDSA signature (RFC 7518 §3.4) in the form that OpenSSL takes. Returns its
 * size. */
static size_t to_der(const unsigned char *bytes, size_t size, unsigned char der[DER_MAX])
{
    ECDSA_SIG *numbers = ECDSA_SIG_new();
    unsigned char *end = der;
    ECDSA_SIG_set0(numbers, BN_bin2bn(bytes, (int)size / 2, NULL),
                   BN_bin2bn(bytes + size / 2, (int)size / 2, NULL));
    int written = i2d_ECDSA_SIG(numbers, &end);
    ECDSA_SIG_free(numbers);
    return written > 0 ? (size_t)written : 0;
}

bool jwk_verifies(json_object *jwk, const char *token)
{
    unsigned char bytes[NUMBER_MAX], der[DER_MAX];
    const char *dot = strrchr(token, '.');
    EVP_PKEY *pkey = make(jwk, false);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t size = dot ? decode_text(dot + 1, bytes) : 0;
    bool is_ec = strcmp(jwk_text(jwk, "kty"), "EC") == 0, good = false;
    const EVP_MD *digest = strcmp(jwk_text(jwk, "kty"), "OKP") == 0 ? NULL : EVP_sha256();
    if (pkey && size > 0 && EVP_DigestVerifyInit(context, NULL, digest, NULL, pkey) == 1) {
        if (is_ec)
            size = to_der(bytes, size, der);
        good = EVP_DigestVerify(context, is_ec ? der : bytes, size, (const unsigned char *)token,
                                (size_t)(dot - token)) == 1;
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
    return good;
}
