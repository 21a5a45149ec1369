/* transfer - see transfer.h. */
#include "auth/transfer.h"
#include "auth/email.h"
#include "auth/password.h"
#include "auth/role.h"
#include "auth/user.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { INTEGER_SIZE = 24, ROLE_NAME_SIZE = 64, ROLES_SIZE_MAX = 512 };

/* Export ----------------------------------------------------------------------------------------*/

static struct transfer_account account_at(const struct db_result *result, int row)
{
    enum { ID, EMAIL, NAME, PASSWORD, ROLES, CREATED, DISABLED };
    return (struct transfer_account){
        .id = db_integer(result, row, ID),
        .email = db_value(result, row, EMAIL),
        .name = db_value(result, row, NAME),
        .password_hash = db_value(result, row, PASSWORD),
        .roles = db_value(result, row, ROLES),
        .created = db_value(result, row, CREATED),
        .disabled = db_boolean(result, row, DISABLED),
    };
}

/* One page behind the account *last; *more: there may be another. */
static enum error export_page(struct auth *auth, int64_t *last, transfer_take *take, void *context,
                              bool *more)
{
    char after[INTEGER_SIZE];
    struct db_result *result = NULL;
    snprintf(after, sizeof after, "%" PRId64, *last);
    const char *const values[] = { after };
    enum error error = db_run(auth->db, STATEMENT_USER_EXPORT, values, &result);
    if (error)
        return error;
    *more = db_rows(result) > 0;
    for (int row = 0; row < db_rows(result) && *more; row++) {
        const struct transfer_account account = account_at(result, row);
        *more = take(context, &account);
        *last = account.id;
    }
    db_result_free(result);
    return ERROR_NONE;
}

enum error transfer_export(struct auth *auth, const char *operator_name, transfer_take *take,
                           void *context)
{
    int64_t last = 0;
    bool more = true;
    enum error error = audit_operation(auth, "users_exported", operator_name);
    while (!error && more)
        error = export_page(auth, &last, take, context, &more);
    return error;
}

/* Import ----------------------------------------------------------------------------------------*/

/* Names separated by single spaces. */
static bool are_role_names(const char *roles)
{
    char name[ROLE_NAME_SIZE];
    if (strlen(roles) > ROLES_SIZE_MAX)
        return false;
    for (bool more = *roles != '\0'; more;) {
        size_t size = strcspn(roles, " ");
        snprintf(name, sizeof name, "%.*s", (int)size, roles);
        if (size >= sizeof name || role_name_flaw(name))
            return false;
        more = roles[size] == ' ';
        roles += size + more;
    }
    return true;
}

const char *transfer_flaw(const struct transfer_account *account)
{
    const char *flaw = email_flaw(account->email, strlen(account->email));
    if (!flaw)
        flaw = user_name_flaw(account->name, strlen(account->name));
    if (!flaw)
        flaw = password_hash_flaw(account->password_hash);
    if (!flaw && !are_role_names(account->roles))
        flaw = "The roles are not names of roles.";
    return flaw;
}

enum error transfer_import(struct auth *auth, const struct transfer_account *account,
                           const struct audit_actor *actor)
{
    char key[EMAIL_KEY_SIZE], actor_id[AUDIT_ID_SIZE];
    struct db_result *result = NULL;
    if (!email_key(account->email, strlen(account->email), key))
        return ERROR_INTERNAL;
    const char *values[] = {
        NULL,
        NULL,
        NULL,
        NULL,
        "user_imported",
        account->email,
        key,
        account->name,
        account->password_hash,
        account->roles,
        account->disabled ? "t" : "f",
    };
    audit_actor_values(actor, actor_id, values);
    enum error error = db_run(auth->db, STATEMENT_USER_ADD, values, &result);
    if (!error && db_rows(result) == 0)
        error = ERROR_NOT_FOUND;
    db_result_free(result);
    return error == ERROR_DUPLICATE ? ERROR_EMAIL_TAKEN : error;
}
