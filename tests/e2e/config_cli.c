/* config_cli - the command line: options, keys, migrations. */
#include "support/guard.h"
#include "support/http_client.h"
#include "support/processes.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(config_cli, .fini = stack_stop);

enum { OUTPUT_SIZE = 32 * 1024 };
static char output[OUTPUT_SIZE];

#define RUN(...) stack_run((const char *const[]){ __VA_ARGS__, NULL }, output, sizeof output)

static int run_with(const char *environment, const char *const arguments[])
{
    struct process process = { .arguments = { stack_program() }, .environment = { environment } };
    for (size_t i = 0; arguments[i]; i++)
        process.arguments[1 + i] = arguments[i];
    return process_run(&process, output, sizeof output);
}

static void write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(content, file);
    fclose(file);
}

static void expect_told(const char *part)
{
    cr_assert(strstr(output, part), "'%s' is not in: %s", part, output);
}

Test(config_cli, an_unknown_option_stops_the_start_wherever_it_stands)
{
    STACK(.kind = STACK_NOTHING);
    const char *file = stack_path("bad.conf");
    write_file(file, "# a comment\n\nworkers = 2\nfrobnicate = 1\n");
    static const char *const commands[] = { "serve", "check-config", "print-config", "migrate" };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        cr_assert_neq(run_with(NULL, (const char *const[]){ "--config", file, commands[i], NULL }),
                      0);
        expect_told(text("%s:4:", file));
        expect_told("unknown option 'frobnicate'");
    }
    cr_assert_neq(
        run_with("THERAPPAI_AUTH_FROBNICATE=1", (const char *const[]){ "print-config", NULL }), 0);
    expect_told("THERAPPAI_AUTH_FROBNICATE: unknown option");
    cr_assert_neq(RUN("--set", "frobnicate=1", "serve"), 0);
    expect_told("--set");
    expect_told("unknown option 'frobnicate'");
    cr_assert_eq(RUN("print-config"), 0, "%s", output);
}

Test(config_cli, a_bad_value_stops_the_start_and_is_explained)
{
    static const char *const settings[] = {
        "workers = 0",
        "workers = many",
        "workers = 2x",
        "workers =",
        "workers = 99999999999",
        "access_lifetime = -1s",
        "access_lifetime = 5y",
        "expired_status = 418",
        "refresh_rotation = sometimes",
        "log_level = loud",
        "listen_mode = 0999",
        "base_path = api",
        "base_path = /api/",
        "body_limit = 1",
        "database_prepare = maybe",
        "argon2_memory = 1",
        "status_access = some",
        "trusted_proxies = proxy.example.org",
        "trusted_proxies = 0.0.0.0/0",
        "workers",
    };
    STACK(.kind = STACK_NOTHING);
    const char *file = stack_path("bad.conf");
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        write_file(file, text("\n%s\n", settings[i]));
        int status = run_with(NULL, (const char *const[]){ "--config", file, "serve", NULL });
        cr_assert(status != 0 && status < 128, "%s: %d", settings[i], status);
        expect_told(text("%s:2:", file));
        expect_told(strchr(settings[i], '=') ? "bad value of option" : "option = value");
    }
    write_file(file, "workers = 1\nworkers = 2\n");
    cr_assert_neq(run_with(NULL, (const char *const[]){ "--config", file, "serve", NULL }), 0);
    expect_told(text("%s:2:", file));
}

Test(config_cli, options_that_do_not_fit_together_stop_the_start)
{
    STACK(.kind = STACK_NOTHING);
    cr_assert_neq(RUN("--set", "refresh_idle=60d", "check-config"), 0);
    expect_told("refresh_idle");
    cr_assert_neq(RUN("--set", "refresh_lifetime=10m", "--set", "refresh_idle=10m", "check-config"),
                  0);
    cr_assert_eq(RUN("check-config"), 0, "%s", output);
}

Test(config_cli, a_configuration_file_that_is_named_must_be_there)
{
    STACK(.kind = STACK_NOTHING);
    cr_assert_neq(run_with(NULL, (const char *const[]){ "--config", stack_path("none"),
                                                        "print-config", NULL }),
                  0);
    expect_told(stack_path("none"));
}

/* The file is overruled by the environment, and both by --set. */
Test(config_cli, print_config_shows_the_options_in_force)
{
    STACK(.kind = STACK_NOTHING, .settings = { "workers = 2" });
    const char *file = stack_path("therappai-auth.conf");
    const char *const arguments[] = { "--config", file, "print-config", NULL };
    cr_assert_eq(run_with(NULL, arguments), 0, "%s", output);
    expect_told("workers = 2\n");
    expect_told("access_lifetime = 15m\n");
    cr_assert_eq(run_with("THERAPPAI_AUTH_WORKERS=3", arguments), 0, "%s", output);
    expect_told("workers = 3\n");
    cr_assert_eq(run_with("THERAPPAI_AUTH_WORKERS=3",
                          (const char *const[]){ "--config", file, "--set", "workers=4",
                                                 "--print-config", NULL }),
                 0, "%s", output);
    expect_told("workers = 4\n");
}

