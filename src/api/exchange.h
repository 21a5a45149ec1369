/* exchange - one request with its answer in the making, as a handler sees it. */
#ifndef API_EXCHANGE_H
#define API_EXCHANGE_H

#include "auth/access_token.h"
#include "auth/auth.h"
#include "http/client_address.h"
#include "http/form.h"
#include "http/json.h"
#include "http/request.h"
#include "http/response.h"

struct upload;

struct exchange {
    const struct config *config;
    struct auth *auth;
    const struct request *request;
    const struct access_claims
        *claims;            /* NULL where the route needs no token and none that is valid came */
    enum error token_error; /* why claims is NULL */
    json_object *body;      /* NULL where the route takes none */
    struct form *form;      /* of BODY_FORM; else NULL */
    struct form *query;     /* where the route has a query; else NULL */
    const struct upload *upload;       /* where the body is multipart/form-data; else NULL */
    char parameter[REQUEST_PATH_SIZE]; /* what stands in the path for the route's {id}; else "" */
    struct client_address address;
    struct client client; /* its address is that one */
    struct field_errors errors;
    struct response response;
};

/* Fills the response, or returns an error, which the error table answers. */
typedef enum error handler(struct exchange *exchange);

#endif
