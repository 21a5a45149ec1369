/* openapi - the description of the interface is whole, and true to itself. */
#include "api/openapi.h"
#include "api/routes.h"
#include "support/openapi.h"
#include <criterion/criterion.h>
#include <string.h>

static struct config config;
static json_object *document;

static void start(void)
{
    config_init(&config);
    document = openapi_document(&config);
}

static void finish(void)
{
    json_object_put(document);
    config_clear(&config);
}

TestSuite(openapi, .init = start, .fini = finish);

static const char *text_of(json_object *object)
{
    return object ? json_object_get_string(object) : "";
}

Test(openapi, has_every_route_and_no_other)
{
    struct openapi_operation operations[OPENAPI_OPERATIONS_MAX];
    size_t count, found = openapi_operations(document, operations);
    const struct route *rows = routes(&count);
    cr_assert_eq(found, count);
    for (size_t i = 0; i < count; i++) {
        size_t same = 0;
        for (size_t j = 0; j < found; j++)
            same += !strcmp(operations[j].path, rows[i].path) &&
                    !strcmp(operations[j].method, method_name(rows[i].method));
        cr_assert_eq(same, 1, "%s %s", method_name(rows[i].method), rows[i].path);
    }
}

Test(openapi, gives_every_operation_a_name_of_its_own)
{
    struct openapi_operation operations[OPENAPI_OPERATIONS_MAX];
    size_t count = openapi_operations(document, operations);
    for (size_t i = 0; i < count; i++) {
        const char *id = text_of(openapi_get(operations[i].object, "operationId", NULL));
        cr_assert_gt(strlen(id), strlen("get_"), "%s", operations[i].path);
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(id, text_of(openapi_get(operations[j].object, "operationId", NULL)));
    }
    json_object *keys = openapi_get(document, "paths", "/.well-known/jwks.json/", "get", NULL);
    cr_assert_str_eq(text_of(openapi_get(keys, "operationId", NULL)), "get_well_known_jwks_json");
}

static void expect_example(json_object *content, const char *about)
{
    const char *media_type;
    json_object *body = openapi_body(content, &media_type);
    json_object *schema = openapi_get(body, "schema", NULL);
    json_object *example = openapi_get(body, "example", NULL);
    json_object *examples = openapi_get(body, "examples", NULL);
    json_object *told = openapi_follow(document, schema);
    cr_assert(example || examples || !openapi_get(told, "properties", NULL), "%s: no example",
              about);
    const char *flaw = example ? openapi_flaw(document, schema, example) : NULL;
    cr_assert_null(flaw, "%s: %s", about, flaw);
    if (!examples)
        return;
    OPENAPI_EACH(examples, at_name)
    {
        const char *name = json_object_iter_peek_name(&at_name);
        json_object *reference = json_object_iter_peek_value(&at_name);
        json_object *value = openapi_get(openapi_follow(document, reference), "value", NULL);
        flaw = openapi_flaw(document, schema, value);
        cr_assert_null(flaw, "%s, %s: %s", about, name, flaw);
    }
}

Test(openapi, gives_an_example_of_every_body_that_is_as_its_schema_says)
{
    struct openapi_operation operations[OPENAPI_OPERATIONS_MAX];
    size_t count = openapi_operations(document, operations);
    for (size_t i = 0; i < count; i++) {
        json_object *request = openapi_get(operations[i].object, "requestBody", "content", NULL);
        if (request)
            expect_example(request, operations[i].path);
        OPENAPI_EACH(openapi_get(operations[i].object, "responses", NULL), at_status)
        {
            const char *status = json_object_iter_peek_name(&at_status);
            json_object *response = json_object_iter_peek_value(&at_status);
            json_object *content = openapi_get(response, "content", NULL);
            cr_assert_eq(!content, !strcmp(status, "204"), "%s %s", operations[i].path, status);
            if (content)
                expect_example(content, operations[i].path);
        }
    }
}

