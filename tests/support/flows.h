/* flows - what a client does again and again: sign up, log in, refresh, look at the profile. Each
 * demands success. */
#ifndef SUPPORT_FLOWS_H
#define SUPPORT_FLOWS_H

#include "support/http_client.h"

#define PASSWORD "correct horse battery staple"

struct tokens {
    const char *access, *refresh; /* live until http_forget */
};

void sign_up(const char *email);
struct tokens log_in(const char *email);
/* Both. */
struct tokens new_user(const char *email);
struct tokens refresh(const char *token);

/* Bodies. */
const char *sign_up_body(const char *email, const char *password);
const char *log_in_body(const char *email, const char *password);
const char *refresh_body(const char *token);

#endif
