/* cookie - see cookie.h. */
#include "http/cookie.h"
#include <inttypes.h>
#include <string.h>

enum { LINE_MAX_SIZE = 8192 };

/* RFC 6265 §4.1.1: no control character, space, quotation mark, comma, semicolon or backslash. */
static bool is_octet(char c)
{
    return c > ' ' && c < 0x7f && !strchr("\",;\\", c);
}

static size_t octets(const char *value, size_t size)
{
    size_t count = 0;
    while (count < size && is_octet(value[count]))
        count++;
    return count;
}

/* The next pair of the header behind the spaces before it, or NULL after the last one. */
static const char *next_pair(const char **header, size_t *size)
{
    const char *at = *header + strspn(*header, "; \t");
    if (!*at)
        return NULL;
    *size = strcspn(at, ";");
    *header = at + *size;
    while (*size && strchr(" \t", at[*size - 1]))
        --*size;
    return at;
}

enum error cookie_find(const char *header, const char *name, struct secret **value)
{
    size_t size, name_size = strlen(name);
    const char *pair, *found = NULL;
    size_t found_size = 0;
    while (header && (pair = next_pair(&header, &size))) {
        if (size <= name_size || memcmp(pair, name, name_size) != 0 || pair[name_size] != '=')
            continue;
        if (found)
            return ERROR_INVALID_TOKEN;
        found = pair + name_size + 1;
        found_size = size - name_size - 1;
    }
    if (!found)
        return ERROR_MISSING_TOKEN;
    if (found_size == 0 || octets(found, found_size) < found_size)
        return ERROR_INVALID_TOKEN;
    *value = secret_new(found, found_size);
    return ERROR_NONE;
}

static void add(struct response *response, const struct cookie *cookie, const char *value,
                int64_t max_age_s)
{
    struct buffer line;
    buffer_init(&line, LINE_MAX_SIZE);
    if (buffer_format(&line, "%s=%s; Path=%s; Max-Age=%" PRId64 "; Secure; HttpOnly; SameSite=%s",
                      cookie->name, value, cookie->path, max_age_s, cookie->same_site))
        response_header(response, "Set-Cookie", line.data);
    buffer_clear(&line);
}

void cookie_set(struct response *response, const struct cookie *cookie, const struct secret *value,
                int64_t max_age_s)
{
    add(response, cookie, secret_reveal(value), max_age_s);
}

void cookie_clear(struct response *response, const struct cookie *cookie)
{
    add(response, cookie, "", 0);
}
