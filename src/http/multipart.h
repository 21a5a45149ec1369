/* multipart - a multipart/form-data body (RFC 7578, RFC 2046 §5.1), read piece by piece as it
 * comes. Reads nothing itself, and keeps no more of the body than the header of one part. */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

enum {
    MULTIPART_PARTS_MAX = 16,
    MULTIPART_HEADER_MAX = 4096, /* bytes of the header of one part */
    MULTIPART_NAME_SIZE = 64     /* of a field's name, with NUL; a longer one is cut */
};

/* What is told of the body, in its order: for each part `begin`, `data` any number of times, `end`.
 * An error of theirs ends the reading. */
struct multipart_events {
    /* The field's name (RFC 7578 §4.2). Whether there is a file name says nothing, so it is not
     * told. */
    enum error (*begin)(void *context, const char *name);
    enum error (*data)(void *context, const char *bytes, size_t size);
    enum error (*end)(void *context);
};

struct multipart;

/* By the boundary of the Content-Type. NULL where it has none, or one that breaks RFC 2046 §5.1.1.
 * `context` is handed to the events. */
struct multipart *multipart_new(const char *content_type, const struct multipart_events *events,
                                void *context);
/* NULL-safe. Wipes. */
void multipart_free(struct multipart *multipart);

/* The next bytes of the body, cut anywhere. Errors: ERROR_INVALID_MULTIPART (a part without a
 * field's name or with two, a header that is too long, a transfer encoding),
 * ERROR_PAYLOAD_TOO_LARGE (too many parts), those of the events. After an error nothing more may be
 * fed. */
enum error multipart_feed(struct multipart *multipart, const char *bytes, size_t size);
/* At the end of the body. Errors: ERROR_INVALID_MULTIPART where the last boundary did not come. */
enum error multipart_finish(const struct multipart *multipart);

#endif
