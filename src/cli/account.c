/* account - see account.h. */
#include "cli/account.h"
#include <stdio.h>
#include <stdlib.h>

/* In the order of enum registry_account. */
static const struct table_column columns[REGISTRY_ACCOUNT_COLUMNS] = {
    [REGISTRY_ID] = { "id", COLUMN_NUMBER },
    [REGISTRY_EMAIL] = { "email", COLUMN_TEXT },
    [REGISTRY_NAME] = { "name", COLUMN_TEXT },
    [REGISTRY_ROLES] = { "roles", COLUMN_LIST },
    [REGISTRY_DISABLED] = { "disabled", COLUMN_SWITCH },
    [REGISTRY_CREATED] = { "created", COLUMN_TEXT },
    [REGISTRY_PASSWORD_CHANGED] = { "password_changed", COLUMN_TEXT },
    [REGISTRY_LAST_LOGIN] = { "last_login", COLUMN_TEXT },
    [REGISTRY_SESSIONS] = { "sessions", COLUMN_NUMBER },
};

struct table *account_table(void)
{
    return table_new(columns, REGISTRY_ACCOUNT_COLUMNS);
}

struct found {
    struct table *table;
    int64_t id;
};

static void take_found(void *context, const char *const values[])
{
    struct found *found = context;
    found->id = strtoll(values[REGISTRY_ID], NULL, 10);
    if (found->table)
        table_add(found->table, values);
}

bool account_find(struct operator_desk *desk, const char *command, const char *who, int64_t *id,
                  struct table *table)
{
    struct found found = { .table = table };
    enum error error = registry_look_up(&desk->auth, who, take_found, &found);
    if (error == ERROR_NOT_FOUND)
        fprintf(stderr, "therappai-auth: %s: there is no such account\n", command);
    else if (error)
        operator_fail(command, error);
    *id = found.id;
    return !error;
}
