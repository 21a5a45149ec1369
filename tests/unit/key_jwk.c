/* key_jwk - which keys are published, and that they are written down once for each state of the key
 * set. */
#include "auth/key_jwk.h"
#include "support/keys.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *directory;
static struct keyset *keyset;
static struct key_jwk_memory memory;

static void start(void)
{
    static const char *const files[] = { "a.ES256.created.pem", "b.ES256.signing.pem",
                                         "c.ES256.verifying.pem", "d.ES256.retired.pem" };
    directory = keys_directory_new();
    keys_write_usual(directory);
    keys_write(directory, "e.DATA.signing.key", keys_hexadecimal(3));
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *pem = keys_ec_pem("P-256");
        keys_write(directory, files[i], pem);
        free(pem);
    }
    keys_age_directory(directory, 60);
    keyset = keys_load(directory);
}

static void finish(void)
{
    key_jwk_forget(&memory);
    keyset_free(keyset);
    keys_directory_free(directory);
}

TestSuite(key_jwk, .init = start, .fini = finish);

static const struct key_jwk_set *read_keys(void)
{
    const struct key_jwk_set *set = NULL;
    cr_assert_eq(key_jwk_read(&memory, keyset, &set), ERROR_NONE);
    return set;
}

static void expect_ids(const struct key_jwk_set *set, const char *ids)
{
    cr_assert_eq(set->count, strlen(ids));
    for (size_t i = 0; i < set->count; i++)
        cr_assert_eq(set->keys[i].id[0], ids[i], "%zu: %s", i, set->keys[i].id);
}

Test(key_jwk, those_are_published_that_verify_or_are_going_to_and_have_a_public_half)
{
    expect_ids(read_keys(), "abc");
}

Test(key_jwk, they_are_written_down_once_for_each_state_of_the_key_set)
{
    char tag[KEY_JWK_TAG_SIZE];
    memcpy(tag, read_keys()->tag, sizeof tag);
    memory.set.tag[0] = '!'; /* stays as long as nothing is written anew */
    cr_assert_eq(read_keys()->tag[0], '!');
    cr_assert_not(keyset_refresh(keyset, true));
    cr_assert_eq(read_keys()->tag[0], '!');
    keys_rename(directory, "a.ES256.created.pem", "a.ES256.retired.pem");
    cr_assert(keyset_refresh(keyset, true));
    expect_ids(read_keys(), "bc");
    cr_assert_str_neq(read_keys()->tag, tag);
    keys_rename(directory, "a.ES256.retired.pem", "a.ES256.created.pem");
    cr_assert(keyset_refresh(keyset, true));
    expect_ids(read_keys(), "abc");
    cr_assert_str_eq(read_keys()->tag, tag);
}
