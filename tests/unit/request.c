/* request - what is made of an environment, friendly or not. */
#include "http/request.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum error parse(struct request *request, const char *const *environment)
{
    return request_parse(request, (char *const *)environment, "/api/v1");
}

/* The request of one variable. */
static struct request request_with(const char *name, const char *value)
{
    static char variable[4096];
    struct request request;
    const char *const environment[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/api/v1/login/",
                                        variable, NULL };
    snprintf(variable, sizeof variable, "%s=%s", name, value);
    cr_assert_eq(parse(&request, environment), ERROR_NONE, "%s", variable);
    return request;
}

static enum error parse_uri(const char *uri, const char *base_path, struct request *request)
{
    static char variable[4096];
    char *const environment[] = { "REQUEST_METHOD=GET", variable, NULL };
    snprintf(variable, sizeof variable, "REQUEST_URI=%s", uri);
    return request_parse(request, environment, base_path);
}

Test(request, a_path_is_stripped_decoded_and_ends_in_a_slash)
{
    static const struct {
        const char *uri, *base_path, *path;
    } cases[] = {
        { "/api/v1/login/", "/api/v1", "/login/" },
        { "/api/v1/login", "/api/v1", "/login/" },
        { "/api/v1/login?next=/x", "/api/v1", "/login/" },
        { "/api/v1/login/?a=1&b=%00%2F..", "/api/v1", "/login/" },
        { "/api/v1/login/??", "/api/v1", "/login/" },
        { "/api/v1", "/api/v1", "/" },
        { "/api/v1/", "/api/v1", "/" },
        { "/api/v1?x", "/api/v1", "/" },
        { "/login/", "", "/login/" },
        { "/", "", "/" },
        { "/api/v1/l%6Fgin/", "/api/v1", "/login/" },
        { "/api/v1/l%6fgin/", "/api/v1", "/login/" },
        { "/%61pi/v1/login/", "/api/v1", "/login/" },
        { "/api/v1/%C3%A9/", "/api/v1", "/\xc3\xa9/" },
        { "/api/v1/a%20b/", "/api/v1", "/a b/" },
        { "/api/v1/%2561/", "/api/v1", "/%61/" },
        { "/api/v1/%252e%252e/", "/api/v1", "/%2e%2e/" },
        { "/api/v1/.well-known/jwks.json", "/api/v1", "/.well-known/jwks.json/" },
        { "/api/v1/.../", "/api/v1", "/.../" },
        { "/api/v1//login/", "/api/v1", "//login/" },
        { "/api/v1/LOGIN/", "/api/v1", "/LOGIN/" },
        { "http://example.org/api/v1/login/", "/api/v1", "/login/" },
        { "HTTPS://example.org:8443/api/v1/login/?x", "/api/v1", "/login/" },
        { "http://example.org", "", "/" },
        { "http://example.org?x", "", "/" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request request;
        cr_assert_eq(parse_uri(cases[i].uri, cases[i].base_path, &request), ERROR_NONE, "%s",
                     cases[i].uri);
        cr_assert_str_eq(request.path, cases[i].path, "%s gave %s", cases[i].uri, request.path);
    }
}

Test(request, a_path_that_is_not_ours_or_not_clean_is_not_found)
{
    static const struct {
        const char *what, *uri;
    } cases[] = {
        { "another path", "/other/login/" },
        { "the base path with a letter more", "/api/v1x/login/" },
        { "the base path with a letter more and no slash", "/api/v1x" },
        { "the base path in capitals", "/API/v1/login/" },
        { "nothing", "" },
        { "an asterisk", "*" },
        { "no slash before the base path", "api/v1/login/" },
        { "an encoded slash", "/api/v1/a%2Fb/" },
        { "an encoded slash in small letters", "/api/v1/a%2fb/" },
        { "an encoded slash for the first", "/api/v1%2Flogin/" },
        { "an encoded NUL", "/api/v1/login%00/" },
        { "an encoded NUL at the end", "/api/v1/login/%00" },
        { "an encoded line break", "/api/v1/login%0d%0aX:y/" },
        { "an encoded DEL", "/api/v1/login%7f/" },
        { "a raw control character", "/api/v1/log\tin/" },
        { "a backslash", "/api/v1/a\\b/" },
        { "an encoded backslash", "/api/v1/a%5cb/" },
        { "a fragment", "/api/v1/login/#x" },
        { "parent segments", "/api/v1/../login/" },
        { "parent segments to leave and come back", "/api/v1/../../api/v1/login/" },
        { "an encoded parent segment", "/api/v1/%2e%2e/login/" },
        { "a half encoded parent segment", "/api/v1/.%2E/login/" },
        { "a parent segment at the end", "/api/v1/login/.." },
        { "a dot segment", "/api/v1/./login/" },
        { "a dot segment at the end", "/api/v1/login/." },
        { "an encoded dot segment", "/api/v1/%2e/login/" },
        { "an escape of one digit", "/api/v1/login%4" },
        { "an escape of no digit", "/api/v1/login%" },
        { "an escape of other letters", "/api/v1/login%zz/" },
        { "an escape with a sign", "/api/v1/login%+1/" },
        { "bytes that are no UTF-8", "/api/v1/%ff/" },
        { "an overlong slash", "/api/v1/a%c0%afb/" },
        { "a surrogate", "/api/v1/%ed%a0%80/" },
        { "another path in absolute form", "http://example.org/other/" },
        { "the base path as host", "http://api/v1/login/" },
        { "no scheme", "://example.org/api/v1/login/" },
        { "two absolute forms", "http://example.org/http://example.org/api/v1/login/" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request request;
        cr_assert_eq(parse_uri(cases[i].uri, "/api/v1", &request), ERROR_NOT_FOUND, "%s",
                     cases[i].what);
        cr_assert_str_eq(request.path, "", "%s", cases[i].what);
        cr_assert_eq(strlen(request.id), 32, "%s", cases[i].what);
        cr_assert_eq(request.method, METHOD_GET, "%s", cases[i].what);
    }
}

Test(request, a_path_may_fill_its_room_and_no_more)
{
    struct request request;
    char uri[REQUEST_PATH_SIZE + 1];
    memset(uri, 'a', sizeof uri);
    uri[0] = '/';
    uri[REQUEST_PATH_SIZE - 2] = '\0';
    cr_assert_eq(parse_uri(uri, "", &request), ERROR_NONE);
    cr_assert_eq(strlen(request.path), REQUEST_PATH_SIZE - 1);
    cr_assert_eq(request.path[REQUEST_PATH_SIZE - 2], '/');
    uri[REQUEST_PATH_SIZE - 2] = 'a';
    uri[REQUEST_PATH_SIZE - 1] = '\0';
    cr_assert_eq(parse_uri(uri, "", &request), ERROR_NOT_FOUND);
}

Test(request, without_a_uri_nothing_is_found)
{
    static const char *const environment[] = { "REQUEST_METHOD=GET", "PATH_INFO=/login/",
                                               "SCRIPT_NAME=/api/v1", NULL };
    struct request request;
    cr_assert_eq(parse(&request, environment), ERROR_NOT_FOUND);
}

Test(request, methods_are_known_by_their_exact_name)
{
    static const struct {
        const char *name;
        enum method method;
    } cases[] = {
        { "GET", METHOD_GET },         { "HEAD", METHOD_HEAD },   { "POST", METHOD_POST },
        { "PUT", METHOD_PUT },         { "PATCH", METHOD_PATCH }, { "DELETE", METHOD_DELETE },
        { "OPTIONS", METHOD_OPTIONS }, { "get", METHOD_OTHER },   { "POST ", METHOD_OTHER },
        { "TRACE", METHOD_OTHER },     { "", METHOD_OTHER },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request request;
        char variable[64];
        char *const environment[] = { variable, "REQUEST_URI=/api/v1/", NULL };
        snprintf(variable, sizeof variable, "REQUEST_METHOD=%s", cases[i].name);
        cr_assert_eq(request_parse(&request, environment, "/api/v1"), ERROR_NONE);
        cr_assert_eq(request.method, cases[i].method, "%s", cases[i].name);
        if (request.method != METHOD_OTHER)
            cr_assert_str_eq(method_name(request.method), cases[i].name);
    }
    cr_assert_str_eq(method_name(METHOD_INVALID), "INVALID");
    cr_assert_str_eq(method_name(METHOD_OTHER), "OTHER");
}

Test(request, an_empty_environment_fills_everything)
{
    static const char *const environment[] = { NULL };
    struct request request;
    memset(&request, 0xff, sizeof request);
    cr_assert_eq(parse(&request, environment), ERROR_NOT_FOUND);
    cr_assert_eq(request.method, METHOD_OTHER);
    cr_assert_eq(request.media_type, MEDIA_NONE);
    cr_assert_eq(request.content_length, -1);
    cr_assert_null(request.content_type);
    cr_assert_null(request.authorization);
    cr_assert_null(request.remote_address);
    cr_assert_null(request.user_agent);
    cr_assert_not(request.wants_problem_json);
    cr_assert_eq(strlen(request.id), 32);
}

Test(request, the_first_of_two_variables_counts)
{
    static const char *const environment[] = {
        "REQUEST_METHOD=GET",    "REQUEST_URI=/api/v1/login/",
        "REMOTE_ADDR=192.0.2.1", "REMOTE_ADDR_X=192.0.2.3",
        "REQUEST_METHOD=POST",   "REQUEST_URI=/api/v1/admin/",
        "REMOTE_ADDR=127.0.0.1", NULL
    };
    struct request request;
    cr_assert_eq(parse(&request, environment), ERROR_NONE);
    cr_assert_eq(request.method, METHOD_GET);
    cr_assert_str_eq(request.path, "/login/");
    cr_assert_str_eq(request.remote_address, "192.0.2.1");
}

Test(request, a_variable_is_found_by_its_whole_name)
{
    static char *const environment[] = { "HTTP_ACCEPT_LANGUAGE=en", "HTTP_ACCEPT=", "NONE", NULL };
    cr_assert_str_eq(request_variable(environment, "HTTP_ACCEPT"), "");
    cr_assert_str_eq(request_variable(environment, "HTTP_ACCEPT_LANGUAGE"), "en");
    cr_assert_null(request_variable(environment, "HTTP_ACC"));
    cr_assert_null(request_variable(environment, "NONE"));
}

Test(request, content_types_are_recognised)
{
    static const struct {
        const char *text;
        enum media_type type;
    } cases[] = {
        { "", MEDIA_NONE },
        { "application/json", MEDIA_JSON },
        { "Application/JSON", MEDIA_JSON },
        { " application/json ", MEDIA_JSON },
        { "application/json;charset=utf-8", MEDIA_JSON },
        { "application/json; charset=UTF-8", MEDIA_JSON },
        { "application/json ; Charset=\"Utf-8\" ", MEDIA_JSON },
        { "application/json; version=1; charset=utf-8", MEDIA_JSON },
        { "application/json; note=\"a;charset=latin1\"", MEDIA_JSON },
        { "application/json; note=\"a\\\";b\"", MEDIA_JSON },
        { "application/json;", MEDIA_JSON },
        { "application/json; charset=iso-8859-1", MEDIA_OTHER },
        { "application/json; charset=utf-16", MEDIA_OTHER },
        { "application/json; charset=utf-8; charset=utf-7", MEDIA_OTHER },
        { "application/json; charset=utf-8x", MEDIA_OTHER },
        { "application/json; charset=\"utf-8", MEDIA_OTHER },
        { "application/json; charset=\"utf-8\\", MEDIA_OTHER },
        { "application/json; charset", MEDIA_OTHER },
        { "application/json; charset=", MEDIA_OTHER },
        { "application/json charset=utf-8", MEDIA_OTHER },
        { "application/json, text/plain", MEDIA_OTHER },
        { "application/json, application/json", MEDIA_OTHER },
        { "application/jsonp", MEDIA_OTHER },
        { "application/json/x", MEDIA_OTHER },
        { "application/problem+json", MEDIA_OTHER },
        { "json", MEDIA_OTHER },
        { "text/plain", MEDIA_OTHER },
        { "text/plain; application/json", MEDIA_OTHER },
        { ";", MEDIA_OTHER },
        { "multipart/form-data; boundary=x", MEDIA_MULTIPART },
        { "multipart/form-data; boundary=\"x y\"", MEDIA_MULTIPART },
        { "multipart/mixed; boundary=x", MEDIA_OTHER },
        { "application/x-www-form-urlencoded", MEDIA_FORM },
        { "application/x-www-form-urlencoded; charset=UTF-8", MEDIA_FORM },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request request = request_with("CONTENT_TYPE", cases[i].text);
        cr_assert_eq(request.media_type, cases[i].type, "%s", cases[i].text);
    }
}

Test(request, content_lengths_are_digits_alone)
{
    static const struct {
        const char *text;
        enum error error;
        int64_t length;
    } cases[] = {
        { "", ERROR_NONE, -1 },
        { "0", ERROR_NONE, 0 },
        { "65536", ERROR_NONE, 65536 },
        { "007", ERROR_NONE, 7 },
        { "9223372036854775807", ERROR_NONE, INT64_MAX },
        { "9223372036854775808", ERROR_NONE, INT64_MAX },
        { "99999999999999999999999999", ERROR_NONE, INT64_MAX },
        { "-1", ERROR_INCOMPLETE_BODY, -1 },
        { "+5", ERROR_INCOMPLETE_BODY, -1 },
        { " 5", ERROR_INCOMPLETE_BODY, -1 },
        { "5 ", ERROR_INCOMPLETE_BODY, -1 },
        { "5, 5", ERROR_INCOMPLETE_BODY, -1 },
        { "0x10", ERROR_INCOMPLETE_BODY, -1 },
        { "99999999999999999999999999x", ERROR_INCOMPLETE_BODY, -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request request;
        char variable[64];
        const char *const environment[] = { "REQUEST_URI=/api/v1/login/", variable, NULL };
        snprintf(variable, sizeof variable, "CONTENT_LENGTH=%s", cases[i].text);
        cr_assert_eq(parse(&request, environment), cases[i].error, "'%s'", cases[i].text);
        cr_assert_eq(request.content_length, cases[i].length, "'%s'", cases[i].text);
    }
}

Test(request, a_bad_path_comes_before_a_bad_length)
{
    static const char *const environment[] = { "REQUEST_URI=/other/", "CONTENT_LENGTH=x", NULL };
    struct request request;
    cr_assert_eq(parse(&request, environment), ERROR_NOT_FOUND);
}

Test(request, problem_json_is_wanted_where_accept_names_it)
{
    static const struct {
        const char *accept;
        bool wanted;
    } cases[] = {
        { "application/problem+json", true },
        { "Application/Problem+JSON", true },
        { "application/json, application/problem+json", true },
        { "application/json;q=0.9,application/problem+json;q=0.1 , */*", true },
        { "application/problem+json ; q=1", true },
        { "application/problem+json;profile=\"x\";q=0.001", true },
        { "", false },
        { "application/json", false },
        { "*/*", false },
        { "application/*", false },
        { "application/problem+xml", false },
        { "application/problem+jsonp", false },
        { "application/problem+json;q=0", false },
        { "application/problem+json; q=0.000", false },
        { "application/problem+json; x=1; Q=0.0", false },
        { "text/x;a=application/problem+json", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request request = request_with("HTTP_ACCEPT", cases[i].accept);
        cr_assert_eq(request.wants_problem_json, cases[i].wanted, "%s", cases[i].accept);
    }
}

#define SIXTY_FOUR "0123456789abcdef0123456789ABCDEF0123456789._-_-.0123456789abcdef"

Test(request, a_decent_request_id_of_the_caller_is_kept)
{
    static const char *const ids[] = { "a", "Abc-1._2", "..", SIXTY_FOUR };
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        cr_assert_str_eq(request_with("HTTP_X_REQUEST_ID", ids[i]).id, ids[i]);
}

Test(request, any_other_request_id_is_replaced_by_random_digits)
{
    static const char *const ids[] = { "",    " a",       "a b",   "a\tb",        "a\"b",
                                       "a=b", "\xc3\xa9", "a\x7f", SIXTY_FOUR "x" };
    char last[REQUEST_ID_SIZE] = "";
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct request request = request_with("HTTP_X_REQUEST_ID", ids[i]);
        cr_assert_eq(strlen(request.id), 32, "'%s'", ids[i]);
        cr_assert_eq(strspn(request.id, "0123456789abcdef"), 32, "'%s'", ids[i]);
        cr_assert_str_neq(request.id, last, "'%s'", ids[i]);
        memcpy(last, request.id, sizeof last);
    }
}

Test(request, texts_of_the_environment_are_passed_on)
{
    cr_assert_str_eq(request_with("REMOTE_ADDR", "192.0.2.7").remote_address, "192.0.2.7");
    cr_assert_null(request_with("REMOTE_ADDR", "").remote_address);
    cr_assert_str_eq(request_with("HTTP_USER_AGENT", "Browser/1").user_agent, "Browser/1");
    cr_assert_null(request_with("HTTP_USER_AGENT", "").user_agent);
    cr_assert_str_eq(request_with("HTTP_AUTHORIZATION", "Bearer x").authorization, "Bearer x");
    cr_assert_str_eq(request_with("CONTENT_TYPE", "text/plain").content_type, "text/plain");
}

Test(request, bearer_tokens_are_found)
{
    static const struct {
        const char *header, *token;
    } cases[] = {
        { "Bearer abc", "abc" },       { "bearer abc", "abc" },
        { "BEARER abc", "abc" },       { "BeArEr abc", "abc" },
        { "Bearer   abc", "abc" },     { "Bearer a.b-c_d~e+f/g==", "a.b-c_d~e+f/g==" },
        { "Bearer Bearer", "Bearer" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct request request = { .authorization = cases[i].header };
        struct secret *token = NULL;
        cr_assert_eq(request_bearer(&request, &token), ERROR_NONE, "%s", cases[i].header);
        cr_assert_str_eq(secret_reveal(token), cases[i].token);
        cr_assert_eq(secret_size(token), strlen(cases[i].token));
        secret_free(token);
    }
}

Test(request, whatever_is_no_bearer_token_is_missing_or_invalid)
{
    static const struct {
        const char *header;
        enum error error;
    } cases[] = {
        { NULL, ERROR_MISSING_TOKEN },
        { "", ERROR_MISSING_TOKEN },
        { "Basic YTpi", ERROR_MISSING_TOKEN },
        { "Basic YTpi, Bearer abc", ERROR_MISSING_TOKEN },
        { "abc", ERROR_MISSING_TOKEN },
        { "Bearerabc", ERROR_MISSING_TOKEN },
        { "Bearer,abc", ERROR_MISSING_TOKEN },
        { "Bearer:abc", ERROR_MISSING_TOKEN },
        { "Bearer\tabc", ERROR_MISSING_TOKEN },
        { " Bearer abc", ERROR_MISSING_TOKEN },
        { "Bear", ERROR_MISSING_TOKEN },
        { "Bearer", ERROR_INVALID_TOKEN },
        { "Bearer ", ERROR_INVALID_TOKEN },
        { "Bearer =", ERROR_INVALID_TOKEN },
        { "Bearer abc def", ERROR_INVALID_TOKEN },
        { "Bearer abc ", ERROR_INVALID_TOKEN },
        { "Bearer abc, Bearer def", ERROR_INVALID_TOKEN },
        { "Bearer abc,def", ERROR_INVALID_TOKEN },
        { "Bearer abc, Basic YTpi", ERROR_INVALID_TOKEN },
        { "Bearer a=b", ERROR_INVALID_TOKEN },
        { "Bearer \"abc\"", ERROR_INVALID_TOKEN },
        { "Bearer token=abc", ERROR_INVALID_TOKEN },
        { "Bearer \tabc", ERROR_INVALID_TOKEN },
        { "Bearer abc\n", ERROR_INVALID_TOKEN },
        { "Bearer \xc3\xa9", ERROR_INVALID_TOKEN },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct request request = { .authorization = cases[i].header };
        struct secret *token = NULL;
        cr_assert_eq(request_bearer(&request, &token), cases[i].error, "%s", cases[i].header);
        cr_assert_null(token, "%s", cases[i].header);
    }
}