/* The positive control of the tests that compare with a schema. */
Test(openapi, a_value_that_is_not_as_its_schema_says_is_found_out)
{
    static const struct {
        const char *value, *flaw;
    } cases[] = {
        { "{'id':1,'email':'a','name':'b','profile_pic':null}", NULL },
        { "{'id':1,'email':'a','name':'b','profile_pic':'c'}", NULL },
        { "{'id':1,'email':'a','name':'b'}", "is missing: profile_pic" },
        { "{'id':'1','email':'a','name':'b','profile_pic':null}", "is of another type: \"1\"" },
        { "{'id':1,'email':null,'name':'b','profile_pic':null}", "is of another type: null" },
        { "{'id':1,'email':'a','name':'b','profile_pic':null,'x':1}", "is not told: x" },
        { "[]", "is of another type: [ ]" },
    };
    json_object *schema = openapi_get(document, "components", "schemas", "Profile", NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[128];
        size_t size = strlen(cases[i].value);
        memcpy(text, cases[i].value, size + 1);
        for (size_t at = 0; at < size; at++)
            text[at] = text[at] == '\'' ? '"' : text[at];
        json_object *value = json_tokener_parse(text);
        const char *flaw = openapi_flaw(document, schema, value);
        cr_assert_str_eq(flaw ? flaw : "", cases[i].flaw ? cases[i].flaw : "", "%s", text);
        json_object_put(value);
    }
}

Test(openapi, says_who_may_call_what)
{
    static const struct {
        const char *path, *method, *security;
    } cases[] = {
        { "/login/", "post", "[]" },
        { "/logout/", "post", "[{},{\"accessToken\":[]}]" },
        { "/sessions/", "get", "[{\"accessToken\":[]}]" },
        { "/profile/", "put", "[{\"accessToken\":[\"profile:write\"]}]" },
        { "/healthz/", "get", "[]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_object *security =
            openapi_get(document, "paths", cases[i].path, cases[i].method, "security", NULL);
        cr_assert_str_eq(json_object_to_json_string_ext(security, JSON_C_TO_STRING_PLAIN),
                         cases[i].security, "%s", cases[i].path);
    }
}

Test(openapi, says_which_errors_follow_from_the_columns_of_a_route)
{
    static const struct {
        const char *path, *method, *status, *error;
        bool there;
    } cases[] = {
        { "/login/", "post", "400", "invalid_json", true },
        { "/login/", "post", "400", "invalid_form", false },
        { "/login/", "post", "413", "payload_too_large", true },
        { "/login/", "post", "415", "unsupported_media_type", true },
        { "/login/", "post", "401", "invalid_credentials", true },
        { "/login/", "post", "401", "missing_token", false },
        { "/login/", "post", "503", "busy", true },
        { "/revoke/", "post", "400", "invalid_form", true },
        { "/revoke/", "post", "400", "invalid_json", false },
        { "/profile/", "get", "401", "missing_token", true },
        { "/profile/", "get", "419", "token_expired", true },
        { "/profile/", "get", "403", "insufficient_scope", true },
        { "/profile/", "get", "415", "unsupported_media_type", false },
        { "/sessions/", "get", "403", "insufficient_scope", false },
        { "/sessions/", "delete", "404", "not_found", false },
        { "/sessions/{id}/", "delete", "404", "not_found", true },
        { "/healthz/", "get", "403", "not_local", true },
        { "/healthz/", "get", "503", "unavailable", false },
        { "/readyz/", "get", "503", "unavailable", true },
        { "/healthz/", "get", "500", "internal", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_object *example = openapi_get(document, "paths", cases[i].path, cases[i].method,
                                           "responses", cases[i].status, "content",
                                           "application/json", "examples", cases[i].error, NULL);
        cr_assert_eq(example != NULL, cases[i].there, "%s %s", cases[i].path, cases[i].error);
    }
}

Test(openapi, tells_where_the_service_is_and_what_an_expired_token_gets)
{
    static const struct {
        const char *settings[3], *url, *status;
    } cases[] = {
        { { "base_path=" }, "/", "419" },
        { { "base_path=/auth", "public_url=https://example.org" },
          "https://example.org/auth",
          "419" },
        { { "expired_status=401" }, "/api/v1", "401" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char message[CONFIG_MESSAGE_SIZE];
        finish();
        config_init(&config);
        for (size_t j = 0; j < 3 && cases[i].settings[j]; j++)
            cr_assert(config_set(&config, cases[i].settings[j], message), "%s", message);
        document = openapi_document(&config);
        json_object *server = json_object_array_get_idx(openapi_get(document, "servers", NULL), 0);
        cr_assert_str_eq(text_of(openapi_get(server, "url", NULL)), cases[i].url);
        cr_assert_not_null(openapi_get(document, "paths", "/profile/", "get", "responses",
                                       cases[i].status, "content", "application/json", "examples",
                                       "token_expired", NULL));
    }
}
