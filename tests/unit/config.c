/* config - options from files, the environment and the command line. */
#include "base/config.h"
#include "base/log.h"
#include "base/options.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct config config;
static char message[CONFIG_MESSAGE_SIZE], path[64];

static void set_up(void)
{
    config_init(&config);
}
static void tear_down(void)
{
    config_clear(&config);
    if (*path)
        unlink(path);
}
TestSuite(config, .init = set_up, .fini = tear_down);

static const size_t texts[] = {
    offsetof(struct config, base_path),
    offsetof(struct config, listen),
    offsetof(struct config, run_directory),
    offsetof(struct config, key_directory),
    offsetof(struct config, database),
    offsetof(struct config, database_owner),
    offsetof(struct config, migration_directory),
    offsetof(struct config, issuer),
    offsetof(struct config, audience),
    offsetof(struct config, trusted_proxies),
    offsetof(struct config, public_url),
    offsetof(struct config, allowed_origins),
};

static char **text_at(struct config *of, size_t offset)
{
    return (char **)(void *)((char *)of + offset);
}

static bool read_bytes(const char *bytes, size_t size)
{
    snprintf(path, sizeof path, "/tmp/therappai-conf.XXXXXX");
    int file = mkstemp(path);
    cr_assert_eq(write(file, bytes, size), (ssize_t)size);
    close(file);
    return config_read_file(&config, path, message);
}

static bool read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

Test(config, has_the_defaults_of_the_contract)
{
    cr_assert_str_eq(config.base_path, "/api/v1");
    cr_assert_eq(config.access_lifetime_s, 900);
    cr_assert_eq(config.access_jitter_percent, 5);
    cr_assert_eq(config.clock_leeway_s, 5);
    cr_assert_eq(config.refresh_lifetime_s, 30 * 86400);
    cr_assert_eq(config.refresh_idle_s, 14 * 86400);
    cr_assert_eq(config.refresh_rotation, ROTATION_ON_USE);
    cr_assert_eq(config.expired_status, 419);
    cr_assert_eq(config.body_limit, 65536);
    cr_assert_eq(config.argon2_memory_kib, 19456);
    cr_assert_eq(config.argon2_passes, 2);
    cr_assert_eq(config.database_timeout_ms, 2000);
    cr_assert_eq(config.listen_mode, 0660);
    cr_assert(config_check(&config, message));
}

Test(config, reads_a_file_with_units_comments_and_quotes)
{
    cr_assert(read_text("# a comment\n\n  workers = 12\r\naccess_lifetime=10m\n"
                        "io_timeout = 1500ms\nbody_limit = 128K\nargon2_memory = 32M\n"
                        "base_path = \"\"\nissuer = \" spaced \"\nlisten_mode = 0600\n"
                        "refresh_rotation = strict\nlog_level=debug"),
              "%s", message);
    cr_assert_eq(config.workers, 12);
    cr_assert_eq(config.access_lifetime_s, 600);
    cr_assert_eq(config.io_timeout_ms, 1500);
    cr_assert_eq(config.body_limit, 131072);
    cr_assert_eq(config.argon2_memory_kib, 32768);
    cr_assert_str_eq(config.base_path, "");
    cr_assert_str_eq(config.issuer, " spaced ");
    cr_assert_eq(config.listen_mode, 0600);
    cr_assert_eq(config.refresh_rotation, ROTATION_STRICT);
    cr_assert_eq(config.log_level, LOG_LEVEL_DEBUG);
}

