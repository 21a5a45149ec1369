/* response - one reply: status, headers and body, as CGI lines (RFC 3875 §6). The only place that
 * writes bytes of a reply. */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include "base/buffer.h"
#include "base/secret.h"
#include "http/fcgi.h"
#include "http/json.h"
#include "http/request.h"
#include <stdbool.h>

enum response_status {
    STATUS_OK = 200,
    STATUS_CREATED = 201,
    STATUS_NO_CONTENT = 204,
    STATUS_NOT_MODIFIED = 304
};

struct response {
    int status;               /* 0 until one is set */
    const char *reason;       /* static */
    const char *content_type; /* static; NULL: no body */
    bool cacheable;           /* false: Cache-Control: no-store */
    struct buffer headers;    /* "Name: value\r\n" lines beyond those that every reply has */
    struct buffer body;
};

void response_init(struct response *response);
/* Wipes and frees. */
void response_clear(struct response *response);

/* Sets the status, dropping a body that was there. */
void response_status(struct response *response, enum response_status status);
/* Adds a header line. Neither text may hold a control character: such a line is left out, and
 * logged. */
void response_header(struct response *response, const char *name, const char *value);
/* Sets status and body; takes the object and frees it with its strings wiped. */
void response_json(struct response *response, enum response_status status, json_object *object);

/* Sets status and body; copies the bytes. The type is static. */
void response_bytes(struct response *response, enum response_status status,
                    const char *content_type, const void *bytes, size_t size);

/* Sends it all: Status, Content-Type, Cache-Control, X-Content-Type-Options, X-Request-Id,
 * Content-Length, the headers, the body unless the method is HEAD. A status of 0 is a defect and
 * becomes 500. */
void response_send(const struct response *response, const struct request *request,
                   struct fcgi *fcgi);
/* The same bytes into a buffer, for response_send and the tests. */
void response_render(const struct response *response, const struct request *request,
                     struct buffer *out);

#endif
