/* keyset - which key files load, which key signs, and how changes are noticed. */
#include "auth/keyset.h"
#include "support/keys.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *directory;

static void start(void)
{
    directory = keys_directory_new();
}

static void finish(void)
{
    keys_directory_free(directory);
}

TestSuite(keyset, .init = start, .fini = finish);

static bool says(const char *message, const char *what)
{
    return strstr(message, what) != NULL;
}

static void wait_for_next_look(void)
{
    usleep(1050000);
}

Test(keyset, names_every_algorithm_and_knows_it_by_its_name)
{
    static const char *const others[] = { "", "none", "hs256", "HS256 ", "HS512", "mac", "eddsa" };
    for (int i = KEY_HS256; i <= KEY_DATA; i++) {
        const char *name = key_algorithm_name((enum key_algorithm)i);
        cr_assert_not_null(name);
        cr_assert_eq((int)key_algorithm_of(name), key_algorithm_flaw(name) ? 0 : i, "%s", name);
    }
    cr_assert_null(key_algorithm_name(KEY_ALGORITHM_INVALID));
    cr_assert_null(key_algorithm_name((enum key_algorithm)99));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_assert_eq(key_algorithm_of(others[i]), KEY_ALGORITHM_INVALID, "%s", others[i]);
}

Test(keyset, loads_what_it_needs)
{
    keys_write_usual(directory);
    struct keyset *keyset = keys_load(directory);
    cr_assert_str_eq(keyset_signing(keyset)->id, "hs-1");
    cr_assert_eq(keyset_signing(keyset)->algorithm, KEY_HS256);
    cr_assert_eq(secret_size(keyset_signing(keyset)->verifier), 32);
    cr_assert_str_eq(keyset_mac(keyset)->id, "mac-1");
    cr_assert_null(keyset_mac(keyset)->verifier);
    cr_assert_eq(keyset_version(keyset), 1);
    keyset_free(keyset);
}

Test(keyset, without_a_signing_key_of_each_use_does_not_load)
{
    cr_assert(says(keys_load_failure(directory), "access"));
    keys_write(directory, KEYS_HS256, keys_hexadecimal(1));
    cr_assert(says(keys_load_failure(directory), "refresh"));
    keys_write(directory, KEYS_MAC, keys_hexadecimal(2));
    keyset_free(keys_load(directory));
    keys_rename(directory, KEYS_HS256, "hs-1.HS256.verifying.key");
    cr_assert(says(keys_load_failure(directory), "access"));
    keys_rename(directory, "hs-1.HS256.verifying.key", "hs-1.HS256.created.key");
    cr_assert(says(keys_load_failure(directory), "access"));
}

Test(keyset, of_no_directory_does_not_load)
{
    struct keyset *keyset;
    char message[KEY_MESSAGE_SIZE];
    cr_assert_neq(keyset_load("/nonexistent/keys", &keyset, message), ERROR_NONE);
    cr_assert(says(message, "/nonexistent/keys"));
}

Test(keyset, with_a_name_out_of_rule_does_not_load)
{
    static const char *const names[] = {
        "README",
        "a.HS256.signing",
        "a.HS256.signing.pem",
        "a.ES256.signing.key",
        "a.HS512.signing.key",
        "a.hs256.signing.key",
        "a.none.signing.key",
        "a.HS256.Signing.key",
        "a.HS256.active.key",
        "a.HS256.signing.key.bak",
        "a.b.HS256.signing.key",
        "a b.HS256.signing.key",
        "a\n.HS256.signing.key",
        "\xc3\xa4.HS256.signing.key",
        "a..signing.key",
        "0123456789012345678901234567890123456789012345678901234567890123x.HS256.signing.key",
    };
    keys_write_usual(directory);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        keys_write(directory, names[i], keys_hexadecimal(5));
        cr_assert(says(keys_load_failure(directory), names[i]), "%s", names[i]);
        keys_remove(directory, names[i]);
    }
    keys_write(directory,
               "0123456789012345678901234567890123456789012345678901234567890123"
               ".HS256.verifying.key",
               keys_hexadecimal(5));
    keys_write(directory, ".being-written", "");
    keyset_free(keys_load(directory));
}

