/* gate - see gate.h. */
#include "api/gate.h"

static enum error check_token(const struct request *request, struct auth *auth,
                              struct access_memory *memory, struct access_claims *claims)
{
    struct secret *token = NULL;
    enum error error = request_bearer(request, &token);
    if (!error)
        error = access_token_recall(memory, token, auth->keyset, auth->config, claims);
    secret_free(token);
    return error;
}

static enum error check_local(const struct request *request, const struct config *config)
{
    if (config->status_access == STATUS_ACCESS_ANY || request_is_local(request))
        return ERROR_NONE;
    return ERROR_NOT_LOCAL;
}

enum error gate_check(const struct gate_demand *demand, const struct request *request,
                      struct auth *auth, struct access_memory *memory, struct access_claims *claims,
                      enum error *token_error)
{
    *token_error = ERROR_MISSING_TOKEN;
    switch (demand->access) {
    case ACCESS_PUBLIC:
        return ERROR_NONE;
    case ACCESS_LOCAL:
        return check_local(request, auth->config);
    case ACCESS_OPTIONAL:
        *token_error = check_token(request, auth, memory, claims);
        return ERROR_NONE;
    case ACCESS_TOKEN:
        return *token_error = check_token(request, auth, memory, claims);
    case ACCESS_PERMISSION:
        *token_error = check_token(request, auth, memory, claims);
        if (*token_error)
            return *token_error;
        return permission_in_scope(demand->permission, claims->scope) ? ERROR_NONE
                                                                      : ERROR_INSUFFICIENT_SCOPE;
    case ACCESS_INVALID:
        break;
    }
    return ERROR_INTERNAL;
}
