/* request - what a FastCGI environment says of an HTTP request, checked and decoded. Reads nothing
 * itself. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "base/error.h"
#include "base/secret.h"
#include <stdbool.h>
#include <stdint.h>

/* Bits, so that a path's methods make a set. METHOD_OTHER is any that we do not know. */
enum method {
    METHOD_INVALID = 0,
    METHOD_GET = 1 << 0,
    METHOD_HEAD = 1 << 1,
    METHOD_POST = 1 << 2,
    METHOD_PUT = 1 << 3,
    METHOD_PATCH = 1 << 4,
    METHOD_DELETE = 1 << 5,
    METHOD_OPTIONS = 1 << 6,
    METHOD_OTHER = 1 << 7
};
const char *method_name(enum method method);

enum media_type { MEDIA_NONE = 0, MEDIA_JSON, MEDIA_MULTIPART, MEDIA_FORM, MEDIA_OTHER };

enum { REQUEST_PATH_SIZE = 512, REQUEST_ID_SIZE = 65 };

/* Texts not in arrays are owned by the environment. */
struct request {
    enum method method;
    char path[REQUEST_PATH_SIZE]; /* below the base path, decoded once, with a slash at both ends:
                                     "/login/" */
    const char *query;            /* behind the path's "?", raw; "" where there is none */
    enum media_type media_type;   /* of the body; MEDIA_NONE without Content-Type */
    const char *content_type;     /* raw, or NULL */
    int64_t content_length;       /* -1: not known */
    const char *authorization;    /* raw, or NULL; must not be logged */
    const char *cookie;           /* likewise */
    const char *origin;           /* raw, or NULL; a page's, as its browser tells it */
    const char *fetch_site;       /* Sec-Fetch-Site, or NULL */
    bool is_preflight;            /* a browser asks before a page's call (Fetch §4.8) */
    const char *remote_address;   /* REMOTE_ADDR, or NULL: who speaks to the web server */
    const char *forwarded_for;    /* X-Forwarded-For, raw, or NULL; see client_address */
    bool forwarded_twice;         /* there is another one */
    const char *user_agent;       /* or NULL */
    const char *if_none_match;    /* raw, or NULL */
    bool wants_problem_json;      /* Accept names application/problem+json */
    char id[REQUEST_ID_SIZE]; /* the caller's X-Request-Id if it is 1–64 of [A-Za-z0-9._-], else 32
                                 random hexadecimal digits */
};

/* Fills everything, whatever it returns, so that even a refused request has an id and a method.
 * Only REQUEST_URI tells the path (it is the same behind every web server): the query is cut, one
 * "scheme://host" of an absolute form too, the base path stripped, %XX decoded once, a missing last
 * slash added. Errors: ERROR_NOT_FOUND where it is not below the base path, does not fit, or holds
 * a bad escape, NUL, control character, backslash, an encoded slash, `.`/`..` segments or invalid
 * UTF-8. A CONTENT_LENGTH that is no number counts as ERROR_INCOMPLETE_BODY. */
enum error request_parse(struct request *request, char *const *environment, const char *base_path);

/* The value of an environment variable, or NULL. */
const char *request_variable(char *const *environment, const char *name);

/* The bearer token of the Authorization header (RFC 6750 §2.1, the scheme in any case), to be freed
 * with secret_free. Errors: ERROR_MISSING_TOKEN (no header, empty, another scheme),
 * ERROR_INVALID_TOKEN (no b64token of RFC 6750, two tokens). */
enum error request_bearer(const struct request *request, struct secret **token);

#endif
