/* expect - see expect.h. */
#include "support/expect.h"
#include <criterion/criterion.h>
#include <string.h>

static void expect_header(const struct http_reply *reply, const char *name, const char *value)
{
    const char *found = http_header(reply, name);
    cr_assert(found && !strcmp(found, value), "%s: %s is '%s', not '%s'", reply->about, name,
              found ? found : "", value);
}

void expect_status(const struct http_reply *reply, int status)
{
    cr_assert(reply->status == status, "%s: %d, not %d: %s%s", reply->about, reply->status, status,
              reply->failure, reply->body);
    expect_header(reply, "Cache-Control", "no-store");
    expect_header(reply, "X-Content-Type-Options", "nosniff");
    const char *id = http_header(reply, "X-Request-Id");
    cr_assert(id && *id, "%s: no X-Request-Id", reply->about);
}

static void expect_type(const struct http_reply *reply, const char *type)
{
    const char *found = http_header(reply, "Content-Type");
    cr_assert(found && !strncmp(found, type, strlen(type)), "%s: Content-Type is '%s'",
              reply->about, found ? found : "");
}

void expect_json(const struct http_reply *reply, int status)
{
    expect_status(reply, status);
    expect_type(reply, "application/json");
    cr_assert(json_object_is_type(reply->object, json_type_object), "%s: no JSON object: %s",
              reply->about, reply->body);
}

void expect_no_content(const struct http_reply *reply)
{
    expect_status(reply, 204);
    cr_assert(reply->size == 0, "%s: a 204 with a body", reply->about);
}

static json_object *member(const struct http_reply *reply, const char *name, json_type type)
{
    json_object *value = NULL;
    bool found = json_object_object_get_ex(reply->object, name, &value);
    cr_assert(found && json_object_is_type(value, type), "%s: no such member as '%s': %s",
              reply->about, name, reply->body);
    return value;
}

const char *member_text(const struct http_reply *reply, const char *name)
{
    return json_object_get_string(member(reply, name, json_type_string));
}

int64_t member_integer(const struct http_reply *reply, const char *name)
{
    return json_object_get_int64(member(reply, name, json_type_int));
}

static void expect_text(const struct http_reply *reply, const char *name, const char *value)
{
    const char *found = member_text(reply, name);
    cr_assert(!strcmp(found, value), "%s: '%s' is '%s', not '%s'", reply->about, name, found,
              value);
}

void expect_problem(const struct http_reply *reply, int status, const char *title, const char *code)
{
    expect_status(reply, status);
    expect_type(reply, "application/");
    expect_text(reply, "title", title);
    expect_text(reply, "code", code);
    expect_text(reply, "request_id", http_header(reply, "X-Request-Id"));
    cr_assert(*member_text(reply, "detail"), "%s: no detail", reply->about);
    cr_assert(member_integer(reply, "status") == status, "%s: %s", reply->about, reply->body);
    bool field_errors = json_object_object_get_ex(reply->object, "errors", NULL);
    cr_assert(field_errors == !strcmp(code, "validation_error"), "%s: errors: %s", reply->about,
              reply->body);
    if (status != 419)
        cr_assert(!strcmp(reply->reason, title) || !strcmp(title, "Invalid refresh token"),
                  "%s: the reason phrase is '%s'", reply->about, reply->reason);
}

bool has_field_error(const struct http_reply *reply, const char *name)
{
    json_object *messages = NULL, *errors = member(reply, "errors", json_type_object);
    return json_object_object_get_ex(errors, name, &messages) &&
           json_object_is_type(messages, json_type_array) &&
           json_object_array_length(messages) > 0 &&
           json_object_is_type(json_object_array_get_idx(messages, 0), json_type_string);
}

void expect_field_error(const struct http_reply *reply, const char *name)
{
    expect_problem(reply, 400, "Bad Request", "validation_error");
    cr_assert(has_field_error(reply, name), "%s: nothing is held against '%s': %s", reply->about,
              name, reply->body);
}

void expect_unavailable(const struct http_reply *reply)
{
    expect_problem(reply, 503, "Service Unavailable", "unavailable");
    const char *seconds = http_header(reply, "Retry-After");
    cr_assert(seconds && strspn(seconds, "0123456789") == strlen(seconds) && *seconds != '0' &&
                  *seconds,
              "%s: Retry-After is '%s'", reply->about, seconds ? seconds : "");
}
