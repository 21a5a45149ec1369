/* reset - a new password for who has lost the old one: asked for, proved by a code that came by
 * mail, set. The mail itself is outbox.h. */
#ifndef AUTH_RESET_H
#define AUTH_RESET_H

#include "auth/audit.h"
#include "auth/auth.h"
#include "base/secret.h"
#include <stddef.h>
#include <stdint.h>

/* Whether or not there is such an account: the same, in the same time. Where there is one that is
 * not disabled, has no mail waiting and got no code within reset_interval, a mail goes. Errors:
 * ERROR_RATE_LIMITED, ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error reset_request(struct auth *auth, const char *email, size_t email_size,
                         const struct client *client);

/* The same for an administrator, who knows the account; *queued is false where one waits or came a
 * moment ago. Errors: ERROR_NOT_FOUND, ERROR_ACCOUNT_DISABLED, ERROR_UNAVAILABLE, ERROR_INTERNAL.
 */
enum error reset_request_for(struct auth *auth, int64_t user_id, const struct audit_actor *actor,
                             bool *queued);

/* Whether this is the code; it stays valid. A wrong one counts. Errors: ERROR_INVALID_OTP (one for
 * all: no account, disabled, no code, another one, its time over, too many attempts),
 * ERROR_RATE_LIMITED, ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error reset_verify(struct auth *auth, const char *email, size_t email_size,
                        const struct secret *code, const struct client *client);

/* The same, and sets the password, which has no flaw (password_flaw): the code is used up, every
 * session ends. The password is hashed only when the code is right. Errors also: ERROR_BUSY, after
 * which the code is as good as before. */
enum error reset_confirm(struct auth *auth, const char *email, size_t email_size,
                         const struct secret *code, const struct secret *password,
                         const struct client *client);

/* For the housekeeper: removes a batch of codes that are long over; `removed` gets their number, 0
 * when none is left. Errors: ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error reset_purge(struct auth *auth, int64_t *removed);

#endif
