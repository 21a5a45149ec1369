/* browser - CORS and cookie mode in Chromium: what a page of an allowed origin can do, and what an
 * attacker's page cannot; and the page at /docs/. */
#include "support/browser.h"
#include "support/expect.h"
#include "support/flows.h"
#include "support/pictures.h"
#include "support/processes.h"
#include "support/stack.h"
#include "support/web_server.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { PAGES_MS = 10000, PORT_ATTEMPTS = 5 };

#define EMAIL "ada@example.org"

/* The ports of a second web server, which has nothing but pages. Another port is another origin,
 * but the same site, so that its requests carry cookies of SameSite=Strict; by the name localhost
 * it is another site too. */
static struct {
    int app, other;
} ports;

static const char *app_origin(void)
{
    return text("http://127.0.0.1:%d", ports.app);
}

static const char *page_of(const char *origin)
{
    return text("%s/page.html", origin);
}

static void finish(void)
{
    browser_stop();
    pictures_forget();
    web_server_stop_all();
}

TestSuite(browser, .fini = finish);

/* ---- pages ------------------------------------------------------------------------------------*/

static void write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s", path);
    fputs(content, file);
    fclose(file);
}

static bool pages_answer(const void *unused)
{
    bool both;
    (void)unused;
    http_site(app_origin());
    both = HTTP("GET", "/page.html")->status == 200;
    http_site(text("http://127.0.0.1:%d", ports.other));
    both = both && HTTP("GET", "/page.html")->status == 200;
    http_site(stack_base());
    return both;
}

static bool try_pages(void)
{
    ports.app = web_server_free_port();
    ports.other = web_server_free_port();
    write_file(stack_path("pages.conf"),
               text("server.bind = '127.0.0.1'\nserver.port = %d\n"
                    "$SERVER['socket'] == '127.0.0.1:%d' { }\n"
                    "server.document-root = '%s'\n"
                    "mimetype.assign = ('.html' => 'text/html; charset=utf-8')\n",
                    ports.app, ports.other, stack_path("www")));
    web_server_keep(process_start(
        &(struct process){ .arguments = { "lighttpd", "-D", "-f", stack_path("pages.conf") },
                           .log = stack_path("pages.log") }));
    return process_await(pages_answer, NULL, PAGES_MS);
}

static void serve_pages(void)
{
    bool served = false;
    write_file(stack_path("www/page.html"),
               "<!doctype html><title>page</title><link rel=icon href=data:,>");
    for (int i = 0; i < PORT_ATTEMPTS && !served; i++)
        served = try_pages();
    cr_assert(served, "nobody serves the pages");
}

static void allow_app(void)
{
    stack_configure(text("allowed_origins = %s", app_origin()));
    stack_configure("cookie = on");
    stack_reload_and_wait();
}

/* A service that knows one page, the pages, and a browser. */
static void set_up(bool allowed)
{
    const char *lacking = browser_lacks();
    if (lacking)
        cr_skip_test("%s", lacking);
    STACK();
    serve_pages();
    if (allowed)
        allow_app();
    sign_up(EMAIL);
    browser_start();
}

/* ---- what pages do ----------------------------------------------------------------------------*/

/* send: any call as the contract has it. outcome: what a page learns of a request, whatever it is.
 */
static const char helpers[] =
    "const send = async (method, path, {token, body, credentials = 'include'} = {}) => {"
    "  const headers = {};"
    "  if (token) headers.Authorization = 'Bearer ' + token;"
    "  if (body) headers['Content-Type'] = 'application/json';"
    "  const answer = await fetch(api + path,"
    "    {method, credentials, headers, body: body && JSON.stringify(body)});"
    "  const content = await answer.text();"
    "  return {...(content ? JSON.parse(content) : {}), status: answer.status, content};"
    "};"
    "const outcome = (path, options) => fetch(api + path, {credentials: 'include', ...options})"
    "  .then((answer) => answer.type + ' ' + answer.status, (error) => error.name);"
    "const credentials = {email: '" EMAIL "', password: '" PASSWORD "', cookie: true};";

static const char *in_page(const char *script)
{
    return browser_say(text("const api = '%s'; %s\n%s", stack_base(), helpers, script));
}

static void expect_page(const char *script, const char *expected)
{
    const char *found = in_page(script);
    cr_assert_str_eq(found, expected, "%s\n gave %s", script, found);
}

static void log_in_by_cookie(void)
{
    browser_open(page_of(app_origin()));
    expect_page("return (await send('POST', '/login/', {body: credentials})).status;", "200");
}

