/* group - see group.h. */
#include "cli/group.h"
#include <stdio.h>
#include <string.h>

static const struct command_group *const groups[] = { &key_group, &user_group, &session_group,
                                                      &role_group };
enum { GROUP_COUNT = sizeof groups / sizeof groups[0] };

const struct command_group *group_find(const char *name)
{
    for (int i = 0; i < GROUP_COUNT; i++)
        if (!strcmp(name, groups[i]->name))
            return groups[i];
    return NULL;
}

void group_print(const struct command_group *group, FILE *out)
{
    for (const struct command *command = group->commands; command->name; command++)
        fprintf(out, "  %s %s%s%s\n      %s\n", group->name, command->name,
                *command->usage ? " " : "", command->usage, command->summary);
}

void group_print_usages(const struct command_group *group)
{
    for (const struct command *command = group->commands; command->name; command++)
        printf("%s %s %s\n", group->name, command->name, command->usage);
}

static int run(const struct command_group *group, const struct config *config, int argc,
               char **argv)
{
    for (const struct command *command = group->commands; argc > 0 && command->name; command++)
        if (!strcmp(argv[0], command->name))
            return command->run(config, argc - 1, argv + 1);
    command_usage(group->name, argc > 0 ? "there is no such command; there are:"
                                        : "one of these has to follow:");
    group_print(group, stderr);
    return EXIT_USAGE;
}

int command_key(const struct config *config, int argc, char **argv)
{
    return run(&key_group, config, argc, argv);
}

int command_user(const struct config *config, int argc, char **argv)
{
    return run(&user_group, config, argc, argv);
}

int command_session(const struct config *config, int argc, char **argv)
{
    return run(&session_group, config, argc, argv);
}

int command_role(const struct config *config, int argc, char **argv)
{
    return run(&role_group, config, argc, argv);
}
