/* views - see views.h. */
#include "api/views.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

static json_object *view_tokens(const struct token_pair *pair, const struct secret *refresh)
{
    json_object *view = json_object_new_object();
    json_object_object_add(view, "access", json_object_new_string(secret_reveal(pair->access)));
    if (refresh)
        json_object_object_add(view, "refresh", json_object_new_string(secret_reveal(refresh)));
    json_object_object_add(view, "token_type", json_object_new_string("Bearer"));
    json_object_object_add(view, "expires_in", json_object_new_int64(pair->expires_in));
    return view;
}

static void add_text(json_object *view, const char *member, const char *text)
{
    json_object_object_add(view, member, text ? json_object_new_string(text) : NULL);
}

json_object *view_names(const char *names)
{
    json_object *view = json_object_new_array();
    for (size_t size; *names; names += size + (names[size] == ' ')) {
        size = strcspn(names, " ");
        json_object_array_add(view, json_object_new_string_len(names, (int)size));
    }
    return view;
}

json_object *view_sessions(const struct session_list *list)
{
    json_object *view = json_object_new_array();
    for (size_t i = 0; i < list->count; i++) {
        const struct session_entry *entry = &list->entries[i];
        json_object *session = json_object_new_object();
        add_text(session, "id", entry->id);
        add_text(session, "created", entry->created);
        add_text(session, "last_used", entry->last_used);
        add_text(session, "expires", entry->expires);
        add_text(session, "address", entry->address);
        add_text(session, "user_agent", entry->user_agent);
        json_object_object_add(session, "current", json_object_new_boolean(entry->is_current));
        json_object_array_add(view, session);
    }
    return view;
}

json_object *view_history(const struct account_history *history)
{
    json_object *view = json_object_new_array();
    for (size_t i = 0; i < history->count; i++) {
        json_object *event = json_object_new_object();
        add_text(event, "event", history->events[i].name);
        add_text(event, "at", history->events[i].at);
        add_text(event, "address", history->events[i].address);
        json_object_array_add(view, event);
    }
    return view;
}

json_object *view_personal_info(const struct personal_info *info)
{
    json_object *view = json_object_new_object();
    for (int i = 0; i < PERSONAL_INFO_COLUMNS; i++)
        add_text(view, personal_info_name((enum personal_info_column)i),
                 info->values[i] ? secret_reveal(info->values[i]) : NULL);
    return view;
}

json_object *view_token_pair(const struct token_pair *pair)
{
    return view_tokens(pair, pair->refresh);
}

json_object *view_access_token(const struct token_pair *pair)
{
    return view_tokens(pair, NULL);
}

/* A resource server must not take a refresh token for an access token, hence the type. */
json_object *view_introspection(const struct introspection *introspection,
                                const struct config *config)
{
    const struct access_claims *claims = &introspection->claims;
    bool active = introspection->kind != INTROSPECTION_INACTIVE;
    bool refresh = introspection->kind == INTROSPECTION_REFRESH;
    char subject[24];
    json_object *view = json_object_new_object();
    json_object_object_add(view, "active", json_object_new_boolean(active));
    if (!active)
        return view;
    snprintf(subject, sizeof subject, "%" PRId64, claims->user_id);
    add_text(view, "token_type", refresh ? "refresh_token" : "Bearer");
    add_text(view, "scope", claims->scope);
    add_text(view, "sub", subject);
    add_text(view, "sid", claims->session_id);
    add_text(view, "iss", config->issuer);
    add_text(view, "aud", config->audience);
    json_object_object_add(view, "iat", json_object_new_int64(claims->issued_at));
    json_object_object_add(view, "exp", json_object_new_int64(claims->expires_at));
    return view;
}
