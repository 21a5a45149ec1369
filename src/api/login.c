/* login - POST /login/, /refresh/, /logout/: the life of a session as its client sees it. */
#include "api/handlers.h"
#include "api/views.h"
#include "auth/session.h"
#include "http/json.h"

static void answer(struct exchange *exchange, struct token_pair *pair)
{
    response_json(&exchange->response, STATUS_OK, view_token_pair(pair));
    token_pair_clear(pair);
}

enum error login_post(struct exchange *exchange)
{
    const char *email = NULL;
    size_t size = 0;
    struct secret *password = NULL;
    struct token_pair pair = { 0 };
    json_text(exchange->body, "email", JSON_REQUIRED, &email, &size, &exchange->errors);
    json_secret(exchange->body, "password", JSON_REQUIRED, &password, &exchange->errors);
    enum error error = ERROR_VALIDATION;
    if (!exchange->errors.count)
        error = session_login(exchange->auth, email, size, password, &exchange->client, &pair);
    secret_free(password);
    if (!error)
        answer(exchange, &pair);
    return error;
}

enum error refresh_post(struct exchange *exchange)
{
    struct secret *refresh = NULL;
    struct token_pair pair = { 0 };
    if (!json_secret(exchange->body, "refresh", JSON_REQUIRED, &refresh, &exchange->errors))
        return ERROR_VALIDATION;
    enum error error = session_refresh(exchange->auth, refresh, &exchange->client, &pair);
    secret_free(refresh);
    if (!error)
        answer(exchange, &pair);
    return error;
}

/* A refresh token is proof enough, so that an access token that is over does not keep anyone
 * from logging out. */
enum error logout_post(struct exchange *exchange)
{
    struct secret *refresh = NULL;
    enum error error;
    if (exchange->body)
        json_secret(exchange->body, "refresh", JSON_OPTIONAL, &refresh, &exchange->errors);
    if (exchange->errors.count)
        error = ERROR_VALIDATION;
    else if (refresh)
        error = session_logout_refresh(exchange->auth, refresh, &exchange->client);
    else if (exchange->claims)
        error = session_logout_access(exchange->auth, exchange->claims, &exchange->client);
    else
        error = exchange->token_error;
    secret_free(refresh);
    if (!error)
        response_status(&exchange->response, STATUS_NO_CONTENT);
    return error;
}
