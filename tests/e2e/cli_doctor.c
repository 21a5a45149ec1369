/* cli_doctor - therappai-auth doctor: green where all is well, red for each mistake that can be
 * made here, and each time the line that mends it. */
#include "support/guard.h"
#include "support/http_client.h"
#include "support/processes.h"
#include "support/stack.h"
#include "support/web_server.h"
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(cli_doctor, .fini = web_server_stop_all);

enum { OUTPUT_SIZE = 32 * 1024, MARKED = 64 };
static char output[OUTPUT_SIZE];
static json_object *findings;

/* The origin of a base ("http://127.0.0.1:8080/api/v1"). */
static const char *origin(const char *base)
{
    const char *host = strstr(base, "://") + strlen("://");
    return text("%.*s", (int)(host - base + (long)strcspn(host, "/")), base);
}

/* Runs it with these further arguments, and reads what it says. */
static int examine(const char *const arguments[])
{
    const char *all[MARKED] = { "doctor", "--json" };
    for (size_t i = 0; arguments[i]; i++)
        all[2 + i] = arguments[i];
    int status = stack_run(all, output, sizeof output);
    const char *start = strstr(output, "[{\"check\"");
    cr_assert_not_null(start, "%s", output);
    json_object_put(findings);
    findings = json_tokener_parse(start);
    cr_assert(json_object_is_type(findings, json_type_array), "%s", output);
    return status;
}
#define EXAMINE() examine((const char *const[]){ "--url", origin(stack_base()), NULL })
#define EXAMINE_WITH(...)                                                                          \
    examine((const char *const[]){ "--url", origin(stack_base()), __VA_ARGS__, NULL })

static const char *member(json_object *finding, const char *name)
{
    return json_object_get_string(json_object_object_get(finding, name));
}

static json_object *finding_of(const char *check)
{
    for (size_t i = 0; i < json_object_array_length(findings); i++) {
        json_object *finding = json_object_array_get_idx(findings, i);
        if (!strcmp(member(finding, "check"), check))
            return finding;
    }
    cr_assert(false, "there is no check '%s': %s", check, output);
    return NULL;
}

static void expect_result(const char *check, const char *result)
{
    cr_assert_str_eq(member(finding_of(check), "result"), result, "%s: %s", check, output);
}

/* This check alone found something wrong, and its remedy has these words. */
static void expect_wrong(const char *check, const char *remedy)
{
    int wrong = 0;
    for (size_t i = 0; i < json_object_array_length(findings); i++)
        wrong += !strcmp(member(json_object_array_get_idx(findings, i), "result"), "wrong");
    expect_result(check, "wrong");
    cr_assert_eq(wrong, 1, "%s", output);
    cr_assert(strstr(member(finding_of(check), "remedy"), remedy), "%s: '%s'", check,
              member(finding_of(check), "remedy"));
}

static void make_pictures(void)
{
    cr_assert_eq(mkdir(stack_path("pictures"), 0711), 0);
}

Test(cli_doctor, finds_nothing_wrong_where_all_is_well)
{
    STACK();
    make_pictures();
    cr_assert_eq(EXAMINE(), 0, "%s", output);
    for (size_t i = 0; i < json_object_array_length(findings); i++) {
        json_object *finding = json_object_array_get_idx(findings, i);
        cr_assert_str_eq(member(finding, "result"), "good", "%s", output);
        cr_assert_null(json_object_object_get(finding, "remedy"));
    }
    cr_assert_geq(json_object_array_length(findings), 16);
    cr_assert_eq(
        stack_run((const char *const[]){ "doctor", "--set",
                                         text("public_url=%s", origin(stack_base())), NULL },
                  output, sizeof output),
        0, "%s", output);
    cr_assert(strstr(output, "\nNothing is wrong.\n"), "%s", output);
}

Test(cli_doctor, leaves_its_token_in_no_log)
{
    static const char *const logs[] = { "service.log", "access.log", "lighttpd.log" };
    STACK();
    cr_assert_eq(EXAMINE(), 0, "%s", output);
    stack_stop_web_server();
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        const struct process grep = { .arguments = { "grep", "-c", "not-a-token",
                                                     stack_path(logs[i]) } };
        cr_assert_eq(process_run(&grep, output, sizeof output), 1, "%s: %s", logs[i], output);
    }
    const struct process control = { .arguments = { "grep", "-c", "/api/v1/profile/",
                                                    stack_path("access.log") } };
    cr_assert_eq(process_run(&control, output, sizeof output), 0, "%s", output);
}

