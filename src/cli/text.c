/* text - see text.h. */
#include "cli/text.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { JOINER_FIRST = 0x200c, JOINER_LAST = 0x200d, REPLACEMENT = 0xfffd, PLANE = 0x10000 };

/* The next character of the text; its size, 1 where it is none (*point is then negative). */
static size_t next(const char *text, utf8proc_int32_t *point)
{
    utf8proc_ssize_t size =
        utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)strlen(text), point);
    if (size > 0)
        return (size_t)size;
    *point = -1;
    return 1;
}

/* The joiners belong to words of some scripts, and to pictures. */
static bool is_shown(utf8proc_int32_t point)
{
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return false;
    case UTF8PROC_CATEGORY_CF:
        return point >= JOINER_FIRST && point <= JOINER_LAST;
    default:
        return true;
    }
}

size_t text_for_terminal(struct buffer *out, const char *text)
{
    size_t width = 0;
    while (*text) {
        utf8proc_int32_t point;
        size_t size = next(text, &point), before = out->size;
        if (point >= 0 && is_shown(point)) {
            buffer_append(out, text, size);
            width += (size_t)utf8proc_charwidth(point);
        } else {
            buffer_format(out, point < 0 ? "\\x{%x}" : "\\u{%x}",
                          point < 0 ? (unsigned)(unsigned char)*text : (unsigned)point);
            width += out->size - before;
        }
        text += size;
    }
    return width;
}

static void escape_for_json(struct buffer *out, unsigned point)
{
    if (point < PLANE) {
        buffer_format(out, "\\u%04x", point);
        return;
    }
    point -= PLANE; /* a pair of surrogates */
    buffer_format(out, "\\u%04x\\u%04x", 0xd800U + (point >> 10), 0xdc00U + (point & 0x3ffU));
}

void text_for_json(struct buffer *out, const char *text)
{
    buffer_text(out, "\"");
    while (*text) {
        utf8proc_int32_t point;
        size_t size = next(text, &point);
        if (*text == '"' || *text == '\\')
            buffer_format(out, "\\%c", *text);
        else if (point >= 0 && is_shown(point))
            buffer_append(out, text, size);
        else
            escape_for_json(out, point < 0 ? REPLACEMENT : (unsigned)point);
        text += size;
    }
    buffer_text(out, "\"");
}

void text_list_for_json(struct buffer *out, const char *words)
{
    buffer_text(out, "[");
    for (const char *word = words; *word;) {
        size_t size = strcspn(word, " ");
        char *copy = memory_text_of(word, size);
        buffer_text(out, word == words ? "" : ", ");
        text_for_json(out, copy);
        free(copy);
        word += size + (word[size] == ' ');
    }
    buffer_text(out, "]");
}
