/* openapi - GET /openapi.json, and that what it says is so: every example in it is sent, and every
 * answer is as its schema says. */
#include "support/openapi.h"
#include "auth/reset_code.h"
#include "support/expect.h"
#include "support/flows.h"
#include "support/keys.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(openapi, .fini = stack_stop);

#define NO_SESSION "00000000-0000-4000-8000-00000000ffff"
/* Nobody listens there, and nobody waits for the mail. */
#define MAIL "mail_server = smtp://127.0.0.1:9", "mail_from = no-reply@example.org"

static json_object *document; /* lives until http_forget */
static struct openapi_operation operations[OPENAPI_OPERATIONS_MAX];
static size_t operation_count;

static void read_document(void)
{
    const struct http_reply *reply = HTTP("GET", "/openapi.json/");
    cr_assert_eq(reply->status, 200, "%s", reply->body);
    document = reply->object;
    operation_count = openapi_operations(document, operations);
    cr_assert_gt(operation_count, 10);
}

static const char *text_of(json_object *object)
{
    return object ? json_object_get_string(object) : "";
}

/* Requests --------------------------------------------------------------------------------------*/

/* The part of a request body that its one media type has, or NULL. */
static json_object *request_of(const struct openapi_operation *operation, const char **media_type)
{
    json_object *content = openapi_get(operation->object, "requestBody", "content", NULL);
    *media_type = NULL;
    return content ? openapi_body(content, media_type) : NULL;
}

/* What no document can tell: the tokens of a session that lives. */
static const char *live_value(const char *name, const char *value, struct tokens tokens)
{
    if (!strcmp(name, "refresh"))
        return tokens.refresh;
    return !strcmp(name, "token") ? tokens.access : value;
}

static const char *as_form(json_object *object, struct tokens tokens)
{
    const char *form = "";
    OPENAPI_EACH(object, at_name)
    {
        const char *name = json_object_iter_peek_name(&at_name);
        json_object *value = json_object_iter_peek_value(&at_name);
        form = text("%s%s%s=%s", form, *form ? "&" : "", name,
                    live_value(name, text_of(value), tokens));
    }
    return form;
}

static const char *as_object(json_object *object, struct tokens tokens)
{
    json_object *live = json_object_new_object();
    OPENAPI_EACH(object, at_name)
    {
        const char *name = json_object_iter_peek_name(&at_name);
        json_object *value = json_object_iter_peek_value(&at_name);
        const char *said = text_of(value), *wanted = live_value(name, said, tokens);
        json_object_object_add(
            live, name, wanted == said ? json_object_get(value) : json_object_new_string(wanted));
    }
    const char *body = text("%s", json_object_to_json_string(live));
    json_object_put(live);
    return body;
}

static const char *encode(const char *media_type, json_object *object, struct tokens tokens)
{
    return strstr(media_type, "urlencoded") ? as_form(object, tokens) : as_object(object, tokens);
}

static const char *example_body(const char *path, const char *method, struct tokens tokens)
{
    for (size_t i = 0; i < operation_count; i++) {
        if (strcmp(operations[i].path, path) || strcmp(operations[i].method, method))
            continue;
        const char *media_type;
        json_object *body = request_of(&operations[i], &media_type);
        return body ? encode(media_type, openapi_get(body, "example", NULL), tokens) : NULL;
    }
    return NULL;
}

/* The code of the examples is the one that came by mail. */
static void issue_code(void)
{
    static const char code[] = "7K3M-9QXT", email[] = "ada@example.org";
    char mac[RESET_MAC_SIZE];
    struct keyset *keyset = keys_load(stack_path("keys"));
    struct secret *secret = secret_new(code, strlen(code));
    reset_code_mac(secret, email, keyset, mac);
    stack_sql("insert into password_resets (user_id, code, expires_at)"
              " select id, '%s', now() + interval '1 minute' from users",
              mac);
    secret_free(secret);
    keyset_free(keyset);
}

