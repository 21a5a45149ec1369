/* access_memory - remembers what verified, and no longer than it holds. */
#include "auth/access_token.h"
#include "base/clock.h"
#include "support/keys.h"
#include "support/libjwt_watch.h"
#include "support/tokens.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *directory;
static struct keyset *keyset;
static struct access_memory *memory;

static void start(void)
{
    directory = keys_directory_new();
    keys_write_usual(directory);
    keys_write(directory, "hs-0.HS256.signing.key", keys_hexadecimal(5));
    keys_age_directory(directory, 60);
    keyset = keys_load(directory);
    memory = access_memory_new();
    clock_fake(TOKENS_NOW);
}

static void finish(void)
{
    access_memory_free(memory);
    keyset_free(keyset);
    keys_directory_free(directory);
}

TestSuite(access_memory, .init = start, .fini = finish);

static enum error recall(const struct secret *token)
{
    struct access_claims claims;
    return access_token_recall(memory, token, keyset, &tokens_config, &claims);
}

/* Whether the answer came without libjwt. */
static bool is_remembered(const struct secret *token)
{
    int before = libjwt_watch_count();
    recall(token);
    return libjwt_watch_count() == before;
}

Test(access_memory, says_the_same_the_first_time_and_later)
{
    struct secret *token = tokens_with("roles", "[\"user\",\"admin\"]");
    for (int i = 0; i < 3; i++) {
        struct access_claims claims;
        memset(&claims, 0x55, sizeof claims);
        cr_assert_eq(access_token_recall(memory, token, keyset, &tokens_config, &claims),
                     ERROR_NONE);
        cr_assert_eq(claims.user_id, 42);
        cr_assert_str_eq(claims.session_id, TOKENS_SESSION);
        cr_assert_str_eq(claims.roles, "user admin");
        cr_assert_str_eq(claims.scope, "profile:read profile:write");
        cr_assert_eq(claims.issued_at, TOKENS_NOW);
        cr_assert_eq(claims.expires_at, TOKENS_NOW + 900);
    }
    cr_assert(is_remembered(token));
    secret_free(token);
}

Test(access_memory, of_empty_names_is_a_memory_too)
{
    struct access_claims claims;
    struct secret *token = tokens_with("scope", "\"\"");
    recall(token);
    cr_assert(is_remembered(token));
    cr_assert_eq(access_token_recall(memory, token, keyset, &tokens_config, &claims), ERROR_NONE);
    cr_assert_str_eq(claims.scope, "");
    cr_assert_str_eq(claims.roles, "user");
    secret_free(token);
}

Test(access_memory, looks_at_the_time_each_time)
{
    static const struct {
        int64_t now;
        enum error expected;
    } cases[] = { { 1800000904, ERROR_NONE },
                  { 1800000905, ERROR_TOKEN_EXPIRED },
                  { 1799999994, ERROR_INVALID_TOKEN },
                  { 1799999995, ERROR_NONE },
                  { 1800000500, ERROR_NONE } };
    struct secret *token = tokens_with(NULL, NULL);
    cr_assert_eq(recall(token), ERROR_NONE);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clock_fake(cases[i].now);
        cr_assert_eq(recall(token), cases[i].expected, "at %lld", (long long)cases[i].now);
        cr_assert(is_remembered(token));
    }
    secret_free(token);
}

Test(access_memory, looks_at_not_before_each_time)
{
    struct secret *token = tokens_with("nbf", "1800000100");
    clock_fake(TOKENS_NOW + 200);
    cr_assert_eq(recall(token), ERROR_NONE);
    cr_assert(is_remembered(token));
    clock_fake(TOKENS_NOW);
    cr_assert_eq(recall(token), ERROR_INVALID_TOKEN, "the clock was set back");
    secret_free(token);
}

Test(access_memory, of_an_expired_token_still_says_whose_it_was)
{
    struct access_claims claims = { 0 };
    struct secret *token = tokens_with(NULL, NULL);
    recall(token);
    clock_fake(TOKENS_NOW + 2000);
    cr_assert_eq(access_token_recall(memory, token, keyset, &tokens_config, &claims),
                 ERROR_TOKEN_EXPIRED);
    cr_assert_eq(claims.user_id, 42);
    secret_free(token);
}

Test(access_memory, does_not_remember_what_did_not_verify)
{
    struct secret *wrong = tokens_with("iss", "\"x\""), *old = tokens_with("exp", "1700000000");
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(recall(wrong), ERROR_INVALID_TOKEN);
        cr_assert_not(is_remembered(wrong));
        cr_assert_eq(recall(old), ERROR_TOKEN_EXPIRED);
        cr_assert_not(is_remembered(old));
    }
    secret_free(wrong);
    secret_free(old);
}

