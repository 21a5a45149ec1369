/* authorizer - the examples of deploy/examples, by every web server: a folder, a PHP application
 * and an application behind a proxy, which therappai-auth guards. */
#include "support/cookies.h"
#include "support/expect.h"
#include "support/flows.h"
#include "support/guard.h"
#include "support/processes.h"
#include "support/stack.h"
#include "support/stack_cluster.h"
#include "support/web_server.h"
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(authorizer, .fini = web_server_stop_all);

/* What the folder's place demands, instead of a permission; NULL: as the example says. */
static const char *demand;
static int proxied_port;

/* ---- what is guarded --------------------------------------------------------------------------*/

/* Answers with the request itself: what it has of the client, the application has. */
static void echo(int listener)
{
    for (;;) {
        char request[8192];
        size_t size = 0;
        int peer = accept(listener, NULL, NULL);
        ssize_t more;
        request[0] = '\0';
        while (!strstr(request, "\r\n\r\n") && size < sizeof request - 1 &&
               (more = read(peer, request + size, sizeof request - 1 - size)) > 0) {
            size += (size_t)more;
            request[size] = '\0';
        }
        dprintf(peer,
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
                "Connection: close\r\n\r\n%s",
                size, request);
        close(peer);
    }
}

static void start_echo(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    proxied_port = web_server_free_port();
    address.sin_port = htons((uint16_t)proxied_port);
    cr_assert(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
              listen(listener, 16) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        guard_detach();
        echo(listener);
    }
    close(listener);
    guard_watch(pid);
    web_server_keep(pid);
}

static void start_php(void)
{
    char output[1024];
    const struct process process = { .arguments = { "spawn-fcgi", "-s", stack_path("run/php.sock"),
                                                    "-P", stack_path("php-pid"), "--",
                                                    "/usr/bin/php-cgi" } };
    cr_assert_eq(process_run(&process, output, sizeof output), 0, "%s", output);
    FILE *file = fopen(stack_path("php-pid"), "r");
    int pid = 0;
    cr_assert(file && fscanf(file, "%d", &pid) == 1 && pid > 0);
    fclose(file);
    guard_watch(pid);
    web_server_keep(pid);
}

static void write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s", path);
    fputs(content, file);
    fclose(file);
}

static void make_site(void)
{
    static const char *const names[] = { "index.html", "members/index.html", "app/index.php" };
    mkdir(stack_path("www/members"), 0755);
    mkdir(stack_path("www/app"), 0755);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        write_file(stack_path(text("www/%s", names[i])),
                   web_server_deployed(text("examples/site/%s", names[i])));
    write_file(stack_path("www/app/all.php"),
               "<?php foreach ($_SERVER as $n => $v) if (is_string($v)) echo \"$n=$v\\n\";");
}

/* ---- configurations ---------------------------------------------------------------------------*/

static const char *with_demand(const char *example)
{
    return demand ? web_server_replaced(example, "permission=profile:read\"", text("%s\"", demand))
                  : example;
}

static const char *lighttpd_guard(const struct web_server *server)
{
    (void)server;
    return text("members_root = \"%s\"\nmembers_php = \"%s\"\nmembers_proxied_port = %d\n%s",
                stack_path("www"), stack_path("run/php.sock"), proxied_port,
                with_demand(web_server_deployed("examples/lighttpd/members.conf")));
}

static const char *apache_guard(const struct web_server *server)
{
    return text("Define THERAPPAI_AUTH_GUARD %s\nDefine MEMBERS_ROOT %s\n"
                "Define MEMBERS_PHP unix:%s|fcgi://localhost\n"
                "Define MEMBERS_PROXIED http://127.0.0.1:%d\n%s\n%s",
                web_server_backend(server), stack_path("www"), stack_path("run/php.sock"),
                proxied_port, web_server_deployed("apache/therappai-auth-guard.conf"),
                with_demand(web_server_deployed("examples/apache/members.conf")));
}

