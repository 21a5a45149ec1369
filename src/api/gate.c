/* gate - see gate.h. */
#include "api/gate.h"
#include "api/session_cookie.h"
#include "http/client_address.h"
#include <string.h>

struct gate_demand gate_demand_of(const struct route *route)
{
    return (struct gate_demand){ .access = route->access,
                                 .scope = permission_name(route->permission) };
}

static enum error take_token(const struct gate_demand *demand, const struct request *request,
                             const struct config *config, struct secret **token)
{
    if (demand->cookie && (!request->authorization || !*request->authorization))
        return session_cookie_access(config, request, token);
    return request_bearer(request, token);
}

static enum error check_token(const struct gate_demand *demand, const struct request *request,
                              struct auth *auth, struct access_memory *memory,
                              struct access_claims *claims)
{
    struct secret *token = NULL;
    enum error error = take_token(demand, request, auth->config, &token);
    if (!error)
        error = access_token_recall(memory, token, auth->keyset, auth->config, claims);
    secret_free(token);
    return error;
}

static enum error check_local(const struct request *request, const struct config *config)
{
    struct client_address client;
    client_address_find(request, config->trusted_proxies, &client);
    if (config->status_access == STATUS_ACCESS_ANY || client.is_local)
        return ERROR_NONE;
    return ERROR_NOT_LOCAL;
}

/* Whether every name of `wanted` is among `held`. */
static bool holds_all(const char *wanted, const char *held)
{
    while (wanted && *wanted) {
        size_t size = strcspn(wanted, " ");
        if (!permission_is_listed(wanted, size, held))
            return false;
        wanted += size + (wanted[size] == ' ');
    }
    return true;
}

/* A demand for permission that names none is a mistake, and mistakes let nobody through. */
static enum error check_names(const struct gate_demand *demand, const struct access_claims *claims)
{
    if (!demand->scope && !demand->roles)
        return ERROR_INTERNAL;
    if (holds_all(demand->scope, claims->scope) && holds_all(demand->roles, claims->roles))
        return ERROR_NONE;
    return ERROR_INSUFFICIENT_SCOPE;
}

enum error gate_check(const struct gate_demand *demand, const struct request *request,
                      struct auth *auth, struct access_memory *memory, struct gate_pass *pass)
{
    enum error error = ERROR_NONE;
    pass->token_error = ERROR_MISSING_TOKEN;
    pass->user = (struct user){ 0 };
    switch (demand->access) {
    case ACCESS_PUBLIC:
        return ERROR_NONE;
    case ACCESS_LOCAL:
        return check_local(request, auth->config);
    case ACCESS_OPTIONAL:
    case ACCESS_TOKEN:
    case ACCESS_PERMISSION:
        break;
    case ACCESS_INVALID:
    default:
        return ERROR_INTERNAL;
    }
    pass->token_error = check_token(demand, request, auth, memory, &pass->claims);
    if (demand->access == ACCESS_OPTIONAL)
        return ERROR_NONE;
    if (pass->token_error)
        return pass->token_error;
    if (demand->access == ACCESS_PERMISSION)
        error = check_names(demand, &pass->claims);
    return !error && demand->live ? user_read(auth, &pass->claims, &pass->user) : error;
}
