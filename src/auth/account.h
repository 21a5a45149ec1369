/* account - what the owner of an account may do to it and know of it: a new password, its end, its
 * history. */
#ifndef AUTH_ACCOUNT_H
#define AUTH_ACCOUNT_H

#include "auth/access_token.h"
#include "auth/auth.h"
#include "base/secret.h"
#include <stddef.h>

/* These two verify the password, which costs a hash. Errors: ERROR_INVALID_CREDENTIALS (it is
 * wrong), ERROR_INVALID_TOKEN (the session of the claims is over), ERROR_ACCOUNT_DISABLED,
 * ERROR_BUSY, ERROR_UNAVAILABLE, ERROR_INTERNAL. */

/* `wanted` has no flaw (password_flaw). Every session but that of the claims ends. */
enum error account_change_password(struct auth *auth, const struct access_claims *claims,
                                   const struct secret *current, const struct secret *wanted,
                                   const struct client *client);

/* Account, sessions, roles and all that belongs to it are gone; the audit log keeps that it was. */
enum error account_delete(struct auth *auth, const struct access_claims *claims,
                          const struct secret *password, const struct client *client);

/* What the audit log says of the account, for its owner. Times are UTC, in ISO 8601. */
struct account_event {
    char *name, *at;
    char *address; /* NULL: not known */
};
struct account_history {
    char *created; /* the account */
    struct account_event *events;
    size_t count;
};
void account_history_clear(struct account_history *history);

/* The newest first, at most 1,000. Errors: ERROR_INVALID_TOKEN, ERROR_ACCOUNT_DISABLED,
 * ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error account_read_history(struct auth *auth, const struct access_claims *claims,
                                struct account_history *history);

#endif
