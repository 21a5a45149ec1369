/* main - the command line: reads the configuration and runs one command of the table. */
#include "api/openapi.h"
#include "api/routes.h"
#include "base/log.h"
#include "base/secret.h"
#include "auth/keyset.h"
#include "cli/command.h"
#include "cli/group.h"
#include "mail/mail_file.h"
#include "proc/housekeeper.h"
#include "proc/listen.h"
#include "proc/master.h"
#include "proc/worker.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SETTINGS_MAX = 128, HELP_WIDTH = 44 };
#define HELP_BREAK "\n                                              " /* up to that width */

/* What the command line says beside the command. */
struct invocation {
    const char *file; /* --config; NULL: the usual one */
    const char *settings[SETTINGS_MAX];
    int setting_count;
    char **arguments; /* the command and what is its own */
    int argument_count;
};

static command_run run_serve, run_housekeeper, run_openapi, run_help, run_version;

static const struct command commands[] = {
    { "serve", "", "run the service: master, workers, housekeeper", run_serve },
    { "housekeeper", "[--once]", "run the housekeeper alone, beside spawn-fcgi", run_housekeeper },
    { "migrate", "[--status]", "bring the database's schema up to date", command_migrate },
    { "key", "COMMAND", "the keys that tokens stand on", command_key },
    { "user", "COMMAND", "the accounts", command_user },
    { "session", "COMMAND", "the logins of an account", command_session },
    { "role", "COMMAND", "what roles may do", command_role },
    { "audit", "[--user USER] [--event EVENT] [--since TIME] [--limit N] [--json]",
      "who did what to which account", command_audit },
    { "check-config", "", "check the options and the keys", command_check_config },
    { "print-config", "", "print the options in force", command_print_config },
    { "sample-config", "[--markdown|--man]", "print every option with its help",
      command_sample_config },
    { "openapi", "", "print the description of the interface (OpenAPI 3.1)", run_openapi },
    { "doctor", "[--url ORIGIN] [--json]", "name what is misconfigured, and what mends it",
      command_doctor },
    { "help", "[--completion] [COMMAND]", "print this, or what COMMAND takes", run_help },
    { "version", "", "print the version", run_version },
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static const struct invocation *current_invocation; /* for the reload */

int command_usage(const char *command, const char *what)
{
    fprintf(stderr, "therappai-auth: %s: %s\n", command, what);
    return EXIT_USAGE;
}

static void print_help(FILE *out)
{
    fputs("usage: therappai-auth [--config FILE] [--set OPTION=VALUE]... COMMAND\n\n", out);
    for (int i = 0; i < COMMAND_COUNT; i++) {
        char left[128];
        snprintf(left, sizeof left, "%s%s%s", commands[i].name, *commands[i].usage ? " " : "",
                 commands[i].usage);
        bool fits = strlen(left) <= HELP_WIDTH;
        fprintf(out, "  %-*s%s %s\n", HELP_WIDTH, left, fits ? "" : HELP_BREAK,
                commands[i].summary);
    }
    fputs(
        "\n'therappai-auth help COMMAND' tells the commands behind key, user, session and role.\n",
        out);
    fputs("\nWithout a command it serves FastCGI requests from the socket on descriptor 0, as one\n"
          "worker:\n\n"
          "  spawn-fcgi -F 4 -s /run/therappai-auth/auth.sock -- therappai-auth\n\n"
          "The options stand in " THERAPPAI_AUTH_CONFIG_FILE
          " (another file: --config\nor THERAPPAI_AUTH_CONFIG), in the environment as "
          "THERAPPAI_AUTH_<OPTION>, and behind --set.\n",
          out);
}

/* What the completion of the shell knows (deploy/completion): each command and its usage. */
static void print_usages(void)
{
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const struct command_group *group = group_find(commands[i].name);
        if (group)
            group_print_usages(group);
        else
            printf("%s %s\n", commands[i].name, commands[i].usage);
    }
}

