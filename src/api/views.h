/* views - how the things of auth look as JSON. */
#ifndef API_VIEWS_H
#define API_VIEWS_H

#include "auth/account.h"
#include "auth/introspection.h"
#include "auth/personal_info.h"
#include "auth/session.h"
#include "auth/session_list.h"
#include "auth/user.h"
#include <json-c/json.h>

/* Each is a new object, to be handed to response_json. */
json_object *view_user(const struct user *user);
json_object *view_token_pair(const struct token_pair *pair);
/* The same without the refresh token, which goes into a cookie. */
json_object *view_access_token(const struct token_pair *pair);
/* Names separated by single spaces, as an array. */
json_object *view_names(const char *names);
json_object *view_sessions(const struct session_list *list);
json_object *view_history(const struct account_history *history);
json_object *view_personal_info(const struct personal_info *info);
/* RFC 7662 §2.2; of an inactive token nothing but that it is (§2.2, §4). */
json_object *view_introspection(const struct introspection *introspection,
                                const struct config *config);

#endif
