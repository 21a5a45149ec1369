/* doctor - therappai-auth doctor: names what is misconfigured, and the line that mends it. */
#include "cli/doctor.h"
#include "base/log.h"
#include "base/origin.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/table.h"
#include "cli/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_SIZE = 16 * DOCTOR_TEXT_SIZE };

/* A check is skipped where the one that it needs was not good. */
static const struct row {
    const char *name, *needs;
    doctor_check *check;
    const char *about;  /* what is looked at */
    const char *remedy; /* the line that mends it, where the check has none of its own */
} rows[] = {
    { "account", NULL, doctor_account, "this runs as the account of the service",
      "sudo -u therappai-auth therappai-auth doctor" },
    { "key-files", NULL, doctor_key_files, "nobody else reads or writes keys",
      "chmod 700 the directory of the option key_directory" },
    { "keys", "key-files", doctor_keys, "there are keys to sign with",
      "therappai-auth key generate; therappai-auth key generate --algorithm MAC" },
    { "data-key", "keys", doctor_data_key, "there is a key for personal information",
      "therappai-auth key generate --algorithm DATA" },
    { "socket", NULL, doctor_socket, "the service listens",
      "systemctl start therappai-auth.socket therappai-auth.service" },
    { "database", NULL, doctor_database, "PostgreSQL answers",
      "the option database; and a line in pg_hba.conf for the role of the workers" },
    { "database-role", "database", doctor_database_role, "workers may change no tables",
      "database = dbname=therappai_auth user=therappai_auth_worker" },
    { "schema", "database", doctor_schema, "the schema is current", "therappai-auth migrate" },
    { "personal-info", "schema", doctor_personal_info, "every key that it needs is there",
      "put the files of these keys back into the key directory, from a backup" },
    { "clock", "database", doctor_clock, "this clock and the database's agree",
      "timedatectl set-ntp true, on both hosts" },
    { "picture-dir", NULL, doctor_picture_directory, "pictures can be put where they belong",
      "install -d -m 711 -o therappai-auth /var/lib/therappai-auth/pictures" },
    { "web-server", NULL, doctor_web_server, "the web server answers",
      "the option public_url; or start the web server, or mend its certificate" },
    { "backend", "web-server", doctor_backend, "the web server reaches the service",
      "usermod -a -G therappai-auth the account of the web server, and restart it" },
    { "path", "backend", doctor_path, "the service is where clients look for it",
      "the option base_path, and the same path in the web server's configuration" },
    { "authorization", "path", doctor_authorization, "the header Authorization arrives",
      "let the web server pass the request header Authorization on" },
    { "request-id", "path", doctor_request_id, "X-Request-Id goes there and back",
      "let the web server leave X-Request-Id as it is, in requests and answers" },
    { "body-limit", "path", doctor_body_limit, "bodies arrive up to our own limit",
      "raise the web server's limit of request bodies" },
    { "upload-limit", "path", doctor_upload_limit, "so do pictures on their way up",
      "raise the web server's limit of request bodies" },
    { "pictures", "web-server", doctor_pictures, "browsers get pictures",
      "let the web server serve picture_directory as picture_url" },
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static const char *const verdicts[] = {
    [VERDICT_SKIPPED] = "skipped", [VERDICT_GOOD] = "good", [VERDICT_WRONG] = "wrong"
};

void doctor_found(struct doctor *doctor, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(doctor->detail, sizeof doctor->detail, format, values);
    va_end(values);
}

void doctor_mend(struct doctor *doctor, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(doctor->remedy, sizeof doctor->remedy, format, values);
    va_end(values);
}

/* So far. */
struct findings {
    enum verdict list[ROW_COUNT];
    int wrong;
    bool json;
    struct table *table;
};

/* The name of the row that has to be good first, where it is not. */
static const char *lacks(const struct findings *findings, const struct row *row)
{
    for (size_t i = 0; row->needs && i < ROW_COUNT; i++)
        if (!strcmp(rows[i].name, row->needs) && findings->list[i] != VERDICT_GOOD)
            return row->needs;
    return NULL;
}

/* "what" on a line of its own, safe for a terminal: some of it was said by servers. */
static void print_part(const char *before, const char *what)
{
    struct buffer line;
    buffer_init(&line, LINE_MAX_SIZE);
    text_for_terminal(&line, what);
    printf("%s%s\n", before, line.data ? line.data : "");
    buffer_clear(&line);
}

static void print_finding(const struct row *row, enum verdict verdict, const char *detail,
                          const char *remedy)
{
    printf("%-8s %-14s %s\n", verdict == VERDICT_WRONG ? "WRONG" : verdicts[verdict], row->name,
           row->about);
    if (*detail)
        print_part("                        ", detail);
    if (remedy)
        print_part("               mend it: ", remedy);
    fflush(stdout);
}

static void examine(struct doctor *doctor, struct findings *findings, size_t index)
{
    const struct row *row = &rows[index];
    const char *lacking = lacks(findings, row), *remedy = NULL;
    enum verdict verdict = VERDICT_SKIPPED;
    doctor->detail[0] = doctor->remedy[0] = '\0';
    if (lacking)
        doctor_found(doctor, "first: %s", lacking);
    else
        verdict = row->check(doctor);
    if (verdict == VERDICT_WRONG)
        remedy = doctor->remedy[0] ? doctor->remedy : row->remedy;
    findings->list[index] = verdict;
    findings->wrong += verdict == VERDICT_WRONG;
    if (findings->json)
        table_add(findings->table,
                  (const char *const[]){ row->name, verdicts[verdict], row->about,
                                         doctor->detail[0] ? doctor->detail : NULL, remedy });
    else
        print_finding(row, verdict, doctor->detail, remedy);
}

static int run(struct doctor *doctor, bool json)
{
    static const struct table_column columns[] = { { "check", COLUMN_TEXT },
                                                   { "result", COLUMN_TEXT },
                                                   { "about", COLUMN_TEXT },
                                                   { "detail", COLUMN_TEXT },
                                                   { "remedy", COLUMN_TEXT } };
    struct findings findings = { .json = json };
    findings.table = table_new(columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < ROW_COUNT; i++)
        examine(doctor, &findings, i);
    if (json)
        table_print(findings.table, true);
    else if (findings.wrong)
        printf("\n%d of %d checks found something wrong.\n", findings.wrong, (int)ROW_COUNT);
    else
        puts("\nNothing is wrong.");
    table_free(findings.table);
    return table_finish_output("doctor") && !findings.wrong ? EXIT_DONE : EXIT_FAILED;
}

int command_doctor(const struct config *config, int argc, char **argv)
{
    bool json = false;
    const char *url = NULL;
    const struct arguments_option options[] = { { "--json", &json, NULL },
                                                { "--url", NULL, &url },
                                                { NULL, NULL, NULL } };
    if (!arguments_take("doctor", &argc, argv, options, (struct arguments_words){ 0, 0 }))
        return EXIT_USAGE;
    if (url && (!*url || origin_flaw(url)))
        return command_usage("doctor", "--url takes an origin: https://host or https://host:port");
    const struct db_options database = { .conninfo = config->database,
                                         .timeout_ms = config->database_timeout_ms,
                                         .prepare = config->database_prepare != 0,
                                         .application_name = "therappai-auth doctor" };
    /* Why something went wrong is for who asked, wherever the service's log goes. */
    log_open(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT, LOG_TARGET_STDERR);
    struct doctor doctor = { .config = config, .url = url ? url : config->public_url };
    doctor.db = db_new(&database);
    int status = run(&doctor, json);
    db_free(doctor.db);
    return status;
}
