/* json - request bodies as JSON objects (RFC 8259), read strictly, and their members. */
#ifndef HTTP_JSON_H
#define HTTP_JSON_H

#include "base/error.h"
#include "base/secret.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

enum { JSON_DEPTH_MAX = 16, FIELD_ERRORS_MAX = 16 };

/* Which members are at fault, and why. Both texts are static, or live as long as the request. */
struct field_errors {
    int count;
    struct {
        const char *member, *message;
    } list[FIELD_ERRORS_MAX];
};
/* Past the maximum nothing is added. */
void field_errors_add(struct field_errors *errors, const char *member, const char *message);

/* One object in UTF-8, nothing before or behind it but white space, no comments, no duplicate
 * extensions of json-c, at most JSON_DEPTH_MAX levels. To be freed with json_free. Errors:
 * ERROR_INVALID_JSON. */
enum error json_parse(const char *bytes, size_t size, json_object **object);
/* Wipes the strings (passwords, tokens) and frees. NULL-safe. */
void json_free(json_object *object);

/* What a member must be. */
enum json_presence { JSON_REQUIRED, JSON_OPTIONAL };

/* The string of a member, owned by the object; it may hold NUL where *size says so. Where the
 * member is missing, null or not a string, adds to `errors` and returns false; where it is optional
 * and missing, returns false and adds nothing. */
bool json_text(json_object *object, const char *member, enum json_presence presence,
               const char **text, size_t *size, struct field_errors *errors);
/* The same as a secret, to be freed with secret_free. *secret is NULL where it returns false. */
bool json_secret(json_object *object, const char *member, enum json_presence presence,
                 struct secret **secret, struct field_errors *errors);

/* A boolean that may be missing: *flag is left alone then. What is neither adds to `errors`. */
void json_flag(json_object *object, const char *member, bool *flag, struct field_errors *errors);

#endif
