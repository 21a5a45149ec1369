/* audit - the append-only log of who did what to which account, when and from where.
 *
 * A change writes its row in the statement that makes it (AUDIT in db/statements.c), so that
 * neither is without the other. What changes nothing is written here. */
#ifndef AUTH_AUDIT_H
#define AUTH_AUDIT_H

#include "auth/auth.h"
#include "auth/rows.h"
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

/* What an operator does to no account in particular. Errors likewise. */
enum error audit_operation(struct auth *auth, const char *event, const char *operator_name);

/* For the housekeeper: removes a batch of rows that are older than the option audit_retention;
 * `removed` gets their number, 0 when none is left. Errors: ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error audit_purge(struct auth *auth, int64_t *removed);

/* Who makes a change that is audited: an operator at the command line, or an account by a request.
 */
struct audit_actor {
    const char *operator_name;   /* NULL: a request */
    int64_t user_id;             /* 0: the command line */
    const struct client *client; /* NULL likewise */
};

enum { AUDIT_ACTOR_VALUES = 4, AUDIT_ID_SIZE = 24 };
/* The first values of a statement that audits who did it; `id` lives as long as they do. */
void audit_actor_values(const struct audit_actor *actor, char id[AUDIT_ID_SIZE],
                        const char *values[AUDIT_ACTOR_VALUES]);

/* For an operator: the newest rows first. */
enum audit_column {
    AUDIT_AT,
    AUDIT_EVENT,
    AUDIT_USER,
    AUDIT_ACTOR,
    AUDIT_OPERATOR,
    AUDIT_SESSION,
    AUDIT_ADDRESS,
    AUDIT_REQUEST_ID,
    AUDIT_DETAIL,
    AUDIT_ID,
    AUDIT_COLUMNS
};

struct audit_filter {
    int64_t user_id;   /* 0: any */
    const char *event; /* NULL: any */
    int64_t seconds;   /* how far back; 0: to the beginning */
    int64_t most;
    int64_t before; /* the id that comes behind the first; 0: the newest is first */
};

/* Errors: ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error audit_list(struct auth *auth, const struct audit_filter *filter, rows_take *take,
                      void *context);

#endif
