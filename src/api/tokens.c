/* tokens - POST /introspect/ and /revoke/, for other servers (RFC 7662) and for clients that speak
 * OAuth 2.0 (RFC 7009). */
#include "api/handlers.h"
#include "api/views.h"
#include "auth/introspection.h"
#include "auth/session.h"
#include "http/form.h"

/* token_type_hint is not needed: a token tells itself what it is (RFC 7662 §2.1). */
enum error introspect_post(struct exchange *exchange)
{
    struct secret *token = NULL;
    struct introspection introspection;
    if (!form_secret(exchange->form, "token", &token, &exchange->errors))
        return ERROR_VALIDATION;
    enum error error = introspection_read(exchange->auth, exchange->claims, token, &introspection);
    secret_free(token);
    if (!error)
        response_json(&exchange->response, STATUS_OK,
                      view_introspection(&introspection, exchange->config));
    return error;
}

/* What is no token of ours needs no end, and is no error (RFC 7009 §2.2). */
enum error revoke_post(struct exchange *exchange)
{
    struct secret *token = NULL;
    if (!form_secret(exchange->form, "token", &token, &exchange->errors))
        return ERROR_VALIDATION;
    enum error error = session_revoke(exchange->auth, token, &exchange->client);
    secret_free(token);
    if (!error)
        response_json(&exchange->response, STATUS_OK, json_object_new_object());
    return error;
}