static int run_help(const struct config *config, int argc, char **argv)
{
    (void)config;
    if (argc == 1 && !strcmp(argv[0], "--completion"))
        print_usages();
    else if (argc == 1 && group_find(argv[0]))
        group_print(group_find(argv[0]), stdout);
    else if (argc == 0)
        print_help(stdout);
    else
        return command_usage(
            "help",
            "takes nothing but --completion, or the name of a command that has others behind it");
    return EXIT_DONE;
}

static int run_version(const struct config *config, int argc, char **argv)
{
    (void)config, (void)argc, (void)argv;
    puts("therappai-auth " THERAPPAI_AUTH_VERSION);
    return EXIT_DONE;
}

static int run_openapi(const struct config *config, int argc, char **argv)
{
    (void)argv;
    if (argc > 0)
        return command_usage("openapi", "takes no arguments");
    openapi_print(config, stdout);
    return EXIT_DONE;
}

/* File, then environment, then --set; the usual file may be missing. */
static bool read_options(const struct invocation *invocation, struct config *config, char *message)
{
    const char *file = invocation->file ? invocation->file : getenv("THERAPPAI_AUTH_CONFIG");
    bool usual = !file || !*file;
    if (usual)
        file = THERAPPAI_AUTH_CONFIG_FILE;
    if (!(usual && access(file, F_OK) && errno == ENOENT) &&
        !config_read_file(config, file, message))
        return false;
    if (!config_read_environment(config, environ, message))
        return false;
    for (int i = 0; i < invocation->setting_count; i++)
        if (!config_set(config, invocation->settings[i], message))
            return false;
    return config_check(config, message);
}

static bool load_config(const struct invocation *invocation, struct config *config, char *message)
{
    config_init(config);
    if (read_options(invocation, config, message))
        return true;
    config_clear(config);
    return false;
}

static bool has_keys(const struct config *config, char *message, size_t size)
{
    struct keyset *keyset = NULL;
    char reason[KEY_MESSAGE_SIZE];
    bool loaded = !keyset_load(config->key_directory, &keyset, reason);
    if (!loaded)
        snprintf(message, size, "%s", reason);
    keyset_free(keyset);
    return loaded;
}

static bool make_run_directory(const struct config *config, char *message, size_t size)
{
    umask(0077);
    if (mkdir(config->run_directory, 0750) == 0 || errno == EEXIST)
        return true;
    snprintf(message, size, "run_directory %s: %s", config->run_directory, strerror(errno));
    return false;
}

/* Options, keys, files of the mail, and directory; so that a bad reload stops at the master. */
static bool reload(void *context, struct config *config, char message[MASTER_MESSAGE_SIZE])
{
    if (!load_config(context, config, message))
        return false;
    if (has_keys(config, message, MASTER_MESSAGE_SIZE) && mail_file_check(config, message) &&
        make_run_directory(config, message, MASTER_MESSAGE_SIZE))
        return true;
    config_clear(config);
    return false;
}

/* The defects of a build or an installation that must stop the start. */
static bool may_start(const struct config *config)
{
    char message[KEY_MESSAGE_SIZE];
    const char *flaw = routes_flaw();
    if (!flaw && !has_keys(config, message, sizeof message))
        flaw = message;
    if (!flaw && !mail_file_check(config, message))
        flaw = message;
    if (flaw)
        LOG(LOG_LEVEL_ERROR, "not_started", log_text("reason", flaw));
    return !flaw;
}

static int run_serve(const struct config *config, int argc, char **argv)
{
    (void)argv;
    char message[MASTER_MESSAGE_SIZE];
    if (argc > 0)
        return command_usage("serve", "takes no arguments");
    if (!may_start(config))
        return EXIT_FAILED;
    if (!make_run_directory(config, message, sizeof message)) {
        LOG(LOG_LEVEL_ERROR, "not_started", log_text("reason", message));
        return EXIT_FAILED;
    }
    return master_run(config, reload, (void *)current_invocation);
}

