/* migrate - see migrate.h. */
#include "db/migrate.h"
#include "base/buffer.h"
#include "base/memory.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 1000, NAME_SIZE = 128, FILE_LIMIT = 4 * 1024 * 1024, QUERY_MS = 10000 };
enum { CHECKSUM_SIZE = 65 };

/* How long to wait for another one at work, and for the call that waits. */
#define LOCK_TIMEOUT "60s"
enum { LOCK_MS = 70000 };

/* Any number that is ours alone among the users of advisory locks in the database. */
#define LOCK_KEY "7216084359301"

struct migration {
    char name[NAME_SIZE]; /* of the file */
    char checksum[CHECKSUM_SIZE];
    char *sql; /* NULL: the file is gone */
    char applied_checksum[CHECKSUM_SIZE];
    char *applied_at; /* NULL: pending */
};

struct plan {
    struct migration *list; /* by number, from 1 at index 0 */
    int count;
};

struct task {
    struct db *db;
    const char *directory;
    char *message;
    size_t size;
};

static enum error fail(const struct task *task, const char *name, const char *why)
{
    snprintf(task->message, task->size, "%s/%s: %s", task->directory, name, why);
    return ERROR_INTERNAL;
}

static void plan_clear(struct plan *plan)
{
    for (int i = 0; i < plan->count; i++) {
        free(plan->list[i].sql);
        free(plan->list[i].applied_at);
    }
    free(plan->list);
    *plan = (struct plan){ 0 };
}

/* Files ---------------------------------------------------------------------------------------- */

/* "NNNN-name.sql" of small letters, digits and hyphens; 0 for any other. */
static int number_of(const char *name)
{
    size_t size = strlen(name);
    if (size < sizeof "0001-x.sql" - 1 || size >= NAME_SIZE || strcmp(name + size - 4, ".sql"))
        return 0;
    if (strspn(name, "0123456789") != 4 || name[4] != '-')
        return 0;
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != size - 4)
        return 0;
    return (int)strtol(name, NULL, 10);
}

/* What the directory holds beside migrations: roles.sql, and hidden files. */
static bool is_other(const char *name)
{
    return name[0] == '.' || !strcmp(name, "roles.sql");
}

