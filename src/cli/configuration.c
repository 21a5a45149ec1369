/* configuration - therappai-auth check-config, print-config and sample-config. */
#include "auth/keyset.h"
#include "cli/command.h"
#include "mail/mail_file.h"
#include <stdio.h>
#include <string.h>

/* The options themselves were checked when they were read; what is left are the files that they
 * name. */
int command_check_config(const struct config *config, int argc, char **argv)
{
    _Static_assert((int)MAIL_MESSAGE_SIZE <= (int)KEY_MESSAGE_SIZE, "either fits");
    char message[KEY_MESSAGE_SIZE];
    struct keyset *keyset = NULL;
    (void)argv;
    if (argc > 0)
        return command_usage("check-config", "takes no arguments");
    if (keyset_load(config->key_directory, &keyset, message) || !mail_file_check(config, message)) {
        keyset_free(keyset);
        fprintf(stderr, "therappai-auth: check-config: %s\n", message);
        return EXIT_FAILED;
    }
    keyset_free(keyset);
    puts("The configuration is good.");
    return EXIT_DONE;
}

int command_print_config(const struct config *config, int argc, char **argv)
{
    (void)argv;
    if (argc > 0)
        return command_usage("print-config", "takes no arguments");
    config_print(config, stdout);
    return EXIT_DONE;
}

int command_sample_config(const struct config *config, int argc, char **argv)
{
    static const struct {
        const char *option;
        void (*print)(FILE *out);
    } forms[] = { { "--markdown", config_print_markdown }, { "--man", config_print_man } };
    (void)config;
    if (argc == 0) {
        config_print_sample(stdout);
        return EXIT_DONE;
    }
    for (size_t i = 0; argc == 1 && i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(argv[0], forms[i].option))
            continue;
        forms[i].print(stdout);
        return EXIT_DONE;
    }
    return command_usage("sample-config", "takes nothing but --markdown or --man");
}
