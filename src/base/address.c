/* address - see address.h. */
#include "base/address.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { MAPPED_BITS = 96, ADDRESS_BITS = 128, BYTE_BITS = 8 };

static const unsigned char mapped[MAPPED_BITS / BYTE_BITS] = { [10] = 0xff, [11] = 0xff };

struct network {
    struct address address;
    int bits; /* that count; of IPv4 those before the mapped address too */
};

static bool is_mapped(const struct address *address)
{
    return !memcmp(address->bytes, mapped, sizeof mapped);
}

bool address_parse(const char *text, size_t size, struct address *address)
{
    char copy[ADDRESS_TEXT_SIZE];
    struct address found;
    if (size >= sizeof copy)
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (strlen(copy) != size)
        return false;
    memcpy(found.bytes, mapped, sizeof mapped);
    if (inet_pton(AF_INET, copy, found.bytes + sizeof mapped) != 1 &&
        inet_pton(AF_INET6, copy, found.bytes) != 1)
        return false;
    *address = found;
    return true;
}

void address_print(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
    if (is_mapped(address))
        inet_ntop(AF_INET, address->bytes + sizeof mapped, text, ADDRESS_TEXT_SIZE);
    else
        inet_ntop(AF_INET6, address->bytes, text, ADDRESS_TEXT_SIZE);
}

bool address_is_loopback(const struct address *address)
{
    static const struct address one = { { [15] = 1 } };
    if (is_mapped(address))
        return address->bytes[sizeof mapped] == 127;
    return !memcmp(address, &one, sizeof one);
}

/* "/8" to the bits of it, of `most`; -1 where it is no such number. */
static int parse_bits(const char *text, size_t size, int most)
{
    if (size == 0 || size > 3 || strspn(text, "0123456789") < size || (size > 1 && *text == '0'))
        return -1;
    long bits = strtol(text, NULL, 10);
    return bits <= most ? (int)bits : -1;
}

/* NULL, or what is wrong with it. A network of no bits would be everybody, who could then claim to
 * be anybody. */
static const char *parse_network(const char *text, size_t size, struct network *network)
{
    const char *slash = memchr(text, '/', size);
    size_t address_size = slash ? (size_t)(slash - text) : size;
    if (!address_parse(text, address_size, &network->address))
        return "it is numeric addresses and networks (10.0.0.0/8), separated by single spaces";
    int before = memchr(text, ':', address_size) ? 0 : MAPPED_BITS;
    network->bits = ADDRESS_BITS;
    if (!slash)
        return NULL;
    int bits = parse_bits(slash + 1, size - address_size - 1, ADDRESS_BITS - before);
    if (bits <= 0)
        return "behind the slash of a network stand its bits: 1 to 32, of IPv6 to 128";
    network->bits = before + bits;
    return NULL;
}

static bool agree(const struct address *one, const struct address *other, int bits)
{
    size_t whole = (size_t)bits / BYTE_BITS;
    if (memcmp(one->bytes, other->bytes, whole) != 0)
        return false;
    if (bits % BYTE_BITS == 0)
        return true;
    return (one->bytes[whole] ^ other->bytes[whole]) >> (BYTE_BITS - bits % BYTE_BITS) == 0;
}

/* A network is named by its first address, so that nobody takes it for that one address. */
static bool is_first(const struct network *network)
{
    struct address first = network->address;
    for (int bit = network->bits; bit < ADDRESS_BITS; bit++)
        first.bytes[bit / BYTE_BITS] &= (unsigned char)~(0x80 >> bit % BYTE_BITS);
    return agree(&first, &network->address, ADDRESS_BITS);
}

const char *address_list_flaw(const char *text)
{
    struct network network;
    while (*text) {
        size_t size = strcspn(text, " ");
        const char *flaw = parse_network(text, size, &network);
        if (flaw)
            return flaw;
        if (!is_first(&network))
            return "a network is written with its first address (10.0.0.0/8, not 10.1.2.3/8)";
        text += size;
        if (*text && !*++text)
            return "one space stands between two, and none at the end";
    }
    return NULL;
}

/* A network of IPv6 holds no IPv4 addresses, short as its prefix may be. */
static bool holds(const struct network *network, const struct address *address)
{
    return agree(&network->address, address, network->bits) &&
           (network->bits >= MAPPED_BITS || !is_mapped(address));
}

bool address_is_listed(const char *list, const struct address *address)
{
    struct network network;
    while (*list) {
        size_t size = strcspn(list, " ");
        if (!parse_network(list, size, &network) && holds(&network, address))
            return true;
        list += size + (list[size] == ' ');
    }
    return false;
}
