/* openapi - the description of the interface as an OpenAPI 3.1 document, made of the route table,
 * the schemas and the error table, so that it cannot differ from what the service does. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include "api/schemas.h"
#include "base/config.h"
#include <json-c/json.h>
#include <stdio.h>

/* A new object. Of the options, it tells base_path, public_url and expired_status. */
json_object *openapi_document(const struct config *config);
/* The same as text, for people. */
void openapi_print(const struct config *config, FILE *out);

/* The parts of it that openapi_schema.c makes. */

/* {"$ref": …} to a schema, which is put among `schemas` (components) with those that it needs. */
json_object *openapi_schema_reference(const struct schema *schema, json_object *schemas);
/* The type of a member; `schemas` as before. */
json_object *openapi_schema_value(const struct schema_member *member, json_object *schemas);
/* {"schema": …, "example": …} */
json_object *openapi_schema_body(const struct schema *schema, json_object *schemas);
/* {MEDIA TYPE: {"schema": …, "example": …}} of a body; `media_type` NULL: the schema's own, or
 * JSON. */
json_object *openapi_content(const struct schema *schema, const char *media_type,
                             json_object *schemas);

#endif
