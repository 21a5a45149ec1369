/* registry - see registry.h. */
#include "auth/registry.h"
#include "auth/email.h"
#include "auth/password.h"
#include "auth/uuid.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INTEGER_SIZE = 24 };

static const char *write_integer(int64_t integer, char text[INTEGER_SIZE])
{
    snprintf(text, INTEGER_SIZE, "%" PRId64, integer);
    return text;
}

/* Looking ---------------------------------------------------------------------------------------*/

enum error registry_list(struct auth *auth, const struct registry_filter *filter, rows_take *take,
                         void *context)
{
    char key[EMAIL_KEY_SIZE], idle[INTEGER_SIZE], after[INTEGER_SIZE], most[INTEGER_SIZE];
    bool has_key = filter->part && email_key(filter->part, strlen(filter->part), key);
    const char *const values[] = {
        has_key ? key : NULL,
        filter->part,
        filter->role,
        filter->disabled,
        write_integer(auth->config->refresh_idle_s, idle),
        write_integer(filter->after, after),
        write_integer(filter->most, most),
    };
    return rows_run(auth, STATEMENT_USER_LIST, values, REGISTRY_ACCOUNT_COLUMNS, take, context,
                    NULL);
}

/* Whether `who` is an id, as PostgreSQL takes it. */
static bool is_id(const char *who)
{
    errno = 0;
    return *who && !who[strspn(who, "0123456789")] && strtoll(who, NULL, 10) > 0 && errno == 0;
}

enum error registry_look_up(struct auth *auth, const char *who, rows_take *take, void *context)
{
    char key[EMAIL_KEY_SIZE], idle[INTEGER_SIZE];
    int count = 0;
    bool by_id = is_id(who);
    if (!by_id && (email_flaw(who, strlen(who)) || !email_key(who, strlen(who), key)))
        return ERROR_NOT_FOUND;
    const char *const values[] = { by_id ? who : NULL, by_id ? NULL : key,
                                   write_integer(auth->config->refresh_idle_s, idle) };
    enum error error = rows_run(auth, STATEMENT_USER_LOOK_UP, values, REGISTRY_ACCOUNT_COLUMNS,
                                take, context, &count);
    return !error && count == 0 ? ERROR_NOT_FOUND : error;
}

enum error registry_sessions(struct auth *auth, int64_t user_id, rows_take *take, void *context)
{
    char id[INTEGER_SIZE], idle[INTEGER_SIZE];
    const char *const values[] = { write_integer(user_id, id),
                                   write_integer(auth->config->refresh_idle_s, idle) };
    return rows_run(auth, STATEMENT_USER_SESSIONS, values, REGISTRY_SESSION_COLUMNS, take, context,
                    NULL);
}

/* Changing --------------------------------------------------------------------------------------*/

static enum error hash(struct auth *auth, const struct secret *password,
                       char hash[PASSWORD_HASH_SIZE])
{
    const struct password_cost cost = { auth->config->argon2_memory_kib,
                                        auth->config->argon2_passes };
    return password_hash(password, cost, auth->hash_queue, hash);
}

static enum error add(struct auth *auth, const char *const values[], int64_t *id)
{
    struct db_result *result = NULL;
    enum error error = db_run(auth->db, STATEMENT_USER_ADD, values, &result);
    if (!error && db_rows(result) == 0)
        error = ERROR_NOT_FOUND;
    if (!error)
        *id = db_integer(result, 0, 0);
    db_result_free(result);
    return error == ERROR_DUPLICATE ? ERROR_EMAIL_TAKEN : error;
}

enum error registry_add(struct auth *auth, const char *email, const char *name, const char *roles,
                        const struct secret *password, const struct audit_actor *actor, int64_t *id)
{
    char key[EMAIL_KEY_SIZE], made[PASSWORD_HASH_SIZE], actor_id[AUDIT_ID_SIZE];
    if (!email_key(email, strlen(email), key))
        return ERROR_INTERNAL;
    enum error error = hash(auth, password, made);
    if (error)
        return error;
    const char *values[] = {
        NULL, NULL, NULL, NULL, "user_added", email, key, name, made, roles, "f",
    };
    audit_actor_values(actor, actor_id, values);
    error = add(auth, values, id);
    secret_wipe(made, sizeof made);
    return error;
}

