/* errors - every row of the error table (contract: Errors), as a client behind lighttpd sees it. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(errors, .fini = stack_stop);

enum { BODY_LIMIT = 64 * 1024 };

Test(errors, a_body_that_is_no_json_object_is_400_invalid_json)
{
    static const struct {
        const char *about, *body;
        size_t size;
    } cases[] = {
        { "empty", "", 0 },
        { "white space", " \r\n\t", 0 },
        { "an array", "[]", 0 },
        { "a text", "\"text\"", 0 },
        { "a number", "1", 0 },
        { "null", "null", 0 },
        { "open", "{", 0 },
        { "cut", "{\"email\":\"a", 0 },
        { "something behind it", "{} x", 0 },
        { "two objects", "{}{}", 0 },
        { "a comma too many", "{\"email\":\"a\",}", 0 },
        { "a comment", "/* */{\"email\":\"a\"}", 0 },
        { "single quotes", "{'email':'a'}", 0 },
        { "NaN", "{\"email\":NaN}", 0 },
        { "bad UTF-8", "{\"email\":\"\xff\"}", 0 },
        { "a UTF-8 surrogate", "{\"email\":\"\xed\xa0\x80\"}", 0 },
        { "an overlong slash", "{\"email\":\"\xc0\xaf\"}", 0 },
        { "a raw NUL", "{\"email\":\"a\0b\"}", sizeof "{\"email\":\"a\0b\"}" - 1 },
        { "UTF-16", "{\0}", 4 },
        { "too deep", "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
          0 },
    };
    STACK();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_problem(HTTP("POST", "/login/", .body = cases[i].body, .size = cases[i].size,
                            .about = cases[i].about),
                       400, "Bad Request", "invalid_json");
    expect_field_error(HTTP("POST", "/login/", .body = " { } \n"), "email");
}

Test(errors, members_at_fault_are_400_validation_error)
{
    STACK();
    const struct http_reply *reply = HTTP("POST", "/login/", .body = as_json("{'email':7}"));
    expect_problem(reply, 400, "Bad Request", "validation_error");
    cr_assert(has_field_error(reply, "email") && has_field_error(reply, "password"));
    cr_assert(!has_field_error(reply, "name"));
}

Test(errors, a_refresh_token_that_is_none_is_400_with_a_title_of_its_own)
{
    STACK();
    expect_problem(HTTP("POST", "/refresh/", .body = refresh_body("none")), 400,
                   "Invalid refresh token", "invalid_refresh_token");
}

static void expect_challenge(const struct http_reply *reply, const char *const parts[])
{
    const char *challenge = http_header(reply, "WWW-Authenticate");
    cr_assert(challenge && !strncmp(challenge, "Bearer", 6), "%s: WWW-Authenticate is '%s'",
              reply->about, challenge ? challenge : "");
    for (; *parts; parts++)
        cr_assert(strstr(challenge, *parts), "%s: no %s in '%s'", reply->about, *parts, challenge);
}

/* RFC 6750 §3.1: no error code where the client did not know that it needs a token. */
Test(errors, no_token_is_401_missing_token)
{
    static const char *const headers[] = { NULL, "Authorization;", "Authorization: Basic YTpi" };
    STACK();
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        const struct http_reply *reply =
            HTTP("GET", "/profile/", .headers = { headers[i] }, .about = headers[i]);
        expect_problem(reply, 401, "Unauthorized", "missing_token");
        expect_challenge(reply, (const char *const[]){ "realm=\"", NULL });
        cr_assert(!strstr(http_header(reply, "WWW-Authenticate"), "error="), "%s", reply->about);
    }
}

Test(errors, a_token_that_is_none_is_401_invalid_token)
{
    static const char *const headers[] = { "Authorization: Bearer nonsense",
                                           "Authorization: Bearer", "Authorization: Bearer a b",
                                           "Authorization: Bearer \"a\"" };
    STACK();
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        const struct http_reply *reply =
            HTTP("GET", "/profile/", .headers = { headers[i] }, .about = headers[i]);
        expect_problem(reply, 401, "Unauthorized", "invalid_token");
        expect_challenge(reply,
                         (const char *const[]){ "realm=\"", "error=\"invalid_token\"", NULL });
    }
}

Test(errors, wrong_credentials_are_401_invalid_credentials)
{
    STACK();
    expect_problem(HTTP("POST", "/login/", .body = log_in_body("eve@example.org", PASSWORD)), 401,
                   "Unauthorized", "invalid_credentials");
}

