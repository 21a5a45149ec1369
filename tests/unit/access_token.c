/* access_token - what is signed verifies, and nothing else does. */
#include "auth/access_token.h"
#include "auth/access_form.h"
#include "base/clock.h"
#include "support/keys.h"
#include "support/tokens.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *directory;
static struct keyset *keyset;
static const struct access_claims identity = { .user_id = 42,
                                               .session_id = TOKENS_SESSION,
                                               .roles = "user admin",
                                               .scope = "profile:read users:read" };

static void start(void)
{
    directory = keys_directory_new();
    keys_write_usual(directory);
    keyset = keys_load(directory);
    clock_fake(TOKENS_NOW);
}

static void finish(void)
{
    keyset_free(keyset);
    keys_directory_free(directory);
}

TestSuite(access_token, .init = start, .fini = finish);

static void load_again(void)
{
    keyset_free(keyset);
    keyset = keys_load(directory);
}

static struct secret *sign(void)
{
    struct access_claims claims = identity;
    struct secret *token = NULL;
    cr_assert_eq(access_token_sign(&claims, keyset, &tokens_config, &token), ERROR_NONE);
    return token;
}

static enum error verify(const struct secret *token)
{
    struct access_claims claims;
    return access_token_verify(token, keyset, &tokens_config, &claims);
}

/* Signing ------------------------------------------------------------------------------------- */

