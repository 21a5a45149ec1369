/* admin - /admin/: accounts, their sessions, roles and the audit log, for administrators. */
#include "api/admin_form.h"
#include "api/admin_views.h"
#include "api/handlers.h"
#include "auth/administration.h"
#include "auth/audit.h"
#include "auth/email.h"
#include "auth/password.h"
#include "auth/registry.h"
#include "auth/reset.h"
#include "auth/role.h"
#include "auth/user.h"
#include "http/form.h"
#include "http/json.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 100, NUMBER_SIZE = 24 };

static enum error check(struct exchange *exchange, const struct administration *wanted)
{
    enum error error = administration_check(exchange->auth, exchange->claims, wanted);
    if (error == ERROR_VALIDATION)
        field_errors_add(&exchange->errors, "roles", "There is no such role.");
    return error;
}

/* To look, at an account or at none. */
static enum error check_look(struct exchange *exchange, int64_t user_id)
{
    const struct administration wanted = { .permission = PERMISSION_USERS_READ,
                                           .user_id = user_id };
    return check(exchange, &wanted);
}

static struct audit_actor actor_of(const struct exchange *exchange)
{
    return (struct audit_actor){ .user_id = exchange->claims->user_id,
                                 .client = &exchange->client };
}

/* {"users": […]}; takes the list. */
static json_object *wrap(const char *member, json_object *list)
{
    json_object *view = json_object_new_object();
    json_object_object_add(view, member, list);
    return view;
}

static enum error answer_list(struct exchange *exchange, const char *member, enum error error,
                              const struct admin_rows *rows)
{
    if (error)
        json_object_put(rows->list);
    else
        response_json(&exchange->response, STATUS_OK, wrap(member, rows->list));
    return error;
}

/* The same, a page at a time: where it is full, `next` is what the next one begins behind. */
static enum error answer_page(struct exchange *exchange, const char *member, enum error error,
                              const struct admin_rows *rows, int64_t limit)
{
    char next[NUMBER_SIZE];
    if (error)
        return answer_list(exchange, member, error, rows);
    bool is_full = (int64_t)json_object_array_length(rows->list) == limit;
    json_object *view = wrap(member, rows->list);
    snprintf(next, sizeof next, "%" PRId64, rows->last_id);
    json_object_object_add(view, "next", is_full ? json_object_new_string(next) : NULL);
    response_json(&exchange->response, STATUS_OK, view);
    return ERROR_NONE;
}

static enum error answer_nothing(struct exchange *exchange, enum error error)
{
    if (!error)
        response_status(&exchange->response, STATUS_NO_CONTENT);
    return error;
}

/* Looking ---------------------------------------------------------------------------------------*/

enum error admin_users_get(struct exchange *exchange)
{
    struct admin_rows rows = { 0 };
    const struct registry_filter filter = {
        .part = form_text(exchange->query, "search"),
        .role = form_text(exchange->query, "role"),
        .disabled = admin_query_switch(exchange, "disabled"),
        .after = admin_query_number(exchange, "after", 0, INT64_MAX, 0),
        .most = admin_query_number(exchange, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT),
    };
    if (exchange->errors.count)
        return ERROR_VALIDATION;
    enum error error = check_look(exchange, 0);
    if (error)
        return error;
    rows.list = json_object_new_array();
    error = registry_list(exchange->auth, &filter, admin_view_account, &rows);
    return answer_page(exchange, "users", error, &rows, filter.most);
}

static enum error answer_user(struct exchange *exchange, int64_t id, enum response_status status)
{
    char who[NUMBER_SIZE];
    struct admin_rows rows = { .list = json_object_new_array() };
    snprintf(who, sizeof who, "%" PRId64, id);
    enum error error = registry_look_up(exchange->auth, who, admin_view_account, &rows);
    if (!error)
        response_json(&exchange->response, status,
                      json_object_get(json_object_array_get_idx(rows.list, 0)));
    json_object_put(rows.list);
    return error;
}

enum error admin_user_get(struct exchange *exchange)
{
    int64_t id = admin_account_id(exchange);
    enum error error = id ? check_look(exchange, id) : ERROR_NOT_FOUND;
    return error ? error : answer_user(exchange, id, STATUS_OK);
}

enum error admin_sessions_get(struct exchange *exchange)
{
    struct admin_rows rows = { 0 };
    int64_t id = admin_account_id(exchange);
    enum error error = id ? check_look(exchange, id) : ERROR_NOT_FOUND;
    if (error)
        return error;
    rows.list = json_object_new_array();
    error = registry_sessions(exchange->auth, id, admin_view_session, &rows);
    return answer_list(exchange, "sessions", error, &rows);
}

enum error admin_roles_get(struct exchange *exchange)
{
    struct admin_rows rows = { 0 };
    enum error error = check_look(exchange, 0);
    if (error)
        return error;
    rows.list = json_object_new_array();
    error = role_list(exchange->auth, admin_view_role, &rows);
    return answer_list(exchange, "roles", error, &rows);
}

enum error admin_audit_get(struct exchange *exchange)
{
    struct admin_rows rows = { 0 };
    const struct audit_filter filter = {
        .user_id = admin_query_number(exchange, "user", 1, INT64_MAX, 0),
        .event = form_text(exchange->query, "event"),
        .before = admin_query_number(exchange, "before", 1, INT64_MAX, 0),
        .most = admin_query_number(exchange, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT),
    };
    if (exchange->errors.count)
        return ERROR_VALIDATION;
    enum error error = check_look(exchange, 0);
    if (error)
        return error;
    rows.list = json_object_new_array();
    error = audit_list(exchange->auth, &filter, admin_view_event, &rows);
    return answer_page(exchange, "events", error, &rows, filter.most);
}

