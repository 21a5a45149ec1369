/* client_address - where a request comes from: the web server's word for it, and behind proxies
 * that are trusted theirs. */
#ifndef HTTP_CLIENT_ADDRESS_H
#define HTTP_CLIENT_ADDRESS_H

#include "base/address.h"
#include "http/request.h"
#include <stdbool.h>

struct client_address {
    char text[ADDRESS_TEXT_SIZE]; /* numeric; "" where nobody says */
    bool is_local;                /* it is this very host */
};

/* REMOTE_ADDR, unless that is one of `trusted` (a list of base/address). Then X-Forwarded-For is
 * read from its end, where each proxy adds whom it got the request from, and the first address that
 * is not trusted is the client; where all are, the last one read. What stands before that anybody
 * may have written. An entry that is no address ends this ("unknown" and the like; a port and
 * brackets may be there): the proxy that wrote it stands for its client, which is not this host,
 * whatever the proxy is.
 *
 * Of two such headers that the web server did not join nobody knows which came last, so they count
 * as one that is no address. Forwarded (RFC 7239) is not read: most proxies let a client's pass. */
void client_address_find(const struct request *request, const char *trusted,
                         struct client_address *client);

#endif
