/* views - see views.h. */
#include "api/views.h"

json_object *view_user(const struct user *user)
{
    json_object *view = json_object_new_object();
    json_object_object_add(view, "id", json_object_new_int64(user->id));
    json_object_object_add(view, "email", json_object_new_string(user->email));
    json_object_object_add(view, "name", json_object_new_string(user->name));
    json_object_object_add(view, "profile_pic",
                           user->profile_pic ? json_object_new_string(user->profile_pic) : NULL);
    return view;
}

json_object *view_token_pair(const struct token_pair *pair)
{
    json_object *view = json_object_new_object();
    json_object_object_add(view, "access", json_object_new_string(secret_reveal(pair->access)));
    json_object_object_add(view, "refresh", json_object_new_string(secret_reveal(pair->refresh)));
    json_object_object_add(view, "token_type", json_object_new_string("Bearer"));
    json_object_object_add(view, "expires_in", json_object_new_int64(pair->expires_in));
    return view;
}
