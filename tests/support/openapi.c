/* openapi - see openapi.h. */
#include "support/openapi.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static char message[512], methods[OPENAPI_OPERATIONS_MAX][16];

size_t openapi_operations(json_object *document,
                          struct openapi_operation operations[OPENAPI_OPERATIONS_MAX])
{
    size_t count = 0;
    OPENAPI_EACH(openapi_get(document, "paths", NULL), at_path)
    {
        const char *path = json_object_iter_peek_name(&at_path);
        json_object *methods_of = json_object_iter_peek_value(&at_path);
        OPENAPI_EACH(methods_of, at_method)
        {
            const char *method = json_object_iter_peek_name(&at_method);
            json_object *object = json_object_iter_peek_value(&at_method);
            char *name = methods[count];
            for (size_t i = 0; i < sizeof methods[0]; i++)
                name[i] = (char)toupper((unsigned char)(strlen(method) > i ? method[i] : 0));
            name[sizeof methods[0] - 1] = '\0';
            operations[count] = (struct openapi_operation){ name, path, object };
            if (++count == OPENAPI_OPERATIONS_MAX)
                return count;
        }
    }
    return count;
}

json_object *openapi_get(json_object *object, ...)
{
    va_list names;
    va_start(names, object);
    for (const char *name; (name = va_arg(names, const char *));)
        if (!json_object_object_get_ex(object, name, &object))
            object = NULL;
    va_end(names);
    return object;
}

json_object *openapi_follow(json_object *document, json_object *reference)
{
    char path[256], *rest = NULL;
    json_object *to = openapi_get(reference, "$ref", NULL);
    if (!to)
        return reference;
    snprintf(path, sizeof path, "%s", json_object_get_string(to) + strlen("#/"));
    json_object *found = document;
    for (char *name = strtok_r(path, "/", &rest); name; name = strtok_r(NULL, "/", &rest))
        found = openapi_get(found, name, NULL);
    return found;
}

json_object *openapi_body(json_object *content, const char **media_type)
{
    struct json_object_iterator at = json_object_iter_begin(content);
    *media_type = json_object_iter_peek_name(&at);
    return json_object_iter_peek_value(&at);
}

static bool has_type(json_object *schema, json_object *value)
{
    const char *name = json_type_to_name(json_object_get_type(value));
    const char *actual = !strcmp(name, "int") ? "integer" : name;
    json_object *type = openapi_get(schema, "type", NULL);
    if (!json_object_is_type(type, json_type_array))
        return type && !strcmp(json_object_get_string(type), actual);
    for (size_t i = 0; i < json_object_array_length(type); i++)
        if (!strcmp(json_object_get_string(json_object_array_get_idx(type, i)), actual))
            return true;
    return false;
}

static const char *flaw(const char *what, const char *where)
{
    snprintf(message, sizeof message, "%s: %s", what, where);
    return message;
}

static const char *missing_member(json_object *schema, json_object *value)
{
    json_object *required = openapi_get(schema, "required", NULL);
    for (size_t i = 0; required && i < json_object_array_length(required); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(required, i));
        if (!json_object_object_get_ex(value, name, NULL))
            return flaw("is missing", name);
    }
    return NULL;
}

static const char *object_flaw(json_object *document, json_object *schema, json_object *value)
{
    json_object *properties = openapi_get(schema, "properties", NULL);
    json_object *others = openapi_get(schema, "additionalProperties", NULL);
    const char *found = missing_member(schema, value);
    if (found || (!properties && !others))
        return found;
    OPENAPI_EACH(value, at_name)
    {
        const char *name = json_object_iter_peek_name(&at_name);
        json_object *member = json_object_iter_peek_value(&at_name);
        json_object *of = properties ? openapi_get(properties, name, NULL) : others;
        if (!of)
            return flaw("is not told", name);
        found = openapi_flaw(document, of, member);
        if (found)
            return found;
    }
    return NULL;
}

const char *openapi_flaw(json_object *document, json_object *schema, json_object *value)
{
    schema = openapi_follow(document, schema);
    if (!schema)
        return "there is no such schema";
    if (!has_type(schema, value))
        return flaw("is of another type", json_object_to_json_string(value));
    if (json_object_is_type(value, json_type_object))
        return object_flaw(document, schema, value);
    for (size_t i = 0;
         json_object_is_type(value, json_type_array) && i < json_object_array_length(value); i++) {
        const char *found = openapi_flaw(document, openapi_get(schema, "items", NULL),
                                         json_object_array_get_idx(value, i));
        if (found)
            return found;
    }
    return NULL;
}
