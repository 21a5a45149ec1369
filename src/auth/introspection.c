/* introspection - see introspection.h. */
#include "auth/introspection.h"
#include "auth/refresh_token.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { INTEGER_SIZE = 24 };

/* What the token itself says, before the database is asked. */
struct presented {
    struct introspection is;
    uint32_t generation; /* of a refresh token */
};

static struct presented present(struct auth *auth, const struct secret *token)
{
    struct presented presented = { 0 };
    struct access_claims claims;
    struct refresh_token refresh;
    if (!refresh_token_parse(token, auth->keyset, &refresh)) {
        presented.is.kind = INTROSPECTION_REFRESH;
        presented.generation = refresh.generation;
        memcpy(presented.is.claims.session_id, refresh.session_id, SESSION_ID_SIZE);
    } else if (!access_token_verify(token, auth->keyset, auth->config, &claims)) {
        presented.is.kind = INTROSPECTION_ACCESS;
        presented.is.claims = claims;
    }
    return presented;
}

/* Columns of STATEMENT_TOKEN_INTROSPECT. */
enum { DISABLED, USER_ID, IDLE, GENERATION, CREATED, EXPIRES, PERMISSIONS };

static bool take_refresh(const struct db_result *result, struct presented *presented)
{
    struct access_claims *claims = &presented->is.claims;
    claims->user_id = db_integer(result, 0, USER_ID);
    claims->issued_at = db_integer(result, 0, CREATED);
    claims->expires_at = db_integer(result, 0, EXPIRES);
    int size =
        snprintf(claims->scope, sizeof claims->scope, "%s", db_value(result, 0, PERMISSIONS));
    return size < ACCESS_SCOPE_SIZE && !db_boolean(result, 0, IDLE) &&
           presented->generation >= db_integer(result, 0, GENERATION);
}

static bool is_active(const struct db_result *result, struct presented *presented)
{
    if (presented->is.kind == INTROSPECTION_INACTIVE || !db_value(result, 0, USER_ID))
        return false;
    if (presented->is.kind == INTROSPECTION_REFRESH)
        return take_refresh(result, presented);
    return presented->is.claims.user_id == db_integer(result, 0, USER_ID);
}

static enum error take(const struct db_result *result, struct presented *presented,
                       struct introspection *introspection)
{
    if (db_rows(result) == 0)
        return ERROR_INVALID_TOKEN;
    if (db_boolean(result, 0, DISABLED))
        return ERROR_ACCOUNT_DISABLED;
    bool active = is_active(result, presented);
    *introspection = active ? presented->is : (struct introspection){ 0 };
    return ERROR_NONE;
}

/* The database is asked even of a token that is none, because the caller's session may be over. */
enum error introspection_read(struct auth *auth, const struct access_claims *caller,
                              const struct secret *token, struct introspection *introspection)
{
    char user[INTEGER_SIZE], idle[INTEGER_SIZE];
    struct db_result *result = NULL;
    struct presented presented = present(auth, token);
    snprintf(user, sizeof user, "%" PRId64, caller->user_id);
    snprintf(idle, sizeof idle, "%" PRId64, auth->config->refresh_idle_s);
    const char *const values[] = {
        user,
        caller->session_id,
        presented.is.kind == INTROSPECTION_INACTIVE ? NULL : presented.is.claims.session_id,
        idle,
    };
    enum error error = db_run(auth->db, STATEMENT_TOKEN_INTROSPECT, values, &result);
    if (!error)
        error = take(result, &presented, introspection);
    db_result_free(result);
    return error;
}
