/* web_servers - one body of demands on every web server and every way to start the workers, with
 * the configuration of deploy/. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/pictures.h"
#include "support/stack.h"
#include "support/web_server.h"
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

TestSuite(web_servers, .fini = web_server_stop_all);

enum { BODY_LIMIT = 64 * 1024 };

/* lighttpd has a reason phrase of its own for every status, and none for 419. */
static void expect_reason(const struct web_server *server, const struct http_reply *reply,
                          const char *reason)
{
    if (server->kind != WEB_LIGHTTPD)
        cr_assert_str_eq(reply->reason, reason, "%s: %s: '%s'", server->about, reply->about,
                         reply->reason);
}

static void expect_error(const struct web_server *server, const struct http_call *call, int status,
                         const char *title, const char *code)
{
    const struct http_reply *reply = http_send(call);
    expect_problem(reply, status, title, code);
    expect_reason(server, reply, title);
}

static void serves_every_endpoint(const struct web_server *server)
{
    const struct http_reply *created =
        HTTP("POST", "/signup/", .body = sign_up_body("ada@example.org", PASSWORD));
    expect_json(created, 201);
    expect_reason(server, created, "Created");
    struct tokens tokens = refresh(log_in("ada@example.org").refresh);
    expect_json(HTTP("GET", "/profile/", .token = tokens.access), 200);
    expect_json(HTTP("GET", "/profile", .token = tokens.access, .about = "no last slash"), 200);
    expect_json(HTTP("PUT", "/profile/", .token = tokens.access, .body = as_json("{'name':'B'}")),
                200);
    const struct http_reply *patched =
        HTTP("PATCH", "/profile/", .token = tokens.access, .body = as_json("{'name':'C'}"));
    expect_json(patched, 200);
    cr_assert_str_eq(member_text(patched, "name"), "C");
    expect_json(HTTP("GET", "/healthz"), 200);
    expect_json(HTTP("GET", "/readyz"), 200);
    expect_no_content(HTTP("POST", "/logout/", .token = tokens.access));
    expect_error(server, &CALL("GET", "/profile/", .token = tokens.access), 401, "Unauthorized",
                 "invalid_token");
}

static void keeps_every_status(const struct web_server *server, const char *expired)
{
    sign_up("bob@example.org");
    expect_error(server, &CALL("GET", "/profile/"), 401, "Unauthorized", "missing_token");
    expect_error(server, &CALL("GET", "/profile/", .token = "nonsense"), 401, "Unauthorized",
                 "invalid_token");
    expect_error(server, &CALL("GET", "/profile/", .token = expired), 419, "Token expired",
                 "token_expired");
    expect_error(server, &CALL("GET", "/nothing/"), 404, "Not Found", "not_found");
    expect_error(server, &CALL("GET", "/login/"), 405, "Method Not Allowed", "method_not_allowed");
    expect_error(server, &CALL("POST", "/login/", .body = "x", .type = "text/plain"), 415,
                 "Unsupported Media Type", "unsupported_media_type");
    expect_error(server, &CALL("POST", "/login/", .body = "{"), 400, "Bad Request", "invalid_json");
    expect_error(server, &CALL("POST", "/refresh/", .body = refresh_body("none")), 400,
                 "Invalid refresh token", "invalid_refresh_token");
    stack_sql("DELETE FROM user_roles");
    expect_error(server, &CALL("GET", "/profile/", .token = log_in("bob@example.org").access), 403,
                 "Forbidden", "forbidden");
}

