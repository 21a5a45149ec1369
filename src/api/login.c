/* login - POST /login/, /refresh/, /logout/: the life of a session as its client sees it. */
#include "api/cors.h"
#include "api/handlers.h"
#include "api/session_cookie.h"
#include "api/views.h"
#include "auth/session.h"
#include "http/json.h"

/* Where the refresh token goes into a cookie, no script is to see it. */
static void answer(struct exchange *exchange, struct token_pair *pair, bool cookie)
{
    response_json(&exchange->response, STATUS_OK,
                  cookie ? view_access_token(pair) : view_token_pair(pair));
    if (cookie)
        session_cookie_set(exchange->config, pair, &exchange->response);
    token_pair_clear(pair);
}

/* Whether the login asks for cookie mode. */
static bool wants_cookie(struct exchange *exchange)
{
    bool cookie = false;
    json_flag(exchange->body, "cookie", &cookie, &exchange->errors);
    if (cookie && !exchange->config->cookie)
        field_errors_add(&exchange->errors, "cookie",
                         "This service gives no cookies. Please log in without.");
    return cookie;
}

enum error login_post(struct exchange *exchange)
{
    const char *email = NULL;
    size_t size = 0;
    struct secret *password = NULL;
    struct token_pair pair = { 0 };
    json_text(exchange->body, "email", JSON_REQUIRED, &email, &size, &exchange->errors);
    json_secret(exchange->body, "password", JSON_REQUIRED, &password, &exchange->errors);
    bool cookie = wants_cookie(exchange);
    enum error error = ERROR_VALIDATION;
    if (!exchange->errors.count)
        error = cookie ? cors_check_origin(exchange->config, exchange->request) : ERROR_NONE;
    if (!error)
        error = session_login(exchange->auth, email, size, password, &exchange->client, &pair);
    secret_free(password);
    if (!error)
        answer(exchange, &pair, cookie);
    return error;
}

/* The refresh token of the body or, where it has none, of the cookie. Errors: those of
 * session_cookie_refresh, and ERROR_VALIDATION. */
static enum error take_refresh(struct exchange *exchange, struct secret **refresh, bool *cookie)
{
    *cookie = false;
    if (exchange->body)
        json_secret(exchange->body, "refresh", JSON_OPTIONAL, refresh, &exchange->errors);
    if (exchange->errors.count)
        return ERROR_VALIDATION;
    if (*refresh)
        return ERROR_NONE;
    *cookie = true;
    return session_cookie_refresh(exchange->config, exchange->request, refresh);
}

enum error refresh_post(struct exchange *exchange)
{
    struct secret *refresh = NULL;
    struct token_pair pair = { 0 };
    bool cookie;
    enum error error = take_refresh(exchange, &refresh, &cookie);
    if (error == ERROR_MISSING_TOKEN) {
        field_errors_add(&exchange->errors, "refresh", "This field is required.");
        return ERROR_VALIDATION;
    }
    if (!error)
        error = session_refresh(exchange->auth, refresh, &exchange->client, &pair);
    secret_free(refresh);
    if (!error)
        answer(exchange, &pair, cookie);
    else if (cookie && error == ERROR_INVALID_REFRESH_TOKEN)
        session_cookie_clear(exchange->config, &exchange->response);
    return error;
}

/* A refresh token is proof enough, so that an access token that is over does not keep anyone
 * from logging out. */
enum error logout_post(struct exchange *exchange)
{
    struct secret *refresh = NULL;
    bool cookie;
    enum error error = take_refresh(exchange, &refresh, &cookie);
    if (!error)
        error = session_logout_refresh(exchange->auth, refresh, &exchange->client);
    else if (error == ERROR_MISSING_TOKEN && exchange->claims)
        error = session_logout_access(exchange->auth, exchange->claims, &exchange->client);
    else if (error == ERROR_MISSING_TOKEN)
        error = exchange->token_error;
    secret_free(refresh);
    if (cookie && (!error || error == ERROR_INVALID_REFRESH_TOKEN))
        session_cookie_clear(exchange->config, &exchange->response);
    if (!error)
        response_status(&exchange->response, STATUS_NO_CONTENT);
    return error;
}