static enum error read_file(const struct task *task, const char *name, char **text)
{
    char path[4096];
    struct buffer buffer;
    char *room = NULL;
    size_t got = 1;
    snprintf(path, sizeof path, "%s/%s", task->directory, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return fail(task, name, strerror(errno));
    buffer_init(&buffer, FILE_LIMIT);
    while (got > 0 && (room = buffer_room(&buffer, 4096))) {
        got = fread(room, 1, 4096, file);
        buffer_extend(&buffer, got);
    }
    bool whole = room && !ferror(file) && strlen(buffer.data) == buffer.size;
    if (whole)
        *text = memory_text(buffer.data);
    fclose(file);
    buffer_clear(&buffer);
    return whole ? ERROR_NONE : fail(task, name, "this cannot be read, or is no text");
}

static enum error add_file(const struct task *task, const char *name, struct plan *plan)
{
    int number = number_of(name);
    if (is_other(name))
        return ERROR_NONE;
    if (number < 1 || number > FILES_MAX)
        return fail(task, name, "the name is not NNNN-name.sql, from 0001 on");
    struct migration *migration = &plan->list[number - 1];
    if (migration->name[0])
        return fail(task, name, "another file has its number");
    if (number > plan->count)
        plan->count = number;
    snprintf(migration->name, NAME_SIZE, "%s", name);
    return read_file(task, name, &migration->sql);
}

static enum error read_files(const struct task *task, struct plan *plan)
{
    enum error error = ERROR_NONE;
    const struct dirent *entry;
    DIR *directory = opendir(task->directory);
    if (!directory)
        return fail(task, "", strerror(errno));
    plan->list = memory_new(FILES_MAX * sizeof *plan->list);
    while (!error && (entry = readdir(directory)))
        error = add_file(task, entry->d_name, plan);
    closedir(directory);
    for (int i = 0; !error && i < plan->count; i++) {
        char number[32];
        snprintf(number, sizeof number, "%04d-….sql", i + 1);
        if (!plan->list[i].name[0])
            error = fail(task, number, "this one is missing between others");
    }
    if (!error && plan->count == 0)
        error = fail(task, "", "there are no migrations here");
    return error;
}

/* The database --------------------------------------------------------------------------------- */

static enum error query(const struct task *task, const char *sql, int n, const char *const values[],
                        int64_t timeout_ms, struct db_result **result)
{
    return db_query(task->db, sql, n, values, timeout_ms, result, task->message, task->size);
}

/* PostgreSQL computes them, so that this layer needs no library for it. */
static enum error compute_checksums(const struct task *task, struct plan *plan)
{
    enum error error = ERROR_NONE;
    for (int i = 0; !error && i < plan->count; i++) {
        struct db_result *result = NULL;
        const char *values[] = { plan->list[i].sql };
        error = query(task, "select encode(sha256(convert_to($1::text, 'UTF8')), 'hex')", 1, values,
                      QUERY_MS, &result);
        if (!error)
            snprintf(plan->list[i].checksum, CHECKSUM_SIZE, "%s", db_value(result, 0, 0));
        db_result_free(result);
    }
    return error;
}

/* One that is applied and has no file, because an older program meets a newer database. */
static struct migration *place_of(struct plan *plan, int number, const char *name)
{
    if (number < 1 || number > FILES_MAX)
        return NULL;
    struct migration *migration = &plan->list[number - 1];
    if (!migration->name[0])
        snprintf(migration->name, NAME_SIZE, "%s", name);
    if (number > plan->count)
        plan->count = number;
    return migration;
}

static enum error read_applied(const struct task *task, struct plan *plan)
{
    struct db_result *result = NULL;
    enum error error = query(task, "select to_regclass('schema_migrations') is not null", 0, NULL,
                             QUERY_MS, &result);
    bool exists = !error && db_boolean(result, 0, 0);
    db_result_free(result);
    result = NULL;
    if (!exists)
        return error;
    error = query(task,
                  "select number, name, checksum, to_char(applied_at at time zone 'utc',"
                  " 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') from schema_migrations order by number",
                  0, NULL, QUERY_MS, &result);
    for (int row = 0; !error && row < db_rows(result); row++) {
        struct migration *migration =
            place_of(plan, (int)db_integer(result, row, 0), db_value(result, row, 1));
        if (!migration)
            continue;
        snprintf(migration->applied_checksum, CHECKSUM_SIZE, "%s", db_value(result, row, 2));
        free(migration->applied_at);
        migration->applied_at = memory_text(db_value(result, row, 3));
    }
    db_result_free(result);
    return error;
}

static enum migrate_state state_of(const struct migration *migration)
{
    if (!migration->sql)
        return MIGRATE_MISSING;
    if (!migration->applied_at)
        return MIGRATE_PENDING;
    return strcmp(migration->checksum, migration->applied_checksum) ? MIGRATE_CHANGED
                                                                    : MIGRATE_APPLIED;
}

static enum error make_plan(const struct task *task, struct plan *plan)
{
    enum error error = read_files(task, plan);
    if (!error)
        error = compute_checksums(task, plan);
    if (!error)
        error = read_applied(task, plan);
    return error;
}

/* Applying ------------------------------------------------------------------------------------- */

static enum error take_lock(const struct task *task)
{
    char reason[512];
    enum error error =
        query(task, "set lock_timeout = '" LOCK_TIMEOUT "'", 0, NULL, QUERY_MS, NULL);
    if (error)
        return error;
    error = db_query(task->db, "select pg_advisory_lock(" LOCK_KEY ")", 0, NULL, LOCK_MS, NULL,
                     reason, sizeof reason);
    if (error)
        snprintf(task->message, task->size, "waiting for another migration to end: %s", reason);
    return error;
}

static void release_lock(const struct task *task)
{
    char ignored[256];
    db_query(task->db, "select pg_advisory_unlock(" LOCK_KEY ")", 0, NULL, QUERY_MS, NULL, ignored,
             sizeof ignored);
}

/* From here on a statement that must wait long for a table gives up: all workers would wait behind
 * it. */
static enum error make_table(const struct task *task)
{
    return db_script(task->db,
                     "set client_min_messages = warning; set lock_timeout = '5s';"
                     "create table if not exists schema_migrations ("
                     " number integer primary key, name text not null, checksum text not null,"
                     " applied_at timestamptz not null default now());"
                     "grant select on schema_migrations to therappai_auth_worker",
                     QUERY_MS, task->message, task->size);
}

static enum error refuse_surprises(const struct task *task, const struct plan *plan)
{
    for (int i = 0; i < plan->count; i++) {
        enum migrate_state state = state_of(&plan->list[i]);
        if (state == MIGRATE_CHANGED)
            return fail(task, plan->list[i].name,
                        "this was changed after it had been applied; put the old file back, and "
                        "the change into a new one");
        if (state == MIGRATE_MISSING)
            return fail(task, plan->list[i].name,
                        "this is applied, but the file is gone; is this program older than the "
                        "database?");
    }
    return ERROR_NONE;
}

/* In one transaction with the note that it is done. Name and checksum are of harmless characters;
 * `begin` shares the first line with the file's, so that the server's line numbers are the file's.
 */
static enum error apply(const struct task *task, int number, const struct migration *migration)
{
    struct buffer script;
    buffer_init(&script, FILE_LIMIT + 4096);
    buffer_format(&script,
                  "begin; %s\n;insert into schema_migrations (number, name, checksum) values "
                  "(%d, '%s', '%s'); commit",
                  migration->sql, number, migration->name, migration->checksum);
    char reason[512];
    enum error error = db_script(task->db, script.data, 0, reason, sizeof reason);
    if (error) {
        char ignored[256];
        db_script(task->db, "rollback", QUERY_MS, ignored, sizeof ignored);
        fail(task, migration->name, reason);
    }
    buffer_clear(&script);
    return error;
}

static enum error apply_pending(const struct task *task, migrate_report *report, void *context)
{
    struct plan plan = { 0 };
    enum error error = make_plan(task, &plan);
    if (!error)
        error = refuse_surprises(task, &plan);
    for (int i = 0; !error && i < plan.count; i++) {
        if (plan.list[i].applied_at)
            continue;
        error = apply(task, i + 1, &plan.list[i]);
        if (!error)
            report(context, i + 1, plan.list[i].name, MIGRATE_APPLIED, NULL);
    }
    plan_clear(&plan);
    return error;
}

enum error migrate_run(struct db *db, const char *directory, migrate_report *report, void *context,
                       char *message, size_t size)
{
    const struct task task = { db, directory, message, size };
    enum error error = take_lock(&task);
    if (error)
        return error;
    error = make_table(&task);
    if (!error)
        error = apply_pending(&task, report, context);
    release_lock(&task);
    return error;
}

enum error migrate_status(struct db *db, const char *directory, migrate_report *report,
                          void *context, bool *current, char *message, size_t size)
{
    const struct task task = { db, directory, message, size };
    struct plan plan = { 0 };
    enum error error = make_plan(&task, &plan);
    *current = true;
    for (int i = 0; !error && i < plan.count; i++) {
        enum migrate_state state = state_of(&plan.list[i]);
        *current = *current && state == MIGRATE_APPLIED;
        report(context, i + 1, plan.list[i].name, state, plan.list[i].applied_at);
    }
    plan_clear(&plan);
    return error;
}
