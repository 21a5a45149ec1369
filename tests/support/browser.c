/* browser - see browser.h. */
#include "support/browser.h"
#include "support/guard.h"
#include "support/processes.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READY_MS = 20000 };

static struct {
    pid_t driver;
    char driver_url[64];
    char session[64]; /* "" while there is no browser */
} browser = { .driver = -1 };

/* Nothing is looked up, so that no address of anybody else is ever found; and its own talk with its
 * maker is off. The pages are ours, and a sandbox takes rights that a container does not give. */
static const char *const arguments[] = {
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
};

/* The path of a program, or NULL. */
static const char *find_program(const char *const *names)
{
    static const char *const folders[] = { "/usr/bin", "/usr/local/bin", "/usr/lib/chromium" };
    for (; *names; names++)
        for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
            const char *path = text("%s/%s", folders[i], *names);
            if (access(path, X_OK) == 0)
                return path;
        }
    return NULL;
}

static const char *program(void)
{
    return find_program((const char *const[]){ "chromium", "google-chrome", NULL });
}

static const char *driver(void)
{
    return find_program((const char *const[]){ "chromedriver", NULL });
}

const char *browser_lacks(void)
{
    if (!program())
        return "Chromium is not installed";
    return driver() ? NULL : "chromedriver is not installed";
}

/* ---- WebDriver --------------------------------------------------------------------------------*/

static const struct http_reply *ask(const char *method, const char *path, const char *body)
{
    http_site(text("%s/session%s", browser.driver_url, browser.session));
    const struct http_reply *reply =
        http_send(&(struct http_call){ .method = method, .path = path, .body = body });
    http_site(stack_base());
    return reply;
}

/* `value` of the answer. The path is below the session where there is one; the body is freed. */
static json_object *command(const char *method, const char *path, json_object *body)
{
    json_object *value = NULL;
    const struct http_reply *reply =
        ask(method, path, body ? json_object_to_json_string(body) : NULL);
    json_object_put(body);
    cr_assert(reply->status == 200 && json_object_object_get_ex(reply->object, "value", &value),
              "chromedriver: %s: %d %.2000s", path, reply->status, reply->body);
    return value;
}

static json_object *object_of(const char *member, json_object *value)
{
    json_object *object = json_object_new_object();
    json_object_object_add(object, member, value);
    return object;
}

static json_object *text_of(const char *value)
{
    return json_object_new_string(value);
}

static json_object *capabilities(void)
{
    json_object *list = json_object_new_array(), *options = json_object_new_object();
    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++)
        json_object_array_add(list, text_of(arguments[i]));
    json_object_array_add(list, text_of(text("--user-data-dir=%s", stack_path("chromium"))));
    json_object_object_add(options, "args", list);
    json_object_object_add(options, "binary", text_of(program()));
    json_object *wanted = json_object_new_object();
    json_object_object_add(wanted, "browserName", text_of("chrome"));
    json_object_object_add(wanted, "goog:chromeOptions", options);
    json_object_object_add(wanted, "goog:loggingPrefs",
                           json_tokener_parse("{\"browser\":\"ALL\",\"performance\":\"ALL\"}"));
    return object_of("capabilities", object_of("alwaysMatch", wanted));
}

/* It says which port it took. */
static bool has_said_port(const void *context)
{
    char line[256];
    FILE *log = fopen(stack_path("chromedriver.log"), "r");
    int port = 0;
    (void)context;
    while (log && !port && fgets(line, sizeof line, log))
        if (sscanf(line, "ChromeDriver was started successfully on port %d", &port) != 1)
            port = 0;
    if (log)
        fclose(log);
    if (port)
        snprintf(browser.driver_url, sizeof browser.driver_url, "http://127.0.0.1:%d", port);
    return port || !guard_alive(browser.driver);
}

void browser_start(void)
{
    json_object *session = NULL;
    mkdir(stack_path("home"), 0700);
    browser.driver = process_start(&(struct process){
        .arguments = { driver(), "--port=0" },
        .environment = { text("HOME=%s", stack_path("home")), text("TMPDIR=%s", stack_path("home")),
                         "DBUS_SESSION_BUS_ADDRESS=disabled:" },
        .log = stack_path("chromedriver.log") });
    cr_assert(process_await(has_said_port, NULL, READY_MS) && *browser.driver_url,
              "chromedriver does not start");
    json_object *value = command("POST", "", capabilities());
    cr_assert(json_object_object_get_ex(value, "sessionId", &session));
    snprintf(browser.session, sizeof browser.session, "/%s", json_object_get_string(session));
}

void browser_stop(void)
{
    if (*browser.session)
        ask("DELETE", "", NULL);
    browser.session[0] = '\0';
    if (browser.driver > 0)
        process_stop(browser.driver);
    browser.driver = -1;
}

/* ---- pages ------------------------------------------------------------------------------------*/

void browser_open(const char *url)
{
    command("POST", "/url", object_of("url", text_of(url)));
}

const char *browser_address(void)
{
    return json_object_get_string(command("GET", "/url", NULL));
}

const char *browser_current_tab(void)
{
    return json_object_get_string(command("GET", "/window", NULL));
}

void browser_tab(const char *handle)
{
    command("POST", "/window", object_of("handle", text_of(handle)));
}

const char *browser_new_tab(void)
{
    json_object *handle = NULL;
    json_object *value = command("POST", "/window/new", object_of("type", text_of("tab")));
    cr_assert(json_object_object_get_ex(value, "handle", &handle));
    browser_tab(json_object_get_string(handle));
    return json_object_get_string(handle);
}

json_object *browser_run(const char *script)
{
    json_object *body = object_of("args", json_object_new_array());
    json_object_object_add(body, "script", text_of(text("return (async () => {%s\n})();", script)));
    return command("POST", "/execute/sync", body);
}

const char *browser_say(const char *script)
{
    json_object *value = browser_run(script);
    return value ? json_object_get_string(value) : "null";
}

json_object *browser_cookies(void)
{
    return command("GET", "/cookie", NULL);
}

json_object *browser_console(void)
{
    return command("POST", "/se/log", object_of("type", text_of("browser")));
}

json_object *browser_network(void)
{
    return command("POST", "/se/log", object_of("type", text_of("performance")));
}
