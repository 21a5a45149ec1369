/* profile - GET, PUT and PATCH /profile/: the account's own profile. */
#include "api/handlers.h"
#include "api/views.h"
#include "auth/user.h"
#include "http/json.h"

static enum error answer(struct exchange *exchange, enum error error, struct user *user)
{
    if (!error)
        response_json(&exchange->response, STATUS_OK, view_user(user));
    user_clear(user);
    return error;
}

enum error profile_get(struct exchange *exchange)
{
    struct user user = { 0 };
    return answer(exchange, user_read(exchange->auth, exchange->claims, &user), &user);
}

/* PUT demands every member, PATCH takes what is there (RFC 5789). */
enum error profile_put(struct exchange *exchange)
{
    const char *name = NULL;
    size_t size = 0;
    struct user user = { 0 };
    enum json_presence presence =
        exchange->request->method == METHOD_PUT ? JSON_REQUIRED : JSON_OPTIONAL;
    if (json_text(exchange->body, "name", presence, &name, &size, &exchange->errors)) {
        const char *flaw = user_name_flaw(name, size);
        if (flaw)
            field_errors_add(&exchange->errors, "name", flaw);
    }
    if (exchange->errors.count)
        return ERROR_VALIDATION;
    enum error error = name ? user_rename(exchange->auth, exchange->claims, name, &user)
                            : user_read(exchange->auth, exchange->claims, &user);
    return answer(exchange, error, &user);
}
