/* dispatch - one request from the socket to its answer: match, gate, body, handler, response, log
 * line. */
#ifndef API_DISPATCH_H
#define API_DISPATCH_H

#include "auth/auth.h"
#include "http/fcgi.h"

struct access_memory;

struct dispatch {
    struct auth *auth;
    struct access_memory *memory;
};

/* Serves the request that fcgi_accept brought, and finishes it. */
void dispatch_serve(struct dispatch *dispatch, struct fcgi *fcgi);

#endif
