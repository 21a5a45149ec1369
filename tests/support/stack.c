/* stack - see stack.h. */
#include "support/stack.h"
#include "support/guard.h"
#include "support/http_client.h"
#include "support/processes.h"
#include "support/stack_cluster.h"
#include "support/stack_database.h"
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { READY_MS = 20000, LOG_MS = 10000, SETTINGS_MAX = 48, SPAWNED = 4, PORT_ATTEMPTS = 5 };

/* What most tests want: hashes that cost little, and a log that tells all. */
static const char *const usual_settings[] = {
    "base_path = /api/v1",
    "workers = 3",
    "argon2_memory = 1M",
    "argon2_passes = 1",
    "hash_queue = 16",
    "log_level = debug",
    /* Many fail on purpose, and always from here. */
    "throttle_login = 0",
    "throttle_password = 0",
    "throttle_refresh = 0",
    "throttle_reset = 0",
};

static struct {
    bool prepared, own_cluster;
    enum stack_kind kind;
    char directory[GUARD_PATH_SIZE];
    char *settings[SETTINGS_MAX];
    int setting_count;
    struct stack_database database;
    char database_name[64];
    pid_t service, web_server; /* service: the master, or -1 */
    pid_t spawned[SPAWNED];
    int listener; /* STACK_PASSED_SOCKET */
    int port;
} stack = { .service = -1, .web_server = -1, .listener = -1 };

const char *stack_path(const char *name)
{
    return text("%s/%s", stack.directory, name);
}

const char *stack_program(void)
{
    const char *program = getenv("TEST_PROGRAM"), *build = getenv("TEST_BUILD_DIRECTORY");
    return program ? program : text("%s/therappai-auth", build ? build : ".");
}

static const char *source_directory(void)
{
    const char *source = getenv("TEST_SOURCE_DIRECTORY");
    return source ? source : ".";
}

const char *stack_base(void)
{
    return text("http://127.0.0.1:%d/api/v1", stack.port);
}

const char *stack_key(const char *algorithm)
{
    glob_t found;
    cr_assert_eq(glob(stack_path(text("keys/*.%s.signing.*", algorithm)), 0, NULL, &found), 0);
    const char *path = text("%s", found.gl_pathv[0]);
    globfree(&found);
    return path;
}

/* ---- configuration ----------------------------------------------------------------------------*/

static size_t name_length(const char *setting)
{
    return strcspn(setting, " =");
}

static void set(const char *setting)
{
    size_t length = name_length(setting);
    char *copy = strdup(setting);
    for (int i = 0; i < stack.setting_count; i++) {
        if (name_length(stack.settings[i]) != length ||
            strncmp(stack.settings[i], setting, length) != 0)
            continue;
        free(stack.settings[i]);
        stack.settings[i] = copy;
        return;
    }
    cr_assert_lt(stack.setting_count, SETTINGS_MAX);
    stack.settings[stack.setting_count++] = copy;
}

static void write_configuration(void)
{
    const char *path = stack_path("therappai-auth.conf"), *new_path = stack_path("conf.new");
    FILE *file = fopen(new_path, "w");
    cr_assert_not_null(file, "%s: %s", new_path, strerror(errno));
    for (int i = 0; i < stack.setting_count; i++)
        fprintf(file, "%s\n", stack.settings[i]);
    fclose(file);
    cr_assert_eq(rename(new_path, path), 0);
}

void stack_configure(const char *setting)
{
    set(setting);
    write_configuration();
}

static void configure(const struct stack_options *options)
{
    for (size_t i = 0; i < sizeof usual_settings / sizeof usual_settings[0]; i++)
        set(usual_settings[i]);
    set(text("listen = %s", stack.kind == STACK_SERVE ? stack_path("run/auth.sock") : ""));
    set(text("run_directory = %s", stack_path("run")));
    set(text("key_directory = %s", stack_path("keys")));
    set(text("picture_directory = %s", stack_path("pictures")));
    set(text("picture_program = %s-picture", stack_program()));
    set(text("migration_directory = %s/sql", source_directory()));
    set(text("mail_template = %s/deploy/mail/password-reset.txt", source_directory()));
    set(text("database = %s", stack.database.worker));
    set(text("database_owner = %s", stack.database.owner));
    for (size_t i = 0; options->settings[i]; i++)
        set(options->settings[i]);
    write_configuration();
}

static void generate_key(const char *algorithm)
{
    char output[2048];
    const char *const arguments[] = { "key", "generate", "--algorithm", algorithm, NULL };
    cr_assert_eq(stack_run(arguments, output, sizeof output), 0, "%s", output);
}

/* ---- start ------------------------------------------------------------------------------------*/

int stack_run(const char *const arguments[], char *output, size_t size)
{
    struct process process = { .arguments = { stack_program(), "--config",
                                              stack_path("therappai-auth.conf") } };
    for (size_t i = 0; arguments[i]; i++)
        process.arguments[3 + i] = arguments[i];
    return process_run(&process, output, size);
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return address;
}

