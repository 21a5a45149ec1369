/* refresh_token - made under our keys, and nothing else passes. */
#include "auth/base64url.h"
#include "auth/refresh_token.h"
#include "support/keys.h"
#include "support/tokens.h"
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *directory;
static struct keyset *keyset;
static const struct refresh_token first = { TOKENS_SESSION, 0 };

static void start(void)
{
    directory = keys_directory_new();
    keys_write_usual(directory);
    keyset = keys_load(directory);
}

static void finish(void)
{
    keyset_free(keyset);
    keys_directory_free(directory);
}

TestSuite(refresh_token, .init = start, .fini = finish);

static void load_again(void)
{
    keyset_free(keyset);
    keyset = keys_load(directory);
}

static bool passes(const char *bytes, size_t size)
{
    struct refresh_token parsed;
    struct secret *text = secret_new(bytes, size);
    enum error error = refresh_token_parse(text, keyset, &parsed);
    secret_free(text);
    cr_assert(error == ERROR_NONE || error == ERROR_INVALID_REFRESH_TOKEN);
    return error == ERROR_NONE;
}

static char *make_text(uint32_t generation)
{
    const struct refresh_token token = { TOKENS_SESSION, generation };
    struct secret *made = refresh_token_make(&token, keyset);
    cr_assert_not_null(made);
    char *text = strdup(secret_reveal(made));
    secret_free(made);
    return text;
}

Test(refresh_token, says_again_what_was_put_in)
{
    static const uint32_t generations[] = {
        0, 1, 255, 256, 0x01020304, REFRESH_GENERATION_MAX - 1
    };
    for (size_t i = 0; i < sizeof generations / sizeof *generations; i++) {
        struct refresh_token token = { TOKENS_SESSION, generations[i] }, parsed;
        struct secret *text = refresh_token_make(&token, keyset);
        cr_assert_eq(refresh_token_parse(text, keyset, &parsed), ERROR_NONE);
        cr_assert_str_eq(parsed.session_id, TOKENS_SESSION);
        cr_assert_eq(parsed.generation, generations[i]);
        secret_free(text);
    }
}

Test(refresh_token, begins_with_the_prefix_that_scanners_know_and_has_one_length)
{
    char *text = make_text(7);
    cr_assert_eq(strncmp(text, "therappai_rt_", 13), 0);
    cr_assert_eq(strlen(text), 13 + 75);
    cr_assert(passes(text, strlen(text)));
    free(text);
}

/* Under the key of keys_hexadecimal(2) and the id "mac-1"; computed apart from this program. */
Test(refresh_token, is_the_same_on_every_machine)
{
    char *text = make_text(1);
    cr_assert_str_eq(text, "therappai_rt_ZqB4_AtfHJ5vCk0OmlRdKjoffBEAAAABZ0qP2"
                           "BjrUlR9kQXXRkX5DuxBbiS1JrZ0VFZPchqcSEg");
    free(text);
}

Test(refresh_token, successor_is_the_same_whenever_it_is_derived)
{
    char *one = make_text(1), *other = make_text(1), *next = make_text(2);
    cr_assert_str_eq(one, other);
    cr_assert_str_neq(one, next);
    free(one);
    free(other);
    free(next);
}

Test(refresh_token, differs_by_session)
{
    const struct refresh_token other = { "0b5f1c9e-6f0a-4d0e-9a54-5d2a3a1f7c12", 0 };
    struct secret *a = refresh_token_make(&first, keyset), *b = refresh_token_make(&other, keyset);
    cr_assert_not(secret_equal(a, b));
    secret_free(a);
    secret_free(b);
}

Test(refresh_token, with_any_bit_flipped_is_refused)
{
    char *text = make_text(3);
    size_t size = strlen(text);
    cr_assert(passes(text, size));
    for (size_t i = 0; i < size * 8; i++) {
        text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
        cr_assert_not(passes(text, size), "bit %zu", i);
        text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
    }
    cr_assert(passes(text, size));
    free(text);
}

