/* outbox - the mail that is to be sent, one after another, by whichever housekeeper comes first.
 *
 * Who takes a letter has it for a minute, and longer after each failure; then it is due again. So
 * nothing is lost when a housekeeper dies, and nothing is sent twice but what it died over. */
#ifndef AUTH_OUTBOX_H
#define AUTH_OUTBOX_H

#include "auth/auth.h"
#include "auth/email.h"
#include "base/secret.h"
#include <stdbool.h>
#include <stdint.h>

struct outbox_letter {
    int64_t id, attempts; /* this one included */
    bool last;            /* after so many hours there will be no further attempt */
    char email[EMAIL_MAX + 1], email_key[EMAIL_KEY_SIZE];
};

/* Each: ERROR_UNAVAILABLE, ERROR_INTERNAL. */

/* *taken is false where none is due. */
enum error outbox_take(struct auth *auth, struct outbox_letter *letter, bool *taken);

/* Makes a code, which replaces the one before it, and lives from now. *code is to be freed with
 * secret_free, and NULL where the letter is no longer wanted: the password was changed, the account
 * disabled. */
enum error outbox_issue(struct auth *auth, const struct outbox_letter *letter,
                        struct secret **code);

/* Removes it: it is sent, or not wanted; or, where `failure` is the name of an event for the audit
 * log, not to be delivered. */
enum error outbox_end(struct auth *auth, const struct outbox_letter *letter, const char *failure);

#endif
