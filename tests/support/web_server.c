/* web_server - see web_server.h. */
#include "support/web_server.h"
#include "support/guard.h"
#include "support/http_client.h"
#include "support/processes.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define APACHE_MODULES "/usr/lib/apache2/modules"

enum { STARTED_MAX = 8, READY_MS = 20000, GONE_MS = 10000, FILE_SIZE = 64 * 1024 };

static struct {
    pid_t server;
    pid_t started[STARTED_MAX]; /* workers, and other programs behind it */
    int count;
    int port, backend_port;
    char base[256];
} web = { .server = -1 };

/* ---- files ------------------------------------------------------------------------------------*/

static const char *read_whole(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return "";
    char *content = calloc(1, FILE_SIZE);
    cr_assert_not_null(content);
    size_t size = fread(content, 1, FILE_SIZE - 1, file);
    fclose(file);
    const char *copy = text("%.*s", (int)size, content);
    free(content);
    return copy;
}

static void write_whole(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s: %s", path, strerror(errno));
    fputs(content, file);
    fclose(file);
}

const char *web_server_replaced(const char *content, const char *from, const char *to)
{
    const char *result = "", *found;
    cr_assert(strstr(content, from), "the configuration has no '%s'", from);
    for (; (found = strstr(content, from)); content = found + strlen(from))
        result = text("%s%.*s%s", result, (int)(found - content), content, to);
    return text("%s%s", result, content);
}

const char *web_server_deployed(const char *name)
{
    const char *source = getenv("TEST_SOURCE_DIRECTORY");
    return read_whole(text("%s/deploy/%s", source ? source : ".", name));
}

/* ---- workers ----------------------------------------------------------------------------------*/

int web_server_free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(bind(probe, (struct sockaddr *)&address, sizeof address) == 0 &&
              getsockname(probe, (struct sockaddr *)&address, &size) == 0);
    close(probe);
    return ntohs(address.sin_port);
}

static bool is_tcp(const struct web_server *server)
{
    return server->workers == WORKERS_SERVE_TCP || server->workers == WORKERS_SPAWNED_TCP ||
           server->workers == WORKERS_ACTIVATED_TCP;
}

static const char *socket_path(const struct web_server *server)
{
    return stack_path(server->workers == WORKERS_SERVE ? "run/auth.sock" : "run/web.sock");
}

const char *web_server_backend(const struct web_server *server)
{
    return is_tcp(server) ? text("127.0.0.1:%d", web.backend_port) : socket_path(server);
}

void web_server_keep(pid_t pid)
{
    cr_assert_lt(web.count, STARTED_MAX);
    web.started[web.count++] = pid;
}

static void start_serve(void)
{
    mkdir(stack_path("run-tcp"), 0750);
    web_server_keep(process_start(&(struct process){
        .arguments = { stack_program(), "--config", stack_path("therappai-auth.conf"), "serve" },
        .environment = { text("THERAPPAI_AUTH_LISTEN=127.0.0.1:%d", web.backend_port),
                         text("THERAPPAI_AUTH_RUN_DIRECTORY=%s", stack_path("run-tcp")) },
        .log = stack_path("service.log") }));
}

/* spawn-fcgi sends what its children say to /dev/null: a shell gives them the log. */
static void start_spawned(const struct web_server *server)
{
    char output[2048], *rest = NULL;
    const char *port = text("%d", web.backend_port);
    bool tcp = is_tcp(server);
    const struct process process = {
        .arguments = { "spawn-fcgi", "-a", "127.0.0.1", tcp ? "-p" : "-s",
                       tcp ? port : socket_path(server), "-P", stack_path("web-spawned"), "-F3",
                       "--", "/bin/sh", "-c", "exec \"$0\" 2>>\"$1\"", stack_program(),
                       stack_path("service.log") },
        .environment = { text("THERAPPAI_AUTH_CONFIG=%s", stack_path("therappai-auth.conf")) },
    };
    cr_assert_eq(process_run(&process, output, sizeof output), 0, "%s", output);
    const char *numbers = read_whole(stack_path("web-spawned"));
    for (pid_t pid; (pid = (pid_t)strtol(numbers, &rest, 10)) > 0; numbers = rest) {
        guard_watch(pid);
        web_server_keep(pid);
    }
}

/* The socket's owner is systemd's own tool, which starts the service at the first connection. */
static void start_activated(const struct web_server *server)
{
    mkdir(stack_path("run-activated"), 0750);
    web_server_keep(process_start(&(struct process){
        .arguments = { "systemd-socket-activate", "-l", web_server_backend(server), "-E",
                       text("THERAPPAI_AUTH_RUN_DIRECTORY=%s", stack_path("run-activated")), "-E",
                       "THERAPPAI_AUTH_LISTEN=/nowhere/unused.sock", stack_program(), "--config",
                       stack_path("therappai-auth.conf"), "serve" },
        .log = stack_path("service.log") }));
}

