/* user - see user.h. */
#include "auth/user.h"
#include "auth/client.h"
#include "auth/email.h"
#include "auth/password.h"
#include "auth/picture.h"
#include "auth/throttle.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metrics.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { INTEGER_SIZE = 24, POINT_BYTES_MAX = 4 };

void user_clear(struct user *user)
{
    free(user->email);
    free(user->name);
    free(user->profile_pic);
    *user = (struct user){ 0 };
}

/* Name ------------------------------------------------------------------------------------------*/

static bool is_refused(utf8proc_int32_t point)
{
    utf8proc_category_t category = utf8proc_category(point);
    return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP;
}

static bool leaves_no_ink(utf8proc_int32_t point)
{
    utf8proc_category_t category = utf8proc_category(point);
    return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_CF ||
           utf8proc_get_property(point)->ignorable;
}

const char *user_name_flaw(const char *name, size_t size)
{
    static const char too_long[] = "A name has at most 200 characters.";
    int count = 0;
    bool blank = true;
    if (size > (size_t)USER_NAME_MAX * POINT_BYTES_MAX)
        return too_long;
    for (size_t at = 0; at < size; count++) {
        utf8proc_int32_t point;
        utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)name + at,
                                                   (utf8proc_ssize_t)(size - at), &point);
        if (length <= 0)
            return "This is not UTF-8.";
        if (is_refused(point))
            return "A name has no control characters and no line breaks.";
        blank = blank && leaves_no_ink(point);
        at += (size_t)length;
    }
    if (count > USER_NAME_MAX)
        return too_long;
    return blank ? "A name is more than blanks." : NULL;
}

/* Sign-up ---------------------------------------------------------------------------------------*/

static enum error create(struct auth *auth, const char *email, const char *name, const char *hash,
                         const struct client *client, int64_t *id)
{
    char key[EMAIL_KEY_SIZE];
    struct db_result *result = NULL;
    if (!email_key(email, strlen(email), key))
        return ERROR_INTERNAL;
    const char *const values[] = {
        email, key, name, hash, client_address(client), client->request_id
    };
    enum error error = db_run(auth->db, STATEMENT_USER_CREATE, values, &result);
    if (!error)
        *id = db_integer(result, 0, 0);
    db_result_free(result);
    return error == ERROR_DUPLICATE ? ERROR_EMAIL_TAKEN : error;
}

static enum error sign_up(struct auth *auth, const char *email, const char *name,
                          const struct secret *password, const struct client *client,
                          struct user *user)
{
    const struct password_cost cost = { auth->config->argon2_memory_kib,
                                        auth->config->argon2_passes };
    char hash[PASSWORD_HASH_SIZE];
    int64_t id = 0;
    enum error error = password_hash(password, cost, auth->hash_queue, hash);
    if (error)
        return error;
    error = create(auth, email, name, hash, client, &id);
    secret_wipe(hash, sizeof hash);
    if (error)
        return error;
    *user = (struct user){ id, memory_text(email), memory_text(name), NULL };
    metrics_count(METRIC_SIGN_UPS);
    LOG(LOG_LEVEL_INFO, "account_created", log_integer("user", id));
    return ERROR_NONE;
}

enum error user_sign_up(struct auth *auth, const char *email, const char *name,
                        const struct secret *password, const struct client *client,
                        struct user *user)
{
    struct throttle_try attempt;
    enum error error = throttle_enter(auth, THROTTLE_SIGN_UP, NULL, client, &attempt);
    if (error)
        return error;
    error = sign_up(auth, email, name, password, client, user);
    throttle_leave(auth, &attempt, error);
    return error;
}

/* Profile ---------------------------------------------------------------------------------------*/

/* A row says that account and session live. */
static enum error take_profile(const struct auth *auth, const struct db_result *result,
                               struct user *user)
{
    enum { ID, EMAIL, NAME, PROFILE_PIC, DISABLED };
    if (db_rows(result) == 0)
        return ERROR_INVALID_TOKEN;
    if (db_boolean(result, 0, DISABLED))
        return ERROR_ACCOUNT_DISABLED;
    *user = (struct user){
        .id = db_integer(result, 0, ID),
        .email = memory_text(db_value(result, 0, EMAIL)),
        .name = memory_text(db_value(result, 0, NAME)),
        .profile_pic = picture_url(auth->config, db_value(result, 0, PROFILE_PIC)),
    };
    return ERROR_NONE;
}

static enum error run_profile(struct auth *auth, enum statement statement,
                              const struct access_claims *claims, const char *name,
                              struct user *user)
{
    char id[INTEGER_SIZE];
    struct db_result *result = NULL;
    snprintf(id, sizeof id, "%" PRId64, claims->user_id);
    const char *const values[] = { id, claims->session_id, name };
    enum error error = db_run(auth->db, statement, values, &result);
    if (!error)
        error = take_profile(auth, result, user);
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

/* Whoever may have got the new picture keeps its file: after a lost connection nobody knows, and
 * the housekeeper sees to it. A statement that was repeated tells that the picture replaced itself.
 */
static void drop_file(const struct auth *auth, enum error error, const char *picture,
                      const char *replaced)
{
    if (!error && replaced && !(picture && !strcmp(picture, replaced)))
        picture_remove(auth->config, replaced);
    if (error && error != ERROR_UNAVAILABLE && picture)
        picture_remove(auth->config, picture);
}

enum error user_set_picture(struct auth *auth, const struct access_claims *claims, const char *name,
                            const char *picture, const struct client *client, struct user *user)
{
    enum { REPLACED = 5 };
    char id[INTEGER_SIZE];
    struct db_result *result = NULL;
    snprintf(id, sizeof id, "%" PRId64, claims->user_id);
    const char *const values[] = { id,      claims->session_id,     name,
                                   picture, client_address(client), client->request_id };
    enum error error = db_run(auth->db, STATEMENT_PROFILE_PICTURE, values, &result);
    if (!error)
        error = take_profile(auth, result, user);
    drop_file(auth, error, picture, error ? NULL : db_value(result, 0, REPLACED));
    db_result_free(result);
    return error;
}
