/* password - see password.h. */
#include "auth/password.h"
#include "base/log.h"
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { POINT_BYTES_MAX = 4, KIB = 1024 };

_Static_assert(PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES, "libsodium writes so much");

/* Form ------------------------------------------------------------------------------------------*/

/* Code points, or -1 where it is no UTF-8. */
static int count_points(const struct secret *password)
{
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)secret_reveal(password);
    utf8proc_ssize_t left = (utf8proc_ssize_t)secret_size(password);
    utf8proc_int32_t point = 0;
    int count = 0;
    while (left > 0) {
        utf8proc_ssize_t length = utf8proc_iterate(bytes, left, &point);
        if (length <= 0) {
            count = -1;
            break;
        }
        bytes += length;
        left -= length;
        count++;
    }
    secret_wipe(&point, sizeof point);
    return count;
}

const char *password_flaw(const struct secret *password)
{
    static const char too_long[] = "A password has at most 1,024 characters.";
    if (secret_size(password) > (size_t)PASSWORD_MAX * POINT_BYTES_MAX)
        return too_long; /* before anything looks at it */
    int count = count_points(password);
    if (count < 0)
        return "This is not UTF-8.";
    if (count < PASSWORD_MIN)
        return "A password has at least 8 characters.";
    return count > PASSWORD_MAX ? too_long : NULL;
}

/* NFC, so that one password typed on two keyboards is one password. To be freed with secret_free;
 * NULL where there is no such form. utf8proc_map is not for secrets: it leaves copies behind. */
static struct secret *normalise(const struct secret *password)
{
    const utf8proc_option_t options = UTF8PROC_COMPOSE | UTF8PROC_STABLE;
    const utf8proc_uint8_t *text = (const utf8proc_uint8_t *)secret_reveal(password);
    utf8proc_ssize_t size = (utf8proc_ssize_t)secret_size(password), used = -1;
    utf8proc_ssize_t count = utf8proc_decompose(text, size, NULL, 0, options);
    if (count < 0)
        return NULL;
    /* One more, which utf8proc_reencode asks for. */
    struct secret *points = secret_new_empty(((size_t)count + 1) * sizeof(utf8proc_int32_t));
    utf8proc_int32_t *buffer = (void *)secret_bytes(points);
    if (utf8proc_decompose(text, size, buffer, count, options) == count)
        used = utf8proc_reencode(buffer, count, options);
    struct secret *form = used < 0 ? NULL : secret_new(buffer, (size_t)used);
    secret_free(points);
    return form;
}

/* Work ------------------------------------------------------------------------------------------*/

/* What is to be done inside a slot, all of it with Argon2's memory, which libsodium maps and unmaps
 * each time. Memory that belongs to the slot would come in by in_slot() and be used by make() and
 * compare(), the two functions that hash; nothing else would change. (The parameters of a stored
 * hash, not those of `cost`, say how much of it a comparison takes.) */
struct job {
    const struct secret *password; /* has no flaw */
    struct password_cost cost;
    const char *stored; /* NULL: unknown account */
    char *made;         /* PASSWORD_HASH_SIZE */
};

static enum error in_slot(struct hash_queue *queue, enum error (*work)(const struct job *job),
                          const struct job *job)
{
    enum error error = hash_queue_enter(queue);
    if (error)
        return error;
    error = work(job);
    hash_queue_leave(queue);
    return error;
}

static enum error report_failure(const char *event)
{
    LOG(LOG_LEVEL_ERROR, event, log_text("reason", errno ? strerror(errno) : "not readable"));
    return ERROR_INTERNAL;
}

static enum error make(const struct secret *form, struct password_cost cost, char *hash)
{
    char made[crypto_pwhash_STRBYTES];
    errno = 0;
    int status = crypto_pwhash_str_alg(made, secret_reveal(form), secret_size(form),
                                       (unsigned long long)cost.passes,
                                       (size_t)cost.memory_kib * KIB, crypto_pwhash_ALG_ARGON2ID13);
    if (status == 0)
        memcpy(hash, made, sizeof made);
    secret_wipe(made, sizeof made);
    return status == 0 ? ERROR_NONE : report_failure("password_not_hashed");
}

/* libsodium says EINVAL where the password is another one; anything else is trouble. */
static enum error compare(const struct secret *form, const char *hash)
{
    errno = 0;
    if (crypto_pwhash_str_verify(hash, secret_reveal(form), secret_size(form)) == 0)
        return ERROR_NONE;
    return errno == EINVAL ? ERROR_INVALID_CREDENTIALS : report_failure("password_not_compared");
}

