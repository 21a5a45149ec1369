/* sealed - a value opens where it was sealed for, and nowhere else. */
#include "auth/sealed.h"
#include "support/keys.h"
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static char *directory;
static struct keyset *keyset;

static void start(void)
{
    directory = keys_directory_new();
    keys_write_usual(directory);
    keys_write(directory, "d-1.DATA.verifying.key", keys_hexadecimal(3));
    keys_write(directory, "d-2.DATA.signing.key", keys_hexadecimal(4));
    keys_write(directory, "d-3.DATA.verifying.key", keys_hexadecimal(4));
    keyset = keys_load(directory);
}

static void finish(void)
{
    keyset_free(keyset);
    keys_directory_free(directory);
}

TestSuite(sealed, .init = start, .fini = finish);

static const struct sealed_place place = { 7, "mood" };

static char *seal(const char *text)
{
    struct secret *value = secret_new(text, strlen(text));
    char *sealed = sealed_make(keyset_data(keyset), place, value);
    secret_free(value);
    return sealed;
}

static bool opens(const char *key, struct sealed_place where, const char *sealed, const char *text)
{
    struct secret *value = sealed_open(keyset_find_data(keyset, key), where, sealed);
    bool same = value && strcmp(secret_reveal(value), text) == 0;
    secret_free(value);
    return same;
}

Test(sealed, what_was_sealed_opens)
{
    static const char *const texts[] = { "", "x", "hopeful", "\xf0\x9f\x8c\xb1 and a longer text" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *sealed = seal(texts[i]);
        cr_assert_eq(strlen(sealed), 2 + 2 * (24 + 16 + strlen(texts[i])), "%s", sealed);
        cr_assert(opens("d-2", place, sealed, texts[i]), "%s", texts[i]);
        free(sealed);
    }
}

Test(sealed, the_same_value_never_looks_the_same)
{
    char *one = seal("hopeful"), *two = seal("hopeful");
    cr_assert_str_neq(one, two);
    free(one);
    free(two);
}

Test(sealed, it_opens_for_no_other_account_column_or_key)
{
    static const struct {
        const char *key;
        struct sealed_place place;
    } cases[] = {
        { "d-2", { 8, "mood" } },  { "d-2", { 77, "mood" } },
        { "d-2", { 7, "goals" } }, { "d-2", { 7, "moo" } },
        { "d-1", { 7, "mood" } },  { "d-3", { 7, "mood" } }, /* the same bytes under another name */
    };
    char *sealed = seal("hopeful");
    cr_assert(opens("d-2", place, sealed, "hopeful"));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_null(sealed_open(keyset_find_data(keyset, cases[i].key), cases[i].place, sealed),
                       "%zu", i);
    free(sealed);
}

Test(sealed, no_bit_of_it_may_be_another)
{
    char *sealed = seal("hopeful");
    size_t size = (strlen(sealed) - 2) / 2;
    for (size_t bit = 0; bit < size * 8; bit++) {
        char *digit = &sealed[2 + bit / 4], kept = *digit;
        const char *digits = "0123456789abcdef";
        *digit = digits[(size_t)(strchr(digits, kept) - digits) ^ (1U << bit % 4)];
        cr_assert_null(sealed_open(keyset_data(keyset), place, sealed), "bit %zu", bit);
        *digit = kept;
    }
    cr_assert(opens("d-2", place, sealed, "hopeful"));
    free(sealed);
}

Test(sealed, what_was_never_sealed_does_not_open)
{
    char *sealed = seal("hopeful");
    static const char *const texts[] = { "", "\\", "\\x", "\\x00", "hopeful", "\\xzz" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_assert_null(sealed_open(keyset_data(keyset), place, texts[i]), "%s", texts[i]);
    for (size_t size = strlen(sealed); size-- > 0;) {
        sealed[size] = '\0';
        cr_assert_null(sealed_open(keyset_data(keyset), place, sealed), "%zu", size);
    }
    free(sealed);
}

Test(sealed, keys_for_data_sign_nothing_and_others_encrypt_nothing)
{
    cr_assert_null(keyset_find(keyset, "d-2"));
    cr_assert_null(keyset_find_data(keyset, "hs-1"));
    cr_assert_null(keyset_find_data(keyset, "mac-1"));
    cr_assert_str_eq(keyset_signing(keyset)->id, "hs-1");
    cr_assert_str_eq(keyset_mac(keyset)->id, "mac-1");
}

Test(sealed, a_key_of_another_length_does_not_load)
{
    keys_write(directory, "d-4.DATA.created.key",
               "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00");
    cr_assert(strstr(keys_load_failure(directory), "64 hexadecimal digits"));
}