Test(keyset, with_a_weak_or_broken_mac_key_does_not_load)
{
    static const struct {
        const char *name, *text;
    } cases[] = {
        { "empty", "" },
        { "a newline", "\n" },
        { "31 bytes", "00112233445566778899aabbccddeeff00112233445566778899aabbccddee" },
        { "odd", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0" },
        { "no digits", "zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" },
        { "space behind", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff " },
        { "two lines", "00112233445566778899aabbccddeeff\n00112233445566778899aabbccddeeff" },
        { "newlines", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n\n" },
    };
    static const char *const names[] = { KEYS_HS256, KEYS_MAC };
    keys_write_usual(directory);
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < sizeof cases / sizeof *cases; j++) {
            keys_write(directory, names[i], cases[j].text);
            cr_assert(says(keys_load_failure(directory), names[i]), "%s", cases[j].name);
        }
        keys_write(directory, names[i],
                   "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff\n");
        keyset_free(keys_load(directory));
    }
}

Test(keyset, takes_pem_keys_of_the_kind_that_the_name_says)
{
    enum { P256, P384, RSA, WEAK_RSA, KINDS };
    char *pem[KINDS] = { keys_ec_pem("P-256"), keys_ec_pem("P-384"), keys_rsa_pem(2048),
                         keys_rsa_pem(1024) };
    static const struct {
        const char *name;
        int kind;
        bool good;
    } cases[] = {
        { "k.ES256.verifying.pem", P256, true },  { "k.ES256.verifying.pem", P384, false },
        { "k.ES256.verifying.pem", RSA, false },  { "k.RS256.verifying.pem", RSA, true },
        { "k.RS256.verifying.pem", P256, false }, { "k.RS256.verifying.pem", WEAK_RSA, false },
    };
    keys_write_usual(directory);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        keys_write(directory, cases[i].name, pem[cases[i].kind]);
        if (cases[i].good)
            keyset_free(keys_load(directory));
        else
            cr_assert(says(keys_load_failure(directory), cases[i].name), "%zu", i);
        keys_remove(directory, cases[i].name);
    }
    for (int i = 0; i < KINDS; i++)
        free(pem[i]);
}

Test(keyset, takes_an_unencrypted_private_key_in_either_form_and_nothing_else)
{
    static const char name[] = "k.ES256.verifying.pem";
    char *pem = keys_ec_pem("P-256"), *public = keys_public_pem(pem);
    char *traditional = keys_traditional_pem(pem), *encrypted = keys_encrypted_pem(pem);
    char *mismatched = keys_mismatched_pem(), *cut = strndup(pem, strlen(pem) / 2);
    const struct {
        const char *about, *text;
        bool good;
    } cases[] = {
        { "PKCS#8", pem, true },
        { "traditional", traditional, true },
        { "public", public, false },
        { "encrypted", encrypted, false },
        { "halves of two keys", mismatched, false },
        { "cut", cut, false },
        { "empty", "", false },
        { "hexadecimal", keys_hexadecimal(1), false },
    };
    keys_write_usual(directory);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        keys_write(directory, name, cases[i].text);
        if (cases[i].good)
            keyset_free(keys_load(directory));
        else
            cr_assert(says(keys_load_failure(directory), name), "%s", cases[i].about);
    }
    free(pem);
    free(public);
    free(traditional);
    free(encrypted);
    free(mismatched);
    free(cut);
}

Test(keyset, holds_the_public_half_of_a_pem_key_as_its_verifier)
{
    char *pem = keys_ec_pem("P-256"), *public = keys_public_pem(pem);
    keys_write_usual(directory);
    keys_write(directory, "k.ES256.signing.pem", pem);
    struct keyset *keyset = keys_load(directory);
    cr_assert_str_eq(keyset_signing(keyset)->id, "k");
    cr_assert_str_eq(secret_reveal(keyset_signing(keyset)->verifier), public);
    cr_assert_str_eq(secret_reveal(keyset_signing(keyset)->private_key), pem);
    keyset_free(keyset);
    free(pem);
    free(public);
}

Test(keyset, open_to_others_does_not_load)
{
    static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0610, 0601, 0666, 0644 };
    keys_write_usual(directory);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        keys_write_bytes(directory, KEYS_MAC, keys_hexadecimal(2), 64, modes[i]);
        cr_assert(says(keys_load_failure(directory), "chmod 600"), "%o", modes[i]);
    }
    keys_write_bytes(directory, KEYS_MAC, keys_hexadecimal(2), 64, 0400);
    keyset_free(keys_load(directory));
}

