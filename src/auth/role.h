/* role - the roles of this installation, and what their bearers may do. */
#ifndef AUTH_ROLE_H
#define AUTH_ROLE_H

#include "auth/audit.h"
#include "auth/auth.h"
#include "auth/rows.h"
#include "base/error.h"
#include <stdbool.h>

enum role_column { ROLE_NAME, ROLE_PERMISSIONS, ROLE_ACCOUNTS, ROLE_COLUMNS };

/* Each, by name. */
enum error role_list(struct auth *auth, rows_take *take, void *context);

/* NULL, or a sentence: 1 to 32 of a-z 0-9 - _. */
const char *role_name_flaw(const char *name);
/* NULL, or a sentence: names of permissions, separated by single spaces, as they may stand in a
 * scope (RFC 6749 §3.3), and so short that they fit into an access token. */
const char *role_permissions_flaw(const char *permissions);

/* These two need the rights of the owner: `auth` has its connection. Audited. Errors also:
 * ERROR_UNAVAILABLE, ERROR_INTERNAL. */

/* Makes the role, or gives one that exists these permissions and no others. Both without a flaw. */
enum error role_set(struct auth *auth, const char *name, const char *permissions,
                    const struct audit_actor *actor, bool *is_new);
/* ERROR_NOT_FOUND. *gone is false where accounts have it: then it stays. */
enum error role_delete(struct auth *auth, const char *name, const struct audit_actor *actor,
                       bool *gone);

#endif