Test(config, refuses_a_bad_file_with_line_and_reason)
{
    static const struct {
        const char *text, *line, *reason;
    } cases[] = {
        { "\nworker = 3\n", ":2: ", "unknown option 'worker'" },
        { "workers = 0\n", ":1: ", "bad value of option 'workers': it takes 1 to 256" },
        { "workers = 257\n", ":1: ", "1 to 256" },
        { "workers = many\n", ":1: ", "1 to 256" },
        { "workers = -1\n", ":1: ", "1 to 256" },
        { "workers = 1 2\n", ":1: ", "1 to 256" },
        { "workers = 99999999999999999999\n", ":1: ", "1 to 256" },
        { "workers\n", ":1: ", "this is not 'option = value'" },
        { "workers = 2\n\nworkers = 2\n", ":3: ", "option 'workers' stands in line 1 already" },
        { "access_lifetime = 15 minutes\n", ":1: ", "1s to 1d" },
        { "refresh_lifetime = 9223372036854775807d\n", ":1: ", "1s to" },
        /* 2^57 + 1: modulo 2^64 that many days are one. */
        { "refresh_lifetime = 144115188075855873d\n", ":1: ", "1s to" },
        { "refresh_rotation = sometimes\n", ":1: ", "it takes on-use, strict, off" },
        { "expired_status = 400\n", ":1: ", "it takes 419, 401" },
        { "base_path = api\n", ":1: ", "begins with a slash" },
        { "base_path = /api/\n", ":1: ", "does not end in one" },
        { "base_path = /a//b\n", ":1: ", "no segment of it is empty" },
        { "base_path = /a/../b\n", ":1: ", "begins with a dot" },
        { "listen = auth.sock\n", ":1: ", "path of a Unix socket" },
        { "listen_mode = 0888\n", ":1: ", "0600 to 0777" },
        { "listen_mode = 0\n", ":1: ", "0600 to 0777" },
        { "listen = localhost:0\n", ":1: ", "the port is 1 to 65535" },
        { "listen = localhost:http\n", ":1: ", "path of a Unix socket" },
        { "listen = :80\n", ":1: ", "path of a Unix socket" },
        { "base_path = /a?b\n", ":1: ", "at most 128 of" },
        { "base_path = /a%2fb\n", ":1: ", "at most 128 of" },
        { "base_path = /\n", ":1: ", "does not end in one" },
        { "key_directory = /a\tb\n", ":1: ", "control character" },
        { "key_directory = \n", ":1: ", "path of a directory" },
        { "database =\n", ":1: ", "connection string" },
        { "issuer = a\\b\n", ":1: ", "no quotation mark or backslash" },
        { "issuer = caf\303\251\n", ":1: ", "only ASCII" },
        { "issuer = \"\"\n", ":1: ", "1 to 256" },
        { "issuer = \"open\n", ":1: ", "does not end in one" },
        { "issuer = \"\n", ":1: ", "does not end in one" },
        { "issuer = \"a\" # b\n", ":1: ", "does not end in one" },
        { "issuer = a # b\n", ":1: ", "a comment stands on a line of its own" },
        { "issuer = # b\n", ":1: ", "a comment stands on a line of its own" },
        { "access_lifetime = 500ms\n", ":1: ", "1s to 1d" },
        { "access_lifetime = \n", ":1: ", "1s to 1d" },
        { "io_timeout = 1.5s\n", ":1: ", "10ms to" },
        { "argon2_memory = 19456\n", ":1: ", "1M to 1G" },
        { "body_limit = 2M\n", ":1: ", "to 1M" },
        { "database_prepare = yes\n", ":1: ", "it takes on, off" },
        { "Workers = 2\n", ":1: ", "no option has such a name" },
        { "= 2\n", ":1: ", "no option has such a name" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_not(read_text(cases[i].text), "case %zu", i);
        cr_assert_eq(strncmp(message, path, strlen(path)), 0, "case %zu: %s", i, message);
        cr_assert_not_null(strstr(message, cases[i].line), "case %zu: %s", i, message);
        cr_assert_not_null(strstr(message, cases[i].reason), "case %zu: %s", i, message);
        unlink(path);
    }
}

Test(config, refuses_a_line_with_nul_or_without_end)
{
    char longest[8192];
    cr_assert_not(read_bytes("workers = 3\0junk\n", 17));
    cr_assert_not_null(strstr(message, ":1: the line holds a NUL"), "%s", message);
    unlink(path);
    memset(longest, '#', sizeof longest);
    cr_assert_not(read_bytes(longest, sizeof longest));
    cr_assert_not_null(strstr(message, "too long"), "%s", message);
}

Test(config, names_a_file_that_is_not_there)
{
    cr_assert_not(config_read_file(&config, "/nonexistent/x.conf", message));
    cr_assert_str_eq(message, "/nonexistent/x.conf: No such file or directory");
    cr_assert_not(config_read_file(&config, "/tmp", message));
    cr_assert_str_eq(message, "/tmp: Is a directory");
}

Test(config, reads_the_environment_and_refuses_what_it_does_not_know)
{
    char *good[] = { "HOME=/root", "THERAPPAI_AUTH_WORKERS=3", "THERAPPAI_AUTH_CONFIG=/x", NULL };
    char *unknown[] = { "THERAPPAI_AUTH_WORKER=3", NULL };
    char *bad[] = { "THERAPPAI_AUTH_WORKERS=no", NULL };
    char *lower[] = { "THERAPPAI_AUTH_workers=4", NULL };
    char *literal[] = { "THERAPPAI_AUTH_ISSUER=a # b ", "THERAPPAI_AUTH_LISTEN=", NULL };
    cr_assert(config_read_environment(&config, good, message), "%s", message);
    cr_assert_eq(config.workers, 3);
    cr_assert_not(config_read_environment(&config, unknown, message));
    cr_assert_str_eq(message, "THERAPPAI_AUTH_WORKER: unknown option 'worker'");
    cr_assert_not(config_read_environment(&config, bad, message));
    cr_assert_not_null(strstr(message, "THERAPPAI_AUTH_WORKERS: bad value"), "%s", message);
    cr_assert_not(config_read_environment(&config, lower, message));
    cr_assert_eq(config.workers, 3);
    cr_assert(config_read_environment(&config, literal, message), "%s", message);
    cr_assert_str_eq(config.issuer, "a # b ");
}

Test(config, takes_assignments_of_the_command_line)
{
    cr_assert(config_set(&config, "workers=5", message));
    cr_assert_eq(config.workers, 5);
    cr_assert(config_set(&config, "database=host=/x dbname=y", message), "only the first = splits");
    cr_assert_str_eq(config.database, "host=/x dbname=y");
    cr_assert_not(config_set(&config, "workers", message));
    cr_assert_not(config_set(&config, "nothing=1", message));
    cr_assert_eq(strncmp(message, "--set: ", 7), 0, "%s", message);
}

/* Also where it went astray, and a piece of it stands where the option's name should. */
Test(config, never_repeats_a_connection_string)
{
    static const char *const lines[] = {
        "database = password=hunter2\001",
        "database = password=hunter2 # x",
        "database = \"password=hunter2",
        "postgresql://me:hunter2@db/x",
        "postgresql://me:hunter2@db/x?sslmode=x",
        "database password hunter2 = x",
        "datbase = password=hunter2",
        "workers = password=hunter2",
        "log_level = password=hunter2",
        "base_path = password=hunter2",
    };
    char *const environment[] = { "THERAPPAI_AUTH_DATABASE=password=hunter2\x01", NULL };
    char *const astray[] = { "THERAPPAI_AUTH_password:hunter2=x", NULL };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        cr_assert_not(read_text(lines[i]), "%s", lines[i]);
        cr_assert_null(strstr(message, "hunter2"), "%s: %s", lines[i], message);
        unlink(path);
        cr_assert_not(config_set(&config, lines[i], message), "%s", lines[i]);
        cr_assert_null(strstr(message, "hunter2"), "%s: %s", lines[i], message);
    }
    cr_assert_not(config_read_environment(&config, environment, message));
    cr_assert_null(strstr(message, "hunter2"), "%s", message);
    cr_assert_not(config_read_environment(&config, astray, message));
    cr_assert_null(strstr(message, "hunter2"), "%s", message);
}