Test(access_token, says_again_what_was_signed)
{
    static const struct access_claims cases[] = {
        { .user_id = 42, .session_id = TOKENS_SESSION, .roles = "user", .scope = "profile:read" },
        { .user_id = 1, .session_id = TOKENS_SESSION, .roles = "user admin", .scope = "a b c" },
        { .user_id = INT64_MAX, .session_id = TOKENS_SESSION, .roles = "", .scope = "" },
        { .user_id = 7, .session_id = TOKENS_SESSION, .roles = "a/b<&'>", .scope = "x/y:z" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct access_claims signed_claims = cases[i], read = { 0 };
        struct secret *token;
        cr_assert_eq(access_token_sign(&signed_claims, keyset, &tokens_config, &token), ERROR_NONE);
        cr_assert_eq(access_token_verify(token, keyset, &tokens_config, &read), ERROR_NONE);
        cr_assert_eq(read.user_id, cases[i].user_id);
        cr_assert_str_eq(read.session_id, cases[i].session_id);
        cr_assert_str_eq(read.roles, cases[i].roles);
        cr_assert_str_eq(read.scope, cases[i].scope);
        cr_assert_eq(read.issued_at, TOKENS_NOW);
        cr_assert_eq(read.expires_at, signed_claims.expires_at);
        secret_free(token);
    }
}

Test(access_token, of_the_longest_names_verifies)
{
    struct access_claims claims = identity, read;
    struct secret *token;
    memset(claims.roles, 'r', ACCESS_ROLES_SIZE - 1);
    memset(claims.scope, 's', ACCESS_SCOPE_SIZE - 1);
    cr_assert_eq(access_token_sign(&claims, keyset, &tokens_config, &token), ERROR_NONE);
    cr_assert_eq(access_token_verify(token, keyset, &tokens_config, &read), ERROR_NONE);
    cr_assert_str_eq(read.roles, claims.roles);
    cr_assert_str_eq(read.scope, claims.scope);
    secret_free(token);
}

Test(access_token, has_this_header_and_these_claims)
{
    static const char *const parts[] = { "\"aud\":\"https://example.org\"",
                                         "\"iss\":\"https://auth.example.org\"",
                                         "\"iat\":1800000000",
                                         "\"roles\":[\"user\",\"admin\"]",
                                         "\"scope\":\"profile:read users:read\"",
                                         "\"sid\":\"" TOKENS_SESSION "\"",
                                         "\"sub\":\"42\"",
                                         "\"token_type\":\"access\"" };
    struct secret *token = sign();
    char *header = tokens_base64url(TOKENS_HEADER, strlen(TOKENS_HEADER));
    struct access_form form;
    cr_assert_eq(strncmp(secret_reveal(token), header, strlen(header)), 0);
    cr_assert_eq(secret_reveal(token)[strlen(header)], '.');
    cr_assert(access_form_read(token, &form));
    form.payload[form.payload_size] = '\0';
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        cr_assert_not_null(strstr((char *)form.payload, parts[i]), "%s in %s", parts[i],
                           form.payload);
    secret_free(token);
    free(header);
}

Test(access_token, is_another_each_time)
{
    struct secret *one = sign(), *other = sign();
    cr_assert_not(secret_equal(one, other), "jti and jitter");
    secret_free(one);
    secret_free(other);
}

Test(access_token, lives_as_long_as_the_options_say)
{
    struct config config = tokens_config;
    int64_t shortest = INT64_MAX, longest = 0;
    for (int i = 0; i < 2000; i++) {
        struct access_claims claims = identity;
        struct secret *token;
        cr_assert_eq(access_token_sign(&claims, keyset, &config, &token), ERROR_NONE);
        secret_free(token);
        int64_t life = claims.expires_at - claims.issued_at;
        shortest = life < shortest ? life : shortest;
        longest = life > longest ? life : longest;
    }
    cr_assert_eq(longest, 900);
    cr_assert_eq(shortest, 855);
    config.access_jitter_percent = 0;
    struct access_claims claims = identity;
    struct secret *token;
    cr_assert_eq(access_token_sign(&claims, keyset, &config, &token), ERROR_NONE);
    cr_assert_eq(claims.expires_at, TOKENS_NOW + 900);
    secret_free(token);
}

Test(access_token, is_not_signed_for_claims_that_would_not_verify)
{
    static const struct {
        const char *name;
        struct access_claims claims;
    } cases[] = {
        { "user 0", { 0, TOKENS_SESSION, "user", "a", 0, 0 } },
        { "user -1", { -1, TOKENS_SESSION, "user", "a", 0, 0 } },
        { "no session", { 1, "", "user", "a", 0, 0 } },
        { "capitals", { 1, "0B5F1C9E-6F0A-4D0E-9A54-5D2A3A1F7C11", "user", "a", 0, 0 } },
        { "two spaces in roles", { 1, TOKENS_SESSION, "user  admin", "a", 0, 0 } },
        { "space behind scope", { 1, TOKENS_SESSION, "user", "a ", 0, 0 } },
        { "quote in scope", { 1, TOKENS_SESSION, "user", "a\"b", 0, 0 } },
        { "newline in roles", { 1, TOKENS_SESSION, "user\nadmin", "a", 0, 0 } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct access_claims claims = cases[i].claims;
        struct secret *token = NULL;
        cr_assert_eq(access_token_sign(&claims, keyset, &tokens_config, &token), ERROR_INTERNAL,
                     "%s", cases[i].name);
        cr_assert_null(token);
        cr_assert_eq(claims.issued_at, 0, "nothing is written");
    }
}

Test(access_token, longer_than_we_would_take_is_not_signed)
{
    static char issuer[3000];
    struct config config = tokens_config;
    struct access_claims claims = identity;
    struct secret *token = NULL;
    memset(issuer, 'i', sizeof issuer - 1);
    config.issuer = issuer;
    cr_assert_eq(access_token_sign(&claims, keyset, &config, &token), ERROR_INTERNAL);
    cr_assert_null(token);
}

/* Keys ---------------------------------------------------------------------------------------- */

Test(access_token, verifies_under_every_algorithm_by_us_and_by_hand)
{
    static const struct {
        const char *name, *header;
    } cases[] = { { "k.ES256.signing.pem", "{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"JWT\"}" },
                  { "k.RS256.signing.pem", "{\"alg\":\"RS256\",\"kid\":\"k\",\"typ\":\"JWT\"}" } };
    char *pem[] = { keys_ec_pem("P-256"), keys_rsa_pem(2048) };
    char *payload = tokens_payload(NULL, NULL);
    cr_assert_eq(tokens_verify_free(tokens_with(NULL, NULL), keyset), ERROR_NONE);
    for (size_t i = 0; i < 2; i++) {
        const struct tokens_signer signer = { .pem = pem[i] };
        keys_write(directory, cases[i].name, pem[i]);
        load_again();
        cr_assert_eq(tokens_verify_free(sign(), keyset), ERROR_NONE, "%s", cases[i].name);
        cr_assert_eq(tokens_verify_free(tokens_sign(&signer, cases[i].header, payload), keyset),
                     ERROR_NONE, "%s by hand", cases[i].name);
        keys_remove(directory, cases[i].name);
        free(pem[i]);
    }
    free(payload);
}

Test(access_token, of_a_key_of_any_state_but_retired_verifies)
{
    static const struct {
        const char *name;
        enum error expected;
    } cases[] = { { "hs-1.HS256.signing.key", ERROR_NONE },
                  { "hs-1.HS256.verifying.key", ERROR_NONE },
                  { "hs-1.HS256.created.key", ERROR_NONE },
                  { "hs-1.HS256.retired.key", ERROR_INVALID_TOKEN } };
    struct secret *token = sign();
    keys_write(directory, "hs-2.HS256.signing.key", keys_hexadecimal(9));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (i > 0)
            keys_rename(directory, cases[i - 1].name, cases[i].name);
        load_again();
        cr_assert_eq(verify(token), cases[i].expected, "%s", cases[i].name);
    }
    secret_free(token);
}

Test(access_token, of_a_key_that_is_not_there_is_refused)
{
    static const char *const headers[] = {
        "{\"alg\":\"HS256\",\"kid\":\"hs-2\",\"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\",\"kid\":\"HS-1\",\"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\",\"kid\":\"hs-1 \",\"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\",\"kid\":\"hs-1\\u0000\",\"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\",\"kid\":\"../hs-1\",\"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\",\"kid\":\"\",\"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\",\"kid\":1,\"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\",\"kid\":null,\"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\",\"kid\":[\"hs-1\"],\"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
        /* A MAC key signs refresh tokens. Its bytes are not what signs here, but it is not looked
         * for either. */
        "{\"alg\":\"HS256\",\"kid\":\"mac-1\",\"typ\":\"JWT\"}",
        "{\"alg\":\"MAC\",\"kid\":\"mac-1\",\"typ\":\"JWT\"}",
    };
    char *payload = tokens_payload(NULL, NULL);
    cr_assert_eq(
        tokens_verify_free(tokens_sign(tokens_usual_signer(), TOKENS_HEADER, payload), keyset),
        ERROR_NONE);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        cr_assert_eq(
            tokens_verify_free(tokens_sign(tokens_usual_signer(), headers[i], payload), keyset),
            ERROR_INVALID_TOKEN, "%s", headers[i]);
    free(payload);
}

Test(access_token, of_another_key_under_the_same_name_is_refused)
{
    struct secret *token = sign();
    cr_assert_eq(verify(token), ERROR_NONE);
    keys_write(directory, KEYS_HS256, keys_hexadecimal(7));
    load_again();
    cr_assert_eq(verify(token), ERROR_INVALID_TOKEN);
    secret_free(token);
}

Test(access_token, of_a_key_made_a_moment_ago_by_another_process_verifies)
{
    keys_age_directory(directory, 60);
    load_again();
    keys_write(directory, "hs-2.HS256.signing.key", keys_hexadecimal(9));
    struct keyset *other = keys_load(directory), *ours = keyset;
    keyset = other;
    struct secret *token = sign();
    keyset = ours;
    usleep(150000);
    cr_assert_eq(verify(token), ERROR_NONE);
    secret_free(token);
    keyset_free(other);
}

Test(access_token, of_a_key_that_was_retired_is_refused_within_a_second)
{
    keys_write(directory, "hs-2.HS256.signing.key", keys_hexadecimal(9));
    keys_age_directory(directory, 60);
    load_again();
    cr_assert_eq(tokens_verify_free(tokens_with(NULL, NULL), keyset), ERROR_NONE);
    keys_rename(directory, KEYS_HS256, "hs-1.HS256.retired.key");
    usleep(1050000);
    cr_assert_eq(tokens_verify_free(tokens_with(NULL, NULL), keyset), ERROR_INVALID_TOKEN);
}

/* Tampering ----------------------------------------------------------------------------------- */

Test(access_token, with_any_bit_flipped_is_refused)
{
    struct secret *token = tokens_with(NULL, NULL);
    unsigned char *bytes = secret_bytes(token);
    cr_assert_eq(verify(token), ERROR_NONE);
    for (size_t i = 0; i < secret_size(token) * 8; i++) {
        bytes[i / 8] = (unsigned char)(bytes[i / 8] ^ 1 << i % 8);
        cr_assert_eq(verify(token), ERROR_INVALID_TOKEN, "bit %zu", i);
        bytes[i / 8] = (unsigned char)(bytes[i / 8] ^ 1 << i % 8);
    }
    cr_assert_eq(verify(token), ERROR_NONE);
    secret_free(token);
}

Test(access_token, cut_anywhere_is_refused)
{
    struct secret *token = tokens_with(NULL, NULL);
    cr_assert_eq(verify(token), ERROR_NONE);
    for (size_t size = 0; size < secret_size(token); size++)
        cr_assert_eq(tokens_verify_free(secret_new(secret_reveal(token), size), keyset),
                     ERROR_INVALID_TOKEN, "%zu bytes", size);
    secret_free(token);
}

Test(access_token, with_parts_of_another_is_refused)
{
    struct secret *mine = tokens_with(NULL, NULL), *other = tokens_with("sub", "\"1\"");
    const char *a = secret_reveal(mine), *b = secret_reveal(other);
    char text[ACCESS_TOKEN_MAX];
    cr_assert_eq(verify(mine), ERROR_NONE);
    cr_assert_eq(verify(other), ERROR_NONE);
    snprintf(text, sizeof text, "%.*s%s", (int)(strrchr(b, '.') - b), b, strrchr(a, '.'));
    cr_assert_eq(tokens_verify(text, keyset), ERROR_INVALID_TOKEN, "another payload");
    snprintf(text, sizeof text, "%.*s%s", (int)(strrchr(a, '.') - a), a, strrchr(b, '.'));
    cr_assert_eq(tokens_verify(text, keyset), ERROR_INVALID_TOKEN, "another signature");
    secret_free(mine);
    secret_free(other);
}

/* Time ---------------------------------------------------------------------------------------- */

Test(access_token, expires_when_its_time_and_the_leeway_are_over)
{
    static const struct {
        int64_t now;
        enum error expected;
    } cases[] = { { 1800000000, ERROR_NONE },          { 1800000899, ERROR_NONE },
                  { 1800000900, ERROR_NONE },          { 1800000904, ERROR_NONE },
                  { 1800000905, ERROR_TOKEN_EXPIRED }, { 1800000906, ERROR_TOKEN_EXPIRED },
                  { 1900000000, ERROR_TOKEN_EXPIRED }, { 1799999995, ERROR_NONE },
                  { 1799999994, ERROR_INVALID_TOKEN } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clock_fake(cases[i].now);
        cr_assert_eq(tokens_verify_free(tokens_with(NULL, NULL), keyset), cases[i].expected,
                     "at %lld", (long long)cases[i].now);
    }
}

Test(access_token, that_expired_still_says_whose_it_was)
{
    struct access_claims claims = { 0 };
    struct secret *token = tokens_with(NULL, NULL);
    clock_fake(TOKENS_NOW + 1000);
    cr_assert_eq(access_token_verify(token, keyset, &tokens_config, &claims), ERROR_TOKEN_EXPIRED);
    cr_assert_eq(claims.user_id, 42);
    cr_assert_str_eq(claims.session_id, TOKENS_SESSION);
    secret_free(token);
}

Test(access_token, expired_and_tampered_with_is_invalid)
{
    struct secret *token = tokens_with(NULL, NULL);
    clock_fake(TOKENS_NOW + 1000);
    cr_assert_eq(verify(token), ERROR_TOKEN_EXPIRED);
    for (size_t i = 0; i < secret_size(token); i++) {
        secret_bytes(token)[i] ^= 1;
        cr_assert_eq(verify(token), ERROR_INVALID_TOKEN, "byte %zu", i);
        secret_bytes(token)[i] ^= 1;
    }
    secret_free(token);
}

Test(access_token, that_is_a_refresh_token_is_refused)
{
    cr_assert_eq(tokens_verify("therappai_rt_AAAA", keyset), ERROR_INVALID_TOKEN);
    cr_assert_eq(tokens_verify("therappai_rt_AAAA.BBBB.CCCC", keyset), ERROR_INVALID_TOKEN);
}
