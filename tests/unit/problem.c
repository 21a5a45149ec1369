/* problem - the error table against the contract, and how its rows look. */
#include "http/problem.h"
#include <criterion/criterion.h>
#include <string.h>

static struct response response;
static struct request request;
static struct buffer out;
static const struct problem_options options = { .expired_status = 419,
                                                .realm = "https://example.org" };

static void start(void)
{
    request = (struct request){ .method = METHOD_GET, .id = "id-1" };
    response_init(&response);
    buffer_init(&out, 65536);
}

static void finish(void)
{
    response_clear(&response);
    buffer_clear(&out);
}

TestSuite(problem, .init = start, .fini = finish);

/* The contract's table, written down a second time. */
static const struct {
    enum error error;
    int status;
    const char *title, *code;
} contract[] = {
    { ERROR_INVALID_JSON, 400, "Bad Request", "invalid_json" },
    { ERROR_INVALID_FORM, 400, "Bad Request", "invalid_form" },
    { ERROR_INCOMPLETE_BODY, 400, "Bad Request", "invalid_json" },
    { ERROR_VALIDATION, 400, "Bad Request", "validation_error" },
    { ERROR_EMAIL_TAKEN, 400, "Bad Request", "validation_error" },
    { ERROR_INVALID_REFRESH_TOKEN, 400, "Invalid refresh token", "invalid_refresh_token" },
    { ERROR_MISSING_TOKEN, 401, "Unauthorized", "missing_token" },
    { ERROR_INVALID_TOKEN, 401, "Unauthorized", "invalid_token" },
    { ERROR_INVALID_OTP, 400, "Bad Request", "invalid_otp" },
    { ERROR_INVALID_CREDENTIALS, 401, "Unauthorized", "invalid_credentials" },
    { ERROR_ACCOUNT_DISABLED, 403, "Forbidden", "forbidden" },
    { ERROR_INSUFFICIENT_SCOPE, 403, "Forbidden", "forbidden" },
    { ERROR_BEYOND_RIGHTS, 403, "Forbidden", "forbidden" },
    { ERROR_LAST_ADMIN, 403, "Forbidden", "forbidden" },
    { ERROR_NOT_LOCAL, 403, "Forbidden", "forbidden" },
    { ERROR_FOREIGN_ORIGIN, 403, "Forbidden", "forbidden" },
    { ERROR_TOKEN_EXPIRED, 419, "Token expired", "token_expired" },
    { ERROR_NOT_FOUND, 404, "Not Found", "not_found" },
    { ERROR_METHOD_NOT_ALLOWED, 405, "Method Not Allowed", "method_not_allowed" },
    { ERROR_PAYLOAD_TOO_LARGE, 413, "Payload Too Large", "payload_too_large" },
    { ERROR_UNSUPPORTED_MEDIA_TYPE, 415, "Unsupported Media Type", "unsupported_media_type" },
    { ERROR_INVALID_MULTIPART, 400, "Bad Request", "invalid_form" },
    { ERROR_RATE_LIMITED, 429, "Too Many Requests", "rate_limited" },
    { ERROR_INTERNAL, 500, "Internal Server Error", "internal" },
    { ERROR_UNAVAILABLE, 503, "Service Unavailable", "unavailable" },
    { ERROR_BUSY, 503, "Service Unavailable", "unavailable" },
};
enum { CONTRACT_ROWS = sizeof contract / sizeof contract[0] };

Test(problem, rows_are_what_the_contract_says)
{
    for (size_t i = 0; i < CONTRACT_ROWS; i++) {
        const struct problem *row = problem_of(contract[i].error);
        const char *name = error_name(contract[i].error);
        cr_assert_eq(row->error, contract[i].error, "%s has no row", name);
        cr_assert_eq(row->status, contract[i].status, "%s", name);
        cr_assert_str_eq(row->title, contract[i].title, "%s", name);
        cr_assert_str_eq(row->code, contract[i].code, "%s", name);
        cr_assert_gt(strlen(row->detail), 20, "%s says nothing", name);
    }
}

Test(problem, every_error_has_a_row_or_is_known_to_have_none)
{
    int without = 0;
    for (int error = ERROR_NONE; error < ERROR_COUNT; error++) {
        bool has_row = problem_of((enum error)error)->error == (enum error)error;
        bool is_exception =
            error == ERROR_NONE || error == ERROR_DUPLICATE || error == ERROR_UNSUPPORTED_PICTURE;
        cr_assert_neq(has_row, is_exception, "%s", error_name((enum error)error));
        without += is_exception;
    }
    cr_assert_eq(CONTRACT_ROWS + without, ERROR_COUNT, "the contract above lacks an error");
}