/* What an unknown account is compared with: a hash of nobody's password, of the cost that new ones
 * have. It takes the way that any other hash takes, from the first time on. */
static void write_dummy(struct password_cost cost, char hash[PASSWORD_HASH_SIZE])
{
    snprintf(hash, PASSWORD_HASH_SIZE, "$argon2id$v=19$m=%" PRId64 ",t=%" PRId64 ",p=1$%s$%s",
             cost.memory_kib, cost.passes, "c29tZSBzYWx0IG9mIG5vbg",
             "bm8gcGFzc3dvcmQgaW4gdGhlIHdvcmxkIGhhcyB0aGk");
}

enum standing { UNKNOWN, CURRENT, OTHER_COST };

/* A hash that cannot be read is no reason for an answer or a duration that other accounts do not
 * have. */
static enum standing judge(const struct job *job)
{
    if (!job->stored)
        return UNKNOWN;
    switch (crypto_pwhash_str_needs_rehash(job->stored, (unsigned long long)job->cost.passes,
                                           (size_t)job->cost.memory_kib * KIB)) {
    case 0:
        return CURRENT;
    case 1:
        return OTHER_COST;
    default:
        LOG(LOG_LEVEL_ERROR, "password_hash_unreadable",
            log_integer("size", (int64_t)strlen(job->stored)));
        return UNKNOWN;
    }
}

static enum error do_hash(const struct job *job)
{
    struct secret *form = normalise(job->password);
    enum error error = form ? make(form, job->cost, job->made) : ERROR_INTERNAL;
    secret_free(form);
    return error;
}

/* An unknown account costs what an account costs whose hash was made with the options of now. Where
 * the options changed, an account that has not logged in since still costs what it did, and so can
 * be told from an unknown one by the duration, until it logs in; no dummy can be right for both.
 * Who raises the cost for a service under attack should know that.
 *
 * A rehash that fails is logged and keeps nobody out. */
static enum error do_verify(const struct job *job)
{
    char dummy[PASSWORD_HASH_SIZE];
    enum standing standing = judge(job);
    struct secret *form = normalise(job->password);
    write_dummy(job->cost, dummy);
    enum error error =
        form ? compare(form, standing == UNKNOWN ? dummy : job->stored) : ERROR_INTERNAL;
    if (!error && standing == UNKNOWN)
        error = ERROR_INVALID_CREDENTIALS;
    if (!error && standing == OTHER_COST && make(form, job->cost, job->made))
        job->made[0] = '\0';
    secret_free(form);
    return error;
}

enum error password_hash(const struct secret *password, struct password_cost cost,
                         struct hash_queue *queue, char hash[PASSWORD_HASH_SIZE])
{
    const struct job job = { .password = password, .cost = cost, .made = hash };
    return in_slot(queue, do_hash, &job);
}

enum error password_verify(const struct secret *password, const char *stored,
                           struct password_cost cost, struct hash_queue *queue,
                           char rehash[PASSWORD_HASH_SIZE])
{
    const struct job job = { password, cost, stored, rehash };
    rehash[0] = '\0';
    if (password_flaw(password))
        return ERROR_INVALID_CREDENTIALS;
    return in_slot(queue, do_verify, &job);
}

/* Takes "NAMEdigits" off the front of *text. */
static bool take_number(const char **text, const char *name, unsigned long *number)
{
    size_t size = strlen(name), digits;
    if (strncmp(*text, name, size) != 0)
        return false;
    digits = strspn(*text + size, "0123456789");
    *number = strtoul(*text + size, NULL, 10);
    *text += size + digits;
    return digits > 0;
}

/* From elsewhere. Other programs hash in several lanes (p), which libsodium compares, and we never
 * make. */
const char *password_hash_flaw(const char *hash)
{
    enum { MEMORY_MAX_KIB = 1024 * 1024, PASSES_MAX = 20, LANES_MAX = 16 };
    const char *rest = hash;
    unsigned long memory, passes, lanes;
    if (strlen(hash) >= PASSWORD_HASH_SIZE || !take_number(&rest, "$argon2id$v=19$m=", &memory) ||
        !take_number(&rest, ",t=", &passes) || !take_number(&rest, ",p=", &lanes) ||
        crypto_pwhash_str_needs_rehash(hash, crypto_pwhash_OPSLIMIT_MIN,
                                       crypto_pwhash_MEMLIMIT_MIN) < 0)
        return "The password hash is not argon2id in PHC form.";
    if (memory > MEMORY_MAX_KIB || passes > PASSES_MAX || lanes > LANES_MAX)
        return "The password hash costs more than the service allows.";
    return NULL;
}