static const char *nginx_guard(const struct web_server *server)
{
    const char *guard = web_server_replaced(web_server_deployed("nginx/therappai-auth-guard.conf"),
                                            "unix:/run/therappai-auth/auth.sock",
                                            text("unix:%s", web_server_backend(server)));
    const char *example = with_demand(web_server_deployed("examples/nginx/members.conf"));
    const char *source = getenv("TEST_SOURCE_DIRECTORY");
    example = web_server_replaced(example, "/etc/nginx/therappai-auth-params.conf",
                                  text("%s/deploy/nginx/therappai-auth-params.conf", source));
    example = web_server_replaced(example, "/srv/www", stack_path("www"));
    example = web_server_replaced(example, "unix:/run/php.sock",
                                  text("unix:%s", stack_path("run/php.sock")));
    example = web_server_replaced(example, "127.0.0.1:8081", text("127.0.0.1:%d", proxied_port));
    return text("%s\n%s", guard, example);
}

/* The same example with the other guard; nothing is proxied over HTTP. */
static const char *fcgid_guard(const struct web_server *server)
{
    (void)server;
    const char *example =
        web_server_replaced(with_demand(web_server_deployed("examples/apache/members.conf")),
                            "Use TherappaiAuthGuard \"", "Use TherappaiAuthGuardFcgid \"");
    return text("Define MEMBERS_ROOT %s\nDefine MEMBERS_PHP unix:%s|fcgi://localhost\n%s\n%.*s",
                stack_path("www"), stack_path("run/php.sock"),
                web_server_deployed("apache/therappai-auth-guard-fcgid.conf"),
                (int)(strstr(example, "# An application behind HTTP") - example), example);
}

static const struct web_server lighttpd = { WEB_LIGHTTPD, WORKERS_SERVE, "/api/v1", "lighttpd",
                                            lighttpd_guard };
static const struct web_server apache = { WEB_APACHE_PROXY, WORKERS_SERVE_TCP, "/api/v1", "Apache",
                                          apache_guard };
static const struct web_server fcgid = { WEB_APACHE_FCGID, WORKERS_OF_SERVER, "/api/v1",
                                         "mod_fcgid", fcgid_guard };
static const struct web_server nginx = { WEB_NGINX, WORKERS_SERVE, "/api/v1", "nginx",
                                         nginx_guard };

static void start(const struct web_server *server)
{
    const char *lacks = web_server_lacks(server);
    if (!lacks && access("/usr/bin/php-cgi", X_OK) != 0)
        lacks = "php-cgi is not installed";
    if (lacks)
        cr_skip_test("%s", lacks);
    make_site();
    start_php();
    start_echo();
    web_server_start(server);
    web_server_root();
}

/* ---- expectations -----------------------------------------------------------------------------*/

/* mod_authnz_fcgi calls every body text/html. */
static void expect_denial(const struct web_server *server, const struct http_reply *reply,
                          int status, const char *code, const char *challenge)
{
    cr_assert(reply->status == status, "%s: %s: %d, not %d: %s", server->about, reply->about,
              reply->status, status, reply->body);
    cr_assert_str_eq(member_text(reply, "code"), code, "%s: %s", server->about, reply->about);
    cr_assert_eq(member_integer(reply, "status"), status);
    if (server->kind != WEB_APACHE_PROXY)
        cr_assert_str_eq(http_header(reply, "Content-Type"), "application/json", "%s",
                         reply->about);
    if (status == 419 && server->kind != WEB_LIGHTTPD)
        cr_assert_str_eq(reply->reason, "Token expired", "%s", server->about);
    const char *found = http_header(reply, "WWW-Authenticate");
    int count = 0;
    for (int i = 0; i < reply->header_count; i++)
        count += !strcasecmp(reply->headers[i].name, "WWW-Authenticate");
    if (challenge)
        cr_assert(count == 1 && strstr(found, challenge), "%s: %s: %d challenges, '%s'",
                  server->about, reply->about, count, found ? found : "");
}

static void expect_page(const struct web_server *server, const struct http_reply *reply,
                        const char *part)
{
    cr_assert(reply->status == 200 && strstr(reply->body, part), "%s: %s: %d, no '%s' in %s",
              server->about, reply->about, reply->status, part, reply->body);
}

static const struct {
    const char *path, *content;
} places[] = { { "/members/", "Only who is logged in" },
               { "/members/index.html", "Only who is logged in" },
               { "/app/", "Hello " },
               { "/app/index.php", "Hello " },
               { "/proxied/x", "GET /proxied/x HTTP/1" } };

