/* openapi_schema - the tables of schemas.c as JSON Schema (draft 2020-12, as OpenAPI 3.1 has it);
 * see openapi.h. */
#include "api/openapi.h"
#include <stdio.h>

static void add_text(json_object *object, const char *member, const char *text)
{
    if (text)
        json_object_object_add(object, member, json_object_new_string(text));
}

static json_object *of_type(const char *type)
{
    json_object *object = json_object_new_object();
    add_text(object, "type", type);
    return object;
}

static json_object *list_of(json_object *items)
{
    json_object *object = of_type("array");
    json_object_object_add(object, "items", items);
    return object;
}

static json_object *messages(void)
{
    json_object *object = of_type("object");
    json_object_object_add(object, "additionalProperties", list_of(of_type("string")));
    return object;
}

json_object *openapi_schema_value(const struct schema_member *member, json_object *schemas)
{
    switch (member->type) {
    case SCHEMA_INTEGER:
        return of_type("integer");
    case SCHEMA_BOOLEAN:
        return of_type("boolean");
    case SCHEMA_OBJECT:
        return openapi_schema_reference(member->of, schemas);
    case SCHEMA_LIST:
        return list_of(member->of ? openapi_schema_reference(member->of, schemas)
                                  : of_type("string"));
    case SCHEMA_MESSAGES:
        return messages();
    case SCHEMA_TEXT:
    default:
        return of_type("string");
    }
}

static json_object *or_null(json_object *type)
{
    json_object *types = json_object_new_array();
    json_object_array_add(types, type);
    json_object_array_add(types, json_object_new_string("null"));
    return types;
}

static bool may_be_null(const struct schema_member *member)
{
    return member->presence == SCHEMA_NULLABLE || member->presence == SCHEMA_OPTIONAL_NULLABLE;
}

static json_object *property(const struct schema_member *member, json_object *schemas)
{
    json_object *object = openapi_schema_value(member, schemas), *type = NULL;
    if (may_be_null(member) && json_object_object_get_ex(object, "type", &type))
        json_object_object_add(object, "type", or_null(json_object_get(type)));
    add_text(object, "format", member->format);
    add_text(object, "description", member->description);
    return object;
}

static json_object *object_of(const struct schema *schema, json_object *schemas)
{
    json_object *object = of_type(schema->media_type ? "string" : "object");
    add_text(object, "description", schema->description);
    if (!schema->members)
        return object;
    json_object *properties = json_object_new_object(), *required = json_object_new_array();
    for (const struct schema_member *member = schema->members; member->name; member++) {
        json_object_object_add(properties, member->name, property(member, schemas));
        if (member->presence == SCHEMA_REQUIRED || member->presence == SCHEMA_NULLABLE)
            json_object_array_add(required, json_object_new_string(member->name));
    }
    json_object_object_add(object, "properties", properties);
    json_object_object_add(object, "required", required);
    return object;
}

json_object *openapi_schema_reference(const struct schema *schema, json_object *schemas)
{
    char path[128];
    snprintf(path, sizeof path, "#/components/schemas/%s", schema->name);
    if (!json_object_object_get_ex(schemas, schema->name, NULL))
        json_object_object_add(schemas, schema->name, object_of(schema, schemas));
    json_object *reference = json_object_new_object();
    add_text(reference, "$ref", path);
    return reference;
}

json_object *openapi_schema_body(const struct schema *schema, json_object *schemas)
{
    json_object *body = json_object_new_object();
    json_object_object_add(body, "schema", openapi_schema_reference(schema, schemas));
    if (schema->example)
        json_object_object_add(body, "example", json_tokener_parse(schema->example));
    return body;
}

json_object *openapi_content(const struct schema *schema, const char *media_type,
                             json_object *schemas)
{
    json_object *content = json_object_new_object();
    if (!media_type)
        media_type = schema->media_type ? schema->media_type : "application/json";
    json_object_object_add(content, media_type, openapi_schema_body(schema, schemas));
    return content;
}
