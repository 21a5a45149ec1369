/* session - one login: opened with a password, kept alive by refresh tokens, ended by logout. */
#ifndef AUTH_SESSION_H
#define AUTH_SESSION_H

#include "auth/access_token.h"
#include "auth/auth.h"
#include "base/secret.h"

struct token_pair {
    struct secret *access, *refresh;
    int64_t expires_in;         /* seconds that the access token has left */
    int64_t refresh_expires_in; /* likewise the refresh token, if it is not used meanwhile */
};
/* Wipes. NULL-safe members. */
void token_pair_clear(struct token_pair *pair);

/* Errors: ERROR_INVALID_CREDENTIALS, ERROR_ACCOUNT_DISABLED (told only to who knows the password),
 * ERROR_RATE_LIMITED, ERROR_BUSY, ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error session_login(struct auth *auth, const char *email, size_t email_size,
                         const struct secret *password, const struct client *client,
                         struct token_pair *pair);

/* By the rules of the option refresh_rotation. Replay ends the session (synchronously), and the log
 * says so, before the answer. Errors: ERROR_INVALID_REFRESH_TOKEN, ERROR_ACCOUNT_DISABLED,
 * ERROR_RATE_LIMITED, ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error session_refresh(struct auth *auth, const struct secret *refresh,
                           const struct client *client, struct token_pair *pair);

/* Ends the session of a refresh token, of whatever generation, or of an access token's claims; once
 * more is no error. Errors: ERROR_INVALID_REFRESH_TOKEN (not ours), ERROR_UNAVAILABLE. */
enum error session_logout_refresh(struct auth *auth, const struct secret *refresh,
                                  const struct client *client);
enum error session_logout_access(struct auth *auth, const struct access_claims *claims,
                                 const struct client *client);

/* Ends the session of a token of either kind, as its holder asks to (RFC 7009). What is no token of
 * ours, or an access token whose time is over, ends nothing and is no error. Errors:
 * ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error session_revoke(struct auth *auth, const struct secret *token,
                          const struct client *client);

/* For the housekeeper: removes a batch of sessions that were ended, or expired, long ago; one that
 * idled goes when it has expired. `removed` gets their number, 0 when none is left. Errors:
 * ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error session_purge(struct auth *auth, int64_t *removed);

#endif