enum { PLACES = sizeof places / sizeof places[0] };

/* The proxied one comes last. */
static size_t places_of(const struct web_server *server)
{
    return server->kind == WEB_APACHE_FCGID ? PLACES - 1 : PLACES;
}

/* ---- tests ------------------------------------------------------------------------------------*/

static void guards(const struct web_server *server)
{
    STACK(.settings = { "access_lifetime = 3s", "clock_leeway = 0s" });
    const char *expired = new_user("exp@example.org").access;
    stack_configure("access_lifetime = 15m");
    stack_reload_and_wait();
    sleep(4);
    start(server);
    web_server_base();
    struct tokens ada = new_user("ada@example.org"), ended = new_user("bob@example.org");
    expect_no_content(HTTP("POST", "/logout/", .token = ended.access));
    sign_up("cyd@example.org");
    stack_sql("DELETE FROM user_roles WHERE user_id = (SELECT id FROM users WHERE email = "
              "'cyd@example.org')");
    const char *nobody = log_in("cyd@example.org").access;
    web_server_root();

    expect_page(server, HTTP("GET", "/"), "for everybody");
    for (size_t i = 0; i < places_of(server); i++) {
        const char *path = places[i].path;
        expect_page(server, HTTP("GET", path, .token = ada.access), places[i].content);
        expect_denial(server, HTTP("GET", path), 401, "missing_token", "Bearer realm=");
        expect_denial(server, HTTP("POST", path, .body = "{}"), 401, "missing_token",
                      "Bearer realm=");
        expect_denial(server, HTTP("GET", path, .token = "x"), 401, "invalid_token",
                      "invalid_token");
        expect_denial(server, HTTP("GET", path, .token = expired), 419, "token_expired", "expired");
    }
    expect_denial(server, HTTP("GET", "/members/", .token = nobody), 403, "forbidden",
                  "scope=\"profile:read\"");
    expect_page(server, HTTP("GET", "/app/", .token = nobody), "Hello cyd@example.org");
    expect_denial(server, HTTP("GET", "/app/", .token = ended.access), 401, "invalid_token",
                  "invalid_token");
    expect_page(server, HTTP("GET", "/members/", .token = ended.access), "Only who");
    expect_page(server, HTTP("POST", "/app/", .token = ada.access, .body = "{}"),
                "Hello ada@example.org, you are user 2.");
}

/* "NAME=value" as a line of all.php. */
static void expect_variable(const struct web_server *server, const struct http_reply *reply,
                            const char *line)
{
    cr_assert(strstr(reply->body, text("\n%s\n", line)), "%s: no '%s' in %s", server->about, line,
              reply->body);
}

static const char *const forged[][6] = {
    { "Remote-User: 666", "Auth-User-Id: 666", "Auth-Email: 666", "X-Auth-User-Id: 666",
      "X-Auth-Email: 666", "Variable-AUTH_USER_ID: 666" },
    { "Remote_User: 666", "AUTH_USER_ID: 666", "X_Auth_User_Id: 666", "X_AUTH-EMAIL: 666",
      "X-Auth_Roles: 666", "X-AUTH-USER_ID: 666" },
    { "Forwarded: remote_user=666", "AUTH_REQUIRE: token", "AUTH_MODE: 666",
      "Variable-REMOTE_USER: 666", "HTTP-AUTH-USER-ID: 666", "Auth-Require: 666" },
};

/* Only what begins with HTTP_ may hold what the client made up. */
static void expect_unforged_variables(const struct web_server *server, const char *body)
{
    for (const char *line = body; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        size_t size = strcspn(line, "\n");
        cr_assert(!memmem(line, size, "666", 3) || !strncmp(line, "HTTP_", 5), "%s: %.*s",
                  server->about, (int)size, line);
    }
}