static char *printed_config(const struct config *printed)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    config_print(printed, out);
    fclose(out);
    return text;
}

/* Every member, because the texts are compared. */
static void expect_round_trip(void)
{
    struct config again;
    char *printed = printed_config(&config);
    config_init(&again);
    snprintf(path, sizeof path, "/tmp/therappai-conf.XXXXXX");
    int file = mkstemp(path);
    cr_assert_eq(write(file, printed, strlen(printed)), (ssize_t)strlen(printed));
    close(file);
    cr_assert(config_read_file(&again, path, message), "%s in\n%s", message, printed);
    char *second = printed_config(&again);
    cr_assert_str_eq(second, printed);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_assert_str_eq(*text_at(&again, texts[i]), *text_at(&config, texts[i]), "text %zu", i);
    unlink(path);
    config_clear(&again);
    free(printed);
    free(second);
}

Test(config, prints_what_it_reads_back)
{
    static const char *const assignments[] = {
        "base_path=",
        "listen=/run/x y.sock",
        "listen_mode=0600",
        "run_directory=\" a # b\"",
        "key_directory=\"\"quoted\"\"",
        "key_directory=ends with one\"",
        "migration_directory=\"#a\"",
        "workers=256",
        "io_timeout=1234ms",
        "drain_timeout=0",
        "purge_interval=90s",
        "database=host=/run dbname='a b' options='-c a=b'",
        "database_owner=",
        "database_prepare=off",
        "access_lifetime=3600",
        "access_jitter=0",
        "clock_leeway=0",
        "expired_status=401",
        "refresh_lifetime=366d",
        "refresh_idle=25h",
        "refresh_rotation=off",
        "argon2_memory=1025k",
        "body_limit=65537",
        "status_access=any",
        "trusted_proxies=127.0.0.1 2001:db8::/32",
        "log_level=debug",
        "log_format=json",
        "log_target=syslog",
    };
    expect_round_trip();
    for (size_t i = 0; i < sizeof assignments / sizeof assignments[0]; i++) {
        cr_assert(config_set(&config, assignments[i], message), "%s", message);
        expect_round_trip();
    }
}