static void expect_logged_in(void)
{
    expect_page("const {access} = await send('POST', '/refresh/');"
                "return (await send('GET', '/profile/', {token: access})).email;",
                EMAIL);
}

/* By the name that it has for the browser: {"name", "httpOnly", …}, or NULL. */
static json_object *refresh_cookie(void)
{
    browser_open(text("%s/healthz", stack_base()));
    json_object *cookies = browser_cookies(), *cookie = NULL;
    for (size_t i = 0; i < json_object_array_length(cookies); i++) {
        json_object *name = NULL, *found = json_object_array_get_idx(cookies, i);
        json_object_object_get_ex(found, "name", &name);
        if (!strcmp(json_object_get_string(name), "__Secure-therappai_refresh"))
            cookie = found;
    }
    return cookie;
}

static const char *session(void)
{
    return stack_sql("SELECT row(generation, last_used_at, ended_at)::text FROM sessions"
                     " WHERE user_id = (SELECT id FROM users WHERE email = '%s')",
                     EMAIL);
}

/* ---- an allowed page --------------------------------------------------------------------------*/

Test(browser, a_login_gives_scripts_no_refresh_token)
{
    static const char *const members[][2] = { { "httpOnly", "true" },
                                              { "secure", "true" },
                                              { "sameSite", "Strict" },
                                              { "path", "/api/v1/" } };
    set_up(true);
    browser_open(page_of(app_origin()));
    const char *answer =
        in_page("return (await send('POST', '/login/', {body: credentials})).content;");
    cr_assert(strstr(answer, "\"access\":"), "%s", answer);
    cr_assert_null(strstr(answer, "refresh"), "%s", answer);
    cr_assert_null(strstr(answer, "therappai_rt_"), "%s", answer);
    expect_page("return document.cookie;", "");
    json_object *cookie = refresh_cookie(), *value = NULL;
    cr_assert_not_null(cookie, "the browser has not kept it");
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        cr_assert(json_object_object_get_ex(cookie, members[i][0], &value));
        cr_assert_str_eq(json_object_get_string(value), members[i][1], "%s", members[i][0]);
    }
    expect_page("return document.cookie;", "");
    expect_page("document.cookie = 'a=b'; return document.cookie;", "a=b");
}

Test(browser, a_page_that_is_loaded_anew_is_still_logged_in)
{
    set_up(true);
    log_in_by_cookie();
    in_page("window.kept = true;");
    browser_open(page_of(app_origin()));
    expect_page("return window.kept === undefined;", "true");
    expect_logged_in();
    cr_assert(strstr(stack_log(), "method=OPTIONS"), "the browser has not asked before");
    expect_logged_in();
    cr_assert_str_eq(stack_sql("SELECT generation FROM sessions"), "1");
    expect_page("return (await send('POST', '/refresh/', {credentials: 'omit'})).status;", "400");
    expect_page("return (await send('GET', '/profile/')).status;", "401");
}

Test(browser, two_tabs_that_refresh_at_once_stay_logged_in)
{
    static const char wait[] =
        "const channel = new BroadcastChannel('now');"
        "window.answer = new Promise((resolve) => { channel.onmessage = async () => {"
        "  channel.close(); resolve((await send('POST', '/refresh/')).status); }; });";
    static const char start[] =
        "new BroadcastChannel('now').postMessage(''); return window.answer;";
    set_up(true);
    log_in_by_cookie();
    const char *first = browser_current_tab(), *second = browser_new_tab();
    browser_open(page_of(app_origin()));
    for (int i = 0; i < 3; i++) {
        in_page(wait);
        browser_tab(first);
        in_page(wait);
        expect_page(start, "200");
        browser_tab(second);
        expect_page("return window.answer;", "200");
    }
    expect_logged_in();
    browser_tab(first);
    expect_logged_in();
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), "1");
}

Test(browser, a_logout_ends_the_session_and_the_cookie)
{
    set_up(true);
    log_in_by_cookie();
    cr_assert_not_null(refresh_cookie(), "positive control");
    browser_open(page_of(app_origin()));
    expect_logged_in();
    expect_page("return (await send('POST', '/logout/')).status;", "204");
    expect_page("return (await send('POST', '/refresh/')).status;", "400");
    cr_assert_null(refresh_cookie());
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), "0");
}

/* ---- an attacker's page -----------------------------------------------------------------------*/

