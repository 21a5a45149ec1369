/* gate - the only access decision. */
#ifndef API_GATE_H
#define API_GATE_H

#include "api/routes.h"
#include "auth/access_token.h"
#include "auth/auth.h"
#include "http/request.h"

/* What is demanded of whoever asks to be let through. */
struct gate_demand {
    enum access access;
    enum permission permission;
};

/* ERROR_NONE lets the request through. Claims were written where *token_error is ERROR_NONE;
 * otherwise it says why there are none.
 * Errors: ERROR_MISSING_TOKEN, ERROR_INVALID_TOKEN, ERROR_TOKEN_EXPIRED, ERROR_INSUFFICIENT_SCOPE,
 * ERROR_NOT_LOCAL; ERROR_INTERNAL for a demand that says nothing. */
enum error gate_check(const struct gate_demand *demand, const struct request *request,
                      struct auth *auth, struct access_memory *memory, struct access_claims *claims,
                      enum error *token_error);

#endif
