/* role - see role.h. */
#include "auth/role.h"
#include "auth/access_token.h"
#include <string.h>

enum { NAME_MAX_SIZE = 32 };

enum error role_list(struct auth *auth, rows_take *take, void *context)
{
    return rows_run(auth, STATEMENT_ROLE_LIST, NULL, ROLE_COLUMNS, take, context, NULL);
}

const char *role_name_flaw(const char *name)
{
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    if (size > 0 && size <= NAME_MAX_SIZE && name[size] == '\0')
        return NULL;
    return "A role's name has 1 to 32 of a-z, 0-9, - and _.";
}

const char *role_permissions_flaw(const char *permissions)
{
    size_t size = strlen(permissions);
    for (size_t i = 0; i < size; i++)
        if (permissions[i] < ' ' || permissions[i] > '~' || permissions[i] == '"' ||
            permissions[i] == '\\')
            return "Permissions have only ASCII characters, and no quotation mark or backslash.";
    if (size >= ACCESS_SCOPE_SIZE)
        return "So many permissions do not fit into an access token.";
    if (size == 0)
        return NULL;
    if (permissions[0] == ' ' || permissions[size - 1] == ' ' || strstr(permissions, "  "))
        return "The name of a permission is not empty and has no blank.";
    return NULL;
}

enum error role_set(struct auth *auth, const char *name, const char *permissions,
                    const struct audit_actor *actor, bool *is_new)
{
    struct db_result *result = NULL;
    char actor_id[AUDIT_ID_SIZE];
    const char *values[] = { NULL, NULL, NULL, NULL, name, permissions };
    audit_actor_values(actor, actor_id, values);
    enum error error = db_run(auth->db, STATEMENT_ROLE_SET, values, &result);
    if (!error)
        *is_new = db_boolean(result, 0, 0);
    db_result_free(result);
    return error;
}

enum error role_delete(struct auth *auth, const char *name, const struct audit_actor *actor,
                       bool *gone)
{
    enum { EXISTS, GONE };
    struct db_result *result = NULL;
    char actor_id[AUDIT_ID_SIZE];
    const char *values[] = { NULL, NULL, NULL, NULL, name };
    audit_actor_values(actor, actor_id, values);
    enum error error = db_run(auth->db, STATEMENT_ROLE_DELETE, values, &result);
    if (!error && !db_boolean(result, 0, EXISTS))
        error = ERROR_NOT_FOUND;
    if (!error)
        *gone = db_boolean(result, 0, GONE);
    db_result_free(result);
    return error;
}
