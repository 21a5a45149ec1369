/* openapi - see openapi.h. */
#include "api/openapi.h"
#include "api/routes.h"
#include "http/problem.h"
#include <ctype.h>
#include <string.h>

/* What one operation is made of. */
struct operation {
    const struct config *config;
    const struct route *route;
    json_object *schemas, *examples; /* of the document */
};

static void add_text(json_object *object, const char *member, const char *text)
{
    json_object_object_add(object, member, json_object_new_string(text));
}

/* Errors ----------------------------------------------------------------------------------------*/

enum { DERIVED_MAX = 6 };

/* What the gate answers (gate.c), what the reading of a body does (dispatch.c), and what may always
 * happen. */
static const enum error of_access[][DERIVED_MAX] = {
    [ACCESS_PUBLIC] = { ERROR_NONE },
    [ACCESS_OPTIONAL] = { ERROR_MISSING_TOKEN, ERROR_INVALID_TOKEN, ERROR_TOKEN_EXPIRED },
    [ACCESS_TOKEN] = { ERROR_MISSING_TOKEN, ERROR_INVALID_TOKEN, ERROR_TOKEN_EXPIRED },
    [ACCESS_PERMISSION] = { ERROR_MISSING_TOKEN, ERROR_INVALID_TOKEN, ERROR_TOKEN_EXPIRED,
                            ERROR_INSUFFICIENT_SCOPE },
    [ACCESS_LOCAL] = { ERROR_NOT_LOCAL },
};
#define READING ERROR_INCOMPLETE_BODY, ERROR_PAYLOAD_TOO_LARGE, ERROR_UNSUPPORTED_MEDIA_TYPE
static const enum error of_body[][DERIVED_MAX] = {
    [BODY_NONE] = { ERROR_NONE },
    [BODY_JSON] = { ERROR_INVALID_JSON, ERROR_VALIDATION, READING },
    [BODY_JSON_OPTIONAL] = { ERROR_INVALID_JSON, ERROR_VALIDATION, READING },
    [BODY_JSON_OR_MULTIPART] = { ERROR_INVALID_JSON, ERROR_INVALID_MULTIPART, ERROR_VALIDATION,
                                 READING },
    [BODY_FORM] = { ERROR_INVALID_FORM, ERROR_VALIDATION, READING },
};
static const enum error of_query[] = { ERROR_INVALID_FORM, ERROR_VALIDATION, ERROR_NONE };
static const enum error of_parameter[] = { ERROR_NOT_FOUND, ERROR_NONE };
static const enum error of_all[] = { ERROR_INTERNAL, ERROR_NONE };

static bool has_parameter(const struct route *route)
{
    return strstr(route->path, "{id}");
}

/* One answer of the error table, as the table makes it. */
static void render(const struct config *config, enum error error, struct response *response)
{
    const struct problem_options options = { .expired_status = (int)config->expired_status,
                                             .realm = config->issuer };
    static const struct request request = { .method = METHOD_GET,
                                            .id = "b1946ac92492d2347c6235b4d2611184" };
    struct field_errors errors = { 0 };
    if (error == ERROR_VALIDATION)
        field_errors_add(&errors, "password", "This field is required.");
    if (error == ERROR_EMAIL_TAKEN)
        field_errors_add(&errors, "email", "This email address has an account already.");
    problem_render(error, &errors, &options, &request, response);
}

static json_object *header(const char *description)
{
    json_object *object = json_object_new_object(), *schema = json_object_new_object();
    add_text(object, "description", description);
    add_text(schema, "type", "string");
    json_object_object_add(object, "schema", schema);
    return object;
}

static json_object *headers_of(const struct problem *problem)
{
    json_object *headers = json_object_new_object();
    if (problem->challenge)
        json_object_object_add(headers, "WWW-Authenticate", header("RFC 6750 §3."));
    if (problem->retry_after)
        json_object_object_add(headers, "Retry-After", header("Seconds to wait."));
    return headers;
}

/* Several errors may share a status: each is an example of it. */
static json_object *response_of(const struct operation *operation, json_object *responses,
                                const struct response *rendered, const struct problem *problem)
{
    char status[16];
    json_object *response = NULL;
    snprintf(status, sizeof status, "%d", rendered->status);
    if (json_object_object_get_ex(responses, status, &response))
        return response;
    response = json_object_new_object();
    json_object *content = openapi_content(&schema_problem, NULL, operation->schemas);
    json_object *body = json_object_object_get(content, "application/json");
    json_object_object_del(body, "example");
    json_object_object_add(body, "examples", json_object_new_object());
    add_text(response, "description", rendered->reason);
    json_object_object_add(response, "headers", headers_of(problem));
    json_object_object_add(response, "content", content);
    json_object_object_add(responses, status, response);
    return response;
}

