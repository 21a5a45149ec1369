/* profile - GET, PUT and PATCH /profile/: the account's own profile. */
#include "api/handlers.h"
#include "api/upload.h"
#include "api/views.h"
#include "auth/picture.h"
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

/* What is to change. */
struct change {
    const char *name; /* NULL: stays */
    size_t name_size;
    bool changes_picture;
    int picture; /* a file that was sent, or -1 for none */
};

/* The URL of a picture that a client sends back with the rest changes nothing. */
static void read_json(struct exchange *exchange, enum json_presence presence, struct change *change)
{
    json_object *picture = NULL;
    json_text(exchange->body, "name", presence, &change->name, &change->name_size,
              &exchange->errors);
    change->changes_picture = json_object_object_get_ex(exchange->body, "profile_pic", &picture) &&
                              (!picture || (json_object_is_type(picture, json_type_string) &&
                                            json_object_get_string_len(picture) == 0));
}

static void read_upload(struct exchange *exchange, enum json_presence presence,
                        struct change *change)
{
    const struct upload *upload = exchange->upload;
    if (upload->has_name) {
        change->name = upload->name.data ? upload->name.data : "";
        change->name_size = upload->name.size;
    } else if (presence == JSON_REQUIRED) {
        field_errors_add(&exchange->errors, "name", "This field is required.");
    }
    change->changes_picture = upload->has_picture;
    change->picture = upload->picture;
}

static enum error change_picture(struct exchange *exchange, const struct change *change,
                                 struct user *user)
{
    char file[PICTURE_NAME_SIZE];
    const char *flaw = NULL;
    enum error error = change->picture < 0
                           ? ERROR_NONE
                           : picture_store(exchange->config, change->picture, file, &flaw);
    if (error == ERROR_UNSUPPORTED_PICTURE) {
        field_errors_add(&exchange->errors, "profile_pic", flaw);
        return ERROR_VALIDATION;
    }
    if (error)
        return error;
    return user_set_picture(exchange->auth, exchange->claims, change->name,
                            change->picture < 0 ? NULL : file, &exchange->client, user);
}

static enum error apply(struct exchange *exchange, const struct change *change, struct user *user)
{
    if (change->changes_picture)
        return change_picture(exchange, change, user);
    if (change->name)
        return user_rename(exchange->auth, exchange->claims, change->name, user);
    return user_read(exchange->auth, exchange->claims, user);
}

/* PUT demands the name, PATCH takes what is there (RFC 5789). */
enum error profile_put(struct exchange *exchange)
{
    struct change change = { .picture = -1 };
    struct user user = { 0 };
    enum json_presence presence =
        exchange->request->method == METHOD_PUT ? JSON_REQUIRED : JSON_OPTIONAL;
    if (exchange->upload)
        read_upload(exchange, presence, &change);
    else
        read_json(exchange, presence, &change);
    const char *flaw = change.name ? user_name_flaw(change.name, change.name_size) : NULL;
    if (flaw)
        field_errors_add(&exchange->errors, "name", flaw);
    if (exchange->errors.count)
        return ERROR_VALIDATION;
    return answer(exchange, apply(exchange, &change, &user), &user);
}
