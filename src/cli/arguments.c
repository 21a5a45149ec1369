/* arguments - see arguments.h. */
#include "cli/arguments.h"
#include "cli/command.h"
#include <stdio.h>
#include <string.h>

enum { COMPLAINT_SIZE = 160 };

static bool refuse(const char *command, const char *option, const char *what)
{
    char complaint[COMPLAINT_SIZE];
    snprintf(complaint, sizeof complaint, "%.60s %s", option, what);
    command_usage(command, complaint);
    return false;
}

static const struct arguments_option *find(const struct arguments_option *options, const char *name)
{
    for (; options->name; options++)
        if (!strcmp(options->name, name))
            return options;
    return NULL;
}

/* Takes argv[*at], and its value where it has one. What is refused may be a password that was put
 * there by mistake: an unknown option is named, a value never. */
static bool take_option(const char *command, const struct arguments_option *options, int argc,
                        char **argv, int *at)
{
    const struct arguments_option *option = find(options, argv[*at]);
    if (!option)
        return refuse(command, argv[*at], "is no option of it");
    if (option->flag ? *option->flag : *option->value != NULL)
        return refuse(command, option->name, "stands twice");
    if (option->flag) {
        *option->flag = true;
        return true;
    }
    if (++*at == argc)
        return refuse(command, option->name, "takes a value");
    *option->value = argv[*at];
    return true;
}

bool arguments_take(const char *command, int *argc, char **argv,
                    const struct arguments_option options[], struct arguments_words words)
{
    int count = 0;
    bool ended = false;
    for (int i = 0; i < *argc; i++) {
        bool is_option = !ended && argv[i][0] == '-' && argv[i][1];
        if (is_option && !strcmp(argv[i], "--"))
            ended = true;
        else if (!is_option)
            argv[count++] = argv[i];
        else if (!take_option(command, options, *argc, argv, &i))
            return false;
    }
    if (count < words.least || count > words.most)
        return refuse(command, count < words.least ? "something is missing" : "a word too many",
                      "(see therappai-auth help)");
    *argc = count;
    return true;
}
