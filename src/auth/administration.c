/* administration - see administration.h. */
#include "auth/administration.h"
#include <inttypes.h>
#include <stdio.h>

enum { INTEGER_SIZE = 24 };

static enum error judge(const struct db_result *result, const struct access_claims *claims,
                        const struct administration *wanted)
{
    enum { DISABLED, HAS_PERMISSION, ACCOUNT_EXISTS, ACCOUNT_WITHIN, ROLES_EXIST, ROLES_WITHIN };
    if (db_rows(result) == 0)
        return ERROR_INVALID_TOKEN;
    if (db_boolean(result, 0, DISABLED))
        return ERROR_ACCOUNT_DISABLED;
    if (!db_boolean(result, 0, HAS_PERMISSION))
        return ERROR_INSUFFICIENT_SCOPE;
    if (!db_boolean(result, 0, ACCOUNT_EXISTS))
        return ERROR_NOT_FOUND;
    if (!db_boolean(result, 0, ROLES_EXIST))
        return ERROR_VALIDATION;
    bool within = db_boolean(result, 0, ACCOUNT_WITHIN) && wanted->user_id != claims->user_id;
    if ((wanted->changes_account && !within) || !db_boolean(result, 0, ROLES_WITHIN))
        return ERROR_BEYOND_RIGHTS;
    return ERROR_NONE;
}

enum error administration_check(struct auth *auth, const struct access_claims *claims,
                                const struct administration *wanted)
{
    char caller[INTEGER_SIZE], account[INTEGER_SIZE];
    struct db_result *result = NULL;
    snprintf(caller, sizeof caller, "%" PRId64, claims->user_id);
    snprintf(account, sizeof account, "%" PRId64, wanted->user_id);
    const char *const values[] = { caller, claims->session_id, permission_name(wanted->permission),
                                   wanted->user_id ? account : NULL, wanted->roles };
    enum error error = db_run(auth->db, STATEMENT_ADMIN_CHECK, values, &result);
    if (!error)
        error = judge(result, claims, wanted);
    db_result_free(result);
    return error;
}
