/* gate - the only access decision: for the routes, and for whatever the Authorizer guards. */
#ifndef API_GATE_H
#define API_GATE_H

#include "api/routes.h"
#include "auth/access_token.h"
#include "auth/auth.h"
#include "auth/user.h"
#include "http/request.h"

/* What is demanded of whoever asks to be let through. With ACCESS_PERMISSION all that is named must
 * be met. */
struct gate_demand {
    enum access access;
    const char *scope; /* permissions, separated by single spaces; NULL: none */
    const char *roles; /* likewise */
    bool live;         /* the session must not have ended: asks the database */
    bool cookie;       /* the access cookie will do where no Authorization header came */
};

/* What is known of who was let through. */
struct gate_pass {
    enum error token_error; /* ERROR_NONE: the claims were written; else why there are none */
    struct access_claims claims;
    struct user user; /* where `live` was demanded; to be freed with user_clear */
};

/* What a route demands. */
struct gate_demand gate_demand_of(const struct route *route);

/* ERROR_NONE lets the request through.
 * Errors: ERROR_MISSING_TOKEN, ERROR_INVALID_TOKEN, ERROR_TOKEN_EXPIRED, ERROR_INSUFFICIENT_SCOPE,
 * ERROR_NOT_LOCAL; with `cookie` also ERROR_FOREIGN_ORIGIN; with `live` also ERROR_ACCOUNT_DISABLED
 * and ERROR_UNAVAILABLE; ERROR_INTERNAL for a demand that says nothing. */
enum error gate_check(const struct gate_demand *demand, const struct request *request,
                      struct auth *auth, struct access_memory *memory, struct gate_pass *pass);

#endif
