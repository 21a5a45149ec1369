/* migrate - therappai-auth migrate [--status]: brings the schema up to date, or says how far it is.
 */
#include "cli/command.h"
#include "db/db.h"
#include "db/migrate.h"
#include <stdio.h>
#include <string.h>

static const char *const state_names[] = {
    [MIGRATE_APPLIED] = "applied",
    [MIGRATE_PENDING] = "pending",
    [MIGRATE_CHANGED] = "changed",
    [MIGRATE_MISSING] = "missing",
};

static void report(void *context, int number, const char *name, enum migrate_state state,
                   const char *applied_at)
{
    *(int *)context += 1;
    printf("%04d  %-8s  %-25s  %s\n", number, state_names[state], applied_at ? applied_at : "-",
           name);
    fflush(stdout);
}

static enum error show_status(struct db *db, const char *directory, bool *current, char *message,
                              size_t size)
{
    int reported = 0;
    return migrate_status(db, directory, report, &reported, current, message, size);
}

static enum error apply(struct db *db, const char *directory, char *message, size_t size)
{
    int reported = 0;
    enum error error = migrate_run(db, directory, report, &reported, message, size);
    if (!error && reported == 0)
        puts("The schema is up to date.");
    return error;
}

int command_migrate(const struct config *config, int argc, char **argv)
{
    bool status = argc == 1 && !strcmp(argv[0], "--status"), current = true;
    if (argc > 0 && !status)
        return command_usage("migrate", "takes nothing but --status");
    const struct db_options options = {
        .conninfo = config->database_owner[0] ? config->database_owner : config->database,
        .timeout_ms = config->database_timeout_ms,
        .application_name = "therappai-auth migrate",
    };
    char message[1024] = "";
    struct db *db = db_new(&options);
    const char *directory = config->migration_directory;
    enum error error = status ? show_status(db, directory, &current, message, sizeof message)
                              : apply(db, directory, message, sizeof message);
    db_free(db);
    if (error)
        fprintf(stderr, "therappai-auth: migrate: %s\n", message);
    return error || !current ? EXIT_FAILED : EXIT_DONE;
}