/* Nobody has an account but whom the examples sign up and log in, with every permission. */
static struct tokens begin(void)
{
    const struct tokens none = { "", "" };
    stack_sql("delete from users");
    expect_json(HTTP("POST", "/signup/", .body = example_body("/signup/", "POST", none)), 201);
    stack_sql("insert into user_roles select id, 'admin' from users");
    issue_code();
    const struct http_reply *reply =
        HTTP("POST", "/login/", .body = example_body("/login/", "POST", none));
    expect_json(reply, 200);
    return (struct tokens){ member_text(reply, "access"), member_text(reply, "refresh") };
}

/* Somebody else, for an administrator. */
static const char *new_account(void)
{
    return text("%s", stack_sql("insert into users (email, email_key, name, password) values"
                                " ('linus@example.org', 'linus@example.org', 'L', 'x')"
                                " returning id"));
}

static const char *example_query(const struct openapi_operation *operation)
{
    const char *query = "";
    json_object *list = openapi_get(operation->object, "parameters", NULL);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *parameter = json_object_array_get_idx(list, i);
        json_object *example = openapi_get(parameter, "example", NULL);
        if (example)
            query = text("%s%s%s=%s", query, *query ? "&" : "",
                         text_of(openapi_get(parameter, "name", NULL)), text_of(example));
    }
    return query;
}

/* The example of an operation as a request that must succeed. */
static struct http_call example_call(const struct openapi_operation *operation,
                                     struct tokens tokens)
{
    struct http_call call = { .method = operation->method, .path = operation->path };
    request_of(operation, &call.type);
    call.body = example_body(operation->path, operation->method, tokens);
    if (json_object_array_length(openapi_get(operation->object, "security", NULL)) > 0)
        call.token = tokens.access;
    if (strstr(operation->path, "/admin/users/{id}/"))
        call.id = new_account();
    else if (strstr(operation->path, "{id}"))
        call.id = text("%s", stack_sql("select id from sessions"));
    const char *query = example_query(operation);
    if (*query)
        call.path = text("%s?%s", call.path, query);
    return call;
}

/* Answers ---------------------------------------------------------------------------------------*/

static void expect_told(const struct http_reply *reply, json_object *responses)
{
    json_object *response = openapi_get(responses, text("%d", reply->status), NULL);
    cr_assert_not_null(response, "%s: %d is not told: %s", reply->about, reply->status,
                       reply->body);
    json_object *content = openapi_get(response, "content", NULL);
    cr_assert_eq(!content, reply->size == 0, "%s: %s", reply->about, reply->body);
    if (!content)
        return;
    const char *media_type, *type = http_header(reply, "Content-Type");
    json_object *body = openapi_body(content, &media_type);
    cr_assert(type && !strncmp(type, media_type, strlen(media_type)), "%s: %s", reply->about, type);
    if (strcmp(media_type, "application/json") != 0)
        return;
    const char *flaw = openapi_flaw(document, openapi_get(body, "schema", NULL), reply->object);
    cr_assert_null(flaw, "%s: %s in %s", reply->about, flaw, reply->body);
}

Test(openapi, every_example_is_answered_as_it_says)
{
    STACK(.settings = { MAIL });
    read_document();
    for (size_t i = 0; i < operation_count; i++) {
        struct tokens tokens = begin();
        const struct http_call call = example_call(&operations[i], tokens);
        if (!strcmp(call.path, "/signup/"))
            stack_sql("delete from users");
        const struct http_reply *reply = http_send(&call);
        json_object *responses = openapi_get(operations[i].object, "responses", NULL);
        struct json_object_iterator first = json_object_iter_begin(responses);
        cr_assert_str_eq(text("%d", reply->status), json_object_iter_peek_name(&first), "%s: %s",
                         reply->about, reply->body);
        expect_told(reply, responses);
    }
}

/* Errors ----------------------------------------------------------------------------------------*/

/* Each makes a good request one that gets the error; NULL: other tests get it. */
typedef void spoil(struct http_call *call, const struct openapi_operation *operation);

static void drop_token(struct http_call *call, const struct openapi_operation *operation)
{
    (void)operation;
    call->token = call->body = call->type = NULL;
}

