/* cookie - the request header Cookie, read strictly where it concerns us, and the response header
 * Set-Cookie (RFC 6265 §4.1, §4.2). What a cookie holds is a secret. */
#ifndef HTTP_COOKIE_H
#define HTTP_COOKIE_H

#include "base/error.h"
#include "base/secret.h"
#include "http/response.h"
#include <stdint.h>

/* Every one is Secure and HttpOnly, and has no Domain: it goes back to this host alone. Texts are
 * static, or live as long as the call. */
struct cookie {
    const char *name;
    const char *path;
    const char *same_site; /* "Strict" or "Lax" */
};

/* The value of the cookie of that very name, to be freed with secret_free. Other cookies on the
 * site may be as they like. Errors: ERROR_MISSING_TOKEN where there is none (or no header),
 * ERROR_INVALID_TOKEN where there are two, or its value is empty or not of cookie-octets: somebody
 * has put one beside ours. */
enum error cookie_find(const char *header, const char *name, struct secret **value);

/* Adds Set-Cookie. The value must be of cookie-octets. */
void cookie_set(struct response *response, const struct cookie *cookie, const struct secret *value,
                int64_t max_age_s);
/* Adds the Set-Cookie that makes the client forget it. */
void cookie_clear(struct response *response, const struct cookie *cookie);

#endif