/* Flips bits of the 56 bytes, not of their text, so that every try has a good form. */
Test(refresh_token, with_any_bit_of_its_bytes_flipped_is_refused)
{
    unsigned char bytes[REFRESH_TOKEN_BYTES];
    char *text = make_text(3);
    size_t used;
    cr_assert(base64url_decode(text + 13, 75, bytes, sizeof bytes, &used));
    for (size_t i = 0; i < sizeof bytes * 8; i++) {
        bytes[i / 8] = (unsigned char)(bytes[i / 8] ^ 1 << i % 8);
        base64url_encode(bytes, sizeof bytes, text + 13);
        cr_assert_not(passes(text, strlen(text)), "bit %zu", i);
        bytes[i / 8] = (unsigned char)(bytes[i / 8] ^ 1 << i % 8);
    }
    base64url_encode(bytes, sizeof bytes, text + 13);
    cr_assert(passes(text, strlen(text)));
    free(text);
}

Test(refresh_token, has_no_second_last_character)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *text = make_text(0);
    size_t size = strlen(text), passed = 0;
    for (int i = 0; i < 64; i++) {
        text[size - 1] = alphabet[i];
        passed += passes(text, size);
    }
    cr_assert_eq(passed, 1);
    free(text);
}

Test(refresh_token, in_any_other_form_is_refused)
{
    char *good = make_text(0);
    char text[256];
    static const struct {
        const char *before, *behind;
    } cases[] = {
        { " ", "" },        { "\n", "" },      { "", " " },
        { "", "\n" },       { "", "=" },       { "", "A" },
        { "", "AAAA" },     { "Bearer ", "" }, { "therappai_rt_", "" },
        { "", ".e30.e30" }, { "\"", "\"" },
    };
    cr_assert(passes(good, strlen(good)));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(text, sizeof text, "%s%s%s", cases[i].before, good, cases[i].behind);
        cr_assert_not(passes(text, strlen(text)), "'%s…%s'", cases[i].before, cases[i].behind);
    }
    free(good);
}

Test(refresh_token, cut_anywhere_is_refused)
{
    char *text = make_text(0);
    for (size_t size = 0; size < strlen(text); size++)
        cr_assert_not(passes(text, size), "%zu characters", size);
    cr_assert(passes(text, strlen(text)));
    free(text);
}

Test(refresh_token, with_a_nul_behind_it_is_refused)
{
    char *text = make_text(0);
    cr_assert(passes(text, strlen(text)));
    cr_assert_not(passes(text, strlen(text) + 1));
    free(text);
}

