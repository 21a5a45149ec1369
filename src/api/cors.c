/* cors - see cors.h. */
#include "api/cors.h"
#include "base/origin.h"
#include <string.h>

void cors_answer(const struct config *config, const struct request *request,
                 struct response *response)
{
    /* Without an origin too: a cache must not give that answer to a page (Fetch Standard §3.2.5).
     */
    if (*config->allowed_origins)
        response_header(response, "Vary", "Origin");
    if (!origin_is_listed(config->allowed_origins, request->origin))
        return;
    response_header(response, "Access-Control-Allow-Origin", request->origin);
    if (config->cookie)
        response_header(response, "Access-Control-Allow-Credentials", "true");
    response_header(response, "Access-Control-Expose-Headers",
                    "X-Request-Id, Retry-After, WWW-Authenticate");
}

void cors_preflight(const struct config *config, const struct request *request, const char *methods,
                    struct response *response)
{
    if (request->method != METHOD_OPTIONS || !request->is_preflight ||
        !origin_is_listed(config->allowed_origins, request->origin))
        return;
    response_header(response, "Access-Control-Allow-Methods", methods);
    response_header(response, "Access-Control-Allow-Headers",
                    "authorization, content-type, x-request-id");
    response_header(response, "Access-Control-Max-Age", "600");
}

enum error cors_check_origin(const struct config *config, const struct request *request)
{
    bool ours;
    if (request->origin)
        ours = origin_is_listed(config->allowed_origins, request->origin) ||
               origin_is_listed(config->public_url, request->origin);
    else
        ours = request->fetch_site && !strcmp(request->fetch_site, "same-origin");
    return ours ? ERROR_NONE : ERROR_FOREIGN_ORIGIN;
}
