/* key - therappai-auth key generate: makes the keys that tokens stand on. */
#include "auth/keyset.h"
#include "cli/command.h"
#include <stdio.h>
#include <string.h>

static int generate(const struct config *config, enum key_algorithm algorithm)
{
    char id[KEY_ID_MAX + 1], message[KEY_MESSAGE_SIZE];
    if (keyset_generate(config->key_directory, algorithm, id, message)) {
        fprintf(stderr, "therappai-auth: key generate: %s\n", message);
        return EXIT_FAILED;
    }
    printf("%s  %s  signing\n", id, key_algorithm_name(algorithm));
    return EXIT_DONE;
}

int command_key(const struct config *config, int argc, char **argv)
{
    if (argc < 1 || strcmp(argv[0], "generate"))
        return command_usage("key", "knows 'generate [--algorithm HS256|ES256|MAC]'");
    if (argc == 1)
        return generate(config, KEY_HS256);
    if (argc != 3 || strcmp(argv[1], "--algorithm"))
        return command_usage("key generate", "takes nothing but --algorithm HS256|ES256|MAC");
    enum key_algorithm algorithm = key_algorithm_of(argv[2]);
    if (algorithm == KEY_ALGORITHM_INVALID || algorithm == KEY_RS256)
        return command_usage("key generate", "makes keys for HS256, ES256 and MAC");
    return generate(config, algorithm);
}
