/* json - see json.h. */
#include "http/json.h"
#include "http/json_grammar.h"
#include <limits.h>
#include <string.h>

void field_errors_add(struct field_errors *errors, const char *member, const char *message)
{
    if (errors->count >= FIELD_ERRORS_MAX)
        return;
    errors->list[errors->count].member = member;
    errors->list[errors->count].message = message;
    errors->count++;
}

/* The members of all objects, as deep as the grammar let them be. */
static size_t count_members(json_object *value)
{
    size_t count = 0;
    if (json_object_is_type(value, json_type_object)) {
        struct json_object_iterator at = json_object_iter_begin(value);
        const struct json_object_iterator end = json_object_iter_end(value);
        for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
            count += 1 + count_members(json_object_iter_peek_value(&at));
    }
    if (json_object_is_type(value, json_type_array))
        for (size_t i = 0; i < json_object_array_length(value); i++)
            count += count_members(json_object_array_get_idx(value, i));
    return count;
}

/* NULL where json-c refuses what the grammar let through. */
static json_object *build(const char *bytes, size_t size)
{
    json_object *object = NULL;
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
    if (!tokener)
        return NULL;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    object = json_tokener_parse_ex(tokener, bytes, (int)size);
    if (json_tokener_get_error(tokener) != json_tokener_success) {
        json_free(object);
        object = NULL;
    }
    json_tokener_free(tokener);
    return object;
}

/* json-c silently keeps the last of two members of one name. Whoever else reads the same bytes may
 * keep the first (RFC 8259 §4), so they are refused; a tree with fewer members than the text has
 * lost one, however its name was escaped. */
enum error json_parse(const char *bytes, size_t size, json_object **object)
{
    size_t members;
    if (size > INT_MAX || !json_grammar_check(bytes, size, JSON_DEPTH_MAX, &members))
        return ERROR_INVALID_JSON;
    json_object *built = build(bytes, size);
    if (!built)
        return ERROR_INVALID_JSON;
    if (count_members(built) != members) {
        json_free(built);
        return ERROR_INVALID_JSON;
    }
    *object = built;
    return ERROR_NONE;
}

static void wipe(json_object *value)
{
    if (json_object_is_type(value, json_type_string))
        secret_wipe((char *)json_object_get_string(value),
                    (size_t)json_object_get_string_len(value));
    if (json_object_is_type(value, json_type_object)) {
        struct json_object_iterator at = json_object_iter_begin(value);
        const struct json_object_iterator end = json_object_iter_end(value);
        for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
            wipe(json_object_iter_peek_value(&at));
    }
    if (json_object_is_type(value, json_type_array))
        for (size_t i = 0; i < json_object_array_length(value); i++)
            wipe(json_object_array_get_idx(value, i));
}

void json_free(json_object *object)
{
    wipe(object);
    json_object_put(object);
}

bool json_text(json_object *object, const char *member, enum json_presence presence,
               const char **text, size_t *size, struct field_errors *errors)
{
    json_object *value = NULL;
    if (!json_object_object_get_ex(object, member, &value)) {
        if (presence == JSON_REQUIRED)
            field_errors_add(errors, member, "This field is required.");
        return false;
    }
    if (!json_object_is_type(value, json_type_string)) {
        field_errors_add(errors, member, "This must be a text.");
        return false;
    }
    *text = json_object_get_string(value);
    *size = (size_t)json_object_get_string_len(value);
    return true;
}

bool json_secret(json_object *object, const char *member, enum json_presence presence,
                 struct secret **secret, struct field_errors *errors)
{
    const char *text;
    size_t size;
    *secret = NULL;
    if (!json_text(object, member, presence, &text, &size, errors))
        return false;
    *secret = secret_new(text, size);
    return true;
}

void json_flag(json_object *object, const char *member, bool *flag, struct field_errors *errors)
{
    json_object *value = NULL;
    if (!json_object_object_get_ex(object, member, &value))
        return;
    if (json_object_is_type(value, json_type_boolean))
        *flag = json_object_get_boolean(value);
    else
        field_errors_add(errors, member, "This must be true or false.");
}
