/* cli - see cli.h. */
#include "support/cli.h"
#include "support/http_client.h"
#include "support/processes.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <string.h>

char cli_output[CLI_OUTPUT_SIZE];

static struct process shell_of(const char *script)
{
    return (struct process){
        .arguments = { "/bin/bash", "-c", script, stack_program() },
        .environment = { text("THERAPPAI_AUTH_CONFIG=%s", stack_path("therappai-auth.conf")) },
    };
}

int cli_run(const char *const arguments[])
{
    return stack_run(arguments, cli_output, sizeof cli_output);
}

int cli_shell(const char *script)
{
    const struct process shell = shell_of(script);
    return process_run(&shell, cli_output, sizeof cli_output);
}

int cli_terminal(const struct terminal_step steps[], const char *const arguments[])
{
    bool echoes;
    struct process process = { .arguments = { stack_program(), "--config",
                                              stack_path("therappai-auth.conf") } };
    for (size_t i = 0; arguments[i]; i++)
        process.arguments[3 + i] = arguments[i];
    int status = terminal_run(&process, steps, cli_output, sizeof cli_output, &echoes);
    cr_assert(echoes, "%s", cli_output);
    return status;
}

void cli_expect(const char *part)
{
    cr_assert(strstr(cli_output, part), "'%s' is not in: %s", part, cli_output);
}

json_object *cli_json(void)
{
    json_object *json = json_tokener_parse(cli_output);
    cr_assert_not_null(json, "%s", cli_output);
    return json;
}
