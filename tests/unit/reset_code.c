/* reset_code - codes as they are made, typed and kept. */
#include "auth/reset_code.h"
#include "support/keys.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define KEY_OF_ADA "ada@example.org"

static char *directory;
static struct keyset *keyset;

static void start(void)
{
    cr_assert(secret_start());
    directory = keys_directory_new();
    keys_write_usual(directory);
    keyset = keys_load(directory);
}

static void finish(void)
{
    keyset_free(keyset);
    keys_directory_free(directory);
}

TestSuite(reset_code, .init = start, .fini = finish);

static void mac_of(const char *text, size_t size, const char *key, char mac[RESET_MAC_SIZE])
{
    struct secret *code = secret_new(text, size);
    reset_code_mac(code, key, keyset, mac);
    secret_free(code);
}

Test(reset_code, has_eight_symbols_that_nobody_takes_for_others)
{
    enum { CODES = 2000 };
    static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    bool seen[sizeof symbols] = { false };
    for (int i = 0; i < CODES; i++) {
        struct secret *code = reset_code_new();
        const char *text = secret_reveal(code);
        cr_assert_eq(secret_size(code), 9);
        cr_assert(strspn(text, symbols) == 4 && text[4] == '-' && strspn(text + 5, symbols) == 4,
                  "%s", text);
        for (int j = 0; j < 9; j++)
            if (j != 4)
                seen[strchr(symbols, text[j]) - symbols] = true;
        secret_free(code);
    }
    for (size_t i = 0; i < sizeof symbols - 1; i++)
        cr_assert(seen[i], "%c never came", symbols[i]);
}

Test(reset_code, is_read_as_people_type_it)
{
    static const char *const same[] = { "7K3M-01XT",   "7K3M01XT",  "7k3m-01xt", " 7K3M 01XT ",
                                        "7-K-3-M01XT", "7K3M-OLXT", "7k3m-oixt" },
                             *const others[] = { "7K3M-01XU",        "7K3M-01X",   "7K3M-01XT0",
                                                 "7K3M_01XT",        "",           "8K3M-01XT",
                                                 "7K3M-01X\xc3\xa4", "7K3M-01XT\t" };
    char wanted[RESET_MAC_SIZE], mac[RESET_MAC_SIZE];
    mac_of(same[0], strlen(same[0]), KEY_OF_ADA, wanted);
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        mac_of(same[i], strlen(same[i]), KEY_OF_ADA, mac);
        cr_assert_str_eq(mac, wanted, "%s", same[i]);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        mac_of(others[i], strlen(others[i]), KEY_OF_ADA, mac);
        cr_assert_str_neq(mac, wanted, "%s", others[i]);
    }
    mac_of("7K3M-01XT\0", 10, KEY_OF_ADA, mac);
    cr_assert_str_neq(mac, wanted, "a NUL at the end");
    mac_of("7K3M-01XT", 9, "bob@example.org", mac);
    cr_assert_str_neq(mac, wanted, "another account");
}

/* Computed apart from this program: HMAC-SHA-512 under the second usual key, cut to 32 bytes. */
Test(reset_code, is_kept_as_a_mac_of_label_account_and_symbols)
{
    char mac[RESET_MAC_SIZE];
    mac_of("7K3M-9QXT", 9, KEY_OF_ADA, mac);
    cr_assert_str_eq(mac, "510d943e2d275b1d95cd449bac8bb4daa5efcca21facbadee79071a9ebfecb2f");
}

Test(reset_code, has_a_mac_under_each_key_that_is_not_retired)
{
    static const struct {
        const char *from, *to;
        size_t macs;
    } cases[] = { { NULL, NULL, 2 },
                  { "mac-2.MAC.created.key", "mac-2.MAC.verifying.key", 2 },
                  { "mac-2.MAC.verifying.key", "mac-2.MAC.retired.key", 1 } };
    keys_write(directory, "mac-2.MAC.created.key", keys_hexadecimal(3));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer macs;
        char mac[RESET_MAC_SIZE];
        struct secret *code = secret_new("7K3M-9QXT", 9);
        if (cases[i].from)
            keys_rename(directory, cases[i].from, cases[i].to);
        keyset_free(keyset);
        keyset = keys_load(directory);
        buffer_init(&macs, 4096);
        reset_code_macs(code, KEY_OF_ADA, keyset, &macs);
        cr_assert_eq(macs.size, cases[i].macs * RESET_MAC_SIZE - 1, "%zu", i);
        reset_code_mac(code, KEY_OF_ADA, keyset, mac);
        cr_assert(strstr(macs.data, mac));
        buffer_clear(&macs);
        secret_free(code);
    }
}