Test(cli_doctor, skips_the_web_server_where_nobody_says_where_it_is)
{
    STACK();
    cr_assert_eq(examine((const char *const[]){ NULL }), 0, "%s", output);
    expect_result("keys", "good");
    expect_result("web-server", "skipped");
    expect_result("authorization", "skipped");
}

Test(cli_doctor, is_told_how_to_use_it)
{
    static const char *const cases[][3] = { { "now" },
                                            { "--url" },
                                            { "--url", "" },
                                            { "--url", "127.0.0.1:80" },
                                            { "--url", "https://example.org/" },
                                            { "--frobnicate" } };
    STACK(.kind = STACK_NOTHING);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *arguments[] = { "doctor", cases[i][0], cases[i][1], NULL };
        cr_assert_eq(stack_run(arguments, output, sizeof output), 2, "case %zu: %s", i, output);
    }
}

/* ---- this host --------------------------------------------------------------------------------*/

Test(cli_doctor, names_a_key_that_others_can_read)
{
    STACK();
    const char *file = stack_key("HS256");
    cr_assert_eq(chmod(file, 0640), 0);
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_wrong("key-files", text("chmod 600 %s", file));
    expect_result("keys", "skipped");
    cr_assert_eq(chmod(file, 0600), 0);
    cr_assert_eq(chmod(stack_path("keys"), 0770), 0);
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_wrong("key-files", "chmod 700 ");
}

Test(cli_doctor, says_that_no_key_signs)
{
    STACK();
    cr_assert_eq(unlink(stack_key("MAC")), 0);
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_wrong("keys", "key generate --algorithm MAC");
}

Test(cli_doctor, says_that_personal_information_has_no_key_or_has_lost_it)
{
    STACK();
    stack_sql("insert into users (email, email_key, name, password) values ('a', 'a', 'A', 'x')");
    stack_sql("insert into personal_info (user_id, key_id) select id, 'lost' from users");
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_wrong("personal-info", "from a backup");
    cr_assert(strstr(member(finding_of("personal-info"), "detail"), "lost of 1 accounts"), "%s",
              output);
    stack_sql("delete from personal_info");
    cr_assert_eq(unlink(stack_key("DATA")), 0);
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_wrong("data-key", "key generate --algorithm DATA");
}

Test(cli_doctor, has_to_be_run_by_the_account_of_the_service)
{
    STACK();
    if (geteuid() != 0)
        cr_skip_test("only root can give files away");
    cr_assert_eq(chown(stack_path("keys"), 65534, 65534), 0);
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_result("account", "wrong");
    cr_assert(strstr(member(finding_of("account"), "remedy"), "sudo -u nobody "), "%s", output);
}

Test(cli_doctor, tries_the_socket)
{
    STACK();
    cr_assert_eq(EXAMINE_WITH("--set", "listen=/nonexistent/auth.sock"), 1, "%s", output);
    expect_wrong("socket", "systemctl start");
    cr_assert_eq(EXAMINE_WITH("--set", "listen=[::1]:1"), 1, "%s", output);
    expect_wrong("socket", "systemctl start");
}

Test(cli_doctor, says_that_the_database_is_away)
{
    STACK();
    cr_assert_eq(EXAMINE_WITH("--set", "database=host=/nonexistent dbname=x"), 1, "%s", output);
    expect_wrong("database", "database");
    expect_result("schema", "skipped");
    cr_assert(strstr(output, "/nonexistent"), "%s", output);
}

Test(cli_doctor, warns_of_workers_with_the_owners_rights)
{
    STACK();
    stack_sql("grant create on schema public to therappai_auth_worker");
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_wrong("database-role", "user=therappai_auth_worker");
}

Test(cli_doctor, says_that_migrations_are_due)
{
    STACK();
    stack_sql("delete from schema_migrations where number = (select max(number) from"
              " schema_migrations)");
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_wrong("schema", "therappai-auth migrate");
    stack_sql("drop table schema_migrations");
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_wrong("schema", "therappai-auth migrate");
}

/* A database whose clock is an hour ahead: its function is found before PostgreSQL's own. */
Test(cli_doctor, compares_the_clocks)
{
    STACK();
    stack_sql("create function public.clock_timestamp() returns timestamptz language sql as"
              " 'select pg_catalog.clock_timestamp() + interval ''1 hour'''");
    const char *name = stack_sql("select current_database()");
    stack_sql("alter database %s set search_path = public, pg_catalog", name);
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_wrong("clock", "timedatectl");
    double apart_s = strtod(member(finding_of("clock"), "detail"), NULL);
    cr_assert(apart_s > 3590 && apart_s < 3610, "%s", output);
}