/* The same error looks the same wherever it is answered: each stands once in the document. */
static json_object *example_reference(const struct operation *operation, enum error error,
                                      const struct response *rendered)
{
    char path[128];
    const char *name = error_name(error);
    json_object *reference = json_object_new_object();
    if (!json_object_object_get_ex(operation->examples, name, NULL)) {
        json_object *example = json_object_new_object();
        json_object_object_add(example, "value", json_tokener_parse(rendered->body.data));
        json_object_object_add(operation->examples, name, example);
    }
    snprintf(path, sizeof path, "#/components/examples/%s", name);
    add_text(reference, "$ref", path);
    return reference;
}

static void add_error(const struct operation *operation, enum error error, json_object *responses)
{
    struct response rendered;
    response_init(&rendered);
    render(operation->config, error, &rendered);
    json_object *response = response_of(operation, responses, &rendered, problem_of(error));
    json_object *content = json_object_object_get(response, "content");
    json_object *examples =
        json_object_object_get(json_object_object_get(content, "application/json"), "examples");
    json_object_object_add(examples, error_name(error),
                           example_reference(operation, error, &rendered));
    response_clear(&rendered);
}

static void add_errors(const struct operation *operation, const enum error *errors, size_t most,
                       json_object *responses)
{
    for (size_t i = 0; i < most && errors[i]; i++)
        add_error(operation, errors[i], responses);
}

/* Operations ------------------------------------------------------------------------------------*/

static json_object *responses_of(const struct operation *operation)
{
    const struct route *route = operation->route;
    json_object *responses = json_object_new_object(), *success = json_object_new_object();
    struct response response;
    char status[16];
    response_init(&response);
    response_status(&response, route->status);
    snprintf(status, sizeof status, "%d", (int)route->status);
    add_text(success, "description", response.reason);
    if (route->answer)
        json_object_object_add(success, "content",
                               openapi_content(route->answer, NULL, operation->schemas));
    json_object_object_add(responses, status, success);
    response_clear(&response);
    add_errors(operation, of_body[route->body], DERIVED_MAX, responses);
    add_errors(operation, of_access[route->access], DERIVED_MAX, responses);
    add_errors(operation, route->errors, ERROR_COUNT, responses);
    if (route->query)
        add_errors(operation, of_query, ERROR_COUNT, responses);
    if (has_parameter(route))
        add_errors(operation, of_parameter, ERROR_COUNT, responses);
    add_errors(operation, of_all, ERROR_COUNT, responses);
    return responses;
}

static json_object *request_of(const struct operation *operation)
{
    const struct route *route = operation->route;
    json_object *request = json_object_new_object();
    json_object *content = openapi_content(
        route->request, route->body == BODY_FORM ? "application/x-www-form-urlencoded" : NULL,
        operation->schemas);
    if (route->body == BODY_JSON_OR_MULTIPART)
        json_object_object_add(content, "multipart/form-data",
                               openapi_schema_body(&schema_profile_upload, operation->schemas));
    json_object_object_add(request, "required",
                           json_object_new_boolean(route->body != BODY_JSON_OPTIONAL));
    json_object_object_add(request, "content", content);
    return request;
}

static json_object *demand(const struct route *route)
{
    json_object *security = json_object_new_object(), *permissions = json_object_new_array();
    if (route->permission)
        json_object_array_add(permissions,
                              json_object_new_string(permission_name(route->permission)));
    json_object_object_add(security, "accessToken", permissions);
    return security;
}

/* [] is nobody's token, [{}, …] is one that may be missing. */
static json_object *security_of(const struct route *route)
{
    json_object *list = json_object_new_array();
    if (route->access == ACCESS_OPTIONAL)
        json_object_array_add(list, json_object_new_object());
    if (route->access == ACCESS_OPTIONAL || route->access == ACCESS_TOKEN ||
        route->access == ACCESS_PERMISSION)
        json_object_array_add(list, demand(route));
    return list;
}

static json_object *parameter_of(const char *name, const char *place, json_object *schema)
{
    json_object *parameter = json_object_new_object();
    add_text(parameter, "name", name);
    add_text(parameter, "in", place);
    json_object_object_add(parameter, "required", json_object_new_boolean(!strcmp(place, "path")));
    json_object_object_add(parameter, "schema", schema);
    return parameter;
}

static void add_query(const struct schema *query, json_object *list)
{
    json_object *examples = json_tokener_parse(query->example), *example;
    for (const struct schema_member *member = query->members; member->name; member++) {
        json_object *parameter =
            parameter_of(member->name, "query", openapi_schema_value(member, NULL));
        if (member->description)
            add_text(parameter, "description", member->description);
        if (json_object_object_get_ex(examples, member->name, &example))
            json_object_object_add(parameter, "example", json_object_get(example));
        json_object_array_add(list, parameter);
    }
    json_object_put(examples);
}

