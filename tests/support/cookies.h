/* cookies - what a reply sets, and how a client sends it back. */
#ifndef SUPPORT_COOKIES_H
#define SUPPORT_COOKIES_H

#include "support/http_client.h"

#define REFRESH_COOKIE "__Secure-therappai_refresh" /* under a base path */
#define ACCESS_COOKIE  "__Host-therappai_access"

/* What stands behind "NAME=" in the Set-Cookie of that name ("VALUE; Path=/…"), or NULL where there
 * is none; more than one fails the test. */
const char *cookie_line(const struct http_reply *reply, const char *name);
/* Its value alone; fails the test where there is none. */
const char *cookie_value(const struct http_reply *reply, const char *name);
/* Whether the reply makes the client forget it. */
bool cookie_is_cleared(const struct http_reply *reply, const char *name);

/* "Cookie: NAME=VALUE" */
const char *cookie_header(const char *name, const char *value);

#endif
