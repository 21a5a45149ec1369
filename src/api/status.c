/* status - GET /healthz and /readyz, for whoever watches over the service. */
#include "api/handlers.h"
#include "auth/readiness.h"

static void answer(struct exchange *exchange, const char *status)
{
    json_object *view = json_object_new_object();
    json_object_object_add(view, "status", json_object_new_string(status));
    response_json(&exchange->response, STATUS_OK, view);
}

enum error healthz_get(struct exchange *exchange)
{
    answer(exchange, "alive");
    return ERROR_NONE;
}

enum error readyz_get(struct exchange *exchange)
{
    enum error error = readiness_check(exchange->auth);
    if (!error)
        answer(exchange, "ready");
    return error;
}
