/* personal_info - what an account tells about its person: health data, encrypted column by column
 * (sealed.h) before the database sees it. */
#ifndef AUTH_PERSONAL_INFO_H
#define AUTH_PERSONAL_INFO_H

#include "auth/access_token.h"
#include "auth/auth.h"
#include "base/secret.h"
#include <stddef.h>

enum personal_info_column {
    PERSONAL_INFO_DATE_OF_BIRTH,
    PERSONAL_INFO_GOALS,
    PERSONAL_INFO_THERAPY_FOCUS,
    PERSONAL_INFO_ADDICTION_TYPE,
    PERSONAL_INFO_MOOD,
    PERSONAL_INFO_CONTACT_NUMBER,
    PERSONAL_INFO_COLUMNS
};

enum { PERSONAL_INFO_TEXT_MAX = 2000 /* code points */, PERSONAL_INFO_NUMBER_MAX = 40 };

struct personal_info {
    struct secret *values[PERSONAL_INFO_COLUMNS]; /* NULL: not told */
};
/* Wipes. */
void personal_info_clear(struct personal_info *info);

/* "date_of_birth" and so on. */
const char *personal_info_name(enum personal_info_column column);
/* NULL, or a sentence for the client. A date is one of the calendar (ISO 8601, YYYY-MM-DD) from
 * 1900 on and not in the future; a number is of digits and of what is written between them; a text
 * has no control characters but line breaks and tabs. */
const char *personal_info_flaw(enum personal_info_column column, const char *text, size_t size);

/* Both: in one round trip. Errors: ERROR_INVALID_TOKEN (the session of the claims is over),
 * ERROR_ACCOUNT_DISABLED, ERROR_UNAVAILABLE, ERROR_INTERNAL. */

/* Where nothing was told yet, every value is NULL. ERROR_INTERNAL also where a value does not open
 * or its key is not there: the log says whose it is, and of which key. ERROR_UNAVAILABLE where
 * there is no key for data at all. */
enum error personal_info_read(struct auth *auth, const struct access_claims *claims,
                              struct personal_info *info);
/* Replaces all of it. ERROR_UNAVAILABLE also where there is no key to encrypt with. */
enum error personal_info_write(struct auth *auth, const struct access_claims *claims,
                               const struct personal_info *info, const struct client *client);

/* For an operator, who changes the keys. Errors: ERROR_UNAVAILABLE, ERROR_INTERNAL. */

/* How many accounts have theirs encrypted by that key, or by any other. */
enum error personal_info_count(struct auth *auth, const char *key_id, int64_t *by_it,
                               int64_t *by_others);
struct personal_info_renewal {
    int64_t after;  /* the id of the last account that was looked at */
    int64_t looked; /* how many the last batch had: 0 when there is none left */
    int64_t failed; /* of all batches: did not open, and stay as they are; the log says which */
};
/* Encrypts the next batch anew, with the key that encrypts now. What its owner changes meanwhile is
 * left as it is: it has that key already. */
enum error personal_info_renew(struct auth *auth, struct personal_info_renewal *renewal);

#endif
