/* password - form, hashes that others made too, and work that tells nothing. */
#include "auth/password.h"
#include "base/clock.h"
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BYTES(text)  text, sizeof(text) - 1
#define PASSWORD     "correct horse"
#define CHEAP_PREFIX "$argon2id$v=19$m=1024,t=1,p=1$"
#define DEAR_PREFIX  "$argon2id$v=19$m=2048,t=3,p=1$"
static const struct password_cost cheap = { 1024, 1 }, dear = { 2048, 3 };

/* Watch -----------------------------------------------------------------------------------------*/

/* This program's own functions of these names come before libsodium's: they note what work is asked
 * for, and pass the call on or fail it. */
static struct {
    int verified, made;
    char parameters[PASSWORD_HASH_SIZE]; /* of the last hash that was compared with */
    int slots_held;                      /* while libsodium worked */
    bool no_memory, all_match;
} watch;
static struct hash_queue *queue;

static void *original(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (!function)
        abort();
    return function;
}

int crypto_pwhash_str_verify(const char str[crypto_pwhash_STRBYTES], const char *const passwd,
                             unsigned long long passwdlen)
{
    int (*verify)(const char *, const char *, unsigned long long);
    *(void **)&verify = original("crypto_pwhash_str_verify");
    watch.verified++;
    watch.slots_held += hash_queue_state(queue).hashing;
    size_t size = strlen(CHEAP_PREFIX);
    memcpy(watch.parameters, str, size);
    watch.parameters[size] = '\0';
    errno = ENOMEM;
    if (watch.all_match)
        return 0;
    return watch.no_memory ? -1 : verify(str, passwd, passwdlen);
}

int crypto_pwhash_str_alg(char out[crypto_pwhash_STRBYTES], const char *const passwd,
                          unsigned long long passwdlen, unsigned long long opslimit,
                          size_t memlimit, int alg)
{
    int (*make)(char *, const char *, unsigned long long, unsigned long long, size_t, int);
    *(void **)&make = original("crypto_pwhash_str_alg");
    watch.made++;
    watch.slots_held += hash_queue_state(queue).hashing;
    errno = ENOMEM;
    return watch.no_memory ? -1 : make(out, passwd, passwdlen, opslimit, memlimit, alg);
}

/* Queue -----------------------------------------------------------------------------------------*/

static char directory[] = "/tmp/therappai-password-XXXXXX", path[64];

static void start(void)
{
    cr_assert(secret_start());
    cr_assert_not_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/queue", directory);
    const struct hash_queue_options options = { path, 1, 0, 100 };
    cr_assert_eq(hash_queue_open(&options, &queue), ERROR_NONE);
}

static void finish(void)
{
    hash_queue_free(queue);
    unlink(path);
    rmdir(directory);
}

TestSuite(password, .init = start, .fini = finish);

static const char *flaw_of(const void *bytes, size_t size)
{
    struct secret *password = secret_new(bytes, size);
    const char *flaw = password_flaw(password);
    secret_free(password);
    return flaw;
}

static const char *hash_of(const char *bytes, size_t size, struct password_cost cost)
{
    static char hash[PASSWORD_HASH_SIZE];
    struct secret *password = secret_new(bytes, size);
    cr_assert_eq(password_hash(password, cost, queue, hash), ERROR_NONE);
    secret_free(password);
    return hash;
}

static char rehash[PASSWORD_HASH_SIZE];

static enum error verify_bytes(const char *bytes, size_t size, const char *stored)
{
    struct secret *password = secret_new(bytes, size);
    memset(rehash, 'x', sizeof rehash);
    enum error error = password_verify(password, stored, cheap, queue, rehash);
    secret_free(password);
    return error;
}

static enum error verify(const char *password, const char *stored)
{
    return verify_bytes(password, strlen(password), stored);
}

/* Form ------------------------------------------------------------------------------------------*/