static int listen_on(const char *path)
{
    struct sockaddr_un address = address_of(path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
                  listen(listener, 128) == 0,
              "%s: %s", path, strerror(errno));
    return listener;
}

static void start_serve(void)
{
    if (stack.kind == STACK_PASSED_SOCKET && stack.listener < 0)
        stack.listener = listen_on(stack_path("run/auth.sock"));
    stack.service = process_start(&(struct process){
        .arguments = { stack_program(), "--config", stack_path("therappai-auth.conf"), "serve" },
        .log = stack_path("service.log"),
        .listener = stack.kind == STACK_PASSED_SOCKET ? stack.listener : 0 });
}

/* spawn-fcgi sends what its children say to /dev/null: a shell gives them the log. */
static void start_spawned(void)
{
    char output[2048], *rest = NULL;
    size_t count = 0;
    const struct process process = {
        .arguments = { "spawn-fcgi", "-s", stack_path("run/auth.sock"), "-P", stack_path("spawned"),
                       "-F", text("%d", SPAWNED), "--", "/bin/sh", "-c", "exec \"$0\" 2>>\"$1\"",
                       stack_program(), stack_path("service.log"), NULL },
        .environment = { text("THERAPPAI_AUTH_CONFIG=%s", stack_path("therappai-auth.conf")) },
    };
    cr_assert_eq(process_run(&process, output, sizeof output), 0, "%s", output);
    FILE *file = fopen(stack_path("spawned"), "r");
    cr_assert_not_null(file);
    size_t size = fread(output, 1, sizeof output - 1, file);
    fclose(file);
    output[size] = '\0';
    for (char *number = output;
         count < SPAWNED && (stack.spawned[count] = (pid_t)strtol(number, &rest, 10)) > 0;
         number = rest)
        guard_watch(stack.spawned[count++]);
    cr_assert_eq(count, SPAWNED, "%s", output);
}

int stack_connect(void)
{
    struct sockaddr_un address = address_of(stack_path("run/auth.sock"));
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) == 0)
        return connection;
    close(connection);
    return -1;
}

static bool listens(const void *unused)
{
    int probe = stack_connect();
    (void)unused;
    if (probe >= 0)
        close(probe);
    return probe >= 0 || (stack.service > 0 && !guard_alive(stack.service));
}

/* A lighttpd that finds nobody at the socket lets the backend be for some seconds. */
static void start_service(void)
{
    if (stack.kind == STACK_NOTHING)
        return;
    if (stack.kind == STACK_SPAWN_FCGI)
        start_spawned();
    else
        start_serve();
    cr_assert(process_await(listens, NULL, READY_MS), "nobody listens:\n%s", stack_log());
}

static int free_port(void)
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

static void write_web_configuration(const char *further)
{
    FILE *file = fopen(stack_path("lighttpd.conf"), "w");
    cr_assert_not_null(file);
    fprintf(file,
            "server.modules = (\"mod_accesslog\")\n"
            "server.bind = \"127.0.0.1\"\n"
            "server.port = %d\n"
            "server.document-root = \"%s\"\n"
            "server.errorlog = \"%s/lighttpd.log\"\n"
            "accesslog.filename = \"%s/access.log\"\n"
            "therappai_auth_path = \"/api/v1\"\n"
            "therappai_auth_socket = \"%s\"\n"
            "therappai_auth_pictures = \"%s\"\n"
            "include \"%s/deploy/lighttpd/therappai-auth.conf\"\n"
            "include \"%s/deploy/lighttpd/therappai-auth-pictures.conf\"\n"
            "%s\n",
            stack.port, stack_path("www"), stack.directory, stack.directory,
            stack_path("run/auth.sock"), stack_path("pictures"), source_directory(),
            source_directory(), further ? further : "");
    fclose(file);
}

static bool answers(const void *unused)
{
    (void)unused;
    const struct http_reply *reply = HTTP("GET", "/healthz");
    return reply->status == 200 || reply->status == 403 ||
           process_wait(stack.web_server, 0) != PROCESS_RUNNING;
}

/* Another process may take the port meanwhile: then with another one. */
static void start_web_server(const char *further)
{
    bool ready = false;
    for (int i = 0; i < PORT_ATTEMPTS && !ready; i++) {
        stack.port = free_port();
        write_web_configuration(further);
        http_site(stack_base());
        stack.web_server = process_start(
            &(struct process){ .arguments = { "lighttpd", "-D", "-f", stack_path("lighttpd.conf") },
                               .log = stack_path("lighttpd.log") });
        ready = process_await(answers, NULL, READY_MS) && guard_alive(stack.web_server);
    }
    cr_assert(ready, "the service does not answer:\n%s", stack_log());
}

