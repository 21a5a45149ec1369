/* email - see email.h. */
#include "auth/email.h"
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

enum { EMAIL_MIN = 3, POINTS_MAX = EMAIL_KEY_SIZE };

/* Spaces, controls and, because nobody sees them, format characters such as U+200B. */
static bool is_refused(utf8proc_int32_t point)
{
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return true;
    default:
        return false;
    }
}

static bool is_clean(const char *email, size_t size)
{
    for (size_t at = 0; at < size;) {
        utf8proc_int32_t point;
        utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)email + at,
                                                   (utf8proc_ssize_t)(size - at), &point);
        if (length <= 0 || is_refused(point))
            return false;
        at += (size_t)length;
    }
    return true;
}

/* `localhost`, or labels with dots between them, none of them empty. */
static bool is_domain(const char *domain, size_t size)
{
    static const char localhost[] = "localhost";
    if (size == sizeof localhost - 1 && !strncasecmp(domain, localhost, size))
        return true;
    if (size == 0 || domain[0] == '.' || domain[size - 1] == '.')
        return false;
    return memchr(domain, '.', size) && !memmem(domain, size, "..", 2) &&
           !memchr(domain, '@', size);
}

const char *email_flaw(const char *email, size_t size)
{
    if (size < EMAIL_MIN || size > EMAIL_MAX)
        return "An email address has 3 to 254 bytes.";
    if (!is_clean(email, size))
        return "An email address has neither spaces nor invisible characters.";
    const char *at = memchr(email, '@', size);
    if (!at || at == email || !is_domain(at + 1, size - (size_t)(at + 1 - email)))
        return "An email address looks like name@example.org.";
    return NULL;
}

/* Writes the text in the form that the options say, NUL-terminated. Returns its size, or -1. */
static utf8proc_ssize_t transform(const char *text, size_t size, unsigned options,
                                  char form[EMAIL_KEY_SIZE])
{
    utf8proc_int32_t points[POINTS_MAX + 1]; /* the one more is what utf8proc_reencode asks for */
    utf8proc_ssize_t count =
        utf8proc_decompose((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)size, points,
                           POINTS_MAX, (utf8proc_option_t)options);
    if (count < 0 || count > POINTS_MAX)
        return -1;
    utf8proc_ssize_t used = utf8proc_reencode(points, count, (utf8proc_option_t)options);
    if (used < 0 || used >= EMAIL_KEY_SIZE)
        return -1;
    memcpy(form, points, (size_t)used);
    form[used] = '\0';
    return used;
}

/* Two steps, because folding looks at code points one by one: only where marks stand in canonical
 * order does it give one key for all spellings of one text (Unicode 3.13, D145).
 *
 * Full folding makes one account of `straße@…` and `STRASSE@…`, which may be two mailboxes. So mail
 * goes to the address that the account stores, never to the one that a request brings. */
bool email_key(const char *email, size_t size, char key[EMAIL_KEY_SIZE])
{
    char ordered[EMAIL_KEY_SIZE], folded[EMAIL_KEY_SIZE];
    if (size > EMAIL_MAX || memchr(email, '\0', size))
        return false;
    utf8proc_ssize_t used = transform(email, size, UTF8PROC_DECOMPOSE | UTF8PROC_STABLE, ordered);
    if (used < 0)
        return false;
    used = transform(ordered, (size_t)used, UTF8PROC_CASEFOLD | UTF8PROC_COMPOSE | UTF8PROC_STABLE,
                     folded);
    if (used < 0)
        return false;
    memcpy(key, folded, (size_t)used + 1);
    return true;
}
