/* docs - GET /docs/: a page that works where nothing but its own server is allowed. */
#include "support/expect.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(docs, .fini = stack_stop);

static const struct http_reply *expect_file(const struct http_reply *reply, const char *type)
{
    cr_assert_eq(reply->status, 200, "%s: %d", reply->about, reply->status);
    cr_assert_str_eq(http_header(reply, "Content-Type"), type);
    cr_assert_str_eq(http_header(reply, "X-Content-Type-Options"), "nosniff");
    cr_assert_str_eq(http_header(reply, "Cache-Control"), "public, max-age=300");
    cr_assert_not_null(http_header(reply, "ETag"));
    return reply;
}

Test(docs, are_a_page_its_script_and_its_style)
{
    STACK();
    expect_file(HTTP("GET", "/docs/"), "text/html; charset=utf-8");
    expect_file(HTTP("GET", "/docs"), "text/html; charset=utf-8");
    expect_file(HTTP("GET", "/docs/script.js/"), "text/javascript; charset=utf-8");
    expect_file(HTTP("GET", "/docs/style.css/"), "text/css; charset=utf-8");
}

Test(docs, ask_nobody_but_this_service)
{
    static const char *const own[] = { "\"/api/v1/docs/script.js\"", "\"/api/v1/docs/style.css\"",
                                       "\"/api/v1/openapi.json\"" };
    STACK();
    const struct http_reply *page = HTTP("GET", "/docs/");
    const char *policy = http_header(page, "Content-Security-Policy");
    cr_assert_not_null(policy);
    cr_assert(strstr(policy, "default-src 'none'") && strstr(policy, "frame-ancestors 'none'"));
    cr_assert_null(strstr(policy, "unsafe"));
    cr_assert_null(strstr(policy, "http"));
    cr_assert_null(strstr(page->body, "//"), "an address of somebody else: %s", page->body);
    cr_assert_null(strstr(page->body, "<style"), "%s", page->body);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        cr_assert_not_null(strstr(page->body, own[i]), "%s", own[i]);
    cr_assert_eq(HTTP("GET", "/docs/script.js")->status, 200);
    cr_assert_eq(HTTP("GET", "/docs/style.css")->status, 200);
}

/* Markup that came with the document would be shown, not obeyed. */
Test(docs, have_a_script_that_writes_no_markup)
{
    static const char *const refused[] = { "innerHTML",       "outerHTML", "insertAdjacentHTML",
                                           "document.write",  "eval(",     "new Function",
                                           "setAttribute('on" };
    STACK();
    const char *script = HTTP("GET", "/docs/script.js/")->body;
    cr_assert_not_null(strstr(script, "'use strict';"), "positive control");
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        cr_assert_null(strstr(script, refused[i]), "%s", refused[i]);
}