static void forge_token(struct http_call *call, const struct openapi_operation *operation)
{
    drop_token(call, operation);
    call->token = "nonsense";
}

static void cut_body(struct http_call *call, const struct openapi_operation *operation)
{
    if (!call->type)
        call->path = text("%s?search=%%", operation->path);
    else
        call->body = strstr(call->type, "json") ? "{" : "%";
}

static void grow_body(struct http_call *call, const struct openapi_operation *operation)
{
    (void)operation;
    call->body = repeated("x", 65537);
}

static void change_type(struct http_call *call, const struct openapi_operation *operation)
{
    (void)operation;
    call->type = "text/plain";
}

/* The first member is a number, or the first field is empty. */
static void spoil_member(struct http_call *call, const struct openapi_operation *operation)
{
    const char *media_type;
    json_object *body = request_of(operation, &media_type);
    if (!body) {
        call->path = text("%s?limit=many", operation->path);
        return;
    }
    json_object *schema = openapi_follow(document, openapi_get(body, "schema", NULL));
    struct json_object_iterator first =
        json_object_iter_begin(openapi_get(schema, "properties", NULL));
    const char *name = json_object_iter_peek_name(&first);
    call->body = strstr(media_type, "json") ? text("{'%s':17}", name) : text("%s=", name);
}

static void take_role(struct http_call *call, const struct openapi_operation *operation)
{
    (void)operation;
    stack_sql("delete from user_roles");
    call->token = member_text(
        HTTP("POST", "/login/", .body = example_body("/login/", "POST", (struct tokens){ "", "" })),
        "access");
}

static void disable(struct http_call *call, const struct openapi_operation *operation)
{
    (void)call, (void)operation;
    stack_sql("update users set disabled_at = now()");
}

static void lose_password(struct http_call *call, const struct openapi_operation *operation)
{
    (void)operation;
    call->body = log_in_body("ada@example.org", "wrong horse");
}

static void forge_refresh(struct http_call *call, const struct openapi_operation *operation)
{
    (void)operation;
    call->body = refresh_body("nonsense");
}

static void lose_session(struct http_call *call, const struct openapi_operation *operation)
{
    (void)operation;
    call->id = NO_SESSION;
}

static void lose_code(struct http_call *call, const struct openapi_operation *operation)
{
    (void)call, (void)operation;
    stack_sql("delete from password_resets");
}

static void take_email(struct http_call *call, const struct openapi_operation *operation)
{
    (void)call, (void)operation;
    stack_sql("insert into users (email, email_key, name, password) values"
              " ('grace@example.org', 'grace@example.org', 'G', 'x')");
}

/* The other account is above; or, where there is none, the role that is asked for. */
static void rise(struct http_call *call, const struct openapi_operation *operation)
{
    (void)operation;
    stack_sql("insert into roles values ('owner', '{own}') on conflict do nothing");
    if (call->id)
        stack_sql("insert into user_roles values (%s, 'owner')", call->id);
    else
        call->body = as_json("{'email':'e@example.org','name':'E','password':'correct horse',"
                             "'roles':['owner']}");
}

static const struct {
    const char *error;
    spoil *spoil;
} errors[] = {
    { "missing_token", drop_token },
    { "invalid_token", forge_token },
    { "insufficient_scope", take_role },
    { "invalid_json", cut_body },
    { "invalid_form", cut_body },
    { "validation_error", spoil_member },
    { "payload_too_large", grow_body },
    { "unsupported_media_type", change_type },
    { "account_disabled", disable },
    { "invalid_credentials", lose_password },
    { "invalid_refresh_token", forge_refresh },
    { "email_taken", take_email },
    { "beyond_rights", rise },
    { "last_admin", NULL },
    { "invalid_otp", lose_code },
    { "not_found", lose_session },
    { "token_expired", NULL },
    { "invalid_multipart", NULL },
    { "not_local", NULL },
    { "foreign_origin", NULL },
    { "rate_limited", NULL },
    { "incomplete_body", NULL },
    { "unavailable", NULL },
    { "busy", NULL },
    { "internal", NULL },
};
enum { ERROR_ROWS = sizeof errors / sizeof errors[0] };

