/* origin - see origin.h. */
#include "base/origin.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"

static const char shape[] = "it is written https://host or https://host:port, in lower case, "
                            "without the scheme's own port and without a path";

struct origin {
    const char *host;
    size_t host_size;
    bool secure;
};

static bool begins(const char *text, size_t size, const char *with)
{
    return size >= strlen(with) && !memcmp(text, with, strlen(with));
}

static bool is_host(const char *host, size_t size)
{
    if (size > 2 && host[0] == '[')
        return host[size - 1] == ']' && strspn(host + 1, DIGITS "abcdef:.") == size - 2;
    return size > 0 && size < 254 && !strchr(".-", host[0]) && !strchr(".-", host[size - 1]) &&
           strspn(host, DIGITS "abcdefghijklmnopqrstuvwxyz.-") >= size;
}

/* Digits alone, and not what a browser leaves out. */
static bool is_port(const char *digits, size_t size, bool secure)
{
    if (size == 0 || size > 5 || digits[0] == '0' || strspn(digits, DIGITS) < size)
        return false;
    long port = strtol(digits, NULL, 10);
    return port <= 65535 && port != (secure ? 443 : 80);
}

static size_t host_size(const char *host, size_t size)
{
    const char *end = memchr(host, host[0] == '[' ? ']' : ':', size);
    if (!end)
        return size;
    return (size_t)(end - host) + (*end == ']');
}

static bool parse(const char *text, size_t size, struct origin *origin)
{
    static const char https[] = "https://", http[] = "http://";
    origin->secure = begins(text, size, https);
    if (!origin->secure && !begins(text, size, http))
        return false;
    size_t skip = origin->secure ? sizeof https - 1 : sizeof http - 1;
    origin->host = text + skip;
    size -= skip;
    if (size == 0)
        return false;
    origin->host_size = host_size(origin->host, size);
    if (!is_host(origin->host, origin->host_size))
        return false;
    const char *behind = origin->host + origin->host_size;
    size -= origin->host_size;
    return size == 0 || (*behind == ':' && is_port(behind + 1, size - 1, origin->secure));
}

static bool is_this_machine(const struct origin *origin)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == origin->host_size &&
            !memcmp(origin->host, names[i], origin->host_size))
            return true;
    return false;
}

const char *origin_flaw(const char *text)
{
    struct origin origin;
    return !*text || parse(text, strlen(text), &origin) ? NULL : shape;
}

const char *origin_list_flaw(const char *text)
{
    struct origin origin;
    while (*text) {
        size_t size = strcspn(text, " ");
        if (!parse(text, size, &origin))
            return shape;
        if (!origin.secure && !is_this_machine(&origin))
            return "http:// is only for localhost, 127.0.0.1 and [::1]";
        text += size;
        if (*text && !*++text)
            return "one space stands between two, and none at the end";
    }
    return NULL;
}

bool origin_is_listed(const char *list, const char *origin)
{
    size_t wanted = origin ? strlen(origin) : 0;
    while (wanted && *list) {
        size_t size = strcspn(list, " ");
        if (size == wanted && !memcmp(list, origin, size))
            return true;
        list += size + (list[size] == ' ');
    }
    return false;
}
