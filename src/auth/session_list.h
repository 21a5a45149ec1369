/* session_list - an account's sessions, as its owner sees and ends them. */
#ifndef AUTH_SESSION_LIST_H
#define AUTH_SESSION_LIST_H

#include "auth/access_token.h"
#include "auth/auth.h"
#include <stdbool.h>
#include <stddef.h>

/* Times are UTC, in ISO 8601: "2026-01-31T12:00:00Z". */
struct session_entry {
    char *id;
    char *created, *last_used, *expires;
    char *address, *user_agent; /* NULL: not known */
    bool is_current;            /* the one that the claims are of */
};

struct session_list {
    struct session_entry *entries;
    size_t count;
};
void session_list_clear(struct session_list *list);

/* Each of these: ERROR_INVALID_TOKEN where the session of the claims is over,
 * ERROR_ACCOUNT_DISABLED, ERROR_UNAVAILABLE, ERROR_INTERNAL. One round trip. */

/* The sessions that live, the last used first; at most 1,000. */
enum error session_list_read(struct auth *auth, const struct access_claims *claims,
                             struct session_list *list);
/* Ends one of them, this one too. ERROR_NOT_FOUND: no such session of this account lives. */
enum error session_list_end(struct auth *auth, const struct access_claims *claims, const char *id,
                            const struct client *client);
enum error session_list_end_all(struct auth *auth, const struct access_claims *claims,
                                const struct client *client);

#endif
