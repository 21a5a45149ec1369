/* registry - the accounts, as an operator or an administrator sees and changes them. What changes
 * is audited, with who did it. */
#ifndef AUTH_REGISTRY_H
#define AUTH_REGISTRY_H

#include "auth/audit.h"
#include "auth/auth.h"
#include "auth/rows.h"
#include "base/error.h"
#include "base/secret.h"
#include <stdbool.h>
#include <stdint.h>

/* Every function here: ERROR_UNAVAILABLE, ERROR_INTERNAL, beside the errors that it names. Where an
 * account is the actor, each that changes an account's rights or ends it also: ERROR_BEYOND_RIGHTS
 * (the actor has not, or no more, the permissions that the account, or the roles, have; looked at
 * in the statement that makes the change, while nobody else changes rights). */

/* Accounts --------------------------------------------------------------------------------------*/

enum registry_account {
    REGISTRY_ID,
    REGISTRY_EMAIL,
    REGISTRY_NAME,
    REGISTRY_ROLES,
    REGISTRY_DISABLED,
    REGISTRY_CREATED,
    REGISTRY_PASSWORD_CHANGED,
    REGISTRY_LAST_LOGIN,
    REGISTRY_SESSIONS, /* that live */
    REGISTRY_ACCOUNT_COLUMNS
};

struct registry_filter {
    const char *part;     /* of the address or the name, in any case; NULL: any */
    const char *role;     /* or NULL */
    const char *disabled; /* "t", "f" or NULL */
    int64_t after;        /* the id that comes before the first */
    int64_t most;
};
/* By id. */
enum error registry_list(struct auth *auth, const struct registry_filter *filter, rows_take *take,
                         void *context);

/* The account that `who` names: an email address, or an id in decimal digits. ERROR_NOT_FOUND. */
enum error registry_look_up(struct auth *auth, const char *who, rows_take *take, void *context);

/* What a sign-up takes, without a flaw (email_flaw, user_name_flaw, password_flaw), and roles as
 * above. ERROR_EMAIL_TAKEN, ERROR_NOT_FOUND (there is no such role, or it is beyond the
 * actor's rights), ERROR_BUSY. */
enum error registry_add(struct auth *auth, const char *email, const char *name, const char *roles,
                        const struct secret *password, const struct audit_actor *actor,
                        int64_t *id);

/* Of the following each: ERROR_NOT_FOUND; *changed is false where it was so already. Where
 * `last_admin` is false, the only account that has the role `admin` and is not disabled stays so:
 * ERROR_LAST_ADMIN. Two of them that go at the same time are seen. */

/* The password has no flaw. Every session ends. ERROR_BUSY. */
enum error registry_set_password(struct auth *auth, int64_t id, const struct secret *password,
                                 const struct audit_actor *actor, bool *changed);
/* Nobody logs in or refreshes as long as an account is disabled; its sessions have ended. */
enum error registry_set_disabled(struct auth *auth, int64_t id, bool disabled, bool last_admin,
                                 const struct audit_actor *actor, bool *changed);
/* Gives the role, or takes it away. ERROR_NOT_FOUND also where there is no such role. Tokens have
 * the old roles until they are refreshed. */
enum error registry_give_role(struct auth *auth, int64_t id, const char *role,
                              const struct audit_actor *actor, bool *changed);
enum error registry_take_role(struct auth *auth, int64_t id, const char *role, bool last_admin,
                              const struct audit_actor *actor, bool *changed);
/* What is to be of an account; what is not said stays. */
struct registry_change {
    const char *name;     /* without a flaw, or NULL */
    const char *disabled; /* "t", "f" or NULL */
    const char *roles;    /* names separated by single spaces, which there are, or NULL */
};
/* All of it or nothing. ERROR_LAST_ADMIN, ERROR_NOT_FOUND. */
enum error registry_change(struct auth *auth, int64_t id, const struct registry_change *wanted,
                           const struct audit_actor *actor);
/* Sessions and all that belongs to it are gone too; the audit log stays. */
enum error registry_delete(struct auth *auth, int64_t id, bool last_admin,
                           const struct audit_actor *actor, bool *changed);

/* Sessions --------------------------------------------------------------------------------------*/

enum registry_session {
    REGISTRY_SESSION_ID,
    REGISTRY_SESSION_CREATED,
    REGISTRY_SESSION_LAST_USED,
    REGISTRY_SESSION_EXPIRES,
    REGISTRY_SESSION_ADDRESS,
    REGISTRY_SESSION_USER_AGENT,
    REGISTRY_SESSION_COLUMNS
};

/* Those that live, the last used first, at most 1,000. */
enum error registry_sessions(struct auth *auth, int64_t user_id, rows_take *take, void *context);
/* The one, or, where session_id is NULL, all of the account. *count: how many ended. */
enum error registry_end_sessions(struct auth *auth, const char *session_id, int64_t user_id,
                                 const struct audit_actor *actor, int64_t *count);

#endif
