/* utf8 - what is a character and what only looks like one. */
#include "http/utf8.h"
#include <criterion/criterion.h>
#include <string.h>

Test(utf8, measures_well_formed_characters)
{
    static const char *const characters[] = { "a",
                                              "\x7f",
                                              "\xc2\x80",
                                              "\xdf\xbf",
                                              "\xe0\xa0\x80",
                                              "\xed\x9f\xbf",
                                              "\xee\x80\x80",
                                              "\xef\xbf\xbf",
                                              "\xf0\x90\x80\x80",
                                              "\xf4\x8f\xbf\xbf" };
    for (size_t i = 0; i < sizeof characters / sizeof characters[0]; i++)
        cr_assert_eq(utf8_character(characters[i], strlen(characters[i]) + 1),
                     strlen(characters[i]), "character %zu", i);
    cr_assert_eq(utf8_character("", 1), 1, "NUL is a character");
}

Test(utf8, refuses_what_is_not_well_formed)
{
    static const struct {
        const char *what, *bytes;
    } cases[] = {
        { "a continuation alone", "\x80" },
        { "an overlong slash of 2 bytes", "\xc0\xaf" },
        { "an overlong slash of 3 bytes", "\xe0\x80\xaf" },
        { "an overlong slash of 4 bytes", "\xf0\x80\x80\xaf" },
        { "a surrogate", "\xed\xa0\x80" },
        { "above U+10FFFF", "\xf4\x90\x80\x80" },
        { "a lead byte that is none", "\xf5\x80\x80\x80" },
        { "0xff", "\xff" },
        { "a second byte that is missing", "\xc3(" },
        { "a third byte that is missing", "\xe2\x82(" },
        { "a fourth byte that is missing", "\xf0\x9f\x98(" },
        { "nothing", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(utf8_character(cases[i].bytes, strlen(cases[i].bytes)), 0, "%s",
                     cases[i].what);
}

Test(utf8, never_looks_behind_the_end)
{
    static const char text[] = "\xf0\x9f\x98\x80";
    for (size_t size = 0; size < 4; size++)
        cr_assert_eq(utf8_character(text, size), 0, "%zu bytes", size);
    cr_assert_eq(utf8_character(text, 4), 4);
}