static int run_housekeeper(const struct config *config, int argc, char **argv)
{
    bool once = argc == 1 && !strcmp(argv[0], "--once");
    if (argc > 0 && !once)
        return command_usage("housekeeper", "takes nothing but --once");
    return housekeeper_run(config, once);
}

static int run_worker(const struct config *config)
{
    if (!may_start(config))
        return EXIT_FAILED;
    umask(0077);
    return worker_run(config, STDIN_FILENO, NULL);
}

/* Options may stand before and behind the command; what is none belongs to the command. */
static bool parse_arguments(int argc, char **argv, struct invocation *invocation)
{
    invocation->arguments = argv;
    for (int i = 1; i < argc; i++) {
        bool config = !strcmp(argv[i], "--config"), set = !strcmp(argv[i], "--set");
        if (!config && !set) {
            invocation->arguments[invocation->argument_count++] = argv[i];
            continue;
        }
        if (++i == argc || (set && invocation->setting_count == SETTINGS_MAX))
            return false;
        if (config)
            invocation->file = argv[i];
        else
            invocation->settings[invocation->setting_count++] = argv[i];
    }
    return true;
}

static const struct command *find_command(const char *name)
{
    static const struct {
        const char *option, *command;
    } aliases[] = { { "--help", "help" },
                    { "-h", "help" },
                    { "--version", "version" },
                    { "--print-config", "print-config" } };
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (!strcmp(name, aliases[i].option))
            name = aliases[i].command;
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(name, commands[i].name))
            return &commands[i];
    return NULL;
}

static int run(const struct invocation *invocation, const struct command *command)
{
    char message[CONFIG_MESSAGE_SIZE];
    struct config config;
    if (command && (command->run == run_help || command->run == run_version))
        return command->run(NULL, invocation->argument_count - 1, invocation->arguments + 1);
    if (!load_config(invocation, &config, message)) {
        fprintf(stderr, "therappai-auth: %s\n", message);
        return EXIT_USAGE;
    }
    log_open((enum log_level)config.log_level, (enum log_format)config.log_format,
             (enum log_target)config.log_target);
    int status =
        command ? command->run(&config, invocation->argument_count - 1, invocation->arguments + 1)
                : run_worker(&config);
    config_clear(&config);
    return status;
}

/* So that no file or socket gets the number of a standard stream, and log lines with it. */
static void open_standard_streams(void)
{
    int descriptor;
    do
        descriptor = open("/dev/null", O_RDWR);
    while (descriptor >= 0 && descriptor <= STDERR_FILENO);
    if (descriptor >= 0)
        close(descriptor);
}

/* Keys and passwords are in memory; they are not to be written to a file when something goes wrong.
 */
static void forbid_core_dumps(void)
{
    const struct rlimit none = { 0, 0 };
    setrlimit(RLIMIT_CORE, &none);
}

int main(int argc, char **argv)
{
    static struct invocation invocation;
    const struct command *command = NULL;
    open_standard_streams();
    forbid_core_dumps();
    if (!secret_start())
        return command_usage("start", "the cryptographic library is not usable");
    if (!parse_arguments(argc, argv, &invocation))
        return command_usage("--config and --set", "take a value");
    if (invocation.argument_count > 0) {
        command = find_command(invocation.arguments[0]);
        if (!command) {
            fprintf(stderr, "therappai-auth: there is no command '%s'\n\n",
                    invocation.arguments[0]);
            print_help(stderr);
            return EXIT_USAGE;
        }
    } else if (!listen_is_listener(STDIN_FILENO)) {
        fputs("therappai-auth is started by a web server or spawn-fcgi, or as 'therappai-auth "
              "serve'.\n\n",
              stderr);
        print_help(stderr);
        return EXIT_USAGE;
    }
    current_invocation = &invocation;
    return run(&invocation, command);
}
