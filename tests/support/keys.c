/* keys - see keys.h. */
#include "support/keys.h"
#include "base/memory.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

char *keys_directory_new(void)
{
    char *directory = memory_text("/tmp/therappai-keys-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
    return directory;
}

void keys_directory_free(char *directory)
{
    struct dirent *entry;
    DIR *stream = opendir(directory);
    while (stream && (entry = readdir(stream)) != NULL)
        unlinkat(dirfd(stream), entry->d_name, 0);
    if (stream)
        closedir(stream);
    rmdir(directory);
    free(directory);
}

static const char *path_of(const char *directory, const char *name, char path[512])
{
    snprintf(path, 512, "%s/%s", directory, name);
    return path;
}

void keys_write_bytes(const char *directory, const char *name, const void *bytes, size_t size,
                      mode_t mode)
{
    char path[512];
    int file = open(path_of(directory, name, path), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    cr_assert_geq(file, 0, "%s", path);
    cr_assert_eq(write(file, bytes, size), (ssize_t)size);
    cr_assert_eq(fchmod(file, mode), 0);
    close(file);
}

void keys_write(const char *directory, const char *name, const char *text)
{
    keys_write_bytes(directory, name, text, strlen(text), 0600);
}

void keys_rename(const char *directory, const char *from, const char *to)
{
    char old[512], new[512];
    cr_assert_eq(rename(path_of(directory, from, old), path_of(directory, to, new)), 0, "%s", old);
}

void keys_remove(const char *directory, const char *name)
{
    char path[512];
    cr_assert_eq(unlink(path_of(directory, name, path)), 0, "%s", path);
}

void keys_age_directory(const char *directory, int seconds)
{
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = time(NULL) - seconds } };
    cr_assert_eq(utimensat(AT_FDCWD, directory, times, 0), 0);
}

const char *keys_hexadecimal(int seed)
{
    static char text[65];
    for (int i = 0; i < 32; i++)
        snprintf(text + i * 2, 3, "%02x", (unsigned)(seed * 37 + i * 11) & 0xff);
    return text;
}

void keys_write_usual(const char *directory)
{
    keys_write(directory, KEYS_HS256, keys_hexadecimal(1));
    keys_write(directory, KEYS_MAC, keys_hexadecimal(2));
}

static char *text_of(BIO *bio)
{
    char *bytes;
    long size = BIO_get_mem_data(bio, &bytes);
    char *text = memory_text_of(bytes, (size_t)size);
    BIO_free(bio);
    return text;
}

static char *private_pem(EVP_PKEY *pkey)
{
    BIO *bio = BIO_new(BIO_s_mem());
    cr_assert_not_null(pkey);
    cr_assert_eq(PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL), 1);
    EVP_PKEY_free(pkey);
    return text_of(bio);
}

char *keys_ec_pem(const char *curve)
{
    return private_pem(EVP_EC_gen(curve));
}

char *keys_rsa_pem(unsigned bits)
{
    return private_pem(EVP_RSA_gen(bits));
}

static EVP_PKEY *parse_pem(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    cr_assert_not_null(pkey);
    BIO_free(bio);
    return pkey;
}

char *keys_public_pem(const char *pem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    EVP_PKEY *pkey = parse_pem(pem);
    cr_assert_eq(PEM_write_bio_PUBKEY(bio, pkey), 1);
    EVP_PKEY_free(pkey);
    return text_of(bio);
}

int keys_bits(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    int bits = pkey ? EVP_PKEY_get_bits(pkey) : 0;
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    return bits;
}

char *keys_traditional_pem(const char *pem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    EVP_PKEY *pkey = parse_pem(pem);
    cr_assert_eq(PEM_write_bio_PrivateKey_traditional(bio, pkey, NULL, NULL, 0, NULL, NULL), 1);
    EVP_PKEY_free(pkey);
    return text_of(bio);
}

char *keys_encrypted_pem(const char *pem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    EVP_PKEY *pkey = parse_pem(pem);
    char passphrase[] = "passphrase";
    cr_assert_eq(PEM_write_bio_PKCS8PrivateKey(bio, pkey, EVP_aes_128_cbc(), passphrase,
                                               sizeof passphrase - 1, NULL, NULL),
                 1);
    EVP_PKEY_free(pkey);
    return text_of(bio);
}

char *keys_mismatched_pem(void)
{
    enum { POINT = 65 }; /* at the end of the DER form */
    EVP_PKEY *one = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
    unsigned char *der = NULL, *other_der = NULL;
    int size = i2d_PrivateKey(one, &der), other_size = i2d_PrivateKey(other, &other_der);
    BIO *bio = BIO_new(BIO_s_mem());
    memcpy(der + size - POINT, other_der + other_size - POINT, POINT);
    cr_assert_gt(PEM_write_bio(bio, "EC PRIVATE KEY", "", der, size), 0);
    OPENSSL_free(der);
    OPENSSL_free(other_der);
    EVP_PKEY_free(one);
    EVP_PKEY_free(other);
    return text_of(bio);
}

struct keyset *keys_load(const char *directory)
{
    struct keyset *keyset = NULL;
    char message[KEY_MESSAGE_SIZE] = "";
    cr_assert_eq(keyset_load(directory, &keyset, message), ERROR_NONE, "%s", message);
    return keyset;
}

const char *keys_load_failure(const char *directory)
{
    static char message[KEY_MESSAGE_SIZE];
    struct keyset *keyset = NULL;
    message[0] = '\0';
    cr_assert_neq(keyset_load(directory, &keyset, message), ERROR_NONE, "it loaded");
    cr_assert_null(keyset);
    return message;
}