/* ---- the web server ---------------------------------------------------------------------------*/

Test(cli_doctor, says_that_the_web_server_does_not_answer)
{
    STACK();
    stack_stop_web_server();
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_wrong("web-server", "public_url");
}

Test(cli_doctor, needs_curl_and_says_so)
{
    STACK();
    const char *empty = stack_path("www");
    const struct process doctor = {
        .arguments = { stack_program(), "--config", stack_path("therappai-auth.conf"), "doctor",
                       "--url", origin(stack_base()) },
        .environment = { text("PATH=%s", empty) },
    };
    cr_assert_eq(process_run(&doctor, output, sizeof output), 1, "%s", output);
    cr_assert(strstr(output, "apt-get install curl"), "%s", output);
}

Test(cli_doctor, says_that_the_web_server_does_not_reach_the_service)
{
    STACK();
    cr_assert_eq(process_stop(stack_master()), 0);
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_result("web-server", "good");
    expect_result("socket", "wrong");
    expect_result("backend", "wrong");
    expect_result("path", "skipped");
    cr_assert(strstr(member(finding_of("backend"), "remedy"), stack_path("run/auth.sock")));
}

Test(cli_doctor, says_that_somebody_else_answers_at_the_path)
{
    STACK();
    cr_assert_eq(EXAMINE_WITH("--set", "base_path=/elsewhere"), 1, "%s", output);
    expect_wrong("path", "therappai_auth_path = \"/elsewhere\"");
    /* The web server hands more over than the service takes. */
    cr_assert_eq(EXAMINE_WITH("--set", "base_path=/api/v1/more"), 1, "%s", output);
    expect_wrong("path", "reload");
}

Test(cli_doctor, finds_lighttpd_keeping_authorization)
{
    STACK(.lighttpd = "server.modules += (\"mod_setenv\")\n"
                      "setenv.set-request-header = (\"Authorization\" => \"\")\n");
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_wrong("authorization", "setenv.set-request-header");
}

static const char *apache_no_authorization(const struct web_server *server)
{
    return text("<Location \"%s/\">\nCGIPassAuth Off\n</Location>\n", server->base_path);
}

static const char *apache_short_bodies(const struct web_server *server)
{
    return text("<Location \"%s/\">\n<If \"%%{HTTP:Content-Length} -gt 1000\">\nRedirect 413\n"
                "</If>\n</Location>\n",
                server->base_path);
}

static const char *fcgid_short_bodies(const struct web_server *server)
{
    (void)server;
    return "FcgidMaxRequestLen 1000\n";
}

/* nginx refuses it by itself, so that nothing has to be passed on. */
static const char *nginx_short_bodies(const struct web_server *server)
{
    return text("location %s/login/ { client_max_body_size 1k; }\n", server->base_path);
}

static const char *nginx_no_authorization(const struct web_server *server)
{
    return text("location %s/profile/ { fastcgi_pass unix:%s; include /etc/nginx/fastcgi_params;"
                " fastcgi_param HTTP_AUTHORIZATION \"\"; }\n",
                server->base_path, web_server_backend(server));
}

