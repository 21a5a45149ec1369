/* command - what every command of the program is: one function, one row in the table of main.c or
 * of its group. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/config.h"

/* Exit statuses, as therappai-auth(1) documents them. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* `argv` holds what stands behind the command's name. Returns the exit status. */
typedef int command_run(const struct config *config, int argc, char **argv);

/* Help, the completion of the shell and the check of the manual page come from these rows. */
struct command {
    const char *name;
    const char *usage; /* what stands behind the name; words with -- are its options */
    const char *summary;
    command_run *run;
};

command_run command_migrate;      /* migrate.c */
command_run command_check_config; /* configuration.c */
command_run command_print_config;
command_run command_sample_config;
command_run command_audit;  /* audit.c */
command_run command_doctor; /* doctor.c */

/* "therappai-auth: COMMAND: what" on stderr; returns EXIT_USAGE. */
int command_usage(const char *command, const char *what);

#endif