Test(errors, a_missing_permission_is_403_and_the_challenge_names_it)
{
    STACK();
    sign_up("ada@example.org");
    stack_sql("DELETE FROM user_roles");
    struct tokens tokens = log_in("ada@example.org");
    const struct http_reply *read = HTTP("GET", "/profile/", .token = tokens.access);
    const struct http_reply *write =
        HTTP("PUT", "/profile/", .token = tokens.access, .body = as_json("{'name':'B'}"));
    expect_problem(read, 403, "Forbidden", "forbidden");
    expect_problem(write, 403, "Forbidden", "forbidden");
    expect_challenge(read, (const char *const[]){ "error=\"insufficient_scope\"",
                                                  "scope=\"profile:read\"", NULL });
    expect_challenge(write, (const char *const[]){ "error=\"insufficient_scope\"",
                                                   "scope=\"profile:write\"", NULL });
}

Test(errors, what_is_not_there_is_404)
{
    static const char *const paths[] = {
        "",
        "/",
        "/nothing/",
        "/loginx/",
        "/login/more/",
        "/Login/",
        "/profile%00/",
        "/profile/..%2f/",
        "/profil%e9/",
        "/%2e%2e/login/",
        "/login%2f/",
        "/profile%zz/",
        "/profile\\",
        "/api/v1/login/",
        "/log%0ain/",
    };
    STACK();
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct http_reply *reply = HTTP("GET", paths[i]);
        /* what lighttpd refuses itself is not ours */
        if (http_header(reply, "X-Request-Id"))
            expect_problem(reply, 404, "Not Found", "not_found");
        else
            cr_assert(reply->status == 400 || reply->status == 404 || reply->status == 403,
                      "%s: %d", reply->about, reply->status);
    }
    expect_problem(HTTP("GET", "/nothing/"), 404, "Not Found", "not_found");
}

/* Whether both lists of methods, separated by commas, hold the same ones. */
static bool same_methods(const char *list, const char *wanted)
{
    char *copy = strdup(wanted), *rest = copy;
    bool same = list && strlen(list) == strlen(wanted);
    for (char *method; same && (method = strsep(&rest, ", "));)
        same = strstr(list, method) != NULL;
    free(copy);
    return same;
}

