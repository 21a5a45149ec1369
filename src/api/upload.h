/* upload - a body of multipart/form-data with the text `name` and the file `profile_pic`, which
 * goes to a file as it comes. */
#ifndef API_UPLOAD_H
#define API_UPLOAD_H

#include "api/exchange.h"
#include "http/fcgi.h"

struct upload {
    bool has_name, has_picture; /* whether the part came */
    struct buffer name;
    int picture;          /* a file with picture_size bytes, or -1 where there are none */
    int64_t picture_size; /* 0 where the part was empty */
};

/* Reads the body. Two parts of one name, and a name that is far too long, are held against their
 * members in exchange->errors. `upload` is to be cleared whatever is returned. Errors:
 * ERROR_PAYLOAD_TOO_LARGE, ERROR_INVALID_MULTIPART, ERROR_INCOMPLETE_BODY, ERROR_INTERNAL. */
enum error upload_read(struct exchange *exchange, struct fcgi *fcgi, struct upload *upload);
/* Wipes the name, closes the file. */
void upload_clear(struct upload *upload);

#endif