Test(keyset, in_a_directory_that_others_may_write_does_not_load)
{
    keys_write_usual(directory);
    chmod(directory, 0770);
    cr_assert(says(keys_load_failure(directory), "chmod 700"));
    chmod(directory, 0702);
    cr_assert(says(keys_load_failure(directory), "chmod 700"));
    chmod(directory, 0755);
    keyset_free(keys_load(directory));
}

Test(keyset, of_another_owner_does_not_load)
{
    char path[512];
    if (geteuid() != 0)
        cr_skip_test("only root can give a file away");
    keys_write_usual(directory);
    snprintf(path, sizeof path, "%s/%s", directory, KEYS_MAC);
    cr_assert_eq(chown(path, 65534, 65534), 0);
    cr_assert(says(keys_load_failure(directory), "belongs"));
    cr_assert_eq(chown(path, 0, 0), 0);
    cr_assert_eq(chown(directory, 65534, 65534), 0);
    cr_assert(says(keys_load_failure(directory), "belongs"));
    cr_assert_eq(chown(directory, 0, 0), 0);
    keyset_free(keys_load(directory));
}

Test(keyset, follows_a_link_to_a_file_that_keeps_the_rules)
{
    char *other = keys_directory_new();
    char target[512], path[512];
    keys_write_usual(directory);
    keys_remove(directory, KEYS_MAC);
    keys_write(other, "target", keys_hexadecimal(2));
    snprintf(target, sizeof target, "%s/target", other);
    snprintf(path, sizeof path, "%s/%s", directory, KEYS_MAC);
    cr_assert_eq(symlink(target, path), 0);
    keyset_free(keys_load(directory));
    chmod(target, 0644);
    cr_assert(says(keys_load_failure(directory), "chmod 600"));
    unlink(target);
    cr_assert(says(keys_load_failure(directory), KEYS_MAC), "a dangling link");
    keys_directory_free(other);
}

Test(keyset, with_something_else_than_a_file_does_not_load_and_does_not_wait)
{
    char path[512];
    keys_write_usual(directory);
    snprintf(path, sizeof path, "%s/k.HS256.verifying.key", directory);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert(says(keys_load_failure(directory), "regular"));
    unlink(path);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_assert(says(keys_load_failure(directory), "regular"));
    rmdir(path);
    keyset_free(keys_load(directory));
}

Test(keyset, with_a_file_too_long_for_a_key_does_not_load)
{
    static char text[16386];
    memset(text, 'a', sizeof text);
    keys_write_usual(directory);
    keys_write_bytes(directory, KEYS_HS256, text, 16384, 0600);
    keyset_free(keys_load(directory));
    keys_write_bytes(directory, KEYS_HS256, text, 16386, 0600);
    cr_assert(says(keys_load_failure(directory), "too long"));
}

Test(keyset, with_two_files_of_one_key_does_not_load)
{
    static const char *const names[] = { "hs-1.HS256.retired.key", "hs-1.MAC.verifying.key" };
    keys_write_usual(directory);
    for (size_t i = 0; i < 2; i++) {
        keys_write(directory, names[i], keys_hexadecimal(1));
        cr_assert(says(keys_load_failure(directory), "two files"), "%s", names[i]);
        keys_remove(directory, names[i]);
    }
}

Test(keyset, signs_with_the_youngest_in_state_signing)
{
    static const struct {
        const char *name, *signing;
    } cases[] = {
        { "hs-0.HS256.signing.key", "hs-1" }, /* by name, where no name tells a time */
        { "hs-2.HS256.signing.key", "hs-2" },
        { "hs-3.HS256.created.key", "hs-2" },
        { "hs-4.HS256.verifying.key", "hs-2" },
        { "hs-5.HS256.retired.key", "hs-2" },
        { "20260101T000000Z-b.HS256.signing.key", "20260101T000000Z-b" },
        { "zz-by-hand.HS256.signing.key", "20260101T000000Z-b" },
        { "20259999T000000Z.HS256.signing.key", "20260101T000000Z-b" }, /* no such day */
        { "20251231T235959Z-z.HS256.signing.key", "20260101T000000Z-b" },
        { "20260101T000000Z-a.HS256.signing.key", "20260101T000000Z-b" },
        { "20260101T000000Z-c.HS256.signing.key", "20260101T000000Z-c" },
        { "20990101T000000Z.MAC.created.key", "20260101T000000Z-c" },
    };
    keys_write_usual(directory);
    keys_write(directory, "mac-0.MAC.signing.key", keys_hexadecimal(100));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        keys_write(directory, cases[i].name, keys_hexadecimal(10 + (int)i));
        struct keyset *keyset = keys_load(directory);
        cr_assert_str_eq(keyset_signing(keyset)->id, cases[i].signing, "%s", cases[i].name);
        cr_assert_str_eq(keyset_mac(keyset)->id, "mac-1", "%s", cases[i].name);
        keyset_free(keyset);
    }
}

