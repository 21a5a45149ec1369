/* dispatch - see dispatch.h. */
#include "api/dispatch.h"
#include "api/gate.h"
#include "api/routes.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/problem.h"

/* The Allow header (RFC 9110 §10.2.1). */
static void allow(struct response *response, unsigned methods)
{
    struct buffer list;
    buffer_init(&list, 128);
    for (unsigned bit = METHOD_GET; bit <= METHOD_OPTIONS; bit <<= 1)
        if (methods & bit)
            buffer_format(&list, "%s%s", list.size ? ", " : "", method_name((enum method)bit));
    response_header(response, "Allow", list.data);
    buffer_clear(&list);
}

/* Size, type and content of the body, in this order (contract: Conventions). */
static enum error read_json(const struct route *route, const struct exchange *exchange,
                            struct fcgi *fcgi, json_object **object)
{
    const struct request *request = exchange->request;
    bool optional = route->body == BODY_JSON_OPTIONAL;
    if (request->content_length > exchange->config->body_limit)
        return ERROR_PAYLOAD_TOO_LARGE;
    if (optional && request->content_length == 0)
        return ERROR_NONE;
    bool is_json = request->media_type == MEDIA_JSON;
    if (!is_json && !(optional && request->content_length < 0))
        return ERROR_UNSUPPORTED_MEDIA_TYPE;

    struct buffer body;
    buffer_init(&body, (size_t)exchange->config->body_limit);
    enum error error = fcgi_read_body(fcgi, request->content_length, &body);
    if (!error && !(optional && body.size == 0))
        error = is_json ? json_parse(body.data ? body.data : "", body.size, object)
                        : ERROR_UNSUPPORTED_MEDIA_TYPE;
    buffer_clear(&body);
    return error;
}

/* route → token → permission → body → handler */
static enum error serve(struct dispatch *dispatch, struct exchange *exchange, struct fcgi *fcgi,
                        const struct route **found)
{
    const struct request *request = exchange->request;
    unsigned allowed;
    const struct route *route = *found = routes_find(request->method, request->path, &allowed);
    if (!allowed)
        return ERROR_NOT_FOUND;
    if (!route) {
        allow(&exchange->response, allowed);
        if (request->method != METHOD_OPTIONS)
            return ERROR_METHOD_NOT_ALLOWED;
        response_status(&exchange->response, STATUS_NO_CONTENT);
        return ERROR_NONE;
    }

    struct access_claims claims;
    const struct gate_demand demand = { route->access, route->permission };
    enum error error = gate_check(&demand, request, dispatch->auth, dispatch->memory, &claims,
                                  &exchange->token_error);
    if (error)
        return error;
    exchange->claims = exchange->token_error ? NULL : &claims;
    if (route->body != BODY_NONE)
        error = read_json(route, exchange, fcgi, &exchange->body);
    if (!error)
        error = route->handle(exchange);
    exchange->claims = NULL;
    json_free(exchange->body);
    exchange->body = NULL;
    return error;
}

static enum log_level level_of(int status)
{
    if (status >= 500)
        return LOG_LEVEL_WARN;
    return status >= 400 ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
}

/* The route's path and never the request's: a client may have put a token there. */
static void report(const struct exchange *exchange, const struct route *route, enum error error,
                   int64_t started_us)
{
    enum log_level level = level_of(exchange->response.status);
    if (!log_wanted(level))
        return;
    LOG(level, "request", log_text("method", method_name(exchange->request->method)),
        log_text("route", route ? route->path : "-"),
        log_integer("status", exchange->response.status),
        log_text("error", error ? error_name(error) : NULL),
        log_integer("microseconds", clock_monotonic_us() - started_us));
}

void dispatch_serve(struct dispatch *dispatch, struct fcgi *fcgi)
{
    int64_t started_us = clock_monotonic_us();
    const struct config *config = dispatch->auth->config;
    const struct route *route = NULL;
    struct request request;
    struct exchange exchange = { .config = config,
                                 .auth = dispatch->auth,
                                 .request = &request,
                                 .token_error = ERROR_MISSING_TOKEN };
    response_init(&exchange.response);
    enum error error = request_parse(&request, fcgi_environment(fcgi), config->base_path);
    log_request_id(request.id);
    exchange.client = (struct client){ request.remote_address, request.user_agent };
    if (!error)
        error = serve(dispatch, &exchange, fcgi, &route);
    if (error) {
        const struct problem_options options = {
            .expired_status = (int)config->expired_status,
            .realm = config->issuer,
            .scope = route ? permission_name(route->permission) : NULL,
        };
        problem_render(error, &exchange.errors, &options, &request, &exchange.response);
    }
    response_send(&exchange.response, &request, fcgi);
    fcgi_finish(fcgi);
    report(&exchange, route, error, started_us);
    response_clear(&exchange.response);
    log_request_id(NULL);
}