Test(config_cli, what_is_printed_can_be_read_again)
{
    static char first[OUTPUT_SIZE];
    STACK(.kind = STACK_NOTHING);
    const char *file = stack_path("printed.conf");
    cr_assert_eq(RUN("print-config"), 0, "%s", output);
    snprintf(first, sizeof first, "%s", output);
    write_file(file, output);
    cr_assert_eq(run_with(NULL, (const char *const[]){ "--config", file, "print-config", NULL }), 0,
                 "%s", output);
    cr_assert_str_eq(output, first);
    cr_assert_eq(RUN("sample-config"), 0, "%s", output);
    expect_told("workers");
    write_file(file, output);
    cr_assert_eq(run_with(NULL, (const char *const[]){ "--config", file, "print-config", NULL }), 0,
                 "%s", output);
}

Test(config_cli, a_database_password_is_not_printed)
{
    STACK(.kind = STACK_NOTHING);
    cr_assert_eq(RUN("--set", "database=dbname=x password=swordfish", "print-config"), 0, "%s",
                 output);
    cr_assert_null(strstr(output, "swordfish"));
}

/* ---- commands ---------------------------------------------------------------------------------*/

Test(config_cli, commands_that_are_none_are_refused_with_help)
{
    STACK(.kind = STACK_NOTHING);
    cr_assert_neq(RUN("frobnicate"), 0);
    expect_told("'frobnicate'");
    expect_told("serve");
    cr_assert_neq(RUN("serve", "now"), 0);
    cr_assert_neq(RUN("migrate", "--backwards"), 0);
    cr_assert_neq(RUN("key"), 0);
    cr_assert_neq(RUN("key", "generate", "--algorithm", "none"), 0);
    cr_assert_neq(run_with(NULL, (const char *const[]){ "--config", NULL }), 0);
    cr_assert_eq(RUN("help"), 0);
    expect_told("spawn-fcgi");
    cr_assert_eq(RUN("--version"), 0);
    expect_told("therappai-auth ");
}

Test(config_cli, key_generate_makes_files_that_only_their_owner_reads)
{
    static const char *const algorithms[] = { "HS256", "ES256", "MAC" };
    glob_t found;
    struct stat status;
    STACK(.kind = STACK_NOTHING);
    const char *directory = stack_path("new-keys");
    const char *set = text("key_directory=%s", directory);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(RUN("--set", set, "key", "generate", "--algorithm", algorithms[i]), 0, "%s",
                     output);
    cr_assert_eq(RUN("--set", set, "key", "generate"), 0, "%s", output);
    cr_assert_eq(stat(directory, &status), 0);
    cr_assert_eq(status.st_mode & 07777, 0700);
    cr_assert_eq(glob(text("%s/*", directory), 0, NULL, &found), 0);
    cr_assert_eq(found.gl_pathc, 4);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        cr_assert_eq(stat(found.gl_pathv[i], &status), 0);
        cr_assert_eq(status.st_mode & 07777, 0600, "%s", found.gl_pathv[i]);
    }
    globfree(&found);
    cr_assert_eq(RUN("--set", set, "check-config"), 0, "%s", output);
}

Test(config_cli, without_good_keys_nothing_starts)
{
    STACK(.kind = STACK_NOTHING);
    cr_assert_eq(RUN("check-config"), 0, "%s", output);
    const char *set = text("key_directory=%s", stack_path("none"));
    cr_assert_neq(RUN("--set", set, "check-config"), 0);
    cr_assert_neq(RUN("--set", set, "serve"), 0);
    expect_told(stack_path("none"));
    cr_assert_eq(chmod(stack_key("HS256"), 0644), 0);
    cr_assert_neq(RUN("check-config"), 0);
    expect_told(strrchr(stack_key("HS256"), '/') + 1);
    cr_assert_neq(RUN("serve"), 0);
}

/* ---- migrations -------------------------------------------------------------------------------*/

Test(config_cli, migrate_brings_an_empty_database_up_to_date)
{
    STACK(.kind = STACK_NOTHING, .no_schema = true);
    cr_assert_neq(RUN("migrate", "--status"), 0);
    expect_told("pending");
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
    cr_assert_eq(RUN("migrate"), 0, "%s", output);
    expect_told("applied");
    cr_assert_eq(RUN("migrate", "--status"), 0, "%s", output);
    cr_assert_null(strstr(output, "pending"));
    cr_assert_eq(RUN("migrate"), 0, "%s", output);
    expect_told("up to date");
}

Test(config_cli, two_migrations_at_once_are_one)
{
    enum { COUNT = 3 };
    pid_t pids[COUNT];
    STACK(.kind = STACK_NOTHING, .no_schema = true);
    for (int i = 0; i < COUNT; i++)
        pids[i] = process_start(
            &(struct process){ .arguments = { stack_program(), "--config",
                                              stack_path("therappai-auth.conf"), "migrate" },
                               .log = stack_path("migrate.log") });
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(process_wait(pids[i], 30000), 0);
    cr_assert_eq(RUN("migrate", "--status"), 0, "%s", output);
    cr_assert_str_eq(stack_sql("SELECT count(*) = count(DISTINCT number) FROM schema_migrations"),
                     "t");
}

Test(config_cli, migrate_says_what_is_wrong)
{
    STACK(.kind = STACK_NOTHING);
    cr_assert_neq(RUN("--set", "database_owner=host=/nonexistent dbname=x", "migrate"), 0);
    expect_told("migrate: ");
    expect_told("/nonexistent");
    cr_assert_neq(RUN("--set", text("migration_directory=%s", stack_path("none")), "migrate"), 0);
    expect_told(stack_path("none"));
    stack_sql("UPDATE schema_migrations SET checksum = 'x'");
    cr_assert_neq(RUN("migrate", "--status"), 0);
    expect_told("changed");
    cr_assert_neq(RUN("migrate"), 0);
}
