/* etag - see etag.h. */
#include "http/etag.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool etag_is_known(const struct request *request, const char *tag)
{
    const char *known = request->if_none_match;
    return known && (!strcmp(known, "*") || strstr(known, tag));
}

/* FNV-1a. Nobody but us writes the body, so that nobody gains by two of one tag. */
static uint64_t digest(const char *bytes, size_t size)
{
    uint64_t value = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        value = (value ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return value;
}

void etag_answer(const struct request *request, struct response *response)
{
    char tag[32];
    snprintf(tag, sizeof tag, "\"%016" PRIx64 "\"",
             digest(response->body.data ? response->body.data : "", response->body.size));
    if (etag_is_known(request, tag))
        response_status(response, STATUS_NOT_MODIFIED);
    response->cacheable = true;
    response_header(response, "Cache-Control", "public, max-age=300");
    response_header(response, "ETag", tag);
}
