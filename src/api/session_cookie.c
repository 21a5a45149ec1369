/* session_cookie - see session_cookie.h. */
#include "api/session_cookie.h"
#include "api/cors.h"
#include "http/cookie.h"
#include <stdio.h>

enum { PATH_SIZE = 256 };

/* A browser takes __Host- only with the path "/", and then from nobody but this very host;
 * __Secure- with any path (RFC 6265bis §4.1.3). Strict: never sent by another site's doing. */
static struct cookie refresh_cookie(const struct config *config, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/", config->base_path);
    return (struct cookie){ .name = *config->base_path ? "__Secure-therappai_refresh"
                                                       : "__Host-therappai_refresh",
                            .path = path,
                            .same_site = "Strict" };
}

/* Lax: a link from elsewhere opens a guarded page. */
static const struct cookie access_cookie = { "__Host-therappai_access", "/", "Lax" };

void session_cookie_set(const struct config *config, const struct token_pair *pair,
                        struct response *response)
{
    char path[PATH_SIZE];
    const struct cookie refresh = refresh_cookie(config, path);
    cookie_set(response, &refresh, pair->refresh, pair->refresh_expires_in);
    if (config->cookie_access)
        cookie_set(response, &access_cookie, pair->access, pair->expires_in);
}

void session_cookie_clear(const struct config *config, struct response *response)
{
    char path[PATH_SIZE];
    const struct cookie refresh = refresh_cookie(config, path);
    if (config->cookie)
        cookie_clear(response, &refresh);
    if (config->cookie_access)
        cookie_clear(response, &access_cookie);
}

enum error session_cookie_refresh(const struct config *config, const struct request *request,
                                  struct secret **refresh)
{
    char path[PATH_SIZE];
    struct secret *found = NULL;
    if (!config->cookie)
        return ERROR_MISSING_TOKEN;
    enum error error = cookie_find(request->cookie, refresh_cookie(config, path).name, &found);
    if (error == ERROR_MISSING_TOKEN)
        return error;
    if (cors_check_origin(config, request))
        error = ERROR_FOREIGN_ORIGIN;
    else if (error)
        error = ERROR_INVALID_REFRESH_TOKEN;
    if (error)
        secret_free(found);
    else
        *refresh = found;
    return error;
}

/* RFC 9110 §9.2.1 */
static bool is_safe(enum method method)
{
    return method == METHOD_GET || method == METHOD_HEAD || method == METHOD_OPTIONS;
}

enum error session_cookie_access(const struct config *config, const struct request *request,
                                 struct secret **access)
{
    struct secret *found = NULL;
    if (!config->cookie_access)
        return ERROR_MISSING_TOKEN;
    enum error error = cookie_find(request->cookie, access_cookie.name, &found);
    if (!error && !is_safe(request->method))
        error = cors_check_origin(config, request);
    if (error)
        secret_free(found);
    else
        *access = found;
    return error;
}
