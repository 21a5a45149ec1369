/* sessions - GET and DELETE /sessions/, DELETE /sessions/{id}/: the account's logins. */
#include "api/handlers.h"
#include "api/views.h"
#include "auth/session_list.h"

enum error sessions_get(struct exchange *exchange)
{
    struct session_list list = { 0 };
    enum error error = session_list_read(exchange->auth, exchange->claims, &list);
    if (!error) {
        json_object *view = json_object_new_object();
        json_object_object_add(view, "sessions", view_sessions(&list));
        response_json(&exchange->response, STATUS_OK, view);
    }
    session_list_clear(&list);
    return error;
}

static enum error answer(struct exchange *exchange, enum error error)
{
    if (!error)
        response_status(&exchange->response, STATUS_NO_CONTENT);
    return error;
}

enum error sessions_delete(struct exchange *exchange)
{
    return answer(exchange,
                  session_list_end_all(exchange->auth, exchange->claims, &exchange->client));
}

enum error session_delete(struct exchange *exchange)
{
    return answer(exchange, session_list_end(exchange->auth, exchange->claims, exchange->parameter,
                                             &exchange->client));
}