/* The names under which an application may look for its user: HTTP does not tell - from _ there. */
static void expect_unforged_headers(const struct web_server *server, const char *request)
{
    char plain[8192];
    snprintf(plain, sizeof plain, "%s", request);
    for (char *c = plain; *c; c++)
        *c = *c == '_' ? '-' : *c;
    static const char *const headers[] = { "x-auth-", "remote-user:", NULL };
    static const char *const of_lighttpd[] = { "forwarded:", NULL };
    const char *const *names = server->kind == WEB_LIGHTTPD ? of_lighttpd : headers;
    for (char *line = plain; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        for (size_t i = 0; names[i]; i++)
            if (!strncasecmp(line, names[i], strlen(names[i])))
                cr_assert(!memmem(line, strcspn(line, "\n"), "666", 3), "%s: %.60s", server->about,
                          line);
    }
}

static void tells_who_it_is(const struct web_server *server)
{
    STACK();
    start(server);
    web_server_base();
    sign_up("eve@example.org");
    const char *token = new_user("ada@example.org").access;
    const char *session = stack_sql("SELECT id FROM sessions");
    web_server_root();
    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        struct http_call call = CALL("GET", "/app/all.php", .token = token);
        memcpy(call.headers, forged[i], sizeof call.headers);
        const struct http_reply *reply = http_send(&call);
        expect_page(server, reply, "AUTH_USER_ID=2\n");
        expect_unforged_variables(server, reply->body);
        expect_variable(server, reply, "REMOTE_USER=2");
        expect_variable(server, reply, text("AUTH_SESSION=%s", session));
        expect_variable(server, reply, "AUTH_ROLES=user");
        expect_variable(server, reply, "AUTH_SCOPE=profile:read profile:write");
        expect_variable(server, reply, "AUTH_EMAIL=ada@example.org");
        if (i == 0)
            expect_variable(server, reply, "HTTP_X_AUTH_EMAIL=666"); /* it was sent */
        for (int h = 0; h < reply->header_count; h++)
            cr_assert(!strstr(reply->headers[h].name, "Variable") &&
                          !strcasestr(reply->headers[h].name, "Auth"),
                      "%s tells the client: %s", server->about, reply->headers[h].name);
        if (server->kind == WEB_APACHE_FCGID)
            continue;
        call.path = "/proxied/x";
        reply = http_send(&call);
        if (server->kind == WEB_APACHE_PROXY && i == 1) {
            cr_assert_eq(reply->status, 403, "whoever says X_Auth_User_Id is turned away");
            continue;
        }
        expect_page(server, reply,
                    server->kind == WEB_LIGHTTPD ? ";remote_user=\"2\"\r\n"
                                                 : "X-Auth-User-Id: 2\r\n");
        expect_unforged_headers(server, reply->body);
    }
}

/* Other ways to write the same place lead to no page. */
static void has_no_way_round(const struct web_server *server)
{
    static const char *const paths[] = {
        "/_therappai_auth/token",
        "/_therappai_auth_denied",
        "/members",
        "//members/",
        "/members//index.html",
        "/./members/",
        "/x/../members/",
        "/%6dembers/",
        "/members%2findex.html",
        "/%2fmembers/",
        "/members/.",
        "/members/%2e/index.html",
        "/members;x/index.html",
        "/MEMBERS/",
        "/members/index.html/",
        "/members/index.html?x",
        "/..//members/",
        "/members/%00",
        "/app",
        "//app/index.php",
        "/app/index.php/x",
        "/%61pp/index.php",
        "/app/./all.php",
        "/app%2findex.php",
        "/x/../app/all.php",
        "/app/all.php/",
        "/app/all.php%00",
        "//proxied/x",
        "/%70roxied/x",
        "/proxied",
    };
    STACK();
    start(server);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct http_reply *reply = HTTP("GET", paths[i]);
        cr_assert(reply->status != 200 && reply->status >= 300, "%s: %s: %d: %s", server->about,
                  paths[i], reply->status, reply->body);
        cr_assert(!strstr(reply->body, "Only who") && !strstr(reply->body, "<?php"));
    }
    for (size_t i = 0; i < places_of(server); i++)
        expect_denial(server, HTTP("GET", places[i].path), 401, "missing_token", NULL);
}

