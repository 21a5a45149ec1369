/* signup - POST /signup/: create an account. */
#include "api/handlers.h"
#include "api/views.h"
#include "auth/email.h"
#include "auth/password.h"
#include "auth/user.h"
#include "http/json.h"

struct form {
    const char *email, *name; /* owned by the body */
    struct secret *password;
};

static void note(struct field_errors *errors, const char *member, const char *flaw)
{
    if (flaw)
        field_errors_add(errors, member, flaw);
}

/* Looks at every member, so that one answer names all that is wrong. */
static void read_form(json_object *body, struct form *form, struct field_errors *errors)
{
    size_t size;
    struct secret *confirmation = NULL;
    if (json_text(body, "email", JSON_REQUIRED, &form->email, &size, errors))
        note(errors, "email", email_flaw(form->email, size));
    if (json_text(body, "name", JSON_REQUIRED, &form->name, &size, errors))
        note(errors, "name", user_name_flaw(form->name, size));
    if (json_secret(body, "password", JSON_REQUIRED, &form->password, errors))
        note(errors, "password", password_flaw(form->password));
    if (json_secret(body, "confirm_password", JSON_REQUIRED, &confirmation, errors) &&
        form->password && !secret_equal(form->password, confirmation))
        note(errors, "confirm_password", "This is not the same as the password.");
    secret_free(confirmation);
}

static enum error create(struct exchange *exchange, const struct form *form)
{
    struct user user = { 0 };
    enum error error = user_sign_up(exchange->auth, form->email, form->name, form->password,
                                    &exchange->client, &user);
    if (error == ERROR_EMAIL_TAKEN)
        field_errors_add(&exchange->errors, "email", "This email address has an account already.");
    if (!error)
        response_json(&exchange->response, STATUS_CREATED, view_user(&user));
    user_clear(&user);
    return error;
}

enum error signup_post(struct exchange *exchange)
{
    struct form form = { 0 };
    read_form(exchange->body, &form, &exchange->errors);
    enum error error = exchange->errors.count ? ERROR_VALIDATION : create(exchange, &form);
    secret_free(form.password);
    return error;
}