Test(password, has_8_to_1024_code_points)
{
    static const char *const points[] = { "x", "ü", "€", "😀", "\u0301" };
    static const struct {
        int count;
        bool good;
    } cases[] = { { 0, false },   { 1, false },   { 7, false },    { 8, true },    { 9, true },
                  { 1023, true }, { 1024, true }, { 1025, false }, { 4096, false } };
    char text[4 * 4096];
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        for (size_t j = 0; j < sizeof cases / sizeof cases[0]; j++) {
            size_t length = strlen(points[i]), size = 0;
            for (int n = 0; n < cases[j].count; n++, size += length)
                memcpy(text + size, points[i], length);
            cr_assert_eq(!flaw_of(text, size), cases[j].good, "%d of %s", cases[j].count,
                         points[i]);
        }
}

Test(password, is_any_unicode)
{
    static const struct {
        const char *name, *text;
        size_t size;
    } cases[] = {
        { "spaces", BYTES("        ") },
        { "NUL", BYTES("\0\0\0\0\0\0\0\0") },
        { "NUL within", BYTES("abcd\0efgh") },
        { "controls", BYTES("\x01\x02\x03\n\r\t\x7f\x1b") },
        { "noncharacters", BYTES("\xef\xbf\xbe\xef\xbf\xbf\xf0\x9f\xbf\xbf 5678") },
        { "private use", BYTES("\ue000\uf8ff\U0010fffd45678") },
        { "unassigned", BYTES("\u0378\u0379\U000e0fff45678") },
        { "the last of all", BYTES("\xf4\x8f\xbf\xbf 234567") },
        { "Arabic", BYTES("كلمة السر") },
        { "a family", BYTES("👨‍👩‍👧‍👦!") },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_null(flaw_of(cases[i].text, cases[i].size), "%s", cases[i].name);
        const char *hash = hash_of(cases[i].text, cases[i].size, cheap);
        cr_assert_eq(verify_bytes(cases[i].text, cases[i].size, hash), ERROR_NONE, "%s",
                     cases[i].name);
        cr_assert_eq(verify(PASSWORD, hash), ERROR_INVALID_CREDENTIALS, "%s", cases[i].name);
    }
}