Test(errors, a_method_that_is_not_offered_is_405_with_those_that_are)
{
    static const struct {
        const char *method, *path, *allowed;
    } cases[] = {
        { "GET", "/login/", "POST, OPTIONS" },
        { "HEAD", "/signup/", "POST, OPTIONS" },
        { "PUT", "/refresh/", "POST, OPTIONS" },
        { "DELETE", "/logout/", "POST, OPTIONS" },
        { "PATCH", "/login", "POST, OPTIONS" },
        { "POST", "/healthz", "GET, HEAD, OPTIONS" },
        { "POST", "/readyz", "GET, HEAD, OPTIONS" },
        { "POST", "/metrics", "GET, HEAD, OPTIONS" },
        { "POST", "/profile/", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS" },
        { "PROPFIND", "/profile/", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS" },
    };
    STACK();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct http_reply *reply =
            HTTP(cases[i].method, cases[i].path,
                 .body = strcmp(cases[i].method, "HEAD") && strcmp(cases[i].method, "GET") ? "{}"
                                                                                           : NULL);
        const char *allowed = http_header(reply, "Allow");
        if (strcmp(cases[i].method, "HEAD") != 0)
            expect_problem(reply, 405, "Method Not Allowed", "method_not_allowed");
        expect_status(reply, 405);
        cr_assert(same_methods(allowed, cases[i].allowed), "%s: Allow is '%s'", reply->about,
                  allowed ? allowed : "");
    }
}

/* A JSON object of exactly `size` bytes. */
static const char *object_of(size_t size)
{
    return text("{'filler':'%s'}", repeated("x", size - strlen("{'filler':''}")));
}

Test(errors, a_body_over_the_limit_is_413)
{
    STACK();
    expect_field_error(HTTP("POST", "/login/", .body = object_of(BODY_LIMIT)), "email");
    expect_problem(HTTP("POST", "/login/", .body = object_of(BODY_LIMIT + 1)), 413,
                   "Payload Too Large", "payload_too_large");
    expect_problem(HTTP("POST", "/login/", .body = object_of(3 * 1024 * 1024)), 413,
                   "Payload Too Large", "payload_too_large");
    expect_field_error(HTTP("POST", "/login/", .body = object_of(BODY_LIMIT), .chunked = true),
                       "email");
    expect_problem(HTTP("POST", "/login/", .body = object_of(BODY_LIMIT + 1), .chunked = true), 413,
                   "Payload Too Large", "payload_too_large");
}

Test(errors, the_limit_of_a_body_is_an_option)
{
    STACK(.settings = { "body_limit = 1k" });
    expect_field_error(HTTP("POST", "/login/", .body = object_of(1024)), "email");
    expect_problem(HTTP("POST", "/login/", .body = object_of(1025)), 413, "Payload Too Large",
                   "payload_too_large");
}

Test(errors, another_media_type_is_415)
{
    static const char *const refused[] = { "text/plain",
                                           "application/jsonx",
                                           "application/xml",
                                           "application/x-www-form-urlencoded",
                                           "multipart/form-data; boundary=x",
                                           "application/json; charset=iso-8859-1" };
    static const char *const taken[] = { "application/json", "Application/JSON",
                                         "application/json; charset=utf-8",
                                         "application/json;charset=\"UTF-8\"" };
    STACK();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        expect_problem(
            HTTP("POST", "/login/", .body = "{}", .type = refused[i], .about = refused[i]), 415,
            "Unsupported Media Type", "unsupported_media_type");
    expect_problem(HTTP("POST", "/login/", .body = "{}", .type = "", .about = "none"), 415,
                   "Unsupported Media Type", "unsupported_media_type");
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        expect_field_error(
            HTTP("POST", "/login/", .body = "{}", .type = taken[i], .about = taken[i]), "email");
}

Test(errors, an_expired_token_is_419_and_a_tampered_one_that_expired_is_401)
{
    STACK(.settings = { "access_lifetime = 1s", "clock_leeway = 0s" });
    struct tokens tokens = new_user("ada@example.org");
    expect_json(HTTP("GET", "/profile/", .token = tokens.access), 200);
    sleep(2);
    const struct http_reply *reply = HTTP("GET", "/profile/", .token = tokens.access);
    expect_problem(reply, 419, "Token expired", "token_expired");
    expect_challenge(reply, (const char *const[]){ "error=\"invalid_token\"", NULL });
    char *tampered = strdup(tokens.access);
    char *letter = strrchr(tampered, '.') + 5;
    *letter = *letter == 'A' ? 'B' : 'A';
    expect_problem(HTTP("GET", "/profile/", .token = tampered), 401, "Unauthorized",
                   "invalid_token");
    free(tampered);
    expect_json(HTTP("GET", "/profile/", .token = refresh(tokens.refresh).access), 200);
}

/* For clients that know only RFC 6750 §3.1. */
Test(errors, an_expired_token_is_401_where_the_option_says_so)
{
    STACK(.settings = { "access_lifetime = 1s", "clock_leeway = 0s", "expired_status = 401" });
    struct tokens tokens = new_user("ada@example.org");
    sleep(2);
    const struct http_reply *reply = HTTP("GET", "/profile/", .token = tokens.access);
    expect_problem(reply, 401, "Unauthorized", "token_expired");
    expect_challenge(reply, (const char *const[]){ "error=\"invalid_token\"", NULL });
}

Test(errors, the_leeway_for_clocks_is_granted)
{
    STACK(.settings = { "access_lifetime = 1s", "clock_leeway = 30s" });
    struct tokens tokens = new_user("ada@example.org");
    sleep(2);
    expect_json(HTTP("GET", "/profile/", .token = tokens.access), 200);
}

Test(errors, a_defect_is_500_and_tells_no_more_than_the_request_id)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    stack_sql("ALTER TABLE users RENAME TO hidden");
    size_t from = strlen(stack_log());
    const struct http_reply *reply =
        HTTP("GET", "/profile/", .token = tokens.access, .headers = { "X-Request-Id: defect-1" });
    expect_problem(reply, 500, "Internal Server Error", "internal");
    cr_assert(!strstr(reply->body, "users") && !strstr(reply->body, "42P01"), "%s", reply->body);
    cr_assert(stack_log_await(from, "defect-1"));
    stack_sql("ALTER TABLE hidden RENAME TO users");
    expect_json(HTTP("GET", "/profile/", .token = tokens.access), 200);
}

