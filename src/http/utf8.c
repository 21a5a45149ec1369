/* utf8 - see utf8.h. */
#include "http/utf8.h"

/* RFC 3629 §4, a row an alternative of its grammar: first byte, second byte, length. */
static const struct form {
    unsigned char first, first_last, second, second_last;
    size_t length;
} forms[] = {
    { 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
    { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
    { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static size_t measure(const struct form *form, const unsigned char *bytes, size_t size)
{
    if (size < form->length)
        return 0;
    if (form->length > 1 && (bytes[1] < form->second || bytes[1] > form->second_last))
        return 0;
    for (size_t i = 2; i < form->length; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    return form->length;
}

size_t utf8_character(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    if (size == 0)
        return 0;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (bytes[0] >= forms[i].first && bytes[0] <= forms[i].first_last)
            return measure(&forms[i], bytes, size);
    return 0;
}
