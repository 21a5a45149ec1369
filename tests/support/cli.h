/* cli - the program at the command line, with the configuration of the test's stack. */
#ifndef SUPPORT_CLI_H
#define SUPPORT_CLI_H

#include "support/terminal.h"
#include <json-c/json.h>

/* What the last run said. */
enum { CLI_OUTPUT_SIZE = 64 * 1024 };
extern char cli_output[CLI_OUTPUT_SIZE];

/* Each returns the exit status.
 * stdout and stderr in one; stdin is empty. */
#define CLI(...) cli_run((const char *const[]){ __VA_ARGS__, NULL })
int cli_run(const char *const arguments[]);
/* A command of the shell, in which "$0" is the program. */
int cli_shell(const char *script);
/* At a terminal, up to its last step; fails the test where the terminal does not echo afterwards as
 * it did before. */
#define CLI_TERMINAL(steps, ...) cli_terminal(steps, (const char *const[]){ __VA_ARGS__, NULL })
int cli_terminal(const struct terminal_step steps[], const char *const arguments[]);

/* Fails the test where these words were not said. */
void cli_expect(const char *part);
/* All that was said, as JSON; to be put. */
json_object *cli_json(void);

#endif
