/* stack_cluster - see stack_cluster.h. */
#include "support/stack_cluster.h"
#include "support/guard.h"
#include "support/http_client.h"
#include "support/processes.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { OUTPUT_SIZE = 4096, PROCESSES_MAX = 256 };

static char directory[GUARD_PATH_SIZE + 16];

/* deploy/postgres, as deploy/run uses it. */
static void command(const char *what, char output[OUTPUT_SIZE])
{
    const char *source = getenv("TEST_SOURCE_DIRECTORY");
    const struct process process = {
        .arguments = { text("%s/deploy/postgres", source ? source : "."), what, directory,
                       "fsync=off" },
        .environment = { "POSTGRES_NO_SYNC=yes" },
    };
    cr_assert_eq(process_run(&process, output, OUTPUT_SIZE), 0, "deploy/postgres %s: %s", what,
                 output);
}

static pid_t postmaster(void)
{
    char line[32] = "";
    FILE *file = fopen(text("%s/pgdata/postmaster.pid", directory), "r");
    cr_assert_not_null(file, "the server does not run");
    cr_assert_not_null(fgets(line, sizeof line, file));
    fclose(file);
    return (pid_t)strtol(line, NULL, 10);
}

/* The value of a line "name=value". */
static void take(const char *output, const char *name, char connection[CONNECTION_SIZE])
{
    size_t length = strlen(name);
    const char *line = output;
    while (line && strncmp(line, name, length) != 0)
        line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL;
    cr_assert_not_null(line, "no %s in: %s", name, output);
    snprintf(connection, CONNECTION_SIZE, "%.*s", (int)strcspn(line + length, "\n"), line + length);
}

void stack_cluster_create(const char *path, struct stack_database *server)
{
    char output[OUTPUT_SIZE];
    snprintf(directory, sizeof directory, "%s", path);
    command("start", output);
    guard_watch(postmaster());
    take(output, "database=", server->worker);
    take(output, "database_owner=", server->owner);
    take(output, "superuser=", server->superuser);
}

void stack_cluster_start(void)
{
    char output[OUTPUT_SIZE];
    command("start", output);
    guard_watch(postmaster());
}

void stack_cluster_stop(void)
{
    char output[OUTPUT_SIZE];
    command("stop", output);
}

void stack_cluster_signal(int signal)
{
    pid_t processes[PROCESSES_MAX];
    pid_t first = postmaster();
    kill(first, signal);
    int count = process_children(first, processes, PROCESSES_MAX);
    for (int i = 0; i < count; i++)
        kill(processes[i], signal);
}

void stack_cluster_remove(void)
{
    char output[OUTPUT_SIZE];
    FILE *running = fopen(text("%s/pgdata/postmaster.pid", directory), "r");
    if (!running)
        return;
    fclose(running);
    stack_cluster_signal(SIGCONT);
    command("stop", output);
}
