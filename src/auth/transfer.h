/* transfer - accounts with their password hashes, for an operator who takes them from one
 * installation to another. Health data, pictures and sessions do not go along. */
#ifndef AUTH_TRANSFER_H
#define AUTH_TRANSFER_H

#include "auth/audit.h"
#include "auth/auth.h"
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

struct transfer_account {
    int64_t id; /* where it comes from; another where it arrives */
    const char *email, *name;
    const char *password_hash;
    const char *roles;   /* names separated by single spaces */
    const char *created; /* UTC, in ISO 8601; for people, and not taken over */
    bool disabled;
};

/* Called for each account, which lives until it returns; false ends the export. */
typedef bool transfer_take(void *context, const struct transfer_account *account);

/* All accounts, by id. The audit log first says that `operator_name` has them. Errors:
 * ERROR_UNAVAILABLE, ERROR_INTERNAL; ERROR_NONE where `take` ended it. */
enum error transfer_export(struct auth *auth, const char *operator_name, transfer_take *take,
                           void *context);

/* NULL, or a sentence about what is wrong with an account that is to be imported. Nothing of it is
 * repeated. */
const char *transfer_flaw(const struct transfer_account *account);
/* An account without a flaw; all of it or nothing, audited. Errors: ERROR_EMAIL_TAKEN (there is
 * such an account: it is left as it is), ERROR_NOT_FOUND (there is no such role),
 * ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error transfer_import(struct auth *auth, const struct transfer_account *account,
                           const struct audit_actor *actor);

#endif
