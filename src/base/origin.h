/* origin - web origins (RFC 6454 §6.2), written as a browser writes them into the header Origin:
 * "https://host" or "https://host:port", the host in lower case, the port not the scheme's own,
 * nothing behind it. So the same bytes are the same origin. */
#ifndef BASE_ORIGIN_H
#define BASE_ORIGIN_H

#include <stdbool.h>

/* Each returns NULL, or what is wrong with the text. The first: one origin of https or http, or
 * none (""). The second: any number of them, separated by single spaces, http for this very machine
 * alone (localhost, 127.0.0.1, [::1]): anybody on the way could speak for another page of http. */
const char *origin_flaw(const char *text);
const char *origin_list_flaw(const char *text);

/* Whether this very origin stands in a list without a flaw. NULL and "" stand in none. */
bool origin_is_listed(const char *list, const char *origin);

#endif
