/* cors - which pages of other origins may call the service and read its answers (Fetch Standard
 * §3.2), and from which it takes a cookie. The options allowed_origins and public_url say it. */
#ifndef API_CORS_H
#define API_CORS_H

#include "base/config.h"
#include "http/request.h"
#include "http/response.h"

/* For every answer, errors too: a page that may not read a 419 cannot refresh. Adds nothing for an
 * origin that is not allowed, but Vary, where there are any that are. */
void cors_answer(const struct config *config, const struct request *request,
                 struct response *response);
/* For the answer to OPTIONS: `methods` is what the path offers, as in Allow. Nothing where it is no
 * preflight of an allowed origin. */
void cors_preflight(const struct config *config, const struct request *request, const char *methods,
                    struct response *response);

/* Whether a cookie that came with this request may be used: a browser sends it along whoever made
 * the request (RFC 6265 §8.2), and tells in Origin, or where there is none in Sec-Fetch-Site, who
 * did. Errors: ERROR_FOREIGN_ORIGIN. */
enum error cors_check_origin(const struct config *config, const struct request *request);

#endif
