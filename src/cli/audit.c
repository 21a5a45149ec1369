/* audit - therappai-auth audit: who did what to which account. */
#include "auth/audit.h"
#include "cli/account.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/number.h"
#include <string.h>

enum { ROWS_DEFAULT = 100, ROWS_MAX = 100000 };

static const char command[] = "audit";

/* In the order of enum audit_column. */
static const struct table_column columns[AUDIT_COLUMNS] = {
    [AUDIT_AT] = { "at", COLUMN_TEXT },
    [AUDIT_EVENT] = { "event", COLUMN_TEXT },
    [AUDIT_USER] = { "user", COLUMN_NUMBER },
    [AUDIT_ACTOR] = { "actor", COLUMN_NUMBER },
    [AUDIT_OPERATOR] = { "operator", COLUMN_TEXT },
    [AUDIT_SESSION] = { "session", COLUMN_TEXT },
    [AUDIT_ADDRESS] = { "address", COLUMN_TEXT },
    [AUDIT_REQUEST_ID] = { "request_id", COLUMN_TEXT },
    [AUDIT_DETAIL] = { "detail", COLUMN_TEXT },
    [AUDIT_ID] = { "id", COLUMN_NUMBER },
};

/* The log keeps the ids of accounts that are gone: an id need not be anybody's. */
static bool find_user(struct operator_desk *desk, const char *who, int64_t *id)
{
    return !who || (number_parse(who, 1, INT64_MAX, id) && *id) ||
           account_find(desk, command, who, id, NULL);
}

static int list(struct operator_desk *desk, const char *who, struct audit_filter *filter, bool json)
{
    if (!find_user(desk, who, &filter->user_id))
        return EXIT_FAILED;
    struct table *table = table_new(columns, AUDIT_COLUMNS);
    enum error error = audit_list(&desk->auth, filter, table_take, table);
    if (!error)
        table_print(table, json);
    table_free(table);
    if (error)
        return operator_fail(command, error);
    return table_finish_output(command) ? EXIT_DONE : EXIT_FAILED;
}

int command_audit(const struct config *config, int argc, char **argv)
{
    bool json = false;
    const char *who = NULL, *since = NULL, *most = NULL;
    struct audit_filter filter = { .most = ROWS_DEFAULT };
    struct operator_desk desk;
    const struct arguments_option options[] = {
        { "--user", NULL, &who },   { "--event", NULL, &filter.event }, { "--since", NULL, &since },
        { "--limit", NULL, &most }, { "--json", &json, NULL },          { NULL, NULL, NULL },
    };
    if (!arguments_take(command, &argc, argv, options, (struct arguments_words){ 0, 0 }))
        return EXIT_USAGE;
    if (!number_parse_time(since, &filter.seconds))
        return command_usage(command, "--since takes 90s, 15m, 12h or 30d");
    if (!number_parse(most, 1, ROWS_MAX, &filter.most))
        return command_usage(command, "--limit takes a number from 1 to 100000");
    operator_open(config, &desk);
    int status = list(&desk, who, &filter, json);
    operator_close(&desk);
    return status;
}
