/* jwks - GET /.well-known/jwks.json: the public keys that verify access tokens. */
#include "api/handlers.h"
#include "auth/key_jwk.h"
#include "http/etag.h"
#include <stdio.h>

static void add_text(json_object *object, const char *member, const char *text)
{
    json_object_object_add(object, member, json_object_new_string(text));
}

static json_object *view_key(const struct key_jwk *key)
{
    json_object *view = json_object_new_object();
    add_text(view, "kty", key->type);
    add_text(view, "use", "sig");
    add_text(view, "alg", key->algorithm);
    add_text(view, "kid", key->id);
    if (key->curve)
        add_text(view, "crv", key->curve);
    for (size_t i = 0; i < 2 && key->names[i]; i++)
        add_text(view, key->names[i], key->numbers[i]);
    return view;
}

static json_object *view_keys(const struct key_jwk_set *set)
{
    json_object *view = json_object_new_object(), *keys = json_object_new_array();
    for (size_t i = 0; i < set->count; i++)
        json_object_array_add(keys, view_key(&set->keys[i]));
    json_object_object_add(view, "keys", keys);
    return view;
}

enum error jwks_get(struct exchange *exchange)
{
    struct response *response = &exchange->response;
    const struct key_jwk_set *set;
    char tag[KEY_JWK_TAG_SIZE + 2];
    enum error error = key_jwk_read(exchange->auth->jwks, exchange->auth->keyset, &set);
    if (error)
        return error;
    snprintf(tag, sizeof tag, "\"%s\"", set->tag);
    if (etag_is_known(exchange->request, tag))
        response_status(response, STATUS_NOT_MODIFIED);
    else
        response_json(response, STATUS_OK, view_keys(set));
    response->cacheable = true;
    response_header(response, "Cache-Control", "public, max-age=300");
    response_header(response, "ETag", tag);
    return ERROR_NONE;
}