Test(errors, a_database_that_is_away_is_503_and_never_a_4xx)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    stack_configure("database = host=/nonexistent dbname=none");
    stack_reload_and_wait();
    expect_unavailable(HTTP("GET", "/profile/", .token = tokens.access));
    expect_unavailable(
        HTTP("PUT", "/profile/", .token = tokens.access, .body = as_json("{'name':'B'}")));
    expect_unavailable(HTTP("POST", "/signup/", .body = sign_up_body("b@example.org", PASSWORD)));
    expect_unavailable(HTTP("POST", "/login/", .body = log_in_body("ada@example.org", PASSWORD)));
    expect_unavailable(HTTP("POST", "/refresh/", .body = refresh_body(tokens.refresh)));
    expect_unavailable(HTTP("POST", "/logout/", .token = tokens.access));
    expect_problem(HTTP("GET", "/profile/", .token = "nonsense"), 401, "Unauthorized",
                   "invalid_token");
}

Test(errors, are_problem_json_for_who_accepts_it)
{
    static const struct {
        const char *accept, *type;
    } cases[] = {
        { "Accept: application/problem+json", "application/problem+json" },
        { "Accept: application/json, application/problem+json;q=0.5", "application/problem+json" },
        { "Accept: */*", "application/json" },
        { "Accept: application/json", "application/json" },
    };
    STACK();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct http_reply *reply =
            HTTP("GET", "/nothing/", .headers = { cases[i].accept }, .about = cases[i].accept);
        expect_problem(reply, 404, "Not Found", "not_found");
        cr_assert_str_eq(http_header(reply, "Content-Type"), cases[i].type, "%s", reply->about);
    }
    const struct http_reply *healthy =
        HTTP("GET", "/healthz", .headers = { "Accept: application/problem+json" });
    expect_json(healthy, 200);
}

Test(errors, every_answer_has_the_callers_request_id_or_one_of_ours)
{
    static const char *const refused[] = {
        "X-Request-Id: a b",
        "X-Request-Id: a/b",
        "X-Request-Id: \"x\"",
        "X-Request-Id;",
        "X-Request-Id: 12345678901234567890123456789012345678901234567890123456789012345",
    };
    STACK();
    const struct http_reply *echoed =
        HTTP("GET", "/healthz", .headers = { "X-Request-Id: Ada.Love_lace-1843" });
    cr_assert_str_eq(http_header(echoed, "X-Request-Id"), "Ada.Love_lace-1843");
    const char *longest = "1234567890123456789012345678901234567890123456789012345678901234";
    echoed = HTTP("GET", "/healthz", .headers = { text("X-Request-Id: %s", longest) });
    cr_assert_str_eq(http_header(echoed, "X-Request-Id"), longest);
    const char *last = "";
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const char *own =
            http_header(HTTP("GET", "/nothing/", .headers = { refused[i] }, .about = refused[i]),
                        "X-Request-Id");
        cr_assert(own && strlen(own) == 32 && strspn(own, "0123456789abcdef") == 32, "%s: '%s'",
                  refused[i], own ? own : "");
        cr_assert_str_neq(own, last);
        last = own;
    }
}

/* Contract: route, token, permission, size, type, content. */
Test(errors, are_looked_for_in_order)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    stack_sql("DELETE FROM user_roles");
    const char *poor = log_in("ada@example.org").access;
    const char *large = repeated("x", BODY_LIMIT + 1);
    expect_problem(HTTP("PUT", "/nothing/", .body = large, .type = "text/plain"), 404, "Not Found",
                   "not_found");
    expect_problem(HTTP("POST", "/profile/", .body = large, .type = "text/plain"), 405,
                   "Method Not Allowed", "method_not_allowed");
    expect_problem(HTTP("PUT", "/profile/", .body = large, .type = "text/plain"), 401,
                   "Unauthorized", "missing_token");
    expect_problem(HTTP("PUT", "/profile/", .token = poor, .body = large, .type = "text/plain"),
                   403, "Forbidden", "forbidden");
    expect_problem(
        HTTP("PUT", "/profile/", .token = tokens.access, .body = large, .type = "text/plain"), 413,
        "Payload Too Large", "payload_too_large");
    expect_problem(
        HTTP("PUT", "/profile/", .token = tokens.access, .body = "x", .type = "text/plain"), 415,
        "Unsupported Media Type", "unsupported_media_type");
    expect_problem(HTTP("PUT", "/profile/", .token = tokens.access, .body = "x"), 400,
                   "Bad Request", "invalid_json");
    expect_field_error(HTTP("PUT", "/profile/", .token = tokens.access, .body = "{}"), "name");
}
