/* audit - the append-only log of who did what to which account, when and from where.
 *
 * A change writes its row in the statement that makes it (AUDIT in db/statements.c), so that
 * neither is without the other. What changes nothing is written here. */
#ifndef AUTH_AUDIT_H
#define AUTH_AUDIT_H

#include "auth/auth.h"
#include <stdint.h>

struct audit_event {
    const char *name;       /* of [a-z_], at most 40 */
    int64_t user_id;        /* whose account; 0: none that is known */
    int64_t actor_id;       /* the account that did it; 0: nobody who is logged in */
    const char *session_id; /* or NULL */
    const char *detail;     /* by name, never a secret or a personal datum; or NULL */
};

/* Errors: ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error audit_write(struct auth *auth, const struct audit_event *event,
                       const struct client *client);

/* For the housekeeper: removes a batch of rows that are older than the option audit_retention;
 * `removed` gets their number, 0 when none is left. Errors: ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error audit_purge(struct auth *auth, int64_t *removed);

#endif
