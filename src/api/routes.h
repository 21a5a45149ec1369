/* routes - the route table: every endpoint, who may call it, and what its body is. */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include "api/exchange.h"
#include "api/schemas.h"
#include "auth/permission.h"
#include <stddef.h>

/* Who may call a route. 0 is no answer: a route without one stops the start. */
enum access {
    ACCESS_INVALID = 0,
    ACCESS_PUBLIC,   /* anyone; a token is not looked at */
    ACCESS_OPTIONAL, /* anyone; a valid token is taken, and why none was is kept for the handler */
    ACCESS_TOKEN,    /* a valid access token */
    ACCESS_PERMISSION, /* a valid access token with the route's permission */
    ACCESS_LOCAL       /* this host, or whom the option status_access lets in */
};

enum body {
    BODY_INVALID = 0,
    BODY_NONE,
    BODY_JSON,
    BODY_JSON_OPTIONAL,
    BODY_JSON_OR_MULTIPART,
    BODY_FORM
};

struct route {
    enum method method;
    const char *path; /* below the base path, with a slash at both ends; one segment may be {id},
                         which any one that is not empty matches */
    enum access access;
    enum permission permission; /* of ACCESS_PERMISSION alone */
    enum body body;
    handler *handle;
    const char *summary;          /* for the documentation, as are all that follow */
    const struct schema *request; /* NULL: no body */
    enum response_status status;  /* of success */
    const struct schema *answer;  /* NULL: 204 has none */
    const enum error *errors; /* what the handler answers beside those that follow from the columns
                                 before, up to ERROR_NONE; not NULL */
    const struct schema *query; /* what may stand behind the path's "?", never demanded; NULL:
                                   whatever stands there is not looked at */
};

/* The rows; count gets their number. */
const struct route *routes(size_t *count);

/* NULL, or a sentence that names the first row that breaks a rule (access, permission, body,
 * handler or a part of the documentation missing; two alike). */
const char *routes_flaw(void);

/* The row, or NULL. `allowed` gets the set of methods that the path offers (0: no such path), HEAD
 * and OPTIONS included. */
const struct route *routes_find(enum method method, const char *path, unsigned *allowed);

/* What stands in `path` for the route's {id}; "" where it has none. */
void routes_parameter(const struct route *route, const char *path,
                      char parameter[REQUEST_PATH_SIZE]);

#endif
