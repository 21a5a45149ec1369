/* administration - whether an account may do to another what only administrators may. What a token
 * says is up to fifteen minutes old; here the database is asked. */
#ifndef AUTH_ADMINISTRATION_H
#define AUTH_ADMINISTRATION_H

#include "auth/access_token.h"
#include "auth/auth.h"
#include "auth/permission.h"
#include <stdbool.h>
#include <stdint.h>

struct administration {
    enum permission permission;
    int64_t user_id;      /* the account that it is about; 0: none */
    bool changes_account; /* its rights or its password, or that it is there: then it must not be
                             the caller's own, nor have a permission that the caller has not */
    const char *roles;    /* that an account is to have, separated by single spaces; or NULL */
};

/* For a clear answer before anything is done; what changes rights looks once more, in its own
 * statement (registry.h). Errors: ERROR_INVALID_TOKEN (the caller's session is over),
 * ERROR_ACCOUNT_DISABLED, ERROR_INSUFFICIENT_SCOPE, ERROR_NOT_FOUND (there is no such account),
 * ERROR_VALIDATION (there is no such role), ERROR_BEYOND_RIGHTS, ERROR_UNAVAILABLE, ERROR_INTERNAL.
 */
enum error administration_check(struct auth *auth, const struct access_claims *claims,
                                const struct administration *wanted);

#endif
