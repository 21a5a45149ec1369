/* authorizer - says yes or no for other applications behind the same web server, through the same
 * gate as the routes (FastCGI §6.3; nginx's auth_request).
 *
 * What a location demands stands in variables that the web server's configuration sets, and that no
 * client can: AUTH_REQUIRE  words, all of which must hold: `token` (any valid access token),
 * `session` (the session must still live), `permission=NAME`, `role=NAME` AUTH_MODE for a web
 * server without the Authorizer role: `subrequest` answers as nginx's auth_request wants it, 401 or
 * 403 with the code in X-Auth-Error; `answer` gives the denial itself, for error_page The access
 * token stands in Authorization or, where no such header came, in the access cookie
 * (session_cookie). Where it says yes the guarded application gets REMOTE_USER and AUTH_USER_ID
 * (the user's id), AUTH_SESSION, AUTH_ROLES, AUTH_SCOPE and, with `session`, AUTH_EMAIL: as
 * Variable-NAME in the Authorizer role, as headers X-Auth-… of a subrequest's answer. */
#ifndef API_AUTHORIZER_H
#define API_AUTHORIZER_H

#include "api/gate.h"
#include "http/response.h"
#include <stdbool.h>

enum authorizer_mode {
    AUTHORIZER_NONE, /* an ordinary request */
    AUTHORIZER_ROLE,
    AUTHORIZER_SUBREQUEST,
    AUTHORIZER_ANSWER,
    AUTHORIZER_UNKNOWN /* a mistake in the web server's configuration: denies */
};

enum authorizer_mode authorizer_mode(bool is_authorizer, char *const *environment);

/* What the location demands, its names in the two buffers. False, logged, where it says nothing or
 * a word that is not known: then it must not let anybody through. (A web server's configuration
 * loses a variable easily: nginx's `set` does not hold in locations inside.) */
bool authorizer_demand(char *const *environment, struct buffer *scope, struct buffer *roles,
                       struct gate_demand *demand);

/* Says who was let through. */
void authorizer_admit(enum authorizer_mode mode, const struct gate_pass *pass,
                      struct response *response);
/* Turns the denial in `response` into what the mode can pass on. */
void authorizer_deny(enum authorizer_mode mode, const char *code, struct response *response);

#endif
