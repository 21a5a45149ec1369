/* etag - answers that a client may keep (RFC 9110 §8.8.3, §13.1.2; RFC 9111). */
#ifndef HTTP_ETAG_H
#define HTTP_ETAG_H

#include "http/request.h"
#include "http/response.h"

/* Whether the client has the answer of this tag, with its quotation marks, already. */
bool etag_is_known(const struct request *request, const char *tag);

/* Makes an answer that is the same for everybody one to keep for five minutes, with a tag made of
 * its body; where the client has it already the answer becomes 304. */
void etag_answer(const struct request *request, struct response *response);

#endif
