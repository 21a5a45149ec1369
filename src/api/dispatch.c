/* dispatch - see dispatch.h. */
#include "api/dispatch.h"
#include "api/authorizer.h"
#include "api/cors.h"
#include "api/gate.h"
#include "api/request_metrics.h"
#include "api/routes.h"
#include "api/upload.h"
#include "auth/throttle.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/problem.h"
#include <string.h>

/* The Allow header (RFC 9110 §10.2.1). */
static void allow(const struct exchange *exchange, unsigned methods, struct response *response)
{
    struct buffer list;
    buffer_init(&list, 128);
    for (unsigned bit = METHOD_GET; bit <= METHOD_OPTIONS; bit <<= 1)
        if (methods & bit)
            buffer_format(&list, "%s%s", list.size ? ", " : "", method_name((enum method)bit));
    response_header(response, "Allow", list.data);
    cors_preflight(exchange->config, exchange->request, list.data, response);
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

static enum error read_form(const struct exchange *exchange, struct fcgi *fcgi, struct form **form)
{
    const struct request *request = exchange->request;
    struct buffer body;
    if (request->content_length > exchange->config->body_limit)
        return ERROR_PAYLOAD_TOO_LARGE;
    if (request->media_type != MEDIA_FORM)
        return ERROR_UNSUPPORTED_MEDIA_TYPE;
    buffer_init(&body, (size_t)exchange->config->body_limit);
    enum error error = fcgi_read_body(fcgi, request->content_length, &body);
    if (!error)
        error = form_parse(body.data ? body.data : "", body.size, form);
    buffer_clear(&body);
    return error;
}

/* What the route takes, if anything, for the handler. */
static enum error read_body(const struct route *route, struct exchange *exchange, struct fcgi *fcgi,
                            struct upload *upload)
{
    if (route->body == BODY_NONE)
        return ERROR_NONE;
    if (route->body == BODY_FORM)
        return read_form(exchange, fcgi, &exchange->form);
    if (route->body != BODY_JSON_OR_MULTIPART || exchange->request->media_type != MEDIA_MULTIPART)
        return read_json(route, exchange, fcgi, &exchange->body);
    exchange->upload = upload;
    return upload_read(exchange, fcgi, upload);
}

static enum error read_and_handle(const struct route *route, struct exchange *exchange,
                                  struct fcgi *fcgi)
{
    struct upload upload;
    enum error error = ERROR_NONE;
    if (route->query)
        error = form_parse(exchange->request->query, strlen(exchange->request->query),
                           &exchange->query);
    if (!error)
        error = read_body(route, exchange, fcgi, &upload);
    if (!error)
        error = route->handle(exchange);
    json_free(exchange->body);
    exchange->body = NULL;
    form_free(exchange->form);
    form_free(exchange->query);
    exchange->form = exchange->query = NULL;
    if (exchange->upload)
        upload_clear(&upload);
    exchange->upload = NULL;
    return error;
}

/* One request under way. */
struct service {
    struct dispatch *dispatch;
    struct fcgi *fcgi;
    struct exchange exchange;
    const struct route *route; /* NULL: none, or a guarded location's */
    enum authorizer_mode mode;
    struct gate_demand demand;
    struct buffer scope, roles; /* that a guarded location demands */
};

/* route → token → permission → body → handler */
static enum error serve_route(struct service *service)
{
    struct exchange *exchange = &service->exchange;
    const struct request *request = exchange->request;
    unsigned allowed;
    const struct route *route = routes_find(request->method, request->path, &allowed);
    if (!allowed)
        return ERROR_NOT_FOUND;
    if (!route) {
        allow(exchange, allowed, &exchange->response);
        if (request->method != METHOD_OPTIONS)
            return ERROR_METHOD_NOT_ALLOWED;
        response_status(&exchange->response, STATUS_NO_CONTENT);
        return ERROR_NONE;
    }

    struct gate_pass pass;
    service->route = route;
    service->demand = gate_demand_of(route);
    enum error error =
        gate_check(&service->demand, request, exchange->auth, service->dispatch->memory, &pass);
    if (error)
        return error;
    exchange->token_error = pass.token_error;
    exchange->claims = pass.token_error ? NULL : &pass.claims;
    routes_parameter(route, request->path, exchange->parameter);
    error = read_and_handle(route, exchange, service->fcgi);
    exchange->claims = NULL;
    return error;
}

/* A location of another application: whether the request may go on to it. */
static enum error serve_guard(struct service *service)
{
    struct exchange *exchange = &service->exchange;
    struct gate_pass pass = { 0 };
    if (service->mode == AUTHORIZER_UNKNOWN ||
        !authorizer_demand(fcgi_environment(service->fcgi), &service->scope, &service->roles,
                           &service->demand))
        return ERROR_INTERNAL;
    enum error error = gate_check(&service->demand, exchange->request, exchange->auth,
                                  service->dispatch->memory, &pass);
    if (!error && service->mode == AUTHORIZER_ANSWER)
        error = ERROR_UNAVAILABLE; /* it was denied a moment ago: once more, and it goes through */
    if (!error)
        authorizer_admit(service->mode, &pass, &exchange->response);
    user_clear(&pass.user);
    return error;
}

static void refuse(struct service *service, enum error error)
{
    struct exchange *exchange = &service->exchange;
    const struct problem_options options = {
        .expired_status = (int)exchange->config->expired_status,
        .realm = exchange->config->issuer,
        .scope = service->demand.scope,
        .retry_after =
            error == ERROR_RATE_LIMITED ? throttle_retry_after(exchange->auth->throttle) : 0,
    };
    problem_render(error, &exchange->errors, &options, exchange->request, &exchange->response);
    if (service->mode != AUTHORIZER_NONE)
        authorizer_deny(service->mode, problem_of(error)->code, &exchange->response);
}

static enum log_level level_of(int status)
{
    if (status >= 500)
        return LOG_LEVEL_WARN;
    return status >= 400 ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
}

/* The route's path and never the request's: a client may have put a token there. */
static void report(const struct service *service, enum error error, int64_t started_us)
{
    const struct exchange *exchange = &service->exchange;
    enum log_level level = level_of(exchange->response.status);
    int64_t took_us = clock_monotonic_us() - started_us;
    bool guarded = service->mode != AUTHORIZER_NONE;
    request_metrics_count(service->route, guarded ? REQUEST_GUARDED : REQUEST_ELSEWHERE,
                          exchange->response.status, took_us);
    if (!log_wanted(level))
        return;
    LOG(level, "request", log_text("method", method_name(exchange->request->method)),
        log_text("route", service->route ? service->route->path
                          : guarded      ? "guarded"
                                         : "-"),
        log_integer("status", exchange->response.status),
        log_text("error", error ? error_name(error) : NULL), log_integer("microseconds", took_us));
}

static void start(struct service *service, const struct request *request)
{
    struct auth *auth = service->dispatch->auth;
    bool is_authorizer = fcgi_role(service->fcgi) == FCGI_ROLE_AUTHORIZER;
    service->mode = authorizer_mode(is_authorizer, fcgi_environment(service->fcgi));
    service->exchange.config = auth->config;
    service->exchange.auth = auth;
    service->exchange.request = request;
    service->exchange.token_error = ERROR_MISSING_TOKEN;
    client_address_find(request, auth->config->trusted_proxies, &service->exchange.address);
    service->exchange.client = (struct client){ .address = service->exchange.address.text,
                                                .user_agent = request->user_agent,
                                                .request_id = request->id };
    response_init(&service->exchange.response);
    buffer_init(&service->scope, ACCESS_SCOPE_SIZE);
    buffer_init(&service->roles, ACCESS_ROLES_SIZE);
}

void dispatch_serve(struct dispatch *dispatch, struct fcgi *fcgi)
{
    int64_t started_us = clock_monotonic_us();
    struct service service = { .dispatch = dispatch, .fcgi = fcgi };
    struct request request;
    enum error error =
        request_parse(&request, fcgi_environment(fcgi), dispatch->auth->config->base_path);
    log_request_id(request.id);
    start(&service, &request);
    if (service.mode == AUTHORIZER_NONE)
        cors_answer(service.exchange.config, &request, &service.exchange.response);
    if (service.mode != AUTHORIZER_NONE)
        error = serve_guard(&service);
    else if (!error)
        error = serve_route(&service);
    if (error)
        refuse(&service, error);
    response_send(&service.exchange.response, &request, fcgi);
    fcgi_finish(fcgi);
    report(&service, error, started_us);
    response_clear(&service.exchange.response);
    buffer_clear(&service.scope);
    buffer_clear(&service.roles);
    log_request_id(NULL);
}