Test(access_memory, does_not_take_a_token_for_another_that_is_like_it)
{
    struct secret *token = tokens_with(NULL, NULL);
    unsigned char *bytes = secret_bytes(token);
    cr_assert_eq(recall(token), ERROR_NONE);
    for (size_t i = 0; i < secret_size(token) * 8; i++) {
        bytes[i / 8] = (unsigned char)(bytes[i / 8] ^ 1 << i % 8);
        cr_assert_eq(recall(token), ERROR_INVALID_TOKEN, "bit %zu", i);
        bytes[i / 8] = (unsigned char)(bytes[i / 8] ^ 1 << i % 8);
    }
    cr_assert(is_remembered(token), "the good one is still there");
    secret_free(token);
}

Test(access_memory, refuses_what_is_too_long_and_what_is_empty)
{
    char text[ACCESS_TOKEN_MAX + 1];
    memset(text, 'A', sizeof text);
    struct secret *longer = secret_new(text, sizeof text), *empty = secret_new("", 0);
    cr_assert_eq(recall(longer), ERROR_INVALID_TOKEN);
    cr_assert_eq(recall(empty), ERROR_INVALID_TOKEN);
    secret_free(longer);
    secret_free(empty);
}

Test(access_memory, forgets_all_when_the_keys_change)
{
    struct secret *token = tokens_with(NULL, NULL);
    cr_assert_eq(recall(token), ERROR_NONE);
    cr_assert(is_remembered(token));
    keys_write(directory, "hs-2.HS256.signing.key", keys_hexadecimal(9));
    usleep(1050000);
    cr_assert_not(is_remembered(token), "its key is still there, but the set changed");
    cr_assert_eq(recall(token), ERROR_NONE);
    cr_assert(is_remembered(token));
    secret_free(token);
}

Test(access_memory, does_not_outlive_a_retired_key)
{
    struct secret *token = tokens_with(NULL, NULL);
    cr_assert_eq(recall(token), ERROR_NONE);
    keys_rename(directory, KEYS_HS256, "hs-1.HS256.retired.key");
    usleep(1050000);
    cr_assert_eq(recall(token), ERROR_INVALID_TOKEN);
    secret_free(token);
}

Test(access_memory, of_many_tokens_never_mixes_them_up)
{
    enum { TOKENS = 3000 };
    static struct secret *tokens[TOKENS];
    int remembered = 0;
    for (int i = 0; i < TOKENS; i++) {
        char user[16];
        snprintf(user, sizeof user, "\"%d\"", i + 1);
        tokens[i] = tokens_with("sub", user);
        cr_assert_eq(recall(tokens[i]), ERROR_NONE);
    }
    for (int i = 0; i < TOKENS; i++) {
        struct access_claims claims;
        int before = libjwt_watch_count();
        cr_assert_eq(access_token_recall(memory, tokens[i], keyset, &tokens_config, &claims),
                     ERROR_NONE);
        cr_assert_eq(claims.user_id, i + 1);
        remembered += libjwt_watch_count() == before;
        secret_free(tokens[i]);
    }
    cr_assert_leq(remembered, 1024, "it does not grow");
}

Test(access_memory, keeps_both_of_two_tokens_in_turn)
{
    struct secret *one = tokens_with("sub", "\"1\""), *other = tokens_with("sub", "\"2\"");
    recall(one);
    recall(other);
    cr_assert(is_remembered(one));
    cr_assert(is_remembered(other));
    secret_free(one);
    secret_free(other);
}

Test(access_memory, does_not_take_names_that_are_too_long_for_it_but_verifies_them)
{
    static const struct {
        int size;
        bool remembered;
    } cases[] = { { 162, true }, { 163, false }, { 1000, false } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char value[1100];
        snprintf(value, sizeof value, "\"%0*d\"", cases[i].size, 7);
        struct secret *token = tokens_with("scope", value);
        for (int j = 0; j < 2; j++) {
            struct access_claims claims;
            cr_assert_eq(access_token_recall(memory, token, keyset, &tokens_config, &claims),
                         ERROR_NONE);
            cr_assert_eq(strlen(claims.scope), (size_t)cases[i].size);
        }
        cr_assert_eq(is_remembered(token), cases[i].remembered, "%d", cases[i].size);
        secret_free(token);
    }
}
