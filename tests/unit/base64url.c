/* base64url - one text for every string of bytes. */
#include "auth/base64url.h"
#include <criterion/criterion.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static bool decodes(const char *text, size_t size)
{
    unsigned char bytes[64];
    size_t used;
    return base64url_decode(text, size, bytes, sizeof bytes, &used);
}

Test(base64url, writes_and_reads_every_length)
{
    unsigned char bytes[40], back[40];
    char text[BASE64URL_LENGTH(40) + 1];
    size_t used;
    for (size_t size = 0; size <= sizeof bytes; size++) {
        for (size_t i = 0; i < size; i++)
            bytes[i] = (unsigned char)(i * 83 + size);
        base64url_encode(bytes, size, text);
        cr_assert_eq(strlen(text), BASE64URL_LENGTH(size), "%zu bytes", size);
        cr_assert(base64url_decode(text, strlen(text), back, sizeof back, &used), "%s", text);
        cr_assert_eq(used, size);
        cr_assert_eq(memcmp(bytes, back, size), 0, "%s", text);
    }
}

Test(base64url, takes_one_text_only_where_bits_are_to_spare)
{
    /* Two characters hold 12 bits for one byte, three 18 for two: 1 in 16 and 1 in 4 are canonical.
     */
    int two = 0, three = 0;
    for (int i = 0; i < 64; i++) {
        const char pair[] = { 'Q', alphabet[i] }, triple[] = { 'Q', 'U', alphabet[i] };
        two += decodes(pair, 2);
        three += decodes(triple, 3);
    }
    cr_assert_eq(two, 4);
    cr_assert_eq(three, 16);
}

Test(base64url, refuses_every_character_outside_its_alphabet)
{
    for (int i = 0; i < 256; i++) {
        const char text[] = { 'Q', 'U', 'J', (char)i };
        bool inside = i && strchr(alphabet, i);
        cr_assert_eq(decodes(text, 4), inside, "character %d", i);
    }
}

Test(base64url, refuses_padding_and_impossible_lengths)
{
    static const char *const texts[] = { "Q",     "QUJDR", "QQ=",   "QQ==",   "QUI=",
                                         "QUJD=", "=",     "QUJD ", "QUJD\n", "\nQUJD" };
    cr_assert(decodes("QUJD", 4));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_assert_not(decodes(texts[i], strlen(texts[i])), "'%s'", texts[i]);
}

Test(base64url, refuses_what_does_not_fit)
{
    unsigned char bytes[3];
    size_t used;
    cr_assert(base64url_decode("QUJD", 4, bytes, 3, &used));
    cr_assert_not(base64url_decode("QUJD", 4, bytes, 2, &used));
}
