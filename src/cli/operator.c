/* operator - see operator.h. */
#include "cli/operator.h"
#include "auth/hash_queue.h"
#include "auth/keyset.h"
#include "base/log.h"
#include "cli/command.h"
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

/* Commands run as the account of the service, by sudo: the person is whom it names. A name that is
 * no account's is none. */
static void write_name(char name[OPERATOR_NAME_SIZE])
{
    const char *person = getenv("SUDO_USER");
    /* cppcheck-suppress getpwnamCalled ; one thread */
    const struct passwd *account = person ? getpwnam(person) : NULL;
    if (!account)
        account = getpwuid(getuid()); /* cppcheck-suppress getpwuidCalled ; likewise */
    if (account)
        snprintf(name, OPERATOR_NAME_SIZE, "%s", account->pw_name);
    else
        snprintf(name, OPERATOR_NAME_SIZE, "uid %lu", (unsigned long)getuid());
}

static void open_as(const struct config *config, const char *conninfo, struct operator_desk *desk)
{
    const struct db_options options = { .conninfo = conninfo,
                                        .timeout_ms = config->database_timeout_ms,
                                        .prepare = config->database_prepare != 0,
                                        .application_name = "therappai-auth command" };
    *desk = (struct operator_desk){ .auth.config = config };
    log_open(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT, LOG_TARGET_STDERR);
    write_name(desk->name);
    desk->actor.operator_name = desk->name;
    desk->auth.db = db_new(&options);
}

void operator_open(const struct config *config, struct operator_desk *desk)
{
    open_as(config, config->database, desk);
}

void operator_open_owner(const struct config *config, struct operator_desk *desk)
{
    open_as(config, config->database_owner[0] ? config->database_owner : config->database, desk);
}

bool operator_open_hash_queue(struct operator_desk *desk, const char *command)
{
    char path[PATH_SIZE];
    const struct config *config = desk->auth.config;
    snprintf(path, sizeof path, "%s/hash-queue", config->run_directory);
    const struct hash_queue_options options = { .path = path,
                                                .slots = config->hash_slots,
                                                .queue = config->hash_queue,
                                                .timeout_ms = config->hash_timeout_ms };
    if (hash_queue_open(&options, &desk->auth.hash_queue) == ERROR_NONE)
        return true;
    fprintf(stderr,
            "therappai-auth: %s: the option run_directory names no directory that this "
            "account can use (mkdir -m 750 %s)\n",
            command, config->run_directory);
    return false;
}

void operator_close(struct operator_desk *desk)
{
    db_free(desk->auth.db);
    keyset_free(desk->auth.keyset);
    hash_queue_free(desk->auth.hash_queue);
    *desk = (struct operator_desk){ 0 };
}

static const struct {
    enum error error;
    const char *sentence;
} sentences[] = {
    { ERROR_NOT_FOUND, "there is no such account, role or session" },
    { ERROR_LAST_ADMIN, "nobody would be left who may administer by the service; --force does it" },
    { ERROR_EMAIL_TAKEN, "this email address has an account already" },
    { ERROR_DUPLICATE, "there is one already" },
    { ERROR_UNAVAILABLE, "the database does not answer (see therappai-auth doctor)" },
    { ERROR_BUSY, "the workers hash too many passwords just now; try again" },
};

int operator_fail(const char *command, enum error error)
{
    const char *sentence = "something went wrong; the lines above say what";
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++)
        if (sentences[i].error == error)
            sentence = sentences[i].sentence;
    fprintf(stderr, "therappai-auth: %s: %s\n", command, sentence);
    return EXIT_FAILED;
}
