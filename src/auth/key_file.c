/* key_file - see key_file.h. */
#include "auth/key_file.h"
#include "auth/key_pem.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 16384, HMAC_KEY_MIN = 32 };

static const struct {
    const char *name, *extension;
    enum key_use use;
} algorithms[] = {
    [KEY_HS256] = { "HS256", "key", KEY_USE_ACCESS },
    [KEY_ES256] = { "ES256", "pem", KEY_USE_ACCESS },
    [KEY_RS256] = { "RS256", "pem", KEY_USE_ACCESS },
    [KEY_EDDSA] = { "EdDSA", "pem", KEY_USE_ACCESS },
    [KEY_MAC] = { "MAC", "key", KEY_USE_REFRESH },
    [KEY_DATA] = { "DATA", "key", KEY_USE_DATA },
};
enum { ALGORITHM_COUNT = sizeof algorithms / sizeof *algorithms };

static const char *const states[] = {
    [KEY_CREATED] = "created",
    [KEY_SIGNING] = "signing",
    [KEY_VERIFYING] = "verifying",
    [KEY_RETIRED] = "retired",
};
enum { STATE_COUNT = sizeof states / sizeof *states };

static const char *const uses[KEY_USES] = {
    [KEY_USE_ACCESS] = "access",
    [KEY_USE_REFRESH] = "refresh",
    [KEY_USE_DATA] = "data",
};

static const struct {
    const char *name, *flaw;
} refused[] = {
#ifndef LIBJWT_EDDSA
    { "EdDSA", "is not known to the library that signs (libjwt), or not by its name in RFC 8037; "
               "ES256 is as short and as safe" },
#endif
    { "none", "would let anybody make tokens" },
};

const char *key_algorithm_name(enum key_algorithm algorithm)
{
    return (unsigned)algorithm < ALGORITHM_COUNT ? algorithms[algorithm].name : NULL;
}

enum key_algorithm key_algorithm_of(const char *name)
{
    for (unsigned i = KEY_HS256; i < ALGORITHM_COUNT; i++)
        if (strcmp(name, algorithms[i].name) == 0 && !key_algorithm_flaw(name))
            return (enum key_algorithm)i;
    return KEY_ALGORITHM_INVALID;
}

const char *key_algorithm_flaw(const char *name)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (strcmp(name, refused[i].name) == 0)
            return refused[i].flaw;
    return NULL;
}

enum key_use key_use_of(enum key_algorithm algorithm)
{
    return algorithms[algorithm].use;
}

const char *key_use_name(enum key_use use)
{
    return uses[use];
}

const char *key_state_name(enum key_state state)
{
    return (unsigned)state < STATE_COUNT ? states[state] : NULL;
}

enum key_state key_state_of(const char *name)
{
    for (unsigned i = KEY_CREATED; i < STATE_COUNT; i++)
        if (strcmp(name, states[i]) == 0)
            return (enum key_state)i;
    return KEY_STATE_INVALID;
}

/* Copies the part of `name` before the next dot; NULL where there is none or it does not fit. */
static const char *next_part(const char *name, char *part, size_t size)
{
    const char *dot = strchr(name, '.');
    if (!dot || dot == name || (size_t)(dot - name) >= size)
        return NULL;
    memcpy(part, name, (size_t)(dot - name));
    part[dot - name] = '\0';
    return dot + 1;
}

void key_file_explain_name(const char *name, char message[KEY_MESSAGE_SIZE])
{
    char id[KEY_ID_MAX + 1], algorithm[16] = "";
    const char *rest = next_part(name, id, sizeof id);
    const char *flaw =
        rest && next_part(rest, algorithm, sizeof algorithm) ? key_algorithm_flaw(algorithm) : NULL;
    if (flaw)
        snprintf(message, KEY_MESSAGE_SIZE, "key file '%s': %s %s", name, algorithm, flaw);
    else
        snprintf(message, KEY_MESSAGE_SIZE, "key file '%s': the name is not KID.ALG.STATE.EXT",
                 name);
}

int64_t key_file_time(const char *id)
{
    enum { STAMP_SIZE = sizeof "20261123T065800Z" - 1 };
    struct tm parts = { 0 };
    if (strlen(id) < STAMP_SIZE)
        return -1;
    const char *end = strptime(id, "%Y%m%dT%H%M%SZ", &parts);
    return end == id + STAMP_SIZE ? (int64_t)timegm(&parts) : -1;
}

static bool is_key_id(const char *id)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    return id[strspn(id, allowed)] == '\0';
}

bool key_file_parse_name(const char *name, struct key *key)
{
    struct key parsed = { 0 };
    char algorithm[16], state[16];
    const char *rest = next_part(name, parsed.id, sizeof parsed.id);
    if (rest)
        rest = next_part(rest, algorithm, sizeof algorithm);
    if (rest)
        rest = next_part(rest, state, sizeof state);
    if (!rest || !is_key_id(parsed.id))
        return false;
    parsed.algorithm = key_algorithm_of(algorithm);
    parsed.state = key_state_of(state);
    if (!parsed.algorithm || !parsed.state ||
        strcmp(rest, algorithms[parsed.algorithm].extension) != 0)
        return false;
    *key = parsed;
    return true;
}

void key_file_format_name(const struct key *key, char name[KEY_FILE_NAME_SIZE])
{
    snprintf(name, KEY_FILE_NAME_SIZE, "%s.%s.%s.%s", key->id, algorithms[key->algorithm].name,
             states[key->state], algorithms[key->algorithm].extension);
}