static json_object *parameters_of(const struct route *route)
{
    json_object *list = json_object_new_array();
    if (has_parameter(route)) {
        json_object *schema = json_object_new_object();
        add_text(schema, "type", "string");
        json_object_array_add(list, parameter_of("id", "path", schema));
    }
    if (route->query)
        add_query(route->query, list);
    return list;
}

/* "get_well_known_jwks_json" */
static void write_id(const struct route *route, char *id, size_t size)
{
    const char *parts[] = { method_name(route->method), route->path };
    size_t used = 0;
    bool gap = false;
    for (size_t part = 0; part < 2; part++, gap = true)
        for (const char *from = parts[part]; *from && used + 2 < size; from++) {
            if (isalnum((unsigned char)*from)) {
                if (gap)
                    id[used++] = '_';
                id[used++] = (char)tolower((unsigned char)*from);
            }
            gap = !isalnum((unsigned char)*from);
        }
    id[used] = '\0';
}

static json_object *describe(const struct operation *operation)
{
    const struct route *route = operation->route;
    char id[128];
    json_object *object = json_object_new_object();
    write_id(route, id, sizeof id);
    add_text(object, "operationId", id);
    add_text(object, "summary", route->summary);
    if (route->access == ACCESS_LOCAL)
        add_text(object, "description", "Only for this host, unless status_access lets all in.");
    json_object_object_add(object, "security", security_of(route));
    json_object_object_add(object, "parameters", parameters_of(route));
    if (route->request)
        json_object_object_add(object, "requestBody", request_of(operation));
    json_object_object_add(object, "responses", responses_of(operation));
    return object;
}

/* The document ----------------------------------------------------------------------------------*/

static json_object *paths_of(const struct config *config, json_object *schemas,
                             json_object *examples)
{
    size_t count;
    const struct route *rows = routes(&count);
    json_object *paths = json_object_new_object();
    for (size_t row = 0; row < count; row++) {
        const struct operation operation = { config, &rows[row], schemas, examples };
        json_object *path = NULL;
        char method[16] = "";
        if (!json_object_object_get_ex(paths, rows[row].path, &path)) {
            path = json_object_new_object();
            json_object_object_add(paths, rows[row].path, path);
        }
        const char *name = method_name(rows[row].method);
        for (size_t i = 0; name[i] && i + 1 < sizeof method; i++)
            method[i] = (char)tolower((unsigned char)name[i]);
        json_object_object_add(path, method, describe(&operation));
    }
    return paths;
}

static json_object *information(void)
{
    json_object *info = json_object_new_object(), *license = json_object_new_object();
    add_text(info, "title", "therappai-auth");
    add_text(info, "summary", "Accounts, logins and tokens of a web site");
    add_text(
        info, "description",
        "A path may be written without its last slash. Members that are not known are ignored. "
        "HEAD works wherever GET does, and OPTIONS tells the methods of a path.");
    add_text(info, "version", THERAPPAI_AUTH_VERSION);
    add_text(license, "name", "MIT");
    add_text(license, "identifier", "MIT");
    json_object_object_add(info, "license", license);
    return info;
}

static json_object *servers(const struct config *config)
{
    json_object *list = json_object_new_array(), *server = json_object_new_object();
    struct buffer url;
    buffer_init(&url, 1024);
    buffer_format(&url, "%s%s", config->public_url, config->base_path);
    add_text(server, "url", url.size ? url.data : "/");
    json_object_array_add(list, server);
    buffer_clear(&url);
    return list;
}

static json_object *security_schemes(void)
{
    json_object *schemes = json_object_new_object(), *scheme = json_object_new_object();
    add_text(scheme, "type", "http");
    add_text(scheme, "scheme", "bearer");
    add_text(scheme, "bearerFormat", "JWT");
    add_text(scheme, "description", "The access token that a login or a refresh answers.");
    json_object_object_add(schemes, "accessToken", scheme);
    return schemes;
}

json_object *openapi_document(const struct config *config)
{
    json_object *document = json_object_new_object(), *components = json_object_new_object(),
                *schemas = json_object_new_object(), *examples = json_object_new_object();
    add_text(document, "openapi", "3.1.0");
    json_object_object_add(document, "info", information());
    json_object_object_add(document, "servers", servers(config));
    json_object_object_add(document, "paths", paths_of(config, schemas, examples));
    json_object_object_add(components, "schemas", schemas);
    json_object_object_add(components, "examples", examples);
    json_object_object_add(components, "securitySchemes", security_schemes());
    json_object_object_add(document, "components", components);
    return document;
}

void openapi_print(const struct config *config, FILE *out)
{
    json_object *document = openapi_document(config);
    fprintf(out, "%s\n",
            json_object_to_json_string_ext(document, JSON_C_TO_STRING_PRETTY |
                                                         JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(document);
}
