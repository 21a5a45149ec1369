/* description - GET /openapi.json: the interface, described for programs. */
#include "api/handlers.h"
#include "api/openapi.h"
#include "http/etag.h"

enum error description_get(struct exchange *exchange)
{
    response_json(&exchange->response, STATUS_OK, openapi_document(exchange->config));
    etag_answer(exchange->request, &exchange->response);
    return ERROR_NONE;
}