void key_file_read_change(int directory, struct key *key)
{
    struct stat status;
    char name[KEY_FILE_NAME_SIZE];
    key_file_format_name(key, name);
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        key->changed = (int64_t)status.st_ctim.tv_sec;
}

static bool is_trusted_owner(const struct stat *status)
{
    return status->st_uid == geteuid() || status->st_uid == 0;
}

static const char *directory_flaw(int directory, struct stat *status)
{
    if (fstat(directory, status))
        return strerror(errno);
    if (!is_trusted_owner(status))
        return "belongs neither to the user that runs this nor to root";
    if (status->st_mode & (S_IWGRP | S_IWOTH))
        return "can be written by others (chmod 700)";
    return NULL;
}

int key_file_open_directory(const char *path, struct stat *status, char message[KEY_MESSAGE_SIZE])
{
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *flaw = directory < 0 ? strerror(errno) : directory_flaw(directory, status);
    if (!flaw)
        return directory;
    snprintf(message, KEY_MESSAGE_SIZE, "key directory '%s': %s", path, flaw);
    if (directory >= 0)
        close(directory);
    return -1;
}

static const char *file_flaw(int file, off_t *size)
{
    struct stat status;
    if (fstat(file, &status))
        return strerror(errno);
    if (!S_ISREG(status.st_mode))
        return "is not a regular file";
    if (!is_trusted_owner(&status))
        return "belongs neither to the user that runs this nor to root";
    if (status.st_mode & (S_IRWXG | S_IRWXO))
        return "is open to others than its owner (chmod 600)";
    if (status.st_size > FILE_SIZE_MAX)
        return "is too long for a key";
    *size = status.st_size;
    return NULL;
}

static bool read_all(int file, struct secret *text)
{
    size_t done = 0, size = secret_size(text);
    while (done < size) {
        ssize_t count = read(file, secret_bytes(text) + done, size - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        done += (size_t)count;
    }
    return true;
}

/* The file's bytes, or NULL and what is wrong. O_NONBLOCK: a FIFO must not hold us up. */
static struct secret *read_file(int directory, const char *name, const char **flaw)
{
    struct secret *text = NULL;
    off_t size = 0;
    int file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) {
        *flaw = strerror(errno);
        return NULL;
    }
    *flaw = file_flaw(file, &size);
    if (!*flaw) {
        text = secret_new_empty((size_t)size);
        if (!read_all(file, text)) {
            *flaw = "cannot be read to its end";
            secret_free(text);
            text = NULL;
        }
    }
    close(file);
    return text;
}

/* One line of hexadecimal digits; NULL where it is anything else. */
static struct secret *decode_hexadecimal(const struct secret *text)
{
    const char *digits = secret_reveal(text);
    size_t size = secret_size(text), used = 0;
    if (size && digits[size - 1] == '\n')
        size--;
    struct secret *bytes = secret_new_empty(size / 2);
    if (sodium_hex2bin(secret_bytes(bytes), size / 2, digits, size, NULL, &used, NULL) == 0 &&
        used * 2 == size)
        return bytes;
    secret_free(bytes);
    return NULL;
}

static const char *parse_hmac_key(const struct secret *text, struct key *key)
{
    struct secret *bytes = decode_hexadecimal(text);
    if (!bytes)
        return "is not one line of an even number of hexadecimal digits";
    if (secret_size(bytes) < HMAC_KEY_MIN) { /* RFC 7518 §3.2 */
        secret_free(bytes);
        return "has fewer than 64 hexadecimal digits (32 bytes)";
    }
    if (key->algorithm == KEY_DATA && secret_size(bytes) != KEY_DATA_SIZE) {
        secret_free(bytes);
        return "has not 64 hexadecimal digits (32 bytes)";
    }
    key->private_key = bytes;
    if (key->algorithm == KEY_HS256)
        key->verifier = secret_new(secret_reveal(bytes), secret_size(bytes));
    return NULL;
}

static void set_fingerprint(struct key *key)
{
    unsigned char digest[crypto_generichash_BYTES];
    crypto_generichash(digest, sizeof digest, (const unsigned char *)key->id, strlen(key->id), NULL,
                       0);
    memcpy(key->fingerprint, digest, KEY_FINGERPRINT_SIZE);
}

static const char *parse_key(const struct secret *text, struct key *key)
{
    if (strcmp(algorithms[key->algorithm].extension, "pem") == 0)
        return key_pem_read(text, key->algorithm, &key->private_key, &key->verifier);
    if (key->algorithm == KEY_MAC)
        set_fingerprint(key);
    return parse_hmac_key(text, key);
}

bool key_file_read(int directory, struct key *key, char message[KEY_MESSAGE_SIZE])
{
    const char *flaw = NULL;
    char name[KEY_FILE_NAME_SIZE];
    key_file_format_name(key, name);
    struct secret *text = read_file(directory, name, &flaw);
    if (text)
        flaw = parse_key(text, key);
    secret_free(text);
    if (flaw)
        snprintf(message, KEY_MESSAGE_SIZE, "key file '%s': %s", name, flaw);
    return !flaw;
}

void key_file_clear(struct key *key)
{
    secret_free(key->private_key);
    secret_free(key->verifier);
    *key = (struct key){ 0 };
}