/* Requests that a browser sends without asking before (Fetch §2.2.5), and one that it asks for. */
static const struct {
    const char *script, *outcome;
} attacks[] = {
    { "return outcome('/refresh/', {method: 'POST'});", "TypeError" },
    { "return outcome('/refresh/', {method: 'POST', mode: 'no-cors'});", "opaque 0" },
    { "return outcome('/refresh/', {method: 'POST', mode: 'no-cors', body: '{}'});", "opaque 0" },
    { "return outcome('/refresh/', {method: 'POST', body: new URLSearchParams('a=b')});",
      "TypeError" },
    { "return outcome('/logout/', {method: 'POST', mode: 'no-cors'});", "opaque 0" },
    { "return outcome('/logout/', {method: 'POST', mode: 'no-cors', body: '{}'});", "opaque 0" },
    { "return navigator.sendBeacon(api + '/logout/');", "true" },
    { "return outcome('/profile/');", "TypeError" },
    { "return outcome('/profile/', {headers: {Authorization: 'Bearer x'}});", "TypeError" },
    { "return outcome('/sessions/', {method: 'DELETE'});", "TypeError" },
    { "return outcome('/login/', {method: 'POST', mode: 'no-cors', body: JSON.stringify("
      "{...credentials, email: 'eve@example.org'})});",
      "opaque 0" },
    { "return outcome('/login/', {method: 'POST', headers: {'Content-Type': 'application/json'},"
      " body: JSON.stringify({...credentials, email: 'eve@example.org'})});",
      "TypeError" },
};

static const char form[] = "const form = document.createElement('form');"
                           "form.method = 'post'; form.action = api + '/logout/';"
                           "document.body.append(form); form.submit();";

static bool is_at_service(const void *unused)
{
    (void)unused;
    return !strncmp(browser_address(), stack_base(), strlen(stack_base()));
}

/* A page of the service comes, and says this. */
static void send_form(const char *expected)
{
    in_page(form);
    cr_assert(process_await(is_at_service, NULL, PAGES_MS), "%s", browser_address());
    const char *shown = in_page("return document.body.innerText;");
    cr_assert(strstr(shown, expected), "%s", shown);
}

/* What the service said to anybody, in the headers of all answers since the browser started. */
static void expect_allowed_alone(void)
{
    const char *events = json_object_to_json_string_ext(
        browser_network(), JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    static const char header[] = "Access-Control-Allow-Origin\\\":\\\"";
    int count = 0;
    for (const char *at = events; (at = strstr(at, header)); count++) {
        at += strlen(header);
        cr_assert_eq(strncmp(at, app_origin(), strlen(app_origin())), 0, "%.40s", at);
    }
    cr_assert_gt(count, 2, "positive control: %s", events);
}

/* `refusal`: what the service answers to a logout; `log`: what it says of a refresh. */
static void attack_from(const char *origin, const char *refusal, const char *log)
{
    const char *victim = browser_current_tab(), *before = session();
    size_t logged = strlen(stack_log());
    browser_new_tab();
    browser_open(page_of(origin));
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++)
        expect_page(attacks[i].script, attacks[i].outcome);
    cr_assert(stack_log_await(logged, log), "the request has not come: %s", stack_log() + logged);
    send_form(refusal);
    expect_allowed_alone();
    cr_assert_str_eq(session(), before, "%s", origin);
    browser_tab(victim);
    expect_logged_in();
    expect_allowed_alone();
}

static void set_up_victim(void)
{
    set_up(true);
    sign_up("eve@example.org");
    log_in_by_cookie();
    expect_logged_in();
    expect_logged_in();
}

/* The cookie came with it: only the check of the origin stands in between. */
Test(browser, another_origin_of_the_same_site_gets_nothing)
{
    set_up_victim();
    attack_from(text("http://127.0.0.1:%d", ports.other), "\"code\":\"forbidden\"",
                "method=POST route=/refresh/ status=403");
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM sessions"), "1");
}

Test(browser, another_site_gets_nothing)
{
    set_up_victim();
    attack_from(text("http://localhost:%d", ports.other), "\"code\":\"missing_token\"",
                "method=POST route=/refresh/ status=400");
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM sessions"), "1");
}

/* So the attacks would do harm where the origin is right. */
Test(browser, an_allowed_page_can_log_out_by_a_form)
{
    set_up_victim();
    in_page(form);
    cr_assert(stack_log_await(0, "method=POST route=/logout/ status=204"), "%s", stack_log());
    browser_open(page_of(app_origin()));
    expect_page("return (await send('POST', '/refresh/')).status;", "400");
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), "0");
}

/* ---- by default -------------------------------------------------------------------------------*/

