/* request_headers - what the values of single request headers mean. */
#ifndef HTTP_REQUEST_HEADERS_H
#define HTTP_REQUEST_HEADERS_H

#include "http/request.h"
#include <stddef.h>

/* Of a Content-Type; NULL and empty are MEDIA_NONE. A charset other than UTF-8, and parameters
 * that break RFC 9110 §8.3.1, make it MEDIA_OTHER. */
enum media_type request_media_type(const char *content_type);

/* Whether an Accept header names this very media type, in any case, and not with q=0 (RFC 9110
 * §12.5.1). Wildcards do not name it. NULL accepts nothing. */
bool request_accepts(const char *accept, const char *media_type);

/* One parameter of a header's value ("form-data; name=x"), the quotes and escapes of a quoted
 * string gone (RFC 9110 §5.6.4), as much of it as `text` (size bytes) holds. PARAMETER_BROKEN: the
 * parameters break RFC 9110 §5.6.6, or name it twice. */
enum parameter { PARAMETER_ABSENT, PARAMETER_FOUND, PARAMETER_BROKEN };
enum parameter request_parameter(const char *value, const char *name, char *text, size_t size);

/* Writes the caller's id, or a random one where it is NULL or not 1–64 of [A-Za-z0-9._-]. */
void request_identify(const char *wanted, char id[REQUEST_ID_SIZE]);

#endif