Test(problem, an_error_without_a_row_is_internal)
{
    static const int errors[] = { ERROR_NONE, ERROR_DUPLICATE, ERROR_COUNT, ERROR_COUNT + 7, -1 };
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        cr_assert_eq(problem_of((enum error)errors[i])->error, ERROR_INTERNAL, "%d", errors[i]);
}

Test(problem, who_is_out_of_service_says_when_to_come_back)
{
    for (size_t i = 0; i < CONTRACT_ROWS; i++)
        cr_assert_eq(problem_of(contract[i].error)->retry_after > 0,
                     contract[i].status == 503 || contract[i].status == 429, "%s",
                     error_name(contract[i].error));
}

/* RFC 9110 §15.5.2 */
Test(problem, every_401_carries_a_challenge)
{
    for (size_t i = 0; i < CONTRACT_ROWS; i++)
        if (contract[i].status == 401)
            cr_assert_not_null(problem_of(contract[i].error)->challenge, "%s",
                               error_name(contract[i].error));
}

static const char *render(enum error error, const struct field_errors *errors,
                          const struct problem_options *with)
{
    buffer_reset(&out);
    problem_render(error, errors, with, &request, &response);
    response_render(&response, &request, &out);
    return out.data;
}

Test(problem, is_rendered_in_the_order_of_the_contract)
{
    const char *expected =
        "Status: 404 Not Found\r\nContent-Type: application/json\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Request-Id: id-1\r\n"
        "Content-Length: 141\r\n\r\n"
        "{\"status\":404,\"title\":\"Not Found\",\"code\":\"not_found\",\"detail\":\"There is "
        "nothing "
        "at this address. Please check the path.\",\"request_id\":\"id-1\"}";
    cr_assert_str_eq(render(ERROR_NOT_FOUND, NULL, &options), expected);
}

Test(problem, names_the_members_that_are_at_fault)
{
    struct field_errors errors = { 0 };
    field_errors_add(&errors, "email", "One.");
    field_errors_add(&errors, "name", "Two.");
    field_errors_add(&errors, "email", "Three.");
    const char *text = render(ERROR_VALIDATION, &errors, &options);
    cr_assert_not_null(strstr(text, ",\"errors\":{\"email\":[\"One.\",\"Three.\"],\"name\":[\"Two."
                                    "\"]},\"request_id\":"),
                       "%s", text);
}

Test(problem, has_no_errors_where_no_member_is_at_fault)
{
    const struct field_errors none = { 0 };
    cr_assert_null(strstr(render(ERROR_VALIDATION, &none, &options), "\"errors\""));
}

Test(problem, is_problem_json_where_that_is_wanted)
{
    request.wants_problem_json = true;
    const char *text = render(ERROR_NOT_FOUND, NULL, &options);
    cr_assert_not_null(strstr(text, "\r\nContent-Type: application/problem+json\r\n"));
}

Test(problem, challenges_as_rfc_6750_says)
{
    static const struct {
        enum error error;
        const char *challenge; /* NULL: no header */
    } cases[] = {
        { ERROR_MISSING_TOKEN, "Bearer realm=\"https://example.org\"" },
        { ERROR_INVALID_CREDENTIALS, "Bearer realm=\"https://example.org\"" },
        { ERROR_INVALID_TOKEN, "Bearer realm=\"https://example.org\", error=\"invalid_token\", "
                               "error_description=\"The access token is not valid\"" },
        { ERROR_TOKEN_EXPIRED, "Bearer realm=\"https://example.org\", error=\"invalid_token\", "
                               "error_description=\"The access token expired\"" },
        { ERROR_INSUFFICIENT_SCOPE, "Bearer realm=\"https://example.org\", "
                                    "error=\"insufficient_scope\", scope=\"profile:write\"" },
        { ERROR_ACCOUNT_DISABLED, NULL },
        { ERROR_NOT_FOUND, NULL },
        { ERROR_INVALID_REFRESH_TOKEN, NULL },
    };
    struct problem_options with = options;
    with.scope = "profile:write";
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *name = error_name(cases[i].error);
        struct buffer line;
        buffer_init(&line, 1024);
        response_clear(&response);
        const char *text = render(cases[i].error, NULL, &with);
        if (cases[i].challenge) {
            buffer_format(&line, "\r\nWWW-Authenticate: %s\r\n", cases[i].challenge);
            cr_assert_not_null(strstr(text, line.data), "%s: %s", name, text);
        } else {
            cr_assert_null(strstr(text, "WWW-Authenticate"), "%s: %s", name, text);
        }
        buffer_clear(&line);
    }
}