Test(config, does_not_print_a_connection_string_with_a_password)
{
    static const struct {
        const char *value;
        bool shown;
    } cases[] = { { "host=/run dbname=x", true },
                  { "host=/run password=hunter2", false },
                  { "postgresql://me:hunter2@db/x", false },
                  { "host=/run password = 'hunter2'", false },
                  { "host=/run sslpassword=hunter2", false },
                  { "postgresql://me:hunter2@a:1,b:2/x", false },
                  { "postgresql://me:hunter2@x@db/x", false },
                  { "postgresql://me@home:hunter2@db/x", false },
                  { "postgresql://me@db/x?password=hunter2", false },
                  { "postgresql://me@db/x?pass%77ord=hunter2", false },
                  { "dbname=postgresql://me:hunter2@db/x", false },
                  { "postgresql://db:5432/x", true },
                  { "postgresql://me@db:5432/x?sslmode=require", true },
                  { "postgresql://me@db/x", true } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char assignment[128];
        snprintf(assignment, sizeof assignment, "database=%s", cases[i].value);
        cr_assert(config_set(&config, assignment, message));
        char *printed = printed_config(&config);
        cr_assert_null(strstr(printed, "hunter2"), "case %zu", i);
        cr_assert_eq(strstr(printed, cases[i].value) != NULL, cases[i].shown, "case %zu", i);
        free(printed);
    }
}

Test(config, sample_is_all_comments_and_its_defaults_are_good)
{
    char *sample = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&sample, &size);
    config_print_sample(out);
    fclose(out);
    cr_assert(read_text(sample), "%s", message);
    unlink(path);
    for (char *line = sample; (line = strstr(line, "\n#")) != NULL; line += 2)
        if (line[2] != ' ')
            line[1] = ' ';
    cr_assert(read_text(sample), "with every option in force: %s", message);
    cr_assert(config_check(&config, message), "%s", message);
    cr_assert_str_eq(config.migration_directory, "PREFIX/share/therappai-auth/sql");
    cr_assert_eq(config.argon2_memory_kib, 19456);
    free(sample);
}

Test(config, documentation_has_a_row_for_every_option_and_breaks_no_table)
{
    size_t size = 0, count, rows = 0;
    const struct option *table = options(&count);
    char *markdown = NULL, row[80];
    FILE *out = open_memstream(&markdown, &size);
    config_print_markdown(out);
    fclose(out);
    for (size_t i = 0; i < count; i++) {
        snprintf(row, sizeof row, "\n| `%s` | ", table[i].name);
        cr_assert_not_null(strstr(markdown, row), "%s", table[i].name);
    }
    for (const char *line = markdown; *line; line = strchr(line, '\n') + 1, rows++) {
        int bars = 0;
        for (const char *c = line; *c != '\n'; c++)
            bars += *c == '|';
        cr_assert_eq(bars, 5, "%s", line);
    }
    cr_assert_eq(rows, count + 2);
    free(markdown);
}

Test(config, copies_are_deep)
{
    struct config copy;
    config_copy(&copy, &config);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_assert_neq(*text_at(&copy, texts[i]), *text_at(&config, texts[i]), "text %zu", i);
        cr_assert_str_eq(*text_at(&copy, texts[i]), *text_at(&config, texts[i]), "text %zu", i);
    }
    cr_assert_eq(copy.workers, config.workers);
    config_clear(&copy);
    config_clear(&copy);
}

Test(config, options_that_contradict_each_other_are_refused)
{
    static const struct {
        const char *setting, *bad, *good;
    } cases[] = { { "refresh_lifetime=30d", "refresh_idle=31d", "refresh_idle=30d" },
                  { "refresh_idle=14d", "refresh_lifetime=13d", "refresh_lifetime=14d" },
                  { "refresh_idle=1d", "access_lifetime=1d", "access_lifetime=23h" },
                  { "workers=8", "hash_slots=9", "hash_slots=8" },
                  { "mail_server=smtp://mail.example.org:25",
                    "mail_from=", "mail_from=no-reply@example.org" },
                  { "mail_user=postman", "mail_password_file=", "mail_password_file=/x" },
                  { "mail_tls=remote", "mail_tls=never", "mail_tls=always" },
                  { "mail_tls=remote", "mail_tls=never", "mail_server=smtp://127.0.0.1:25" },
                  { "cookie=on", "public_url=", "public_url=https://example.org" },
                  { "cookie_access=on", "cookie=off", "cookie=on" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert(config_set(&config, cases[i].setting, message));
        cr_assert(config_set(&config, cases[i].bad, message));
        cr_assert_not(config_check(&config, message), "%s", cases[i].bad);
        cr_assert(config_set(&config, cases[i].good, message));
        cr_assert(config_check(&config, message), "%s: %s", cases[i].good, message);
    }
}