enum { MORE = 3 }; /* values that stand behind the actor and the account */

/* Of the statements that say whether there is such a thing, whether it has to stay, and whether it
 * changed. */
static enum error change(struct auth *auth, enum statement statement, int64_t id,
                         const struct audit_actor *actor, const char *const more[MORE],
                         bool *changed)
{
    enum { EXISTS, IS_LAST, CHANGED, IS_BEYOND };
    char account[INTEGER_SIZE], actor_id[AUDIT_ID_SIZE];
    struct db_result *result = NULL;
    const char *values[] = { NULL,    NULL,    NULL,   NULL, write_integer(id, account),
                             more[0], more[1], more[2] };
    audit_actor_values(actor, actor_id, values);
    enum error error = db_run(auth->db, statement, values, &result);
    if (!error && !db_boolean(result, 0, EXISTS))
        error = ERROR_NOT_FOUND;
    else if (!error && db_boolean(result, 0, IS_BEYOND))
        error = ERROR_BEYOND_RIGHTS;
    else if (!error && db_boolean(result, 0, IS_LAST))
        error = ERROR_LAST_ADMIN;
    else if (!error)
        *changed = db_boolean(result, 0, CHANGED);
    db_result_free(result);
    return error;
}

static const char *boolean(bool value)
{
    return value ? "t" : "f";
}

enum error registry_set_password(struct auth *auth, int64_t id, const struct secret *password,
                                 const struct audit_actor *actor, bool *changed)
{
    char made[PASSWORD_HASH_SIZE];
    enum error error = hash(auth, password, made);
    if (error)
        return error;
    const char *const more[MORE] = { made, NULL };
    error = change(auth, STATEMENT_USER_SET_PASSWORD, id, actor, more, changed);
    secret_wipe(made, sizeof made);
    return error;
}

enum error registry_set_disabled(struct auth *auth, int64_t id, bool disabled, bool last_admin,
                                 const struct audit_actor *actor, bool *changed)
{
    const char *const more[MORE] = { boolean(last_admin || !disabled), boolean(disabled) };
    return change(auth, STATEMENT_USER_SET_DISABLED, id, actor, more, changed);
}

enum error registry_give_role(struct auth *auth, int64_t id, const char *role,
                              const struct audit_actor *actor, bool *changed)
{
    const char *const more[MORE] = { role, NULL };
    return change(auth, STATEMENT_USER_GIVE_ROLE, id, actor, more, changed);
}

enum error registry_take_role(struct auth *auth, int64_t id, const char *role, bool last_admin,
                              const struct audit_actor *actor, bool *changed)
{
    const char *const more[MORE] = { boolean(last_admin), role };
    return change(auth, STATEMENT_USER_TAKE_ROLE, id, actor, more, changed);
}

enum error registry_change(struct auth *auth, int64_t id, const struct registry_change *wanted,
                           const struct audit_actor *actor)
{
    bool changed;
    const char *const more[MORE] = { wanted->name, wanted->disabled, wanted->roles };
    return change(auth, STATEMENT_USER_CHANGE, id, actor, more, &changed);
}

enum error registry_delete(struct auth *auth, int64_t id, bool last_admin,
                           const struct audit_actor *actor, bool *changed)
{
    const char *const more[MORE] = { boolean(last_admin), NULL };
    return change(auth, STATEMENT_USER_DELETE, id, actor, more, changed);
}

enum error registry_end_sessions(struct auth *auth, const char *session_id, int64_t user_id,
                                 const struct audit_actor *actor, int64_t *count)
{
    char account[INTEGER_SIZE], actor_id[AUDIT_ID_SIZE];
    unsigned char bytes[UUID_BYTES];
    struct db_result *result = NULL;
    if (session_id && !uuid_parse(session_id, bytes))
        return ERROR_NOT_FOUND;
    const char *values[] = {
        NULL, NULL, NULL, NULL, session_id, session_id ? NULL : write_integer(user_id, account)
    };
    audit_actor_values(actor, actor_id, values);
    enum error error = db_run(auth->db, STATEMENT_USER_END_SESSIONS, values, &result);
    if (!error)
        *count = db_integer(result, 0, 0);
    db_result_free(result);
    return error;
}
