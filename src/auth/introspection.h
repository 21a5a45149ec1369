/* introspection - what a token is, for other servers that were given it (RFC 7662). */
#ifndef AUTH_INTROSPECTION_H
#define AUTH_INTROSPECTION_H

#include "auth/access_token.h"
#include "auth/auth.h"
#include "base/secret.h"

enum introspection_kind {
    INTROSPECTION_INACTIVE = 0, /* not ours, over, or its session or account is; nothing is said */
    INTROSPECTION_ACCESS,
    INTROSPECTION_REFRESH
};

struct introspection {
    enum introspection_kind kind;
    /* Roles are left out. Of a refresh token: the permissions that its next access token would
     * have, when its session began, and when it ends if it is not used. */
    struct access_claims claims;
};

/* A token that is asked about is not used by it: a retired refresh token is inactive, and ends
 * nothing. One round trip, which looks at the caller's session too. Errors: ERROR_INVALID_TOKEN and
 * ERROR_ACCOUNT_DISABLED (the caller's), ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error introspection_read(struct auth *auth, const struct access_claims *caller,
                              const struct secret *token, struct introspection *introspection);

#endif