/* Each other web server that this machine has, with a mistake; a check, and what mends it. */
Test(cli_doctor, finds_mistakes_of_apache_and_nginx)
{
    static const struct {
        struct web_server server;
        const char *setting, *check, *remedy;
    } cases[] = {
        { { WEB_APACHE_PROXY, 0, "/api/v1", "Apache", apache_no_authorization },
          "upload_limit=500",
          "authorization",
          "CGIPassAuth On" },
        { { WEB_APACHE_PROXY, 0, "/api/v1", "Apache", apache_short_bodies },
          "upload_limit=500",
          "body-limit",
          "Content-Length} -gt 65536" },
        { { WEB_APACHE_FCGID, WORKERS_OF_SERVER, "/api/v1", "mod_fcgid", fcgid_short_bodies },
          "upload_limit=500",
          "body-limit",
          "FcgidMaxRequestLen 65536" },
        { { WEB_NGINX, 0, "/api/v1", "nginx", nginx_no_authorization },
          "upload_limit=500",
          "authorization",
          "fastcgi_param HTTP_AUTHORIZATION" },
        { { WEB_NGINX, 0, "/api/v1", "nginx", nginx_short_bodies },
          "upload_limit=500",
          "body-limit",
          "client_max_body_size 64k;" },
        { { WEB_APACHE_PROXY, 0, "/api/v1", "Apache", NULL },
          "picture_url=/elsewhere",
          "pictures",
          "Alias \"/elsewhere/\" \"" },
        { { WEB_NGINX, 0, "/api/v1", "nginx", NULL },
          "picture_url=/elsewhere",
          "pictures",
          "location /elsewhere/ { alias " },
    };
    int tried = 0;
    STACK();
    make_pictures();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (web_server_lacks(&cases[i].server))
            continue;
        web_server_start(&cases[i].server);
        const char *const arguments[] = { "--url", origin(web_server_url()), "--set",
                                          cases[i].setting, NULL };
        cr_assert_eq(examine(arguments), 1, "%s", output);
        expect_wrong(cases[i].check, cases[i].remedy);
        web_server_stop();
        tried++;
    }
    if (!tried)
        cr_skip_test("neither Apache nor nginx is installed");
}

Test(cli_doctor, compares_the_limits_of_bodies)
{
    STACK(.lighttpd = "server.max-request-size := 32\n");
    cr_assert_eq(EXAMINE_WITH("--set", "upload_limit=32k"), 1, "%s", output);
    expect_wrong("body-limit", "server.max-request-size = 64");
    cr_assert_eq(EXAMINE_WITH("--set", "upload_limit=32k", "--set", "body_limit=32k"), 0, "%s",
                 output);
}

Test(cli_doctor, sees_a_service_that_runs_with_other_options)
{
    STACK(.settings = { "body_limit = 1k" });
    cr_assert_eq(EXAMINE(), 0, "%s", output);
    cr_assert_eq(EXAMINE_WITH("--set", "body_limit=64k"), 1, "%s", output);
    expect_wrong("body-limit", "reload");
}

Test(cli_doctor, finds_a_request_id_that_gets_lost)
{
    STACK(.lighttpd = "server.modules += (\"mod_setenv\")\n"
                      "setenv.set-request-header = (\"X-Request-Id\" => \"\")\n");
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_wrong("request-id", "X-Request-Id");
}

/* ---- pictures ---------------------------------------------------------------------------------*/

Test(cli_doctor, looks_at_the_directory_of_pictures)
{
    STACK();
    make_pictures();
    cr_assert_eq(EXAMINE_WITH("--set", "picture_directory=/nonexistent"), 1, "%s", output);
    expect_wrong("picture-dir", "install -d -m 711 -o ");
    expect_result("pictures", "skipped");
    cr_assert_eq(chmod(stack_path("pictures"), 0777), 0);
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_wrong("picture-dir", "chmod 711 ");
}

Test(cli_doctor, says_that_pictures_are_not_served)
{
    STACK();
    make_pictures();
    cr_assert_eq(EXAMINE_WITH("--set", "picture_url=/elsewhere"), 1, "%s", output);
    expect_wrong("pictures", text("alias.url += ('/elsewhere/' => '%s/')", stack_path("pictures")));
    cr_assert_eq(EXAMINE_WITH("--set", text("picture_directory=%s", stack_path("run"))), 1, "%s",
                 output);
    expect_result("pictures", "wrong");
    cr_assert_eq(EXAMINE_WITH("--set", text("picture_url=%s/pictures", origin(stack_base()))), 0,
                 "%s", output);
    cr_assert_eq(rmdir(stack_path("pictures")), 0, "the probe is left");
    cr_assert_eq(EXAMINE(), 0, "%s", output);
    expect_result("picture-dir", "skipped");
    expect_result("pictures", "skipped");
}

Test(cli_doctor, says_that_pictures_are_served_as_something_else)
{
    STACK(.lighttpd = "$HTTP[\"url\"] =~ \"^/pictures/.*png$\" {\n"
                      "mimetype.assign = (\"\" => \"text/plain\")\n}\n");
    make_pictures();
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_wrong("pictures", "image/png");
}

Test(cli_doctor, compares_the_limits_of_uploads)
{
    STACK(.lighttpd = "server.max-request-size := 1024\n");
    cr_assert_eq(EXAMINE(), 1, "%s", output);
    expect_wrong("upload-limit", "server.max-request-size = 5120");
}