static void needs_the_database_for_sessions_alone(const struct web_server *server)
{
    STACK(.own_cluster = true);
    start(server);
    web_server_base();
    const char *token = new_user("ada@example.org").access;
    web_server_root();
    expect_page(server, HTTP("GET", "/app/", .token = token), "Hello ada");
    stack_cluster_stop();
    expect_page(server, HTTP("GET", "/members/", .token = token), "Only who");
    if (server->kind != WEB_APACHE_FCGID)
        expect_page(server, HTTP("GET", "/proxied/x", .token = token), "GET /proxied/x");
    const struct http_reply *reply = HTTP("GET", "/app/", .token = token);
    expect_denial(server, reply, 503, "unavailable", NULL);
    cr_assert_not_null(http_header(reply, "Retry-After"), "%s", server->about);
    expect_denial(server, HTTP("GET", "/app/"), 401, "missing_token", "Bearer realm=");
}

static void lets_nobody_in_on_a_word_that_it_does_not_know(const struct web_server *server)
{
    demand = "permision=profile:read";
    STACK();
    start(server);
    web_server_base();
    const char *token = new_user("ada@example.org").access;
    web_server_root();
    expect_page(server, HTTP("GET", "/app/", .token = token), "Hello ada");
    expect_denial(server, HTTP("GET", "/members/", .token = token), 500, "internal", NULL);
    expect_denial(server, HTTP("GET", "/members/"), 500, "internal", NULL);
}

/* A browser sends no Authorization when it loads a page. */
static void takes_the_cookie_of_a_page_load(const struct web_server *server)
{
    static const char origin[] = "Origin: https://app.example.org";
    STACK(.settings = { "cookie = on", "cookie_access = on",
                        "allowed_origins = https://app.example.org" });
    start(server);
    web_server_base();
    sign_up("ada@example.org");
    const char *body = text("{'email':'ada@example.org','password':'%s','cookie':true}", PASSWORD);
    const char *value =
        cookie_value(HTTP("POST", "/login/", .body = body, .headers = { origin }), ACCESS_COOKIE);
    const char *cookie = cookie_header(ACCESS_COOKIE, value);
    expect_problem(HTTP("GET", "/profile/", .headers = { cookie }), 401, "Unauthorized",
                   "missing_token");
    web_server_root();
    for (size_t i = 0; i < places_of(server); i++) {
        const char *path = places[i].path;
        expect_denial(server, HTTP("GET", path), 401, "missing_token", "Bearer realm=");
        expect_page(server, HTTP("GET", path, .headers = { cookie }), places[i].content);
        expect_denial(server, HTTP("GET", path, .headers = { cookie }, .token = "x"), 401,
                      "invalid_token", "invalid_token");
        expect_denial(server, HTTP("GET", path, .headers = { text("%s0", cookie) }), 401,
                      "invalid_token", "invalid_token");
        const struct http_reply *foreign =
            HTTP("POST", path, .body = "{}", .headers = { cookie, "Origin: https://evil.example" });
        if (server->kind == WEB_APACHE_FCGID) /* whose ErrorDocument asks for it by GET */
            expect_denial(server, foreign, 503, "unavailable", NULL);
        else
            expect_denial(server, foreign, 403, "forbidden", NULL);
    }
    expect_page(server, HTTP("POST", "/app/", .body = "{}", .headers = { cookie, origin }),
                "Hello ada@example.org");
}

#define BEHIND_EACH(name)                                                                          \
    Test(authorizer, name##_behind_lighttpd)                                                       \
    {                                                                                              \
        name(&lighttpd);                                                                           \
    }                                                                                              \
    Test(authorizer, name##_behind_apache)                                                         \
    {                                                                                              \
        name(&apache);                                                                             \
    }                                                                                              \
    Test(authorizer, name##_behind_fcgid)                                                          \
    {                                                                                              \
        name(&fcgid);                                                                              \
    }                                                                                              \
    Test(authorizer, name##_behind_nginx)                                                          \
    {                                                                                              \
        name(&nginx);                                                                              \
    }

BEHIND_EACH(guards)
BEHIND_EACH(tells_who_it_is)
BEHIND_EACH(has_no_way_round)
BEHIND_EACH(needs_the_database_for_sessions_alone)
BEHIND_EACH(takes_the_cookie_of_a_page_load)
BEHIND_EACH(lets_nobody_in_on_a_word_that_it_does_not_know)
