/* client_address - see client_address.h. */
#include "http/client_address.h"
#include <string.h>

#define DIGITS "0123456789"

/* The part of text[0..*size) behind its last comma, without the spaces around; *size becomes what
 * is before that comma. */
static const char *last_entry(const char *text, size_t *size, size_t *entry_size)
{
    size_t start = *size, end = *size;
    while (start > 0 && text[start - 1] != ',')
        start--;
    *size = start ? start - 1 : 0;
    while (start < end && strchr(" \t", text[start]))
        start++;
    while (end > start && strchr(" \t", text[end - 1]))
        end--;
    *entry_size = end - start;
    return text + start;
}

/* ":5678" or nothing. */
static bool is_port(const char *text, size_t size)
{
    return size == 0 ||
           (size >= 2 && size <= 6 && text[0] == ':' && strspn(text + 1, DIGITS) >= size - 1);
}

/* "192.0.2.1", "192.0.2.1:5678", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:5678" */
static bool parse_entry(const char *entry, size_t size, struct address *address)
{
    const char *bracket = size && *entry == '[' ? memchr(entry, ']', size) : NULL;
    if (bracket) {
        size_t inner = (size_t)(bracket - entry) - 1;
        return memchr(entry, ':', inner + 1) && is_port(bracket + 1, size - inner - 2) &&
               address_parse(entry + 1, inner, address);
    }
    if (address_parse(entry, size, address))
        return true;
    const char *colon = memchr(entry, ':', size);
    size_t host_size = colon ? (size_t)(colon - entry) : size;
    return colon && size > host_size + 1 && is_port(colon, size - host_size) &&
           address_parse(entry, host_size, address);
}

/* Goes on from a trusted proxy. Returns whether every entry up to the client's is an address. */
static bool walk(const char *forwarded, const char *trusted, struct address *address)
{
    size_t size = strlen(forwarded), entry_size;
    do {
        const char *entry = last_entry(forwarded, &size, &entry_size);
        if (!parse_entry(entry, entry_size, address))
            return false;
    } while (size > 0 && address_is_listed(trusted, address));
    return true;
}

void client_address_find(const struct request *request, const char *trusted,
                         struct client_address *client)
{
    const char *remote = request->remote_address;
    struct address address;
    bool is_known = true;
    *client = (struct client_address){ .text = "" };
    if (!remote || !address_parse(remote, strlen(remote), &address))
        return;
    if (address_is_listed(trusted, &address) && request->forwarded_for)
        is_known = !request->forwarded_twice && walk(request->forwarded_for, trusted, &address);
    address_print(&address, client->text);
    client->is_local = is_known && address_is_loopback(&address);
}
