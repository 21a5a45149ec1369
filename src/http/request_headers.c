/* request_headers - see request_headers.h. */
#include "http/request_headers.h"
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#define ALPHANUMERIC "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define TOKEN        ALPHANUMERIC "!#$%&'*+-.^_`|~" /* RFC 9110 §5.6.2 */

struct span {
    const char *at;
    size_t size;
};

static bool span_is(struct span span, const char *text)
{
    return strlen(text) == span.size && strncasecmp(span.at, text, span.size) == 0;
}

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t");
}

/* A token or a quoted string (its quotes cut off, its escapes kept; none of ours needs one).
 * Returns what is behind it, or NULL. */
static const char *parameter_value(const char *at, struct span *value)
{
    if (*at != '"') {
        *value = (struct span){ at, strspn(at, TOKEN) };
        return value->size ? at + value->size : NULL;
    }
    const char *end = ++at;
    while (*end && *end != '"')
        end += *end == '\\' && end[1] ? 2 : 1;
    *value = (struct span){ at, (size_t)(end - at) };
    return *end ? end + 1 : NULL;
}

/* RFC 9110 §5.6.6. At the ';' before a parameter or at what is behind the last one. Returns what
 * is behind this one, or NULL where it breaks the grammar. An empty one has an empty name. */
static const char *parameter(const char *at, struct span *name, struct span *value)
{
    at = skip_space(at + 1);
    *name = *value = (struct span){ at, strspn(at, TOKEN) };
    if (name->size) {
        at += name->size;
        if (*at != '=')
            return NULL;
        at = parameter_value(at + 1, value);
    }
    return at ? skip_space(at) : NULL;
}

static const struct {
    const char *name;
    enum media_type type;
} media_types[] = { { "application/json", MEDIA_JSON },
                    { "multipart/form-data", MEDIA_MULTIPART },
                    { "application/x-www-form-urlencoded", MEDIA_FORM } };

static enum media_type type_of(struct span name)
{
    for (size_t i = 0; i < sizeof media_types / sizeof media_types[0]; i++)
        if (span_is(name, media_types[i].name))
            return media_types[i].type;
    return MEDIA_OTHER;
}

enum media_type request_media_type(const char *content_type)
{
    if (!content_type || !*content_type)
        return MEDIA_NONE;
    const char *at = skip_space(content_type);
    struct span type = { at, strspn(at, TOKEN "/") };
    at = skip_space(at + type.size);
    while (*at == ';') {
        struct span name, value;
        at = parameter(at, &name, &value);
        if (!at || (span_is(name, "charset") && !span_is(value, "utf-8")))
            return MEDIA_OTHER;
    }
    return *at ? MEDIA_OTHER : type_of(type);
}

/* Without the backslashes of quoted pairs (RFC 9110 §5.6.4), cut to what there is room for. */
static void copy_value(struct span value, char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < value.size && used < size - 1; i++) {
        if (value.at[i] == '\\' && i + 1 < value.size)
            i++;
        text[used++] = value.at[i];
    }
    text[used] = '\0';
}

enum parameter request_parameter(const char *value, const char *name, char *text, size_t size)
{
    enum parameter result = PARAMETER_ABSENT;
    const char *at = value ? value + strcspn(value, ";") : "";
    while (*at == ';') {
        struct span found, content;
        at = parameter(at, &found, &content);
        if (!at)
            return PARAMETER_BROKEN;
        if (!span_is(found, name))
            continue;
        if (result == PARAMETER_FOUND)
            return PARAMETER_BROKEN;
        result = PARAMETER_FOUND;
        copy_value(content, text, size);
    }
    return *at ? PARAMETER_BROKEN : result;
}

/* Whether the parameters of a media range say q=0. */
static bool is_unwanted(const char *at)
{
    while (*at == ';') {
        struct span name, value;
        at = parameter(at, &name, &value);
        if (!at)
            return true;
        if (span_is(name, "q") && strspn(value.at, "0.") >= value.size)
            return true;
    }
    return false;
}

bool request_accepts(const char *accept, const char *media_type)
{
    while (accept && *accept) {
        const char *at = skip_space(accept);
        struct span range = { at, strspn(at, TOKEN "/") };
        if (span_is(range, media_type) && !is_unwanted(skip_space(at + range.size)))
            return true;
        accept = strchr(at, ',');
        accept = accept ? accept + 1 : NULL;
    }
    return false;
}

/* Where the kernel has no random bytes the id is zeros: it names a request in the log, and protects
 * nothing. */
static void random_id(char id[REQUEST_ID_SIZE])
{
    static const char alphabet[] = "0123456789abcdef";
    unsigned char bytes[16] = { 0 };
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        memset(bytes, 0, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        id[2 * i] = alphabet[bytes[i] >> 4];
        id[2 * i + 1] = alphabet[bytes[i] & 15];
    }
    id[2 * sizeof bytes] = '\0';
}

void request_identify(const char *wanted, char id[REQUEST_ID_SIZE])
{
    size_t size = wanted ? strspn(wanted, ALPHANUMERIC "._-") : 0;
    if (size == 0 || size >= REQUEST_ID_SIZE || wanted[size]) {
        random_id(id);
        return;
    }
    memcpy(id, wanted, size + 1);
}