Test(problem, names_no_scope_where_none_is_known)
{
    const char *text = render(ERROR_INSUFFICIENT_SCOPE, NULL, &options);
    cr_assert_not_null(strstr(text, "error=\"insufficient_scope\"\r\n"));
}

Test(problem, quotes_the_realm)
{
    const struct problem_options with = { .expired_status = 419, .realm = "a\"b\\c" };
    const char *text = render(ERROR_MISSING_TOKEN, NULL, &with);
    cr_assert_not_null(strstr(text, "WWW-Authenticate: Bearer realm=\"a\\\"b\\\\c\"\r\n"), "%s",
                       text);
}

Test(problem, an_expired_token_is_419_or_401_by_option_and_keeps_its_code)
{
    const struct problem_options with = { .expired_status = 401, .realm = "x" };
    const char *text = render(ERROR_TOKEN_EXPIRED, NULL, &options);
    cr_assert_eq(strncmp(text, "Status: 419 Token expired\r\n", 27), 0);
    cr_assert_not_null(
        strstr(text, "{\"status\":419,\"title\":\"Token expired\",\"code\":\"token_expired\","));
    response_clear(&response);
    text = render(ERROR_TOKEN_EXPIRED, NULL, &with);
    cr_assert_eq(strncmp(text, "Status: 401 Unauthorized\r\n", 26), 0);
    cr_assert_not_null(
        strstr(text, "{\"status\":401,\"title\":\"Unauthorized\",\"code\":\"token_expired\","));
}

Test(problem, drops_the_body_that_was_there_and_keeps_the_headers)
{
    json_object *object = json_object_new_object();
    json_object_object_add(object, "access", json_object_new_string("half an answer"));
    response_json(&response, STATUS_OK, object);
    response_header(&response, "Allow", "GET, HEAD, OPTIONS");
    response.cacheable = true;
    const char *text = render(ERROR_METHOD_NOT_ALLOWED, NULL, &options);
    cr_assert_null(strstr(text, "half an answer"));
    cr_assert_not_null(strstr(text, "\r\nAllow: GET, HEAD, OPTIONS\r\n"));
    cr_assert_not_null(strstr(text, "\r\nCache-Control: no-store\r\n"));
}

Test(problem, says_when_to_retry)
{
    cr_assert_not_null(strstr(render(ERROR_UNAVAILABLE, NULL, &options), "\r\nRetry-After: 5\r\n"));
    response_clear(&response);
    cr_assert_null(strstr(render(ERROR_INTERNAL, NULL, &options), "Retry-After"));
}

Test(problem, head_gets_the_head_alone)
{
    request.method = METHOD_HEAD;
    const char *text = render(ERROR_NOT_FOUND, NULL, &options);
    cr_assert_str_eq(text + strlen(text) - 4, "\r\n\r\n");
    cr_assert_not_null(strstr(text, "Content-Length: 141\r\n"));
}

Test(problem, says_how_long_to_wait_where_that_is_known)
{
    static const struct {
        enum error error;
        int retry_after;
        const char *expected; /* NULL: no such header */
    } cases[] = {
        { ERROR_RATE_LIMITED, 0, "Retry-After: 60\r\n" },
        { ERROR_RATE_LIMITED, 7, "Retry-After: 7\r\n" },
        { ERROR_BUSY, 0, "Retry-After: 2\r\n" },
        { ERROR_NOT_FOUND, 0, NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct problem_options limited = { .expired_status = 419,
                                                 .retry_after = cases[i].retry_after };
        response_clear(&response);
        buffer_reset(&out);
        problem_render(cases[i].error, NULL, &limited, &request, &response);
        response_render(&response, &request, &out);
        const char *header = strstr(out.data, "Retry-After");
        cr_assert_eq(header != NULL, cases[i].expected != NULL, "case %zu", i);
        if (header)
            cr_assert_eq(strncmp(header, cases[i].expected, strlen(cases[i].expected)), 0,
                         "case %zu: %s", i, header);
    }
}