static void keeps_headers_and_methods(const struct web_server *server, const char *token)
{
    const struct http_reply *head = HTTP("HEAD", "/profile/", .token = token);
    cr_assert(head->status == 200 && head->size == 0, "%s: HEAD: %d, %zu bytes", server->about,
              head->status, head->size);
    cr_assert_str_eq(http_header(HTTP("GET", "/healthz", .headers = { "X-Request-Id: my-id.1" }),
                                 "X-Request-Id"),
                     "my-id.1");
    const struct http_reply *options = HTTP("OPTIONS", "/profile/");
    expect_no_content(options);
    cr_assert_str_eq(http_header(options, "Allow"), "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
    static const char *const refused[] = { "POST", "PROPFIND" };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        expect_error(server, &CALL(refused[i], "/profile/", .token = token), 405,
                     "Method Not Allowed", "method_not_allowed");
    cr_assert(strstr(http_header(HTTP("GET", "/profile/"), "WWW-Authenticate"), "Bearer realm="));
    log_in("cyd@example.org");
    cr_assert_str_eq(stack_sql("SELECT address FROM sessions ORDER BY created_at DESC LIMIT 1"),
                     "127.0.0.1");
}

/* As from a proxy before it, which is trusted. */
static void passes_on_who_the_client_is(void)
{
    static const struct {
        const char *forwarded, *address;
    } cases[] = { { "X-Forwarded-For: 198.51.100.1, 203.0.113.9", "203.0.113.9" },
                  { "X-Forwarded-For: [2001:db8::9]:5", "2001:db8::9" },
                  { "Accept: */*", "127.0.0.1" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_json(HTTP("POST", "/login/", .body = log_in_body("cyd@example.org", PASSWORD),
                         .headers = { cases[i].forwarded }),
                    200);
        cr_assert_str_eq(stack_sql("SELECT address FROM sessions ORDER BY created_at DESC LIMIT 1"),
                         cases[i].address);
    }
}

/* A body of `size` bytes that is a JSON object. */
static const char *padded(size_t size)
{
    const char *start = as_json("{'email':'eve@example.org','password':'x'");
    return text("%s%s}", start, repeated(" ", size - strlen(start) - 1));
}

static void takes_bodies_up_to_the_limit(const struct web_server *server)
{
    for (int chunked = 0; chunked <= 1; chunked++) {
        expect_error(server,
                     &CALL("POST", "/login/", .body = padded(BODY_LIMIT), .chunked = chunked), 401,
                     "Unauthorized", "invalid_credentials");
        expect_error(server,
                     &CALL("POST", "/login/", .body = padded(BODY_LIMIT + 1), .chunked = chunked),
                     413, "Payload Too Large", "payload_too_large");
    }
    expect_error(server, &CALL("POST", "/login/", .body = repeated("x", 5 << 20)), 413,
                 "Payload Too Large", "payload_too_large");
    const struct http_reply *reply = HTTP("POST", "/login/", .body = repeated("x", 9 << 20));
    cr_assert(reply->status == 413, "%s: 9 MiB: %d %s", server->about, reply->status,
              reply->failure);
    cr_assert(!strstr(reply->body, "payload_too_large"), "%s: 9 MiB reached the service",
              server->about);
}

/* Four and a half million bytes, and back as a browser gets them. */
static void takes_and_shows_pictures(const struct web_server *server)
{
    struct picture body = picture_upload(NULL, picture_noise(1250, 1200));
    struct tokens tokens = new_user("pic@example.org");
    const struct http_reply *reply =
        HTTP("PATCH", "/profile/", .token = tokens.access, .type = PICTURES_FORM,
             .body = body.bytes, .size = body.size);
    int width, height;
    expect_json(reply, 200);
    const char *url = text("%s", member_text(reply, "profile_pic"));
    web_server_root();
    reply = HTTP("GET", url);
    cr_assert_eq(reply->status, 200, "%s: %s: %d", server->about, url, reply->status);
    cr_assert_eq(picture_sides(reply, &width, &height), 0, "%s", server->about);
    cr_assert(width == 512 && height == 492, "%s: %d x %d", server->about, width, height);
    cr_assert_str_eq(http_header(reply, "X-Content-Type-Options"), "nosniff");
    cr_assert(strstr(http_header(reply, "Content-Security-Policy"), "sandbox"));
    cr_assert(strstr(http_header(reply, "Cache-Control"), "immutable"));
    cr_assert_eq(HTTP("GET", "/pictures/")->status / 100, 4, "%s lists them", server->about);
    web_server_base();
    pictures_forget();
}

static const char *expired_token(void)
{
    stack_configure("access_lifetime = 1s");
    stack_configure("clock_leeway = 0s");
    stack_reload_and_wait();
    const char *token = new_user("exp@example.org").access;
    stack_configure("access_lifetime = 15m");
    stack_reload_and_wait();
    sleep(2);
    return token;
}

static void meets_all_demands(const struct web_server *server)
{
    const char *lacking = web_server_lacks(server);
    if (lacking)
        cr_skip_test("%s", lacking);
    STACK(.settings = { text("base_path = /api/v1"), "trusted_proxies = 127.0.0.1" });
    const char *expired = expired_token(), *token = new_user("cyd@example.org").access;
    stack_configure(text("base_path = %s", server->base_path));
    if (server->workers == WORKERS_SERVE)
        stack_reload_and_wait();
    web_server_start(server);
    serves_every_endpoint(server);
    keeps_headers_and_methods(server, token);
    passes_on_who_the_client_is();
    takes_bodies_up_to_the_limit(server);
    takes_and_shows_pictures(server);
    keeps_every_status(server, expired);
}

#define DEMANDS(name, ...)                                                                         \
    Test(web_servers, name)                                                                        \
    {                                                                                              \
        meets_all_demands(&(struct web_server){ __VA_ARGS__, .about = #name });                    \
    }

DEMANDS(lighttpd_and_serve, WEB_LIGHTTPD, WORKERS_SERVE, "/auth/of/this/site")
DEMANDS(lighttpd_and_serve_over_tcp, WEB_LIGHTTPD, WORKERS_SERVE_TCP, "/api/v1")
DEMANDS(lighttpd_and_spawn_fcgi, WEB_LIGHTTPD, WORKERS_SPAWNED, "/auth/of/this/site")
DEMANDS(lighttpd_and_spawn_fcgi_over_tcp, WEB_LIGHTTPD, WORKERS_SPAWNED_TCP, "/api/v1")
DEMANDS(lighttpd_and_systemd, WEB_LIGHTTPD, WORKERS_ACTIVATED, "/api/v1")
DEMANDS(lighttpd_and_systemd_over_tcp, WEB_LIGHTTPD, WORKERS_ACTIVATED_TCP, "/api/v1")
DEMANDS(lighttpd_starts_the_workers, WEB_LIGHTTPD, WORKERS_OF_SERVER, "/api/v1")
DEMANDS(apache_proxy_and_serve, WEB_APACHE_PROXY, WORKERS_SERVE, "/api/v1")
DEMANDS(apache_proxy_and_serve_over_tcp, WEB_APACHE_PROXY, WORKERS_SERVE_TCP, "/auth/of/this/site")
DEMANDS(apache_proxy_and_spawn_fcgi, WEB_APACHE_PROXY, WORKERS_SPAWNED, "/api/v1")
DEMANDS(apache_proxy_and_spawn_fcgi_over_tcp, WEB_APACHE_PROXY, WORKERS_SPAWNED_TCP, "/api/v1")
DEMANDS(apache_proxy_and_systemd, WEB_APACHE_PROXY, WORKERS_ACTIVATED, "/auth/of/this/site")
DEMANDS(apache_proxy_and_systemd_over_tcp, WEB_APACHE_PROXY, WORKERS_ACTIVATED_TCP, "/api/v1")
DEMANDS(apache_fcgid_starts_the_workers, WEB_APACHE_FCGID, WORKERS_OF_SERVER, "/api/v1")
DEMANDS(apache_fcgid_at_another_path, WEB_APACHE_FCGID, WORKERS_OF_SERVER, "/auth/of/this/site")
DEMANDS(nginx_and_serve, WEB_NGINX, WORKERS_SERVE, "/auth/of/this/site")
DEMANDS(nginx_and_serve_over_tcp, WEB_NGINX, WORKERS_SERVE_TCP, "/api/v1")
DEMANDS(nginx_and_spawn_fcgi, WEB_NGINX, WORKERS_SPAWNED, "/api/v1")
DEMANDS(nginx_and_systemd, WEB_NGINX, WORKERS_ACTIVATED, "/api/v1")
DEMANDS(nginx_and_systemd_over_tcp, WEB_NGINX, WORKERS_ACTIVATED_TCP, "/auth/of/this/site")
DEMANDS(nginx_and_spawn_fcgi_over_tcp, WEB_NGINX, WORKERS_SPAWNED_TCP, "/auth/of/this/site")
