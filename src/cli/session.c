/* session - therappai-auth session: the logins of an account. */
#include "cli/account.h"
#include "cli/arguments.h"
#include "cli/group.h"
#include <inttypes.h>
#include <stdio.h>

/* In the order of enum registry_session. */
static const struct table_column columns[REGISTRY_SESSION_COLUMNS] = {
    [REGISTRY_SESSION_ID] = { "id", COLUMN_TEXT },
    [REGISTRY_SESSION_CREATED] = { "created", COLUMN_TEXT },
    [REGISTRY_SESSION_LAST_USED] = { "last_used", COLUMN_TEXT },
    [REGISTRY_SESSION_EXPIRES] = { "expires", COLUMN_TEXT },
    [REGISTRY_SESSION_ADDRESS] = { "address", COLUMN_TEXT },
    [REGISTRY_SESSION_USER_AGENT] = { "user_agent", COLUMN_TEXT },
};

static int list(struct operator_desk *desk, const char *who, bool json)
{
    static const char command[] = "session list";
    int64_t id = 0;
    if (!account_find(desk, command, who, &id, NULL))
        return EXIT_FAILED;
    struct table *table = table_new(columns, REGISTRY_SESSION_COLUMNS);
    enum error error = registry_sessions(&desk->auth, id, table_take, table);
    if (!error)
        table_print(table, json);
    table_free(table);
    if (error)
        return operator_fail(command, error);
    return table_finish_output(command) ? EXIT_DONE : EXIT_FAILED;
}

static int session_list(const struct config *config, int argc, char **argv)
{
    bool json = false;
    struct operator_desk desk;
    const struct arguments_option options[] = { { "--json", &json, NULL }, { NULL, NULL, NULL } };
    if (!arguments_take("session list", &argc, argv, options, (struct arguments_words){ 1, 1 }))
        return EXIT_USAGE;
    operator_open(config, &desk);
    int status = list(&desk, argv[0], json);
    operator_close(&desk);
    return status;
}

static int end(struct operator_desk *desk, const char *session, const char *who)
{
    static const char command[] = "session end";
    int64_t id = 0, count = 0;
    if (who && !account_find(desk, command, who, &id, NULL))
        return EXIT_FAILED;
    enum error error = registry_end_sessions(&desk->auth, session, id, &desk->actor, &count);
    if (!error && session && count == 0)
        error = ERROR_NOT_FOUND;
    if (error)
        return operator_fail(command, error);
    printf("%" PRId64 " %s.\n", count, count == 1 ? "session has ended" : "sessions have ended");
    return table_finish_output(command) ? EXIT_DONE : EXIT_FAILED;
}

static int session_end(const struct config *config, int argc, char **argv)
{
    const char *who = NULL;
    struct operator_desk desk;
    const struct arguments_option options[] = { { "--user", NULL, &who }, { NULL, NULL, NULL } };
    if (!arguments_take("session end", &argc, argv, options, (struct arguments_words){ 0, 1 }))
        return EXIT_USAGE;
    if ((argc == 1) == (who != NULL))
        return command_usage("session end", "takes the id of a session, or --user USER");
    operator_open(config, &desk);
    int status = end(&desk, who ? NULL : argv[0], who);
    operator_close(&desk);
    return status;
}

static const struct command commands[] = {
    { "list", "USER [--json]", "the sessions that live, the last used first", session_list },
    { "end", "SESSION | --user USER", "end one session, or all of an account", session_end },
    { NULL, NULL, NULL, NULL },
};

const struct command_group session_group = { "session", commands };