Test(keyset, says_why_it_takes_no_key_of_an_algorithm_that_others_have)
{
    const struct {
        const char *name, *why;
    } cases[] = { { "a.EdDSA.signing.pem", key_algorithm_of("EdDSA")
                                               ? "is not an unencrypted private key"
                                               : "EdDSA is not known to the library" },
                  { "a.none.signing.key", "none would let anybody" },
                  { "a.HS999.signing.key", "KID.ALG.STATE.EXT" } };
    keys_write_usual(directory);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        keys_write(directory, cases[i].name, "");
        cr_assert(says(keys_load_failure(directory), cases[i].why), "%s", cases[i].name);
        keys_remove(directory, cases[i].name);
    }
}

Test(keyset, finds_keys_of_any_state_but_retired_for_their_own_use)
{
    unsigned char fingerprint[KEY_FINGERPRINT_SIZE];
    keys_write_usual(directory);
    keys_write(directory, "c.HS256.created.key", keys_hexadecimal(3));
    keys_write(directory, "v.HS256.verifying.key", keys_hexadecimal(4));
    keys_write(directory, "r.HS256.retired.key", "whatever");
    struct keyset *keyset = keys_load(directory);
    cr_assert_not_null(keyset_find(keyset, "hs-1"));
    cr_assert_not_null(keyset_find(keyset, "c"));
    cr_assert_not_null(keyset_find(keyset, "v"));
    cr_assert_null(keyset_find(keyset, "r"), "retired");
    cr_assert_null(keyset_find(keyset, "mac-1"), "of another use");
    cr_assert_null(keyset_find(keyset, ""));
    cr_assert_null(keyset_find(keyset, "HS-1"));
    memcpy(fingerprint, keyset_mac(keyset)->fingerprint, sizeof fingerprint);
    cr_assert_eq(keyset_find_mac(keyset, fingerprint), keyset_mac(keyset));
    fingerprint[3] ^= 1;
    cr_assert_null(keyset_find_mac(keyset, fingerprint));
    keyset_free(keyset);
}

Test(keyset, looks_once_a_second_and_sees_a_new_key)
{
    keys_write_usual(directory);
    keys_age_directory(directory, 60);
    struct keyset *keyset = keys_load(directory);
    keys_write(directory, "hs-2.HS256.signing.key", keys_hexadecimal(3));
    cr_assert_not(keyset_refresh(keyset, false), "not yet time to look");
    cr_assert_str_eq(keyset_signing(keyset)->id, "hs-1");
    wait_for_next_look();
    cr_assert(keyset_refresh(keyset, false));
    cr_assert_str_eq(keyset_signing(keyset)->id, "hs-2");
    cr_assert_eq(keyset_version(keyset), 2);
    keyset_free(keyset);
}

Test(keyset, looks_at_once_when_asked)
{
    keys_write_usual(directory);
    keys_age_directory(directory, 60);
    struct keyset *keyset = keys_load(directory);
    keys_write(directory, "hs-2.HS256.signing.key", keys_hexadecimal(3));
    cr_assert_not(keyset_refresh(keyset, false), "not yet time to look unasked");
    cr_assert(keyset_refresh(keyset, true));
    keys_write(directory, "hs-3.HS256.signing.key", keys_hexadecimal(4));
    usleep(20000); /* a tick of the file system's clock */
    keys_rename(directory, "hs-3.HS256.signing.key", "hs-4.HS256.signing.key");
    cr_assert(keyset_refresh(keyset, true), "however soon after the look before");
    cr_assert_str_eq(keyset_signing(keyset)->id, "hs-4");
    keyset_free(keyset);
}

