/* address - IP addresses and networks, as they are written: IPv4 and IPv6. An IPv4 address and its
 * IPv6 form "::ffff:192.0.2.1" (RFC 4291 §2.5.5.2) are the same. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

struct address {
    unsigned char bytes[16]; /* of IPv6; an IPv4 address is mapped */
};

enum { ADDRESS_TEXT_SIZE = 46 };

/* Whether `size` bytes are a numeric address and nothing else: no port, no brackets, no zone. */
bool address_parse(const char *text, size_t size, struct address *address);
/* As people write it: a mapped one as IPv4, the others as RFC 5952 says. */
void address_print(const struct address *address, char text[ADDRESS_TEXT_SIZE]);

/* 127.0.0.0/8 or ::1 */
bool address_is_loopback(const struct address *address);

/* A list is addresses and networks ("10.0.0.0/8"), separated by single spaces. Returns NULL, or
 * what is wrong with it. */
const char *address_list_flaw(const char *text);
/* Whether it stands in a list without a flaw, or in a network there. */
bool address_is_listed(const char *list, const struct address *address);

#endif
