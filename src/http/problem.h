/* problem - the error table: what a client sees of each `enum error`. The only place that knows
 * statuses of errors. */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include "http/response.h"

struct problem {
    enum error error;
    int status;
    const char *title; /* also the reason phrase */
    const char *code;
    const char *detail;    /* what to do */
    const char *challenge; /* WWW-Authenticate behind `Bearer realm="…"` (RFC 6750 §3): "" for none
                              but the realm; NULL for no header */
    int retry_after;       /* seconds; 0: no header */
};

/* The row; for an error without one (a defect), that of ERROR_INTERNAL. */
const struct problem *problem_of(enum error error);

struct problem_options {
    int expired_status; /* 419 or 401 */
    const char *realm;
    int retry_after;   /* seconds, instead of those of the row; 0: the row's */
    const char *scope; /* the permission that is missing, for insufficient_scope; or NULL */
};

/* Fills the response (status, body, headers), dropping what was in it, but for headers. `errors`
 * may be NULL. */
void problem_render(enum error error, const struct field_errors *errors,
                    const struct problem_options *options, const struct request *request,
                    struct response *response);

#endif