/* Whoever retires a key may have lost it to somebody. */
Test(keyset, drops_a_retired_key_even_where_the_directory_does_not_load)
{
    keys_write_usual(directory);
    keys_write(directory, "hs-2.HS256.verifying.key", keys_hexadecimal(3));
    keys_age_directory(directory, 60);
    struct keyset *keyset = keys_load(directory);
    keys_write(directory, "notes.txt", "not a key");
    keys_rename(directory, "hs-1.HS256.signing.key", "hs-1.HS256.retired.key");
    cr_assert_not_null(keyset_find(keyset, "hs-1"), "positive control");
    cr_assert(keyset_refresh(keyset, true), "the keys changed");
    cr_assert_null(keyset_find(keyset, "hs-1"));
    cr_assert_null(keyset_signing(keyset));
    cr_assert_not_null(keyset_find(keyset, "hs-2"), "what was not retired stays");
    cr_assert_not_null(keyset_mac(keyset));
    keyset_free(keyset);
}

Test(keyset, whose_directory_stayed_as_it_was_keeps_its_keys_and_version)
{
    keys_write_usual(directory);
    keys_age_directory(directory, 60);
    struct keyset *keyset = keys_load(directory);
    const struct key *key = keyset_signing(keyset);
    usleep(120000);
    cr_assert_not(keyset_refresh(keyset, true));
    cr_assert_eq(keyset_signing(keyset), key);
    cr_assert_eq(keyset_version(keyset), 1);
    keyset_free(keyset);
}

/* Two changes within one tick of the file system's clock leave one time behind. */
Test(keyset, sees_a_change_that_left_no_trace_in_the_time_of_a_young_directory)
{
    keys_write_usual(directory);
    keys_age_directory(directory, 0);
    struct keyset *keyset = keys_load(directory);
    keys_write(directory, "hs-2.HS256.signing.key", keys_hexadecimal(3));
    keys_age_directory(directory, 0);
    usleep(120000);
    cr_assert(keyset_refresh(keyset, true));
    cr_assert_str_eq(keyset_signing(keyset)->id, "hs-2");
    keyset_free(keyset);
}

Test(keyset, that_finds_the_same_keys_again_keeps_them_where_they_are)
{
    keys_write_usual(directory);
    struct keyset *keyset = keys_load(directory);
    const struct key *key = keyset_signing(keyset);
    usleep(120000);
    cr_assert_not(keyset_refresh(keyset, true), "loaded again, for the directory is young");
    cr_assert_eq(keyset_signing(keyset), key);
    cr_assert_eq(keyset_version(keyset), 1);
    keyset_free(keyset);
}

Test(keyset, keeps_the_old_keys_while_the_new_ones_do_not_load)
{
    keys_write_usual(directory);
    keys_age_directory(directory, 60);
    struct keyset *keyset = keys_load(directory);
    keys_write(directory, "hs-2.HS256.signing.key", "too short");
    wait_for_next_look();
    cr_assert_not(keyset_refresh(keyset, false));
    cr_assert_str_eq(keyset_signing(keyset)->id, "hs-1");
    keys_write(directory, "hs-2.HS256.signing.key", keys_hexadecimal(3));
    usleep(120000);
    cr_assert_not(keyset_refresh(keyset, true), "tried once a second, whoever asks");
    wait_for_next_look();
    cr_assert(keyset_refresh(keyset, false), "tried again, though the directory did not change");
    cr_assert_str_eq(keyset_signing(keyset)->id, "hs-2");
    keyset_free(keyset);
}

Test(keyset, keeps_the_old_keys_when_the_directory_goes_away)
{
    char elsewhere[512];
    snprintf(elsewhere, sizeof elsewhere, "%s.away", directory);
    keys_write_usual(directory);
    struct keyset *keyset = keys_load(directory);
    cr_assert_eq(rename(directory, elsewhere), 0);
    wait_for_next_look();
    cr_assert_not(keyset_refresh(keyset, false));
    cr_assert_str_eq(keyset_signing(keyset)->id, "hs-1");
    cr_assert_eq(rename(elsewhere, directory), 0);
    keyset_free(keyset);
}

Test(keyset, forgets_a_key_that_is_retired)
{
    keys_write_usual(directory);
    keys_write(directory, "hs-2.HS256.signing.key", keys_hexadecimal(3));
    keys_age_directory(directory, 60);
    struct keyset *keyset = keys_load(directory);
    cr_assert_not_null(keyset_find(keyset, "hs-1"));
    keys_rename(directory, KEYS_HS256, "hs-1.HS256.retired.key");
    wait_for_next_look();
    cr_assert(keyset_refresh(keyset, false));
    cr_assert_null(keyset_find(keyset, "hs-1"));
    keyset_free(keyset);
}
