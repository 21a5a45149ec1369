/* json_grammar - see json_grammar.h. */
#include "http/json_grammar.h"
#include "http/utf8.h"
#include <string.h>

struct cursor {
    const char *at, *end;
    int depth, depth_max;
    size_t members;
};

/* Each of these moves over what it names, and returns whether it was there. */
typedef bool rule(struct cursor *cursor);
static rule value;

static bool take(struct cursor *cursor, char byte)
{
    if (cursor->at == cursor->end || *cursor->at != byte)
        return false;
    cursor->at++;
    return true;
}

static bool take_word(struct cursor *cursor, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(cursor->end - cursor->at) < size || memcmp(cursor->at, word, size) != 0)
        return false;
    cursor->at += size;
    return true;
}

/* RFC 8259 §2 */
static void skip_space(struct cursor *cursor)
{
    while (take(cursor, ' ') || take(cursor, '\t') || take(cursor, '\n') || take(cursor, '\r'))
        ;
}

static bool digits(struct cursor *cursor)
{
    const char *first = cursor->at;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9')
        cursor->at++;
    return cursor->at > first;
}

/* RFC 8259 §6 */
static bool number(struct cursor *cursor)
{
    take(cursor, '-');
    if (!take(cursor, '0') && !digits(cursor))
        return false;
    if (take(cursor, '.') && !digits(cursor))
        return false;
    if (!take(cursor, 'e') && !take(cursor, 'E'))
        return true;
    if (!take(cursor, '+'))
        take(cursor, '-');
    return digits(cursor);
}

/* The value of four hexadecimal digits, or -1. */
static int hexadecimal(struct cursor *cursor)
{
    int code = 0;
    if (cursor->end - cursor->at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        static const char alphabet[] = "0123456789abcdef0123456789ABCDEF";
        const char *digit = memchr(alphabet, *cursor->at++, sizeof alphabet - 1);
        if (!digit)
            return -1;
        code = code * 16 + (int)(digit - alphabet) % 16;
    }
    return code;
}

/* What follows a backslash (RFC 8259 §7). */
static bool escape(struct cursor *cursor, bool is_name)
{
    static const char letters[] = "\"\\/bfnrt";
    if (!take(cursor, 'u')) {
        if (cursor->at == cursor->end || !memchr(letters, *cursor->at, sizeof letters - 1))
            return false;
        cursor->at++;
        return true;
    }
    int code = hexadecimal(cursor);
    if (code < 0 || (code == 0 && is_name) || (code >= 0xdc00 && code <= 0xdfff))
        return false;
    if (code < 0xd800 || code > 0xdbff)
        return true;
    int low = take_word(cursor, "\\u") ? hexadecimal(cursor) : -1;
    return low >= 0xdc00 && low <= 0xdfff;
}

static bool string(struct cursor *cursor, bool is_name)
{
    if (!take(cursor, '"'))
        return false;
    while (!take(cursor, '"')) {
        if (take(cursor, '\\')) {
            if (!escape(cursor, is_name))
                return false;
            continue;
        }
        size_t size = utf8_character(cursor->at, (size_t)(cursor->end - cursor->at));
        if (size == 0 || (unsigned char)*cursor->at < 0x20)
            return false;
        cursor->at += size;
    }
    return true;
}

static bool member(struct cursor *cursor)
{
    skip_space(cursor);
    cursor->members++;
    if (!string(cursor, true))
        return false;
    skip_space(cursor);
    return take(cursor, ':') && value(cursor);
}

/* What stands between brackets, behind the opening one. */
static bool list(struct cursor *cursor, char closing, rule *element)
{
    if (++cursor->depth > cursor->depth_max)
        return false;
    skip_space(cursor);
    if (!take(cursor, closing)) {
        do {
            if (!element(cursor))
                return false;
        } while (take(cursor, ','));
        if (!take(cursor, closing))
            return false;
    }
    cursor->depth--;
    return true;
}

/* With the white space around it. */
static bool value(struct cursor *cursor)
{
    bool good;
    skip_space(cursor);
    if (take(cursor, '{'))
        good = list(cursor, '}', member);
    else if (take(cursor, '['))
        good = list(cursor, ']', value);
    else if (cursor->at < cursor->end && *cursor->at == '"')
        good = string(cursor, false);
    else
        good = take_word(cursor, "true") || take_word(cursor, "false") ||
               take_word(cursor, "null") || number(cursor);
    skip_space(cursor);
    return good;
}

bool json_grammar_check(const char *text, size_t size, int depth_max, size_t *members)
{
    struct cursor cursor = { .at = text, .end = text + size, .depth_max = depth_max };
    skip_space(&cursor);
    bool is_object = cursor.at < cursor.end && *cursor.at == '{';
    if (!is_object || !value(&cursor) || cursor.at != cursor.end)
        return false;
    *members = cursor.members;
    return true;
}
