/* email - what is an address, and which addresses are one account. */
#include "auth/email.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* A text with its size, because a case may hold NUL. */
#define BYTES(text) text, sizeof(text) - 1

Test(email, addresses_have_no_flaw)
{
    static const char *const cases[] = {
        "a@b.c",
        "ada@example.org",
        "Ada.Lovelace+tag@mail.example.org",
        "o'neil@example.org",
        "ada@localhost",
        "ada@LocalHost",
        "jürgen@example.org",
        "用户@例子.广告",
        "ada@xn--bcher-kva.example",
        "ada@[127.0.0.1]",
        "\"ada\"@example.org",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_null(email_flaw(cases[i], strlen(cases[i])), "'%s'", cases[i]);
}

Test(email, what_is_no_address_has_a_flaw)
{
    static const struct {
        const char *name, *text;
        size_t size;
    } cases[] = {
        { "nothing", BYTES("") },
        { "one letter", BYTES("a") },
        { "two letters", BYTES("a@") },
        { "no at", BYTES("ada.example.org") },
        { "two ats", BYTES("ada@eve@example.org") },
        { "an at in the domain", BYTES("ada@example.org@") },
        { "nothing before", BYTES("@example.org") },
        { "nothing behind", BYTES("ada@") },
        { "no dot", BYTES("ada@example") },
        { "a dot first", BYTES("ada@.example.org") },
        { "a dot last", BYTES("ada@example.org.") },
        { "two dots", BYTES("ada@example..org") },
        { "a dot alone", BYTES("ada@.") },
        { "localhost and more", BYTES("ada@localhosts") },
        { "a space before", BYTES(" ada@example.org") },
        { "a space behind", BYTES("ada@example.org ") },
        { "a space within", BYTES("ada lovelace@example.org") },
        { "a no-break space", BYTES("ada\u00a0l@example.org") },
        { "an ideographic space", BYTES("ada\u3000l@example.org") },
        { "a line separator", BYTES("ada\u2028l@example.org") },
        { "a tab", BYTES("ada\t@example.org") },
        { "a second header", BYTES("ada@example.org\r\nBcc: eve@example.org") },
        { "a line's end", BYTES("ada@example.org\n") },
        { "NUL behind", BYTES("ada@example.org\0") },
        { "NUL within", BYTES("ada\0eve@example.org") },
        { "delete", BYTES("ada\x7f@example.org") },
        { "a control of ISO 6429", BYTES("ada\xc2\x85@example.org") },
        { "a zero-width space", BYTES("ada\u200b@example.org") },
        { "a change of direction", BYTES("ada\u202e@example.org") },
        { "a byte order mark", BYTES("\ufeffada@example.org") },
        { "Latin-1", BYTES("j\xfcrgen@example.org") },
        { "a cut code point", BYTES("ada@example.org\xc3") },
        { "an overlong at", BYTES("ada\xc1\x80@example.org") },
        { "a surrogate", BYTES("ada\xed\xa0\x80@example.org") },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_not_null(email_flaw(cases[i].text, cases[i].size), "%s", cases[i].name);
    cr_assert_null(email_flaw(BYTES("ada@example.org")));
}

Test(email, has_at_most_254_bytes)
{
    static const char domain[] = "@example.org";
    char text[300];
    memset(text, 'a', sizeof text);
    memcpy(text + EMAIL_MAX - strlen(domain), domain, strlen(domain));
    cr_assert_null(email_flaw(text, EMAIL_MAX));
    memset(text, 'a', sizeof text);
    memcpy(text + EMAIL_MAX + 1 - strlen(domain), domain, strlen(domain));
    cr_assert_not_null(email_flaw(text, EMAIL_MAX + 1));
}

static const char *key_of(const char *email)
{
    static char keys[2][EMAIL_KEY_SIZE];
    static int next;
    char *key = keys[next++ % 2];
    cr_assert(email_key(email, strlen(email), key), "'%s' has no key", email);
    return key;
}

Test(email, one_account_has_one_key)
{
    static const char *const cases[][2] = {
        { "ada@example.org", "ADA@EXAMPLE.ORG" },
        { "ada@example.org", "Ada@Example.Org" },
        { "jürgen@example.org", "JÜRGEN@example.org" },
        { "j\u00fcrgen@example.org", "ju\u0308rgen@example.org" },
        { "J\u00dcRGEN@example.org", "ju\u0308rgen@example.org" },
        { "straße@example.org", "STRASSE@example.org" },
        { "straße@example.org", "STRAẞE@example.org" },
        { "ὈΔΥΣΣΕΎΣ@example.org", "ὀδυσσεύς@example.org" },
        { "ὀδυσσεύσ@example.org", "ὀδυσσεύς@example.org" },
        { "İ@example.org", "i\u0307@example.org" },
        { "ﬁn@example.org", "FIN@example.org" },
        { "\u212aate@example.org", "kate@example.org" },
        { "ѲЕДОР@пример.рф", "ѳедор@пример.рф" },
        /* marks out of order, before something that folding takes apart */
        { "\u03b1\u0345\u0301@example.org", "\u03b1\u0301\u0345@example.org" },
        { "\u1fb4@example.org", "\u03b1\u0345\u0301@example.org" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_str_eq(key_of(cases[i][0]), key_of(cases[i][1]), "'%s', '%s'", cases[i][0],
                         cases[i][1]);
}

Test(email, two_accounts_have_two_keys)
{
    static const char *const cases[][2] = {
        { "ada@example.org", "adam@example.org" },
        { "ada@example.org", "ada@example.com" },
        { "ada@example.org", "ada+1@example.org" },
        { "ada@example.org", "a.da@example.org" },
        { "jurgen@example.org", "jürgen@example.org" },
        { "mike@example.org", "mıke@example.org" }, /* a dotless i is no i */
        { "i@example.org", "İ@example.org" },
        { "ada@example.org", "аda@example.org" },  /* Cyrillic */
        { "ada@example.org", "ａda@example.org" }, /* full width: no compatibility forms */
        { "ada@example.org", " ada@example.org" },
        { "ada@example.org", "ada@example.org " },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_str_neq(key_of(cases[i][0]), key_of(cases[i][1]), "'%s', '%s'", cases[i][0],
                          cases[i][1]);
}

Test(email, a_key_is_its_own_key)
{
    static const char *const cases[] = { "Ada@Example.Org", "STRASSE@example.org",
                                         "İ@example.org",   "ὈΔΥΣΣΕΎΣ@example.org",
                                         "ﬃ@example.org",   "\u03b1\u0345\u0301@example.org" };
    char once[EMAIL_KEY_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert(email_key(cases[i], strlen(cases[i]), once));
        cr_assert_str_eq(key_of(once), once, "'%s'", cases[i]);
    }
}

static void write_address(utf8proc_int32_t point, char text[32])
{
    utf8proc_ssize_t size = utf8proc_encode_char(point, (utf8proc_uint8_t *)text);
    snprintf(text + size, 32 - (size_t)size, "\u0345\u0301@example.org");
}

/* Whatever a letter's case, and however it and the marks behind it are spelled. */
Test(email, every_letter_has_the_key_of_its_other_case_and_of_its_decomposition)
{
    char text[32], key[EMAIL_KEY_SIZE], other[EMAIL_KEY_SIZE];
    int letters = 0;
    for (utf8proc_int32_t point = 0x41; point < 0x1f000; point++) {
        utf8proc_int32_t lower = utf8proc_tolower(point);
        if (lower == point || point == 0x130)
            continue;
        write_address(point, text);
        cr_assert(email_key(text, strlen(text), key), "U+%04X", (unsigned)point);
        char *decomposed = (char *)utf8proc_NFD((const utf8proc_uint8_t *)text);
        cr_assert(email_key(decomposed, strlen(decomposed), other), "U+%04X", (unsigned)point);
        free(decomposed);
        cr_assert_str_eq(key, other, "U+%04X decomposed", (unsigned)point);
        write_address(lower, text);
        cr_assert(email_key(text, strlen(text), other), "U+%04X", (unsigned)lower);
        cr_assert_str_eq(key, other, "U+%04X and U+%04X", (unsigned)point, (unsigned)lower);
        letters++;
    }
    cr_assert_gt(letters, 1000);
}

Test(email, an_address_of_the_greatest_size_has_a_key_whatever_folding_makes_of_it)
{
    static const char *const cases[] = { "a",      "\u0390", "\u1f52", "\u0130", "\ufb03",
                                         "\u1f82", "\u0149", "\ufb2c", "\u0344", "\U0001d160" };
    char text[EMAIL_MAX + 1], key[EMAIL_KEY_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t length = strlen(cases[i]), size = 0;
        for (; size + length <= EMAIL_MAX; size += length)
            memcpy(text + size, cases[i], length);
        cr_assert(email_key(text, size, key), "case %zu", i);
        cr_assert_geq(strlen(key), size / 2, "case %zu", i);
    }
}

Test(email, what_can_be_no_account_has_no_key)
{
    char key[EMAIL_KEY_SIZE], *large = calloc(1, 1 << 20);
    memset(large, 'a', 1 << 20);
    cr_assert_not(email_key(BYTES("ada@example.org\0"), key), "NUL behind");
    cr_assert_not(email_key(BYTES("ada\0@example.org"), key), "NUL within");
    cr_assert_not(email_key(BYTES("ada\xff@example.org"), key), "no UTF-8");
    cr_assert_not(email_key(large, 1 << 20, key), "1 MiB");
    cr_assert_not(email_key(large, EMAIL_MAX + 1, key), "a byte too long");
    cr_assert(email_key(large, EMAIL_MAX, key));
    free(large);
}
