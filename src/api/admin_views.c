/* admin_views - see admin_views.h. */
#include "api/admin_views.h"
#include "api/views.h"
#include "auth/audit.h"
#include "auth/registry.h"
#include "auth/role.h"
#include <stdlib.h>
#include <string.h>

enum kind { KIND_TEXT, KIND_INTEGER, KIND_BOOLEAN, KIND_NAMES };

struct column {
    const char *member;
    enum kind kind;
};

static json_object *value_of(enum kind kind, const char *value)
{
    if (!value)
        return NULL;
    switch (kind) {
    case KIND_INTEGER:
        return json_object_new_int64(strtoll(value, NULL, 10));
    case KIND_BOOLEAN:
        return json_object_new_boolean(strcmp(value, "t") == 0);
    case KIND_NAMES:
        return view_names(value);
    case KIND_TEXT:
    default:
        return json_object_new_string(value);
    }
}

static void add_row(struct admin_rows *rows, const struct column *columns, size_t count,
                    const char *const values[])
{
    json_object *row = json_object_new_object();
    for (size_t i = 0; i < count; i++)
        json_object_object_add(row, columns[i].member, value_of(columns[i].kind, values[i]));
    json_object_array_add(rows->list, row);
}

void admin_view_account(void *context, const char *const values[])
{
    static const struct column columns[REGISTRY_ACCOUNT_COLUMNS] = {
        [REGISTRY_ID] = { "id", KIND_INTEGER },
        [REGISTRY_EMAIL] = { "email", KIND_TEXT },
        [REGISTRY_NAME] = { "name", KIND_TEXT },
        [REGISTRY_ROLES] = { "roles", KIND_NAMES },
        [REGISTRY_DISABLED] = { "disabled", KIND_BOOLEAN },
        [REGISTRY_CREATED] = { "created", KIND_TEXT },
        [REGISTRY_PASSWORD_CHANGED] = { "password_changed", KIND_TEXT },
        [REGISTRY_LAST_LOGIN] = { "last_login", KIND_TEXT },
        [REGISTRY_SESSIONS] = { "sessions", KIND_INTEGER },
    };
    struct admin_rows *rows = context;
    rows->last_id = strtoll(values[REGISTRY_ID], NULL, 10);
    add_row(rows, columns, REGISTRY_ACCOUNT_COLUMNS, values);
}

void admin_view_session(void *context, const char *const values[])
{
    static const struct column columns[REGISTRY_SESSION_COLUMNS] = {
        [REGISTRY_SESSION_ID] = { "id", KIND_TEXT },
        [REGISTRY_SESSION_CREATED] = { "created", KIND_TEXT },
        [REGISTRY_SESSION_LAST_USED] = { "last_used", KIND_TEXT },
        [REGISTRY_SESSION_EXPIRES] = { "expires", KIND_TEXT },
        [REGISTRY_SESSION_ADDRESS] = { "address", KIND_TEXT },
        [REGISTRY_SESSION_USER_AGENT] = { "user_agent", KIND_TEXT },
    };
    add_row(context, columns, REGISTRY_SESSION_COLUMNS, values);
}

void admin_view_role(void *context, const char *const values[])
{
    static const struct column columns[ROLE_COLUMNS] = {
        [ROLE_NAME] = { "name", KIND_TEXT },
        [ROLE_PERMISSIONS] = { "permissions", KIND_NAMES },
        [ROLE_ACCOUNTS] = { "accounts", KIND_INTEGER },
    };
    add_row(context, columns, ROLE_COLUMNS, values);
}

void admin_view_event(void *context, const char *const values[])
{
    static const struct column columns[AUDIT_COLUMNS] = {
        [AUDIT_AT] = { "at", KIND_TEXT },
        [AUDIT_EVENT] = { "event", KIND_TEXT },
        [AUDIT_USER] = { "user", KIND_INTEGER },
        [AUDIT_ACTOR] = { "actor", KIND_INTEGER },
        [AUDIT_OPERATOR] = { "operator", KIND_TEXT },
        [AUDIT_SESSION] = { "session", KIND_TEXT },
        [AUDIT_ADDRESS] = { "address", KIND_TEXT },
        [AUDIT_REQUEST_ID] = { "request_id", KIND_TEXT },
        [AUDIT_DETAIL] = { "detail", KIND_TEXT },
        [AUDIT_ID] = { "id", KIND_INTEGER },
    };
    struct admin_rows *rows = context;
    rows->last_id = strtoll(values[AUDIT_ID], NULL, 10);
    add_row(rows, columns, AUDIT_COLUMNS, values);
}