Test(password, is_utf8)
{
    static const struct {
        const char *name, *text;
        size_t size;
    } cases[] = {
        { "Latin-1", BYTES("m\xfcnchen2026") },
        { "a cut code point", BYTES("12345678\xe2\x82") },
        { "a continuation alone", BYTES("\x80 12345678") },
        { "overlong", BYTES("\xc0\x80 12345678") },
        { "overlong, three bytes", BYTES("\xe0\x80\xaf 12345678") },
        { "a surrogate", BYTES("\xed\xa0\x80 12345678") },
        { "past the last", BYTES("\xf4\x90\x80\x80 12345678") },
        { "a byte of no use", BYTES("\xff 12345678") },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_not_null(flaw_of(cases[i].text, cases[i].size), "%s", cases[i].name);
}

/* The size alone decides: what is in those pages is never looked at, or this would take seconds. */
Test(password, of_a_mebibyte_is_refused_in_no_time)
{
    enum { SIZE = 1 << 20, ROUNDS = 100000 };
    struct secret *password = secret_new_empty(SIZE);
    memset(secret_bytes(password), 'x', SIZE);
    int64_t before = clock_monotonic_ms();
    for (int i = 0; i < ROUNDS; i++)
        cr_assert_not_null(password_flaw(password));
    cr_assert_lt(clock_monotonic_ms() - before, 10000);
    cr_assert_eq(password_verify(password, NULL, cheap, queue, rehash), ERROR_INVALID_CREDENTIALS);
    cr_assert_eq(watch.verified, 0);
    secret_free(password);
}

Test(password, typed_composed_or_decomposed_is_the_same)
{
    static const char *const cases[][2] = {
        { "\u00c5ngstr\u00f6m", "A\u030angstro\u0308m" },
        { "\u212bngstr\u00f6m", "A\u030angstro\u0308m" },
        { "\ud55c\uae00 1234 5678", "\u1112\u1161\u11ab\u1100\u1173\u11af 1234 5678" },
        { "q\u0323\u0307 123456", "q\u0307\u0323 123456" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int j = 0; j < 2; j++)
            cr_assert_eq(
                verify(cases[i][j], hash_of(cases[i][1 - j], strlen(cases[i][1 - j]), cheap)),
                ERROR_NONE, "case %zu.%d", i, j);
}

Test(password, is_hashed_in_its_composed_form)
{
    static const char composed[] = "\u00c5ngstr\u00f6m";
    const char *hash = hash_of(BYTES("A\u030angstro\u0308m"), cheap);
    cr_assert_eq(crypto_pwhash_str_verify(hash, composed, sizeof composed - 1), 0);
}

Test(password, differs_by_anything_else)
{
    static const struct {
        const char *name, *one, *other;
    } cases[] = {
        { "case", "correct horse", "Correct horse" },
        { "a space behind", "correct horse", "correct horse " },
        { "an accent", "correct horse", "corréct horse" },
        { "a ligature", "finally!", "ﬁnally!" },
        { "width", "12345678", "１２３４５６７８" },
        { "a zero-width space", "correct horse", "correct\u200b horse" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *hash = hash_of(cases[i].one, strlen(cases[i].one), cheap);
        cr_assert_eq(verify(cases[i].other, hash), ERROR_INVALID_CREDENTIALS, "%s", cases[i].name);
        cr_assert_eq(verify(cases[i].one, hash), ERROR_NONE, "%s", cases[i].name);
    }
}

Test(password, is_cut_nowhere)
{
    char text[4 * PASSWORD_MAX];
    for (size_t i = 0; i < sizeof text; i += 4)
        memcpy(text + i, "😀", 4);
    const char *hash = hash_of(text, sizeof text, cheap);
    cr_assert_eq(verify_bytes(text, sizeof text, hash), ERROR_NONE);
    memcpy(text + sizeof text - 4, "😁", 4);
    cr_assert_eq(verify_bytes(text, sizeof text, hash), ERROR_INVALID_CREDENTIALS, "the last");
    memcpy(text + sizeof text - 4, "😀", 4);
    cr_assert_eq(verify_bytes(text, sizeof text - 4, hash), ERROR_INVALID_CREDENTIALS, "one less");
    cr_assert_eq(verify_bytes(BYTES("abcd\0efghijkl"), hash_of(BYTES("abcd\0efghijkm"), cheap)),
                 ERROR_INVALID_CREDENTIALS, "behind NUL");
}

/* Hash ------------------------------------------------------------------------------------------*/

Test(password, hash_says_what_it_cost_and_has_a_salt_of_its_own)
{
    char first[PASSWORD_HASH_SIZE];
    memcpy(first, hash_of(BYTES(PASSWORD), cheap), sizeof first);
    cr_assert_eq(strncmp(first, CHEAP_PREFIX, strlen(CHEAP_PREFIX)), 0, "%s", first);
    cr_assert_str_neq(hash_of(BYTES(PASSWORD), cheap), first);
    const char *other = hash_of(BYTES(PASSWORD), dear);
    cr_assert_eq(strncmp(other, DEAR_PREFIX, strlen(DEAR_PREFIX)), 0, "%s", other);
}

/* From the tests of the reference implementation (phc-winner-argon2, src/test.c). */
Test(password, hashes_of_the_reference_implementation_verify)
{
    static const char *const hashes[] = {
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    };
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        cr_assert_eq(verify("password", hashes[i]), ERROR_NONE, "%zu", i);
        cr_assert_eq(verify("passwore", hashes[i]), ERROR_INVALID_CREDENTIALS, "%zu", i);
    }
}

Test(password, of_another_cost_gets_a_new_hash_once_it_was_right)
{
    char old[PASSWORD_HASH_SIZE], new[PASSWORD_HASH_SIZE];
    memcpy(old, hash_of(BYTES(PASSWORD), dear), sizeof old);
    cr_assert_eq(verify("wrong horse", old), ERROR_INVALID_CREDENTIALS);
    cr_assert_str_empty(rehash, "nobody knows the password");
    cr_assert_eq(verify(PASSWORD, old), ERROR_NONE);
    cr_assert_eq(strncmp(rehash, CHEAP_PREFIX, strlen(CHEAP_PREFIX)), 0, "%s", rehash);
    memcpy(new, rehash, sizeof new);
    cr_assert_eq(verify(PASSWORD, new), ERROR_NONE);
    cr_assert_str_empty(rehash, "the cost is right now");
    cr_assert_eq(verify("wrong horse", new), ERROR_INVALID_CREDENTIALS);
}

/* Work ------------------------------------------------------------------------------------------*/

Test(password, of_an_unknown_account_costs_what_a_wrong_one_costs)
{
    char hash[PASSWORD_HASH_SIZE];
    memcpy(hash, hash_of(BYTES(PASSWORD), cheap), sizeof hash);
    const char *const stored[] = { hash, NULL };
    for (int i = 0; i < 2; i++) {
        memset(&watch, 0, sizeof watch);
        cr_assert_eq(verify("wrong horse", stored[i]), ERROR_INVALID_CREDENTIALS);
        cr_assert_str_empty(rehash);
        cr_assert_eq(watch.verified, 1);
        cr_assert_eq(watch.made, 0);
        cr_assert_str_eq(watch.parameters, CHEAP_PREFIX);
    }
    cr_assert_eq(verify(PASSWORD, hash), ERROR_NONE);
}

Test(password, of_an_unknown_account_is_wrong_even_where_it_matches)
{
    watch.all_match = true;
    cr_assert_eq(verify(PASSWORD, hash_of(BYTES("another horse"), cheap)), ERROR_NONE);
    cr_assert_eq(verify(PASSWORD, NULL), ERROR_INVALID_CREDENTIALS);
    cr_assert_eq(verify(PASSWORD, "not readable"), ERROR_INVALID_CREDENTIALS);
    cr_assert_str_empty(rehash);
}

Test(password, of_an_account_whose_hash_cannot_be_read_is_wrong_and_costs_the_same)
{
    static const char *const hashes[] = { "", "!", "$2b$12$abcdefghijklmnopqrstuv",
                                          "$argon2id$v=19$m=1024,t=1,p=1$",
                                          CHEAP_PREFIX "c29tZXNhbHQ$" };
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        memset(&watch, 0, sizeof watch);
        cr_assert_eq(verify(PASSWORD, hashes[i]), ERROR_INVALID_CREDENTIALS, "'%s'", hashes[i]);
        cr_assert_eq(watch.verified, 1, "'%s'", hashes[i]);
        cr_assert_str_eq(watch.parameters, CHEAP_PREFIX);
    }
}

Test(password, that_is_none_is_wrong_without_work)
{
    const char *hash = hash_of(BYTES(PASSWORD), cheap);
    cr_assert_eq(verify("short", hash), ERROR_INVALID_CREDENTIALS);
    cr_assert_eq(verify("no \xff UTF-8 at all", hash), ERROR_INVALID_CREDENTIALS);
    cr_assert_eq(watch.verified, 0);
    cr_assert_str_empty(rehash);
    cr_assert_eq(verify(PASSWORD, hash), ERROR_NONE);
    cr_assert_eq(watch.verified, 1);
}

Test(password, is_worked_on_inside_one_slot_only)
{
    char old[PASSWORD_HASH_SIZE];
    memcpy(old, hash_of(BYTES(PASSWORD), dear), sizeof old);
    cr_assert_eq(watch.slots_held, 1);
    cr_assert_eq(verify(PASSWORD, old), ERROR_NONE);
    cr_assert_eq(watch.slots_held, 3, "comparing and hashing anew");
    verify(PASSWORD, NULL);
    cr_assert_eq(hash_queue_state(queue).hashing, 0);
}

Test(password, without_memory_for_the_work_is_neither_right_nor_wrong)
{
    char hash[PASSWORD_HASH_SIZE] = "as before";
    struct secret *password = secret_new(BYTES(PASSWORD));
    watch.no_memory = true;
    cr_assert_eq(password_hash(password, cheap, queue, hash), ERROR_INTERNAL);
    cr_assert_str_eq(hash, "as before");
    cr_assert_eq(verify(PASSWORD, NULL), ERROR_INTERNAL);
    cr_assert_eq(hash_queue_state(queue).hashing, 0);
    watch.no_memory = false;
    cr_assert_eq(password_hash(password, cheap, queue, hash), ERROR_NONE);
    secret_free(password);
}

/* Hashes from elsewhere
 * --------------------------------------------------------------------------*/

/* Made by the program argon2, of the password below, in four lanes. */
#define FOUR_LANES                                                                                 \
    "$argon2id$v=19$m=1024,t=1,p=4$c29tZXNhbHRzb21lc2FsdA$"                                        \
    "2dQMwgThyM1F/xt2MZw35QazYDnFy4QkopDGPzohw28"

Test(password, hashes_of_other_programs_are_taken_and_compared)
{
    static const char typed[] = "correct horse battery staple";
    cr_assert_null(password_hash_flaw(FOUR_LANES), "%s", password_hash_flaw(FOUR_LANES));
    cr_assert_eq(verify(typed, FOUR_LANES), ERROR_NONE);
    cr_assert_eq(verify("correct horse battery stable", FOUR_LANES), ERROR_INVALID_CREDENTIALS);
    cr_assert_null(password_hash_flaw(hash_of(BYTES(PASSWORD), dear)));
}

Test(password, what_could_not_be_compared_or_costs_too_much_is_no_hash)
{
#define SALT_AND_HASH "$c29tZXNhbHRzb21lc2FsdA$2dQMwgThyM1F/xt2MZw35QazYDnFy4QkopDGPzohw28"
    static const char *const cases[] = {
        "",
        "swordfish",
        "$2b$12$KIXQwYf7S0m0n9o4Yd7vEuJ8q3r0m6Gm0b1kq8s2o5c7n9t1v3x5y",
        "$argon2i$v=19$m=1024,t=3,p=1" SALT_AND_HASH,
        "$argon2d$v=19$m=1024,t=1,p=1" SALT_AND_HASH,
        "$argon2id$v=16$m=1024,t=1,p=1" SALT_AND_HASH,
        "$argon2id$v=19$m=1024,t=1" SALT_AND_HASH,
        "$argon2id$v=19$m=,t=1,p=1" SALT_AND_HASH,
        "$argon2id$v=19$m=1024,t=1,p=1",
        "$argon2id$v=19$m=1024,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$",
        "$argon2id$v=19$m=1024,t=1,p=1$c29t!XNhbHRzb21lc2FsdA$2dQMwgThyM1F",
        "$argon2id$v=19$m=1048577,t=1,p=1" SALT_AND_HASH,
        "$argon2id$v=19$m=4294967296,t=1,p=1" SALT_AND_HASH,
        "$argon2id$v=19$m=1024,t=21,p=1" SALT_AND_HASH,
        "$argon2id$v=19$m=1024,t=1,p=17" SALT_AND_HASH,
        FOUR_LANES " ",
    };
    cr_assert_null(password_hash_flaw("$argon2id$v=19$m=1048576,t=20,p=16" SALT_AND_HASH));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_not_null(password_hash_flaw(cases[i]), "%s", cases[i]);
    char long_one[512] = FOUR_LANES;
    memset(long_one + strlen(FOUR_LANES), 'A', 200);
    cr_assert_not_null(password_hash_flaw(long_one));
}
