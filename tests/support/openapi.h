/* openapi - the service's description of itself, and whether something is as it says. */
#ifndef SUPPORT_OPENAPI_H
#define SUPPORT_OPENAPI_H

#include <json-c/json.h>
#include <stddef.h>

enum { OPENAPI_OPERATIONS_MAX = 128 };

/* Owned by the document. */
struct openapi_operation {
    const char *method, *path; /* "POST", "/login/" */
    json_object *object;
};

/* All of them, in the order of the document. */
size_t openapi_operations(json_object *document,
                          struct openapi_operation operations[OPENAPI_OPERATIONS_MAX]);

/* A loop over the members of an object; that of json-c needs an extension of GCC. */
#define OPENAPI_EACH(object, at)                                                                   \
    for (struct json_object_iterator at = json_object_iter_begin(object),                          \
                                     at##_end = json_object_iter_end(object);                      \
         !json_object_iter_equal(&at, &at##_end); json_object_iter_next(&at))

/* A member of members: openapi_get(object, "a", "b", NULL); NULL where there is none. */
json_object *openapi_get(json_object *object, ...) __attribute__((sentinel));
/* What a {"$ref": …} stands for; anything else is itself. */
json_object *openapi_follow(json_object *document, json_object *reference);

/* The one media type of a content, and its part. */
json_object *openapi_body(json_object *content, const char **media_type);

/* NULL where the value is as the schema says, and has no member that the schema does not tell;
 * else what is wrong. The text lives until the next call. */
const char *openapi_flaw(json_object *document, json_object *schema, json_object *value);

#endif