static void prepare(const struct stack_options *options)
{
    guard_start(stack.directory);
    stack.prepared = true;
    stack.kind = options->kind;
    setenv("PATH", text("%s:/usr/local/sbin:/usr/sbin:/sbin", getenv("PATH")), 1);
    mkdir(stack_path("run"), 0750);
    mkdir(stack_path("www"), 0755);
    snprintf(stack.database_name, sizeof stack.database_name, "e2e_%d", (int)getpid());
    stack.own_cluster = options->own_cluster;
    if (stack.own_cluster)
        stack_cluster_create(stack_path("pg"), &stack.database);
    else
        stack_database_shared(&stack.database);
    stack_database_create(&stack.database, stack.database_name, stack_program(),
                          !options->no_schema);
    configure(options);
    generate_key("MAC");
    generate_key("DATA");
    generate_key(options->algorithm ? options->algorithm : "HS256");
}

void stack_start(const struct stack_options *options)
{
    prepare(options);
    start_service();
    if (options->kind != STACK_NOTHING)
        start_web_server(options->lighttpd);
}

void stack_restart(void)
{
    start_service();
    cr_assert(process_await(answers, NULL, READY_MS), "%s", stack_log());
}

/* ---- end --------------------------------------------------------------------------------------*/

static bool has_gone(const void *pid)
{
    return !guard_alive(*(const pid_t *)pid);
}

static void stop_service(void)
{
    if (stack.service > 0 && guard_alive(stack.service))
        process_stop(stack.service);
    for (int i = 0; i < SPAWNED && stack.spawned[i] > 0; i++)
        if (guard_alive(stack.spawned[i]))
            kill(stack.spawned[i], SIGTERM);
    for (int i = 0; i < SPAWNED && stack.spawned[i] > 0; i++)
        process_await(has_gone, &stack.spawned[i], LOG_MS);
}

/* Leaks are told when a process ends, so that only now all is written. */
static void look_for_reports(void)
{
    static const char *const marks[] = { "ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                                         "runtime error:", "==ABORTING" };
    const char *log = stack_log();
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (strstr(log, marks[i]))
            guard_blame(text("%.2000s", strstr(log, marks[i])));
}

void stack_stop_web_server(void)
{
    if (stack.web_server > 0)
        process_stop(stack.web_server);
    stack.web_server = -1;
}

void stack_stop(void)
{
    if (!stack.prepared)
        return;
    stop_service();
    stack_stop_web_server();
    look_for_reports();
    if (stack.own_cluster)
        stack_cluster_remove();
    else
        stack_database_drop(&stack.database, stack.database_name);
    for (int i = 0; i < stack.setting_count; i++)
        free(stack.settings[i]);
    http_forget();
    guard_finish();
}

/* ---- while it runs ----------------------------------------------------------------------------*/

pid_t stack_master(void)
{
    return stack.service;
}

/* A worker has the file of the hash queue open; the housekeeper has not. */
int stack_workers(pid_t workers[STACK_WORKERS_MAX])
{
    pid_t children[STACK_WORKERS_MAX];
    int all = 0, count = 0;
    if (stack.kind == STACK_SPAWN_FCGI)
        for (; all < SPAWNED; all++)
            children[all] = stack.spawned[all];
    else
        all = process_children(stack.service, children, STACK_WORKERS_MAX);
    for (int i = 0; i < all; i++)
        if (process_has_open(children[i], "/hash-queue"))
            workers[count++] = children[i];
    return count;
}

void stack_reload(void)
{
    cr_assert_eq(kill(stack.service, SIGHUP), 0);
}

static bool have_all_changed(const void *context)
{
    const pid_t *before = context;
    pid_t now[STACK_WORKERS_MAX];
    int count = stack_workers(now);
    for (int i = 0; i < count; i++)
        for (int j = 0; before[j]; j++)
            if (now[i] == before[j])
                return false;
    return count > 0;
}

void stack_reload_and_wait(void)
{
    pid_t before[STACK_WORKERS_MAX + 1] = { 0 };
    stack_workers(before);
    stack_reload();
    cr_assert(process_await(have_all_changed, before, 20000), "the old workers stay");
}

const char *stack_log(void)
{
    FILE *file = fopen(stack_path("service.log"), "r");
    if (!file)
        return "";
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *content = calloc(1, (size_t)size + 1);
    cr_assert_not_null(content);
    size_t used = fread(content, 1, (size_t)size, file);
    fclose(file);
    const char *copy = text("%.*s", (int)used, content);
    free(content);
    return copy;
}

struct wanted {
    size_t from;
    const char *event;
};

static bool is_logged(const void *context)
{
    const struct wanted *wanted = context;
    const char *log = stack_log();
    return strlen(log) > wanted->from && strstr(log + wanted->from, wanted->event);
}

bool stack_log_await(size_t from, const char *event)
{
    return process_await(is_logged, &(struct wanted){ from, event }, LOG_MS);
}

const char *stack_sql(const char *format, ...)
{
    char sql[4096];
    va_list values;
    va_start(values, format);
    vsnprintf(sql, sizeof sql, format, values);
    va_end(values);
    char *value = stack_database_query(stack.database.superuser, sql);
    const char *copy = text("%s", value);
    free(value);
    return copy;
}
