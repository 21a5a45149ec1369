/* user - see user.h. */
#include "auth/user.h"
#include "auth/email.h"
#include "auth/password.h"
#include "base/log.h"
#include "base/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

void user_clear(struct user *user)
{
    free(user->email);
    free(user->name);
    free(user->profile_pic);
    *user = (struct user){ 0 };
}

const char *user_name_flaw(const char *name, size_t size)
{
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)name;
    size_t at = 0;
    int count = 0, visible = 0;
    while (at < size) {
        utf8proc_int32_t point;
        utf8proc_ssize_t length =
            utf8proc_iterate(bytes + at, (utf8proc_ssize_t)(size - at), &point);
        utf8proc_category_t category = length > 0 ? utf8proc_category(point) : 0;
        if (length <= 0 || category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_ZL ||
            category == UTF8PROC_CATEGORY_ZP)
            return "A name is text without control characters and line breaks.";
        if (++count > USER_NAME_MAX)
            return "A name has at most 200 characters.";
        visible += category != UTF8PROC_CATEGORY_ZS && category != UTF8PROC_CATEGORY_CF;
        at += (size_t)length;
    }
    return visible ? NULL : "A name has at least one character.";
}

enum error user_sign_up(struct auth *auth, const char *email, const char *name,
                        const struct secret *password, struct user *user)
{
    const struct password_cost cost = { auth->config->argon2_memory_kib,
                                        auth->config->argon2_passes };
    char key[EMAIL_KEY_SIZE], hash[PASSWORD_HASH_SIZE];
    struct db_result *result = NULL;
    if (!email_key(email, strlen(email), key))
        return ERROR_INTERNAL;
    enum error error = password_hash(password, cost, auth->hash_queue, hash);
    if (error)
        return error;
    const char *values[] = { email, key, name, hash };
    error = db_run(auth->db, STATEMENT_USER_CREATE, values, &result);
    secret_wipe(hash, sizeof hash);
    if (error)
        return error == ERROR_DUPLICATE ? ERROR_EMAIL_TAKEN : error;
    *user = (struct user){ .id = db_integer(result, 0, 0),
                           .email = memory_text(email),
                           .name = memory_text(name) };
    db_result_free(result);
    LOG(LOG_LEVEL_INFO, "account_created", log_integer("user", user->id));
    return ERROR_NONE;
}

/* A row of PROFILE_READ or PROFILE_RENAME. */
static enum error take_profile(const struct db_result *result, struct user *user)
{
    if (db_rows(result) != 1)
        return ERROR_INVALID_TOKEN;
    if (db_boolean(result, 0, 4))
        return ERROR_ACCOUNT_DISABLED;
    *user = (struct user){ .id = db_integer(result, 0, 0),
                           .email = memory_text(db_value(result, 0, 1)),
                           .name = memory_text(db_value(result, 0, 2)),
                           .profile_pic = memory_text(db_value(result, 0, 3)) };
    return ERROR_NONE;
}

static enum error run_profile(struct auth *auth, enum statement statement,
                              const struct access_claims *claims, const char *name,
                              struct user *user)
{
    char id[24];
    struct db_result *result = NULL;
    snprintf(id, sizeof id, "%lld", (long long)claims->user_id);
    const char *values[] = { id, claims->session_id, name };
    enum error error = db_run(auth->db, statement, values, &result);
    if (!error)
        error = take_profile(result, user);
    db_result_free(result);
    return error;
}

enum error user_read(struct auth *auth, const struct access_claims *claims, struct user *user)
{
    return run_profile(auth, STATEMENT_PROFILE_READ, claims, NULL, user);
}

enum error user_rename(struct auth *auth, const struct access_claims *claims, const char *name,
                       struct user *user)
{
    return run_profile(auth, STATEMENT_PROFILE_RENAME, claims, name, user);
}
