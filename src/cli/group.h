/* group - commands that consist of others: `user add`, `session list`. */
#ifndef CLI_GROUP_H
#define CLI_GROUP_H

#include "cli/command.h"
#include <stdio.h>

struct command_group {
    const char *name;
    const struct command *commands; /* ends with a name of NULL */
};

/* NULL where the command is no group. */
const struct command_group *group_find(const char *name);

extern const struct command_group key_group, user_group, session_group,
    role_group; /* a file each */

/* Its commands with their usage, for people. */
void group_print(const struct command_group *group, FILE *out);
/* "user add EMAIL ..." for each, for the completion of the shell. */
void group_print_usages(const struct command_group *group);

command_run command_key, command_user, command_session,
    command_role; /* run the one that argv[0] names */

#endif
