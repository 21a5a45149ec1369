/* views - how the things of auth look as JSON. */
#ifndef API_VIEWS_H
#define API_VIEWS_H

#include "auth/session.h"
#include "auth/user.h"
#include <json-c/json.h>

/* Each is a new object, to be handed to response_json. */
json_object *view_user(const struct user *user);
json_object *view_token_pair(const struct token_pair *pair);

#endif