/* Changing --------------------------------------------------------------------------------------*/

struct account_form {
    const char *email, *name, *disabled; /* owned by the body; NULL: not said */
    char *roles;
    struct secret *password;
};

static void account_form_clear(struct account_form *form)
{
    free(form->roles);
    secret_free(form->password);
}

static void note(struct exchange *exchange, const char *member, const char *flaw)
{
    if (flaw)
        field_errors_add(&exchange->errors, member, flaw);
}

static void read_name(struct exchange *exchange, enum json_presence presence,
                      struct account_form *form)
{
    size_t size;
    if (json_text(exchange->body, "name", presence, &form->name, &size, &exchange->errors))
        note(exchange, "name", user_name_flaw(form->name, size));
}

static void read_new_account(struct exchange *exchange, struct account_form *form)
{
    size_t size;
    struct field_errors *errors = &exchange->errors;
    if (json_text(exchange->body, "email", JSON_REQUIRED, &form->email, &size, errors))
        note(exchange, "email", email_flaw(form->email, size));
    read_name(exchange, JSON_REQUIRED, form);
    if (json_secret(exchange->body, "password", JSON_REQUIRED, &form->password, errors))
        note(exchange, "password", password_flaw(form->password));
    form->roles = admin_body_roles(exchange);
}

/* Who says no roles wants those of a sign-up. */
static enum error create(struct exchange *exchange, const struct account_form *form)
{
    int64_t id = 0;
    const char *roles = form->roles ? form->roles : "user";
    const struct administration wanted = { .permission = PERMISSION_USERS_WRITE, .roles = roles };
    const struct audit_actor actor = actor_of(exchange);
    enum error error = check(exchange, &wanted);
    if (!error)
        error = registry_add(exchange->auth, form->email, form->name, roles, form->password, &actor,
                             &id);
    if (error == ERROR_NOT_FOUND) /* what the check saw is so no more */
        error = ERROR_BEYOND_RIGHTS;
    if (error == ERROR_EMAIL_TAKEN)
        note(exchange, "email", "This email address has an account already.");
    return error ? error : answer_user(exchange, id, STATUS_CREATED);
}

enum error admin_users_post(struct exchange *exchange)
{
    struct account_form form = { 0 };
    read_new_account(exchange, &form);
    enum error error = exchange->errors.count ? ERROR_VALIDATION : create(exchange, &form);
    account_form_clear(&form);
    return error;
}

static void read_change(struct exchange *exchange, struct account_form *form)
{
    bool disabled = false;
    json_object *member = NULL;
    read_name(exchange, JSON_OPTIONAL, form);
    json_flag(exchange->body, "disabled", &disabled, &exchange->errors);
    if (json_object_object_get_ex(exchange->body, "disabled", &member))
        form->disabled = disabled ? "t" : "f";
    form->roles = admin_body_roles(exchange);
}

static enum error apply(struct exchange *exchange, int64_t id, const struct account_form *form)
{
    const struct administration wanted = { .permission = PERMISSION_USERS_WRITE,
                                           .user_id = id,
                                           .changes_account = true,
                                           .roles = form->roles };
    const struct registry_change change = { form->name, form->disabled, form->roles };
    const struct audit_actor actor = actor_of(exchange);
    enum error error = check(exchange, &wanted);
    if (!error)
        error = registry_change(exchange->auth, id, &change, &actor);
    return error ? error : answer_user(exchange, id, STATUS_OK);
}

enum error admin_user_patch(struct exchange *exchange)
{
    struct account_form form = { 0 };
    int64_t id = admin_account_id(exchange);
    enum error error = ERROR_NOT_FOUND;
    read_change(exchange, &form);
    if (id)
        error = exchange->errors.count ? ERROR_VALIDATION : apply(exchange, id, &form);
    account_form_clear(&form);
    return error;
}

/* To take from an account what it has. */
static enum error check_others(struct exchange *exchange, int64_t id)
{
    const struct administration wanted = { .permission = PERMISSION_USERS_WRITE,
                                           .user_id = id,
                                           .changes_account = true };
    return id ? check(exchange, &wanted) : ERROR_NOT_FOUND;
}

enum error admin_user_delete(struct exchange *exchange)
{
    bool changed;
    int64_t id = admin_account_id(exchange);
    const struct audit_actor actor = actor_of(exchange);
    enum error error = check_others(exchange, id);
    if (!error)
        error = registry_delete(exchange->auth, id, false, &actor, &changed);
    return answer_nothing(exchange, error);
}

enum error admin_sessions_delete(struct exchange *exchange)
{
    int64_t count, id = admin_account_id(exchange);
    const struct audit_actor actor = actor_of(exchange);
    enum error error = check_others(exchange, id);
    if (!error)
        error = registry_end_sessions(exchange->auth, NULL, id, &actor, &count);
    return answer_nothing(exchange, error);
}

/* As for its owner: where no mail can be sent, there is no way to a new password. */
enum error admin_password_reset_post(struct exchange *exchange)
{
    bool queued;
    int64_t id = *exchange->config->mail_server ? admin_account_id(exchange) : 0;
    const struct audit_actor actor = actor_of(exchange);
    enum error error = check_others(exchange, id);
    if (!error)
        error = reset_request_for(exchange->auth, id, &actor, &queued);
    return answer_nothing(exchange, error);
}
