/* personal_info - GET and PUT /personal-info/: what the account tells about its person. */
#include "auth/personal_info.h"
#include "api/handlers.h"
#include "api/views.h"
#include "http/json.h"

static enum error answer(struct exchange *exchange, const struct personal_info *info)
{
    response_json(&exchange->response, STATUS_OK, view_personal_info(info));
    return ERROR_NONE;
}

enum error personal_info_get(struct exchange *exchange)
{
    struct personal_info info = { 0 };
    enum error error = personal_info_read(exchange->auth, exchange->claims, &info);
    if (!error)
        error = answer(exchange, &info);
    personal_info_clear(&info);
    return error;
}

/* Missing, null and empty are one: not told. */
static struct secret *read_value(json_object *body, enum personal_info_column column,
                                 struct field_errors *errors)
{
    const char *name = personal_info_name(column), *text = NULL;
    size_t size = 0;
    json_object *value = NULL;
    if (!json_object_object_get_ex(body, name, &value) || !value)
        return NULL;
    if (!json_text(body, name, JSON_REQUIRED, &text, &size, errors) || size == 0)
        return NULL;
    const char *flaw = personal_info_flaw(column, text, size);
    if (flaw)
        field_errors_add(errors, name, flaw);
    return secret_new(text, size);
}

enum error personal_info_put(struct exchange *exchange)
{
    struct personal_info info = { 0 };
    enum error error = ERROR_VALIDATION;
    for (int i = 0; i < PERSONAL_INFO_COLUMNS; i++)
        info.values[i] =
            read_value(exchange->body, (enum personal_info_column)i, &exchange->errors);
    if (!exchange->errors.count)
        error = personal_info_write(exchange->auth, exchange->claims, &info, &exchange->client);
    if (!error)
        error = answer(exchange, &info);
    personal_info_clear(&info);
    return error;
}
