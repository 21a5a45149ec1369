/* access_token_steps - what access_token_verify is made of, for access_memory and the tests. */
#ifndef AUTH_ACCESS_TOKEN_STEPS_H
#define AUTH_ACCESS_TOKEN_STEPS_H

#include "auth/access_claims.h"
#include "auth/access_form.h"
#include "auth/access_token.h"

/* Whether the token, of which `form` was read, names the key's own algorithm, and the key signed
 * it. */
bool access_token_is_signed(const struct key *key, const struct secret *token,
                            const struct access_form *form);

/* Whether it is time for what a verified token says: ERROR_INVALID_TOKEN before,
 * ERROR_TOKEN_EXPIRED after, each beyond the leeway. */
enum error access_token_check_time(const struct access_statement *statement,
                                   const struct config *config);

/* access_token_verify, with all that the token says. */
enum error access_token_check(const struct secret *token, struct keyset *keyset,
                              const struct config *config, struct access_statement *statement);

#endif