Test(browser, by_default_no_page_of_another_origin_gets_anything)
{
    static const char log_in[] = "return outcome('/login/', {method: 'POST',"
                                 " headers: {'Content-Type': 'application/json'},"
                                 " body: JSON.stringify(credentials)});";
    set_up(false);
    browser_open(page_of(app_origin()));
    expect_page(log_in, "TypeError");
    expect_page("return outcome('/login/', {method: 'POST', mode: 'no-cors',"
                " body: JSON.stringify(credentials)});",
                "opaque 0");
    expect_page("return outcome('/healthz');", "TypeError");
    cr_assert_null(refresh_cookie());
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM sessions"), "0");
    const char *events = json_object_to_json_string(browser_network());
    cr_assert_null(strstr(events, "Access-Control-Allow"), "%s", events);
    allow_app();
    browser_open(page_of(app_origin()));
    expect_page(log_in, "cors 200");
    cr_assert_not_null(refresh_cookie(), "positive control");
}

/* ---- the service's own pages ------------------------------------------------------------------*/

/* Whatever the browser has asked over the network; its own first page is data: and chrome:. */
static void expect_requests_to(const char *origin)
{
    json_object *events = browser_network();
    int count = 0;
    for (size_t i = 0; i < json_object_array_length(events); i++) {
        json_object *message = NULL, *inner, *params = NULL, *request = NULL, *url = NULL;
        json_object_object_get_ex(json_object_array_get_idx(events, i), "message", &message);
        inner = json_tokener_parse(json_object_get_string(message));
        json_object_object_get_ex(inner, "message", &message);
        json_object_object_get_ex(message, "params", &params);
        json_object_object_get_ex(params, "request", &request);
        if (json_object_object_get_ex(request, "url", &url)) {
            const char *address = json_object_get_string(url);
            bool is_sent = strncmp(address, "chrome:", 7) != 0 && strncmp(address, "data:", 5) != 0;
            cr_assert(!is_sent || !strncmp(address, origin, strlen(origin)), "%s", address);
            count += is_sent;
        }
        json_object_put(inner);
    }
    cr_assert_gt(count, 3, "the page, its script, its style and the document; but %d", count);
}

static const char *console(void)
{
    return json_object_to_json_string_ext(browser_console(), JSON_C_TO_STRING_PLAIN);
}

Test(browser, the_docs_show_every_route_and_ask_nobody_else)
{
    static const char missing[] =
        "for (let i = 0; i < 100 && !document.querySelector('article'); i++)"
        "  await new Promise((resolve) => setTimeout(resolve, 50));"
        "const {paths} = await (await fetch(api + '/openapi.json')).json();"
        "const shown = [...document.querySelectorAll('article h3')].map((h3) => h3.textContent);"
        "const wanted = Object.entries(paths).flatMap(([path, methods]) =>"
        "  Object.keys(methods).map((method) => method.toUpperCase() + ' ' + path));"
        "return wanted.length > 20 ? wanted.filter((one) => !shown.includes(one)).join()"
        "  : 'only ' + wanted.length;";
    set_up(false);
    browser_open(text("%s/docs/", stack_base()));
    expect_page(missing, "");
    cr_assert_str_eq(console(), "[]");
    expect_requests_to(text("%.*s", (int)(strlen(stack_base()) - strlen("api/v1")), stack_base()));
    in_page(text("const image = new Image(); image.src = '%s/x.png';"
                 " await new Promise((resolve) => { image.onerror = resolve; });",
                 app_origin()));
    cr_assert(strstr(console(), "Content Security Policy"), "positive control");
}

static const char *sides_of(const char *url)
{
    return text("const image = new Image(); image.src = '%s'; await image.decode().catch(() => 0);"
                "return image.naturalWidth + ' x ' + image.naturalHeight;",
                url);
}

Test(browser, a_profile_picture_is_shown)
{
    set_up(false);
    struct tokens tokens = log_in(EMAIL);
    struct picture body = picture_upload(NULL, picture_new(PICTURE_KIND_PNG, 64, 48));
    const struct http_reply *reply =
        HTTP("PATCH", "/profile/", .token = tokens.access, .type = PICTURES_FORM,
             .body = body.bytes, .size = body.size);
    expect_json(reply, 200);
    const char *url = text("%.*s%s", (int)(strlen(stack_base()) - strlen("/api/v1")), stack_base(),
                           member_text(reply, "profile_pic"));
    browser_open(page_of(app_origin()));
    expect_page(sides_of(url), "64 x 48");
    expect_page(sides_of(text("%sx", url)), "0 x 0");
}
