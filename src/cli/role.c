/* role - therappai-auth role: what the roles of this installation may do. */
#include "auth/role.h"
#include "cli/arguments.h"
#include "cli/group.h"
#include "cli/operator.h"
#include "cli/table.h"
#include <stdio.h>
#include <string.h>

enum { PERMISSIONS_SIZE = 4096, WORDS_MAX = 128 };

static int run_list(const struct config *config, int argc, char **argv)
{
    static const struct table_column columns[ROLE_COLUMNS] = {
        [ROLE_NAME] = { "name", COLUMN_TEXT },
        [ROLE_PERMISSIONS] = { "permissions", COLUMN_LIST },
        [ROLE_ACCOUNTS] = { "accounts", COLUMN_NUMBER },
    };
    bool json = false;
    struct operator_desk desk;
    const struct arguments_option options[] = { { "--json", &json, NULL }, { NULL, NULL, NULL } };
    if (!arguments_take("role list", &argc, argv, options, (struct arguments_words){ 0, 0 }))
        return EXIT_USAGE;
    struct table *table = table_new(columns, ROLE_COLUMNS);
    operator_open(config, &desk);
    enum error error = role_list(&desk.auth, table_take, table);
    if (!error)
        table_print(table, json);
    table_free(table);
    operator_close(&desk);
    if (error)
        return operator_fail("role list", error);
    return table_finish_output("role list") ? EXIT_DONE : EXIT_FAILED;
}

static bool join(int argc, char **argv, char permissions[PERMISSIONS_SIZE])
{
    size_t used = 0;
    permissions[0] = '\0';
    for (int i = 0; i < argc; i++) {
        if (!*argv[i] || strchr(argv[i], ' ') ||
            used + strlen(argv[i]) + 2 > (size_t)PERMISSIONS_SIZE)
            return false;
        used += (size_t)snprintf(permissions + used, PERMISSIONS_SIZE - used, "%s%s", i ? " " : "",
                                 argv[i]);
    }
    return true;
}

static int set(const struct config *config, const char *name, const char *permissions)
{
    struct operator_desk desk;
    bool is_new = false;
    operator_open_owner(config, &desk);
    enum error error = role_set(&desk.auth, name, permissions, &desk.actor, &is_new);
    operator_close(&desk);
    if (error)
        return operator_fail("role set", error);
    puts(is_new ? "The role is there."
                : "The role has these permissions, from the next refresh on.");
    return table_finish_output("role set") ? EXIT_DONE : EXIT_FAILED;
}

static int run_set(const struct config *config, int argc, char **argv)
{
    static const char command[] = "role set";
    char permissions[PERMISSIONS_SIZE];
    const struct arguments_option options[] = { { NULL, NULL, NULL } };
    if (!arguments_take(command, &argc, argv, options, (struct arguments_words){ 1, WORDS_MAX }))
        return EXIT_USAGE;
    const char *flaw = role_name_flaw(argv[0]);
    if (!flaw && !join(argc - 1, argv + 1, permissions))
        flaw = "The name of a permission is not empty and has no blank.";
    if (!flaw)
        flaw = role_permissions_flaw(permissions);
    return flaw ? command_usage(command, flaw) : set(config, argv[0], permissions);
}

static int run_delete(const struct config *config, int argc, char **argv)
{
    static const char command[] = "role delete";
    struct operator_desk desk;
    bool gone = false;
    const struct arguments_option options[] = { { NULL, NULL, NULL } };
    if (!arguments_take(command, &argc, argv, options, (struct arguments_words){ 1, 1 }))
        return EXIT_USAGE;
    operator_open_owner(config, &desk);
    enum error error = role_delete(&desk.auth, argv[0], &desk.actor, &gone);
    operator_close(&desk);
    if (error)
        return operator_fail(command, error);
    if (gone) {
        puts("The role is gone.");
        return table_finish_output(command) ? EXIT_DONE : EXIT_FAILED;
    }
    fprintf(stderr, "therappai-auth: %s: accounts have it (therappai-auth user list --role %s)\n",
            command, argv[0]);
    return EXIT_FAILED;
}

static const struct command commands[] = {
    { "list", "[--json]", "the roles, their permissions, how many accounts have them", run_list },
    { "set", "ROLE [PERMISSION]...", "make a role, or give one these permissions and no others",
      run_set },
    { "delete", "ROLE", "remove a role that no account has", run_delete },
    { NULL, NULL, NULL, NULL },
};

const struct command_group role_group = { "role", commands };
