/* session_cookie - cookie mode: the refresh token in a cookie that no script can read, sent back to
 * the service's own paths alone; and, with the option cookie_access, the access token in another
 * one, for page loads that the Authorizer guards. */
#ifndef API_SESSION_COOKIE_H
#define API_SESSION_COOKIE_H

#include "auth/session.h"
#include "base/config.h"
#include "http/request.h"
#include "http/response.h"

/* The cookies of a login or a refresh; they live as long as what they hold. */
void session_cookie_set(const struct config *config, const struct token_pair *pair,
                        struct response *response);
/* Makes the client forget them. Nothing where cookie mode is off. */
void session_cookie_clear(const struct config *config, struct response *response);

/* The refresh token, to be freed with secret_free. Errors: ERROR_MISSING_TOKEN (no cookie, or
 * cookie mode is off), ERROR_FOREIGN_ORIGIN, ERROR_INVALID_REFRESH_TOKEN (two cookies). */
enum error session_cookie_refresh(const struct config *config, const struct request *request,
                                  struct secret **refresh);
/* The access token likewise; the origin is looked at where the method may change something. Errors:
 * ERROR_MISSING_TOKEN, ERROR_FOREIGN_ORIGIN, ERROR_INVALID_TOKEN. */
enum error session_cookie_access(const struct config *config, const struct request *request,
                                 struct secret **access);

#endif
