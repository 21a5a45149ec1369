/* account - POST /password/, DELETE /profile/, GET /profile/export/: what only its owner may do. */
#include "auth/account.h"
#include "api/handlers.h"
#include "api/views.h"
#include "auth/password.h"
#include "auth/session_list.h"
#include "http/json.h"

/* 401 would make the client throw its tokens away. */
static enum error answer(struct exchange *exchange, const char *member, enum error error)
{
    if (error == ERROR_INVALID_CREDENTIALS) {
        field_errors_add(&exchange->errors, member, "This is not the password of the account.");
        return ERROR_VALIDATION;
    }
    if (!error)
        response_status(&exchange->response, STATUS_NO_CONTENT);
    return error;
}

struct passwords {
    struct secret *current, *wanted, *confirmation;
};

static void read_passwords(json_object *body, struct passwords *passwords,
                           struct field_errors *errors)
{
    json_secret(body, "current_password", JSON_REQUIRED, &passwords->current, errors);
    if (json_secret(body, "new_password", JSON_REQUIRED, &passwords->wanted, errors)) {
        const char *flaw = password_flaw(passwords->wanted);
        if (flaw)
            field_errors_add(errors, "new_password", flaw);
    }
    if (json_secret(body, "confirm_password", JSON_REQUIRED, &passwords->confirmation, errors) &&
        passwords->wanted && !secret_equal(passwords->wanted, passwords->confirmation))
        field_errors_add(errors, "confirm_password", "This is not the same as the new password.");
}

enum error password_post(struct exchange *exchange)
{
    struct passwords passwords = { 0 };
    enum error error = ERROR_VALIDATION;
    read_passwords(exchange->body, &passwords, &exchange->errors);
    if (!exchange->errors.count)
        error = answer(exchange, "current_password",
                       account_change_password(exchange->auth, exchange->claims, passwords.current,
                                               passwords.wanted, &exchange->client));
    secret_free(passwords.current);
    secret_free(passwords.wanted);
    secret_free(passwords.confirmation);
    return error;
}

enum error account_delete_own(struct exchange *exchange)
{
    struct secret *password = NULL;
    if (!json_secret(exchange->body, "password", JSON_REQUIRED, &password, &exchange->errors))
        return ERROR_VALIDATION;
    enum error error =
        answer(exchange, "password",
               account_delete(exchange->auth, exchange->claims, password, &exchange->client));
    secret_free(password);
    return error;
}

/* All that an export is made of. */
struct export
{
    struct user user;
    struct personal_info info;
    struct session_list list;
    struct account_history history;
};

static enum error read_export(struct exchange *exchange, struct export *export)
{
    struct auth *auth = exchange->auth;
    enum error error = user_read(auth, exchange->claims, &export->user);
    if (!error)
        error = personal_info_read(auth, exchange->claims, &export->info);
    if (!error)
        error = session_list_read(auth, exchange->claims, &export->list);
    if (!error)
        error = account_read_history(auth, exchange->claims, &export->history);
    return error;
}

static json_object *view_export(const struct export *export, const struct access_claims *claims)
{
    json_object *view = json_object_new_object();
    json_object_object_add(view, "profile", view_user(&export->user));
    json_object_object_add(view, "personal_info", view_personal_info(&export->info));
    json_object_object_add(view, "created", json_object_new_string(export->history.created));
    json_object_object_add(view, "roles", view_names(claims->roles));
    json_object_object_add(view, "sessions", view_sessions(&export->list));
    json_object_object_add(view, "history", view_history(&export->history));
    return view;
}

enum error export_get(struct exchange *exchange)
{
    struct export export = { 0 };
    enum error error = read_export(exchange, &export);
    if (!error) {
        response_json(&exchange->response, STATUS_OK, view_export(&export, exchange->claims));
        response_header(&exchange->response, "Content-Disposition",
                        "attachment; filename=\"account.json\"");
    }
    user_clear(&export.user);
    personal_info_clear(&export.info);
    session_list_clear(&export.list);
    account_history_clear(&export.history);
    return error;
}
