/* cors - calls from the pages of other origins, through a web server. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

TestSuite(cors, .fini = stack_stop);

#define PAGE      "https://app.example.org"
#define ORIGIN    "Origin: " PAGE
#define EVIL      "Origin: https://evil.example"
#define PREFLIGHT "Access-Control-Request-Method: POST"

static void expect_readable(const struct http_reply *reply)
{
    const char *origin = http_header(reply, "Access-Control-Allow-Origin");
    const char *exposed = http_header(reply, "Access-Control-Expose-Headers");
    cr_assert(origin && !strcmp(origin, PAGE), "%s: %s", reply->about, origin);
    cr_assert(exposed && !strcmp(exposed, "X-Request-Id, Retry-After, WWW-Authenticate"), "%s: %s",
              reply->about, exposed);
}

static void expect_no_cors(const struct http_reply *reply)
{
    for (int i = 0; i < reply->header_count; i++)
        cr_assert(strncasecmp(reply->headers[i].name, "Access-Control-", 15) != 0, "%s: %s",
                  reply->about, reply->headers[i].name);
}

Test(cors, is_off_by_default)
{
    STACK();
    expect_no_cors(HTTP("OPTIONS", "/login/", .headers = { ORIGIN, PREFLIGHT }));
    const struct http_reply *reply = HTTP("GET", "/profile/", .headers = { ORIGIN });
    expect_problem(reply, 401, "Unauthorized", "missing_token");
    expect_no_cors(reply);
    cr_assert_null(http_header(reply, "Vary"));
}

Test(cors, a_preflight_says_what_an_allowed_page_may_send)
{
    STACK(.settings = { "allowed_origins = " PAGE });
    const struct http_reply *reply = HTTP("OPTIONS", "/login/", .headers = { ORIGIN, PREFLIGHT });
    expect_no_content(reply);
    expect_readable(reply);
    cr_assert_str_eq(http_header(reply, "Allow"), "POST, OPTIONS");
    cr_assert_str_eq(http_header(reply, "Access-Control-Allow-Methods"), "POST, OPTIONS");
    cr_assert_str_eq(http_header(reply, "Access-Control-Allow-Headers"),
                     "authorization, content-type, x-request-id");
    cr_assert_str_eq(http_header(reply, "Access-Control-Max-Age"), "600");
    cr_assert_str_eq(http_header(reply, "Vary"), "Origin");
    cr_assert_null(http_header(reply, "Access-Control-Allow-Credentials"), "cookie mode is off");
    reply = HTTP("OPTIONS", "/login/", .headers = { EVIL, PREFLIGHT });
    expect_no_content(reply);
    cr_assert_str_eq(http_header(reply, "Allow"), "POST, OPTIONS");
    expect_no_cors(reply);
}

Test(cors, an_allowed_page_reads_every_answer_and_errors_too)
{
    STACK(.settings = { "allowed_origins = https://b.example.org " PAGE, "access_lifetime = 1s",
                        "clock_leeway = 0s" });
    struct tokens tokens = new_user("ada@example.org");
    sleep(2);
    const struct {
        const char *method, *path, *token, *body;
        int status;
    } cases[] = {
        { "POST", "/login/", NULL, log_in_body("ada@example.org", PASSWORD), 200 },
        { "POST", "/login/", NULL, log_in_body("ada@example.org", "wrong"), 401 },
        { "POST", "/login/", NULL, "{", 400 },
        { "GET", "/profile/", NULL, NULL, 401 },
        { "GET", "/profile/", tokens.access, NULL, 419 },
        { "GET", "/nothing/", NULL, NULL, 404 },
        { "DELETE", "/login/", NULL, NULL, 405 },
        { "POST", "/logout/", NULL, refresh_body(tokens.refresh), 204 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct http_reply *reply =
            HTTP(cases[i].method, cases[i].path, .token = cases[i].token, .body = cases[i].body,
                 .headers = { ORIGIN });
        cr_assert_eq(reply->status, cases[i].status, "%s: %d", reply->about, reply->status);
        expect_readable(reply);
        expect_no_cors(HTTP(cases[i].method, cases[i].path, .token = cases[i].token,
                            .body = cases[i].body, .headers = { EVIL }));
    }
    expect_no_cors(HTTP("GET", "/profile/", .headers = { "Origin: null" }));
    expect_no_cors(HTTP("GET", "/profile/"));
}

Test(cors, our_own_trouble_is_readable_too)
{
    STACK(.settings = { "allowed_origins = " PAGE, "database = host=127.0.0.1 port=1",
                        "database_timeout = 500ms" });
    const struct http_reply *reply =
        HTTP("POST", "/login/", .body = log_in_body("a@example.org", "x"), .headers = { ORIGIN });
    expect_unavailable(reply);
    expect_readable(reply);
}

Test(cors, credentials_go_along_in_cookie_mode)
{
    STACK(.settings = { "allowed_origins = " PAGE, "cookie = on" });
    const struct http_reply *reply = HTTP("GET", "/profile/", .headers = { ORIGIN });
    expect_readable(reply);
    cr_assert_str_eq(http_header(reply, "Access-Control-Allow-Credentials"), "true");
    expect_no_cors(HTTP("GET", "/profile/", .headers = { EVIL }));
}