static void provoke(const struct openapi_operation *operation, const char *error,
                    json_object *example)
{
    size_t row = 0;
    while (row < ERROR_ROWS && strcmp(errors[row].error, error) != 0)
        row++;
    cr_assert_lt(row, ERROR_ROWS, "no test gets the error %s", error);
    if (!errors[row].spoil ||
        (errors[row].spoil == lose_session && !strstr(operation->path, "{id}")))
        return;
    struct http_call call = example_call(operation, begin());
    call.about = error;
    errors[row].spoil(&call, operation);
    const struct http_reply *reply = http_send(&call);
    cr_assert_eq(reply->status, json_object_get_int(openapi_get(example, "status", NULL)),
                 "%s: %d %s", reply->about, reply->status, reply->body);
    cr_assert_str_eq(member_text(reply, "code"), text_of(openapi_get(example, "code", NULL)), "%s",
                     reply->about);
    cr_assert_str_eq(member_text(reply, "title"), text_of(openapi_get(example, "title", NULL)));
    expect_told(reply, openapi_get(operation->object, "responses", NULL));
}

static void provoke_all(const struct openapi_operation *operation, json_object *response)
{
    json_object *examples = openapi_get(response, "content", "application/json", "examples", NULL);
    if (!examples)
        return;
    OPENAPI_EACH(examples, at_error)
    {
        const char *error = json_object_iter_peek_name(&at_error);
        json_object *reference = json_object_iter_peek_value(&at_error);
        provoke(operation, error, openapi_get(openapi_follow(document, reference), "value", NULL));
    }
}

Test(openapi, every_error_it_tells_is_answered)
{
    STACK(.settings = { MAIL });
    read_document();
    for (size_t i = 0; i < operation_count; i++) {
        OPENAPI_EACH(openapi_get(operations[i].object, "responses", NULL), at)
        {
            json_object *response = json_object_iter_peek_value(&at);
            provoke_all(&operations[i], response);
        }
    }
}

/* The document ----------------------------------------------------------------------------------*/

Test(openapi, is_kept_by_whoever_has_it)
{
    STACK();
    const struct http_reply *reply = HTTP("GET", "/openapi.json");
    cr_assert_eq(reply->status, 200);
    const char *tag = http_header(reply, "ETag");
    cr_assert_not_null(tag);
    cr_assert_str_eq(http_header(reply, "Cache-Control"), "public, max-age=300");
    cr_assert_str_eq(http_header(reply, "Content-Type"), "application/json");
    const struct http_reply *same =
        HTTP("GET", "/openapi.json/", .headers = { text("If-None-Match: %s", tag) });
    cr_assert_eq(same->status, 304);
    cr_assert_eq(same->size, 0);
    cr_assert_str_eq(http_header(same, "ETag"), tag);
    cr_assert_eq(
        HTTP("GET", "/openapi.json/", .headers = { "If-None-Match: \"0123456789abcdef\"" })->status,
        200);
    stack_configure("expired_status = 401");
    stack_reload_and_wait();
    reply = HTTP("GET", "/openapi.json/", .headers = { text("If-None-Match: %s", tag) });
    cr_assert_eq(reply->status, 200, "it is another document: %d", reply->status);
}

Test(openapi, is_what_the_command_prints)
{
    enum { OUTPUT_SIZE = 1 << 20 };
    STACK();
    char *output = malloc(OUTPUT_SIZE);
    read_document();
    cr_assert_eq(stack_run((const char *const[]){ "openapi", NULL }, output, OUTPUT_SIZE), 0);
    json_object *printed = json_tokener_parse(output);
    cr_assert(json_object_equal(printed, document));
    json_object_put(printed);
    cr_assert_eq(stack_run((const char *const[]){ "openapi", "x", NULL }, output, OUTPUT_SIZE), 2);
    free(output);
}
