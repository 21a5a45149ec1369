/* key_pem - see key_pem.h. */
#include "auth/key_pem.h"
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

/* The upper bound keeps a check of a token, which anybody may ask for, cheap. */
enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192, RSA_BITS_NEW = 3072 };

/* An encrypted key is refused; OpenSSL's own callback would ask at the terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1;
}

static EVP_PKEY *parse(const struct secret *file)
{
    BIO *bio = BIO_new_mem_buf(secret_reveal(file), (int)secret_size(file));
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    BIO_free(bio);
    return pkey;
}

static const char *ec_flaw(const EVP_PKEY *pkey)
{
    char group[32] = "";
    if (!EVP_PKEY_is_a(pkey, "EC"))
        return "is not an EC key";
    if (EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) != 1 ||
        strcmp(group, "prime256v1") != 0)
        return "is on a curve other than P-256";
    return NULL;
}

static const char *rsa_flaw(const EVP_PKEY *pkey)
{
    if (!EVP_PKEY_is_a(pkey, "RSA"))
        return "is not an RSA key";
    int bits = EVP_PKEY_get_bits(pkey);
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
        return "is an RSA key of fewer than 2,048 or more than 8,192 bits";
    return NULL;
}

static const char *ed25519_flaw(const EVP_PKEY *pkey)
{
    return EVP_PKEY_is_a(pkey, "ED25519") ? NULL : "is not an Ed25519 key";
}

/* The point is on the curve, the exponent is a sound one, and the halves belong together. */
static bool is_sound(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool sound = context && EVP_PKEY_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    return sound;
}

typedef int pem_writer(BIO *bio, const EVP_PKEY *pkey);

static int write_private(BIO *bio, const EVP_PKEY *pkey)
{
    return PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
}

static int write_public(BIO *bio, const EVP_PKEY *pkey)
{
    return PEM_write_bio_PUBKEY(bio, pkey);
}

static struct secret *to_pem(const EVP_PKEY *pkey, pem_writer *write)
{
    struct secret *pem = NULL;
    char *bytes;
    BIO *bio = BIO_new(BIO_s_secmem()); /* wiped when it is freed */
    if (bio && write(bio, pkey) == 1) {
        long size = BIO_get_mem_data(bio, &bytes);
        pem = secret_new(bytes, (size_t)size);
    }
    BIO_free(bio);
    return pem;
}

static EVP_PKEY *new_ec(void)
{
    return EVP_EC_gen("P-256");
}

static EVP_PKEY *new_rsa(void)
{
    return EVP_RSA_gen(RSA_BITS_NEW);
}

static EVP_PKEY *new_ed25519(void)
{
    return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

static const struct {
    const char *(*flaw)(const EVP_PKEY *pkey);
    EVP_PKEY *(*generate)(void);
} kinds[] = {
    [KEY_ES256] = { ec_flaw, new_ec },
    [KEY_RS256] = { rsa_flaw, new_rsa },
    [KEY_EDDSA] = { ed25519_flaw, new_ed25519 },
};

static const char *check(EVP_PKEY *pkey, enum key_algorithm algorithm)
{
    const char *flaw = kinds[algorithm].flaw(pkey);
    if (flaw)
        return flaw;
    return is_sound(pkey) ? NULL : "is a key that does not hold together";
}

const char *key_pem_read(const struct secret *file, enum key_algorithm algorithm,
                         struct secret **private_key, struct secret **public_key)
{
    struct secret *private_pem = NULL, *public_pem = NULL;
    const char *flaw = "is not an unencrypted private key in PEM";
    EVP_PKEY *pkey = parse(file);
    if (!pkey)
        goto out;
    flaw = check(pkey, algorithm);
    if (flaw)
        goto out;
    private_pem = to_pem(pkey, write_private);
    public_pem = to_pem(pkey, write_public);
    if (!private_pem || !public_pem) {
        flaw = "cannot be written as PEM";
        goto out;
    }
    *private_key = private_pem;
    *public_key = public_pem;
    private_pem = public_pem = NULL;
out:
    secret_free(private_pem);
    secret_free(public_pem);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return flaw;
}

struct secret *key_pem_new(enum key_algorithm algorithm)
{
    EVP_PKEY *pkey = kinds[algorithm].generate();
    struct secret *pem = pkey ? to_pem(pkey, write_private) : NULL;
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return pem;
}