static void start_workers(const struct web_server *server)
{
    web.backend_port = web_server_free_port();
    if (server->workers == WORKERS_SERVE_TCP)
        start_serve();
    else if (server->workers == WORKERS_SPAWNED || server->workers == WORKERS_SPAWNED_TCP)
        start_spawned(server);
    else if (server->workers == WORKERS_ACTIVATED || server->workers == WORKERS_ACTIVATED_TCP)
        start_activated(server);
}

/* ---- configuration ----------------------------------------------------------------------------*/

static const char *further(const struct web_server *server)
{
    return server->further ? server->further(server) : "";
}

static const char *lighttpd_configuration(const struct web_server *server)
{
    static const char backend[] = "\"socket\" => therappai_auth_socket,\n";
    const char *own = web_server_deployed("lighttpd/therappai-auth.conf");
    if (is_tcp(server))
        own = web_server_replaced(
            own, backend, text("\"host\" => \"127.0.0.1\", \"port\" => %d,\n", web.backend_port));
    if (server->workers == WORKERS_OF_SERVER)
        own = web_server_replaced(
            own, backend,
            text("%s\"bin-path\" => \"%s\", \"max-procs\" => 2,\n"
                 "\"bin-environment\" => (\"THERAPPAI_AUTH_CONFIG\" => \"%s\"),\n",
                 backend, stack_program(), stack_path("therappai-auth.conf")));
    return text("server.bind = \"127.0.0.1\"\n"
                "server.port = %d\n"
                "server.document-root = \"%s\"\n"
                "server.upload-dirs = (\"%s\")\n"
                "index-file.names = (\"index.html\")\n"
                "server.errorlog = \"%s\"\n"
                "therappai_auth_path = \"%s\"\n"
                "therappai_auth_socket = \"%s\"\n"
                "therappai_auth_pictures = \"%s\"\n"
                "%s\n%s",
                web.port, stack_path("www"), stack_path("run"), stack_path("web.log"),
                server->base_path, socket_path(server), stack_path("pictures"),
                text("%s\n%s", own, web_server_deployed("lighttpd/therappai-auth-pictures.conf")),
                further(server));
}

static const char *apache_modules(const struct web_server *server)
{
    static const char *const names[] = { "mpm_event", "authz_core", "authn_core", "authz_user",
                                         "alias",     "env",        "setenvif",   "headers",
                                         "mime",      "dir",        "authz_host", "macro",
                                         "proxy",     "proxy_fcgi", "proxy_http", "authnz_fcgi" };
    const char *lines = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        lines = text("%sLoadModule %s_module " APACHE_MODULES "/mod_%s.so\n", lines, names[i],
                     names[i]);
    if (server->kind == WEB_APACHE_FCGID)
        lines = text("%sLoadModule fcgid_module " APACHE_MODULES "/mod_fcgid.so\n"
                     "FcgidIPCDir %s\nFcgidProcessTableFile %s\n",
                     lines, stack_path("fcgid"), stack_path("fcgid/table"));
    return lines;
}

static const char *apache_configuration(const struct web_server *server)
{
    bool fcgid = server->kind == WEB_APACHE_FCGID;
    const char *backend = is_tcp(server) ? text("fcgi://127.0.0.1:%d", web.backend_port)
                                         : text("unix:%s|fcgi://localhost", socket_path(server));
    return text("ServerRoot \"%s\"\nServerName 127.0.0.1\nListen 127.0.0.1:%d\n"
                "DefaultRuntimeDir \"%s\"\nPidFile \"%s\"\nErrorLog \"%s\"\nDocumentRoot \"%s\"\n"
                "Mutex file:%s\nDirectoryIndex index.html\nTypesConfig /etc/mime.types\n"
                "StartServers 1\nServerLimit 1\nThreadsPerChild 16\nMaxRequestWorkers 16\n"
                "<Directory />\nRequire all denied\n</Directory>\n"
                "<Directory \"%s\">\nRequire all granted\n</Directory>\n"
                "Define THERAPPAI_AUTH_PATH %s\nDefine THERAPPAI_AUTH_BACKEND %s\n"
                "Define THERAPPAI_AUTH_PROGRAM %s\nDefine THERAPPAI_AUTH_CONFIG %s\n"
                "Define THERAPPAI_AUTH_PICTURES %s\n%s",
                stack_path(""), web.port, stack_path("run"), stack_path("apache.pid"),
                stack_path("web.log"), stack_path("www"), stack_path("run"), stack_path("www"),
                server->base_path, backend, stack_program(), stack_path("therappai-auth.conf"),
                stack_path("pictures"),
                text("%s%s\n%s\n%s", apache_modules(server),
                     web_server_deployed(fcgid ? "apache/therappai-auth-fcgid.conf"
                                               : "apache/therappai-auth-proxy.conf"),
                     web_server_deployed("apache/therappai-auth-pictures.conf"), further(server)));
}

