/* key - therappai-auth key: the keys that tokens stand on. */
#include "auth/key_life.h"
#include "base/clock.h"
#include "cli/arguments.h"
#include "cli/group.h"
#include "cli/key_data.h"
#include "cli/table.h"
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define ALGORITHMS "HS256|ES256|RS256|EdDSA|MAC|DATA"
#define ROTATABLE  "HS256|ES256|RS256|EdDSA|MAC"

enum { TIME_SIZE = 32 };

static int fail(const char *command, const char *message)
{
    fprintf(stderr, "therappai-auth: %s: %s\n", command, message);
    return EXIT_FAILED;
}

/* NULL for a time that there is none of. */
static const char *write_time(int64_t time, char text[TIME_SIZE])
{
    struct tm parts;
    time_t seconds = (time_t)time;
    if (time <= 0 || time == INT64_MAX || !gmtime_r(&seconds, &parts))
        return NULL;
    strftime(text, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

/* The algorithm that the option names; false, said on stderr, where it names none. */
static bool read_algorithm(const char *command, const char *name, enum key_algorithm *algorithm)
{
    *algorithm = key_algorithm_of(name);
    if (*algorithm)
        return true;
    const char *flaw = key_algorithm_flaw(name);
    if (flaw)
        fprintf(stderr, "therappai-auth: %s: %s %s\n", command, name, flaw);
    else
        command_usage(command, "--algorithm is one of " ALGORITHMS);
    return false;
}

static void read_lives(const struct config *config, int64_t lives[KEY_USES])
{
    lives[KEY_USE_ACCESS] = config->access_lifetime_s + config->clock_leeway_s;
    lives[KEY_USE_REFRESH] = config->refresh_lifetime_s;
    lives[KEY_USE_DATA] = 0; /* the database says more: key_data_is_free */
}

/* list ------------------------------------------------------------------------------------------*/

static const struct table_column columns[] = {
    { "id", COLUMN_TEXT },           { "algorithm", COLUMN_TEXT }, { "use", COLUMN_TEXT },
    { "state", COLUMN_TEXT },        { "signs", COLUMN_SWITCH },   { "changed", COLUMN_TEXT },
    { "needed_until", COLUMN_TEXT },
};

static void add_key(struct table *table, const struct keyset *keyset, const struct key *key,
                    const int64_t lives[KEY_USES])
{
    char changed[TIME_SIZE], end[TIME_SIZE];
    bool signs =
        key == keyset_signing(keyset) || key == keyset_mac(keyset) || key == keyset_data(keyset);
    bool for_tokens = key_use_of(key->algorithm) != KEY_USE_DATA;
    const char *const values[] = {
        key->id,
        key_algorithm_name(key->algorithm),
        key_use_name(key_use_of(key->algorithm)),
        key_state_name(key->state),
        signs ? "t" : "f",
        write_time(key->changed, changed),
        for_tokens ? write_time(key_life_end(keyset, key, lives), end) : NULL,
    };
    table_add(table, values);
}

static int list(const struct config *config, int argc, char **argv)
{
    static const char command[] = "key list";
    bool json = false;
    int64_t lives[KEY_USES];
    char message[KEY_MESSAGE_SIZE];
    struct keyset *keyset = NULL;
    const struct arguments_option options[] = { { "--json", &json, NULL }, { NULL, NULL, NULL } };
    if (!arguments_take(command, &argc, argv, options, (struct arguments_words){ 0, 0 }))
        return EXIT_USAGE;
    if (keyset_load(config->key_directory, &keyset, message))
        return fail(command, message);
    struct table *table = table_new(columns, sizeof columns / sizeof columns[0]);
    read_lives(config, lives);
    for (size_t i = 0; i < keyset_count(keyset); i++)
        add_key(table, keyset, keyset_at(keyset, i), lives);
    table_print(table, json);
    table_free(table);
    keyset_free(keyset);
    return table_finish_output(command) ? EXIT_DONE : EXIT_FAILED;
}

/* generate --------------------------------------------------------------------------------------*/

static int generate(const struct config *config, int argc, char **argv)
{
    static const char command[] = "key generate";
    const char *name = NULL, *state_name = NULL;
    char id[KEY_ID_MAX + 1], message[KEY_MESSAGE_SIZE];
    enum key_algorithm algorithm;
    const struct arguments_option options[] = { { "--algorithm", NULL, &name },
                                                { "--state", NULL, &state_name },
                                                { NULL, NULL, NULL } };
    if (!arguments_take(command, &argc, argv, options, (struct arguments_words){ 0, 0 }) ||
        !read_algorithm(command, name ? name : "HS256", &algorithm))
        return EXIT_USAGE;
    enum key_state state = state_name ? key_state_of(state_name) : KEY_SIGNING;
    if (state != KEY_CREATED && state != KEY_SIGNING)
        return command_usage(command, "--state is created or signing");
    if (keyset_generate(config->key_directory, algorithm, state, id, message))
        return fail(command, message);
    printf("%s  %s  %s\n", id, key_algorithm_name(algorithm), key_state_name(state));
    return table_finish_output(command) ? EXIT_DONE : EXIT_FAILED;
}

/* rotate, retire --------------------------------------------------------------------------------*/

static int rotate(const struct config *config, int argc, char **argv)
{
    static const char command[] = "key rotate";
    const char *name = NULL;
    bool data = false;
    char message[KEY_MESSAGE_SIZE];
    struct key_rotation rotation;
    enum key_algorithm algorithm = KEY_ALGORITHM_INVALID;
    const struct arguments_option options[] = { { "--algorithm", NULL, &name },
                                                { "--data", &data, NULL },
                                                { NULL, NULL, NULL } };
    if (!arguments_take(command, &argc, argv, options, (struct arguments_words){ 0, 0 }) ||
        (name && !read_algorithm(command, name, &algorithm)))
        return EXIT_USAGE;
    if ((name && data) || algorithm == KEY_DATA)
        return command_usage(command, "keys for data are rotated by --data alone");
    if (data)
        return key_data_rotate(config);
    if (key_life_rotate(config->key_directory, algorithm, &rotation, message))
        return fail(command, message);
    printf("%s  %s  signing\n", rotation.id, key_algorithm_name(rotation.algorithm));
    fprintf(stderr, "%s; %zu older verifying. The workers of this host see it within a second.\n",
            rotation.made ? "A new key" : "A key that was in state created", rotation.relieved);
    return table_finish_output(command) ? EXIT_DONE : EXIT_FAILED;
}

static int retire(const struct config *config, int argc, char **argv)
{
    static const char command[] = "key retire";
    bool force = false;
    int64_t lives[KEY_USES];
    char message[KEY_MESSAGE_SIZE];
    const struct arguments_option options[] = { { "--force", &force, NULL }, { NULL, NULL, NULL } };
    if (!arguments_take(command, &argc, argv, options, (struct arguments_words){ 1, 1 }))
        return EXIT_USAGE;
    read_lives(config, lives);
    if (!key_data_is_free(config, argv[0]))
        return EXIT_FAILED;
    if (key_life_retire(config->key_directory, argv[0], lives, force, message))
        return fail(command, message);
    return EXIT_DONE;
}

static const struct command commands[] = {
    { "list", "[--json]", "the keys, and until when tokens need them", list },
    { "generate", "[--algorithm " ALGORITHMS "] [--state created|signing]", "make a key",
      generate },
    { "rotate", "[--algorithm " ROTATABLE "] [--data]",
      "let a new key sign, and the older ones verify only", rotate },
    { "retire", "[--force] ID", "make a key void whose tokens are over", retire },
    { 0 },
};

const struct command_group key_group = { "key", commands };
