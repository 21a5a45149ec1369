/* admin_form - see admin_form.h. */
#include "api/admin_form.h"
#include "auth/role.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "http/form.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROLES_MAX = 32, ROLES_SIZE = 2048 };

/* False where it is no number of decimal digits that a bigint holds. */
static bool read_number(const char *text, int64_t *number)
{
    errno = 0;
    *number = strtoll(text, NULL, 10);
    return *text && !text[strspn(text, "0123456789")] && errno == 0;
}

int64_t admin_query_number(struct exchange *exchange, const char *name, int64_t least, int64_t most,
                           int64_t otherwise)
{
    int64_t number;
    const char *text = form_text(exchange->query, name);
    if (!text)
        return otherwise;
    if (read_number(text, &number) && number >= least && number <= most)
        return number;
    field_errors_add(&exchange->errors, name, "This is no number, or is too small or too large.");
    return otherwise;
}

const char *admin_query_switch(struct exchange *exchange, const char *name)
{
    const char *text = form_text(exchange->query, name);
    if (!text)
        return NULL;
    if (!strcmp(text, "true") || !strcmp(text, "false"))
        return *text == 't' ? "t" : "f";
    field_errors_add(&exchange->errors, name, "This is true or false.");
    return NULL;
}

int64_t admin_account_id(const struct exchange *exchange)
{
    int64_t id;
    return read_number(exchange->parameter, &id) ? id : 0;
}

static bool add_role(json_object *value, struct buffer *roles)
{
    const char *name =
        json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
    if (strlen(name) != (size_t)json_object_get_string_len(value) || role_name_flaw(name))
        return false;
    buffer_format(roles, "%s%s", roles->size ? " " : "", name);
    return !roles->overflowed;
}

char *admin_body_roles(struct exchange *exchange)
{
    json_object *list = NULL;
    struct buffer roles;
    if (!json_object_object_get_ex(exchange->body, "roles", &list))
        return NULL;
    buffer_init(&roles, ROLES_SIZE);
    bool good =
        json_object_is_type(list, json_type_array) && json_object_array_length(list) <= ROLES_MAX;
    for (size_t i = 0; good && i < json_object_array_length(list); i++)
        good = add_role(json_object_array_get_idx(list, i), &roles);
    if (!good)
        field_errors_add(&exchange->errors, "roles", "This is a list of names of roles.");
    char *text = memory_text(roles.data ? roles.data : "");
    buffer_clear(&roles);
    return text;
}