Test(refresh_token, with_letters_in_another_case_is_refused)
{
    char *text = make_text(0);
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if (!((text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z'))
            continue;
        text[i] ^= 0x20;
        cr_assert_not(passes(text, size), "character %zu", i);
        text[i] ^= 0x20;
    }
    cr_assert(passes(text, size));
    free(text);
}

Test(refresh_token, with_another_prefix_is_refused)
{
    static const char *const prefixes[] = { "therappai_at_", "therappai-rt-", "THERAPPAI_RT_",
                                            "xherappai_rt_", "therappai_rt" };
    char *text = make_text(0);
    char other[128];
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        snprintf(other, sizeof other, "%s%s", prefixes[i], text + 13);
        cr_assert_not(passes(other, strlen(other)), "%s", prefixes[i]);
    }
    cr_assert_not(passes(text + 13, 75), "no prefix");
    free(text);
}

Test(refresh_token, of_an_access_token_is_refused)
{
    struct secret *access = tokens_with(NULL, NULL);
    cr_assert_not(passes(secret_reveal(access), secret_size(access)));
    secret_free(access);
}

Test(refresh_token, under_another_key_of_the_same_name_is_refused)
{
    char *text = make_text(0);
    keys_write(directory, KEYS_MAC, keys_hexadecimal(3));
    load_again();
    cr_assert_not(passes(text, strlen(text)));
    keys_write(directory, KEYS_MAC, keys_hexadecimal(2));
    load_again();
    cr_assert(passes(text, strlen(text)));
    free(text);
}

/* The id is what the fingerprint comes from, so the token names a key that is not there. */
Test(refresh_token, under_an_unknown_key_is_refused)
{
    char *text = make_text(0);
    keys_rename(directory, KEYS_MAC, "mac-9.MAC.signing.key");
    load_again();
    cr_assert_not(passes(text, strlen(text)));
    free(text);
}

Test(refresh_token, outlives_the_rotation_of_its_key_and_its_successor_is_under_the_new_one)
{
    char *old = make_text(0);
    keys_rename(directory, KEYS_MAC, "mac-1.MAC.verifying.key");
    keys_write(directory, "mac-2.MAC.signing.key", keys_hexadecimal(4));
    load_again();
    char *successor = make_text(1);
    cr_assert(passes(old, strlen(old)));
    cr_assert(passes(successor, strlen(successor)));
    keys_rename(directory, "mac-1.MAC.verifying.key", "mac-1.MAC.retired.key");
    load_again();
    cr_assert_not(passes(old, strlen(old)), "its key is retired");
    cr_assert(passes(successor, strlen(successor)));
    free(old);
    free(successor);
}

Test(refresh_token, under_a_key_that_does_not_sign_yet_passes)
{
    char *text = make_text(0);
    keys_rename(directory, KEYS_MAC, "mac-1.MAC.created.key");
    keys_write(directory, "mac-0.MAC.signing.key", keys_hexadecimal(4));
    load_again();
    cr_assert(passes(text, strlen(text)));
    free(text);
}

Test(refresh_token, under_a_key_made_a_moment_ago_by_another_process_passes)
{
    keys_age_directory(directory, 60);
    load_again();
    keys_rename(directory, KEYS_MAC, "mac-1.MAC.verifying.key");
    keys_write(directory, "mac-2.MAC.signing.key", keys_hexadecimal(4));
    struct keyset *other = keys_load(directory);
    struct secret *text = refresh_token_make(&first, other);
    usleep(150000);
    cr_assert(passes(secret_reveal(text), secret_size(text)));
    secret_free(text);
    keyset_free(other);
}

/* A key that signs access tokens has nothing to do with refresh tokens, though its bytes and its id
 * be the same. */
Test(refresh_token, does_not_take_keys_of_access_tokens)
{
    char *text = make_text(0);
    keys_rename(directory, KEYS_MAC, "mac-1.HS256.verifying.key");
    keys_write(directory, "mac-2.MAC.signing.key", keys_hexadecimal(4));
    load_again();
    cr_assert_not(passes(text, strlen(text)));
    free(text);
}

Test(refresh_token, is_not_made_for_generations_without_a_successor_or_what_is_no_session)
{
    static const struct {
        const char *name;
        struct refresh_token token;
    } cases[] = {
        { "limit", { TOKENS_SESSION, REFRESH_GENERATION_MAX } },
        { "largest", { TOKENS_SESSION, UINT32_MAX } },
        { "capitals", { "0B5F1C9E-6F0A-4D0E-9A54-5D2A3A1F7C11", 0 } },
        { "empty", { "", 0 } },
        { "word", { "session", 0 } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_null(refresh_token_make(&cases[i].token, keyset), "%s", cases[i].name);
}

/* A generation at the limit under a MAC of our own key: the limit itself refuses it. */
Test(refresh_token, at_the_limit_of_generations_is_refused_though_its_mac_is_right)
{
    static const struct {
        uint32_t generation;
        bool good;
    } cases[] = { { 0x7ffffffd, true },
                  { 0x7ffffffe, false },
                  { 0x7fffffff, false },
                  { 0x80000000, false },
                  { 0xffffffff, false } };
    unsigned char key[32], bytes[REFRESH_TOKEN_BYTES];
    char *text = make_text(0);
    size_t used;
    sodium_hex2bin(key, sizeof key, keys_hexadecimal(2), 64, NULL, NULL, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        crypto_auth_hmacsha512256_state state;
        cr_assert(base64url_decode(text + 13, 75, bytes, sizeof bytes, &used));
        for (int j = 0; j < 4; j++)
            bytes[20 + j] = (unsigned char)(cases[i].generation >> (24 - 8 * j));
        crypto_auth_hmacsha512256_init(&state, key, sizeof key);
        crypto_auth_hmacsha512256_update(
            &state, (const unsigned char *)"therappai-auth refresh token v1", 32);
        crypto_auth_hmacsha512256_update(&state, bytes, 24);
        crypto_auth_hmacsha512256_final(&state, bytes + 24);
        base64url_encode(bytes, sizeof bytes, text + 13);
        cr_assert_eq(passes(text, strlen(text)), cases[i].good, "%u", cases[i].generation);
    }
    free(text);
}
