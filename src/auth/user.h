/* user - accounts: sign-up, and the profile that their owners read and change. */
#ifndef AUTH_USER_H
#define AUTH_USER_H

#include "auth/access_token.h"
#include "auth/auth.h"
#include "base/secret.h"
#include <stdint.h>

enum { USER_NAME_MAX = 200 /* code points */ };

struct user {
    int64_t id;
    char *email, *name;
    char *profile_pic; /* a URL (auth/picture); NULL: none */
};
void user_clear(struct user *user);

/* NULL, or a sentence for the client: 1 to 200 code points of UTF-8, no control character, not
 * blank. */
const char *user_name_flaw(const char *name, size_t size);

/* What sign-up takes, without a flaw (email_flaw, user_name_flaw, password_flaw). Errors:
 * ERROR_EMAIL_TAKEN, ERROR_RATE_LIMITED, ERROR_BUSY, ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error user_sign_up(struct auth *auth, const char *email, const char *name,
                        const struct secret *password, const struct client *client,
                        struct user *user);

/* The account behind the claims, where its session still lives (else ERROR_INVALID_TOKEN) and it is
 * not disabled (else ERROR_ACCOUNT_DISABLED). One round trip. Errors also: ERROR_UNAVAILABLE,
 * ERROR_INTERNAL. */
enum error user_read(struct auth *auth, const struct access_claims *claims, struct user *user);
enum error user_rename(struct auth *auth, const struct access_claims *claims, const char *name,
                       struct user *user);

/* Gives the account a picture that picture_store made, or none (NULL), and, where `name` is not
 * NULL, that name. The file of the picture before goes; where the account does not get the new one,
 * its file goes. Errors as user_read. */
enum error user_set_picture(struct auth *auth, const struct access_claims *claims, const char *name,
                            const char *picture, const struct client *client, struct user *user);

#endif
