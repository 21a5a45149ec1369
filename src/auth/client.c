/* client - see client.h. */
#include "auth/client.h"
#include <arpa/inet.h>
#include <string.h>
#include <utf8proc.h>

/* A client writes what it likes into its headers, and PostgreSQL refuses what is not UTF-8: each
 * byte that belongs to no code point becomes U+FFFD. Cut between code points. */
const char *client_user_agent(const struct client *client, char clean[CLIENT_USER_AGENT_SIZE])
{
    static const char replacement[] = "\xef\xbf\xbd";
    const char *text = client->user_agent;
    size_t used = 0;
    if (!text)
        return NULL;
    /* Each byte that is read writes one or more. */
    size_t size = strnlen(text, CLIENT_USER_AGENT_SIZE);
    for (size_t at = 0; at < size;) {
        utf8proc_int32_t point;
        utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text + at,
                                                   (utf8proc_ssize_t)(size - at), &point);
        const char *bytes = length > 0 ? text + at : replacement;
        size_t count = length > 0 ? (size_t)length : sizeof replacement - 1;
        if (used + count >= CLIENT_USER_AGENT_SIZE)
            break;
        memcpy(clean + used, bytes, count);
        used += count;
        at += length > 0 ? (size_t)length : 1;
    }
    clean[used] = '\0';
    return clean;
}

const char *client_address(const struct client *client)
{
    const char *address = client->address;
    struct in6_addr binary; /* room for an IPv4 address too */
    if (!address)
        return NULL;
    if (inet_pton(AF_INET, address, &binary) == 1 || inet_pton(AF_INET6, address, &binary) == 1)
        return address;
    return NULL;
}