static const char *nginx_own(const struct web_server *server)
{
    const char *backend = text("%s%s", is_tcp(server) ? "" : "unix:", web_server_backend(server));
    const char *own = web_server_deployed("nginx/therappai-auth.conf");
    own = web_server_replaced(own, "/api/v1", server->base_path);
    own = web_server_replaced(own, "unix:/run/therappai-auth/auth.sock", backend);
    return text("%s\n%s", own,
                web_server_replaced(web_server_deployed("nginx/therappai-auth-pictures.conf"),
                                    "/var/lib/therappai-auth/pictures", stack_path("pictures")));
}

static const char *nginx_configuration(const struct web_server *server)
{
    static const char *const kinds[] = { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" };
    const char *temporary = "";
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        temporary = text("%s%s_temp_path %s;\n", temporary, kinds[i],
                         stack_path(text("nginx-%s", kinds[i])));
    return text("%sdaemon off; worker_processes 1; pid %s; error_log %s info;\n"
                "events {}\n"
                "http { access_log off; include /etc/nginx/mime.types;\n%s"
                "server { listen 127.0.0.1:%d; root %s;\n%s\n%s}\n}\n",
                geteuid() == 0 ? "user root;\n" : "", stack_path("nginx.pid"),
                stack_path("web.log"), temporary, web.port, stack_path("www"), nginx_own(server),
                further(server));
}

/* ---- start and end ----------------------------------------------------------------------------*/

static const char *configuration_of(const struct web_server *server)
{
    switch (server->kind) {
    case WEB_LIGHTTPD:
        return lighttpd_configuration(server);
    case WEB_NGINX:
        return nginx_configuration(server);
    case WEB_APACHE_PROXY:
    case WEB_APACHE_FCGID:
    default:
        return apache_configuration(server);
    }
}

/* Apache will not run as root: it keeps the right to pass through root's directories. */
static void start_server(const struct web_server *server)
{
    const char *file = stack_path("web.conf"), *log = stack_path("web.log");
    struct process lighttpd = { .arguments = { "lighttpd", "-D", "-f", file }, .log = log },
                   nginx = { .arguments = { "nginx", "-c", file }, .log = log },
                   apache = { .arguments = { "apache2", "-DFOREGROUND", "-f", file }, .log = log },
                   apache_of_root = { .arguments = { "setpriv", "--reuid=65534", "--regid=65534",
                                                     "--clear-groups", "--inh-caps=+dac_override",
                                                     "--ambient-caps=+dac_override", "apache2",
                                                     "-DFOREGROUND", "-f", file },
                                      .log = log };
    if (server->kind == WEB_LIGHTTPD)
        web.server = process_start(&lighttpd);
    else if (server->kind == WEB_NGINX)
        web.server = process_start(&nginx);
    else
        web.server = process_start(geteuid() == 0 ? &apache_of_root : &apache);
}

static bool answers(const void *unused)
{
    (void)unused;
    return HTTP("GET", "/healthz")->status == 200 || !guard_alive(web.server);
}

void web_server_root(void)
{
    http_site(text("http://127.0.0.1:%d", web.port));
}

const char *web_server_url(void)
{
    return web.base;
}

void web_server_base(void)
{
    http_site(web.base);
}

void web_server_start(const struct web_server *server)
{
    mkdir(stack_path("fcgid"), 0755);
    start_workers(server);
    web.port = web_server_free_port();
    write_whole(stack_path("web.conf"), configuration_of(server));
    start_server(server);
    snprintf(web.base, sizeof web.base, "http://127.0.0.1:%d%s", web.port, server->base_path);
    web_server_base();
    cr_assert(process_await(answers, NULL, READY_MS) && guard_alive(web.server),
              "%s does not answer:\n%s\n%s", server->about, read_whole(stack_path("web.log")),
              stack_log());
}

const char *web_server_lacks(const struct web_server *server)
{
    bool apache = server->kind == WEB_APACHE_PROXY || server->kind == WEB_APACHE_FCGID;
    if (apache && access("/usr/sbin/apache2", X_OK) != 0)
        return "Apache is not installed";
    if (server->kind == WEB_APACHE_FCGID && access(APACHE_MODULES "/mod_fcgid.so", R_OK) != 0)
        return "mod_fcgid is not installed";
    if (server->kind == WEB_NGINX && access("/usr/sbin/nginx", X_OK) != 0)
        return "nginx is not installed";
    return NULL;
}

static bool has_gone(const void *pid)
{
    return !guard_alive(*(const pid_t *)pid);
}

void web_server_stop(void)
{
    if (web.server > 0)
        process_stop(web.server);
    web.server = -1;
    for (int i = 0; i < web.count; i++)
        kill(web.started[i], SIGTERM);
    for (int i = 0; i < web.count; i++) {
        process_wait(web.started[i], 0);
        process_await(has_gone, &web.started[i], GONE_MS);
    }
    web.count = 0;
}

void web_server_stop_all(void)
{
    web_server_stop();
    stack_stop();
}
