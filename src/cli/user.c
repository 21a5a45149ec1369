/* user - therappai-auth user: the accounts. */
#include "cli/account.h"
#include "cli/arguments.h"
#include "cli/group.h"
#include "cli/number.h"
#include "cli/user_change.h"
#include "cli/user_transfer.h"
#include <stddef.h>
#include <stdio.h>

enum { LIST_DEFAULT = 100, LIST_MAX = 100000 };

static int list(const struct config *config, const struct registry_filter *filter, bool json)
{
    struct operator_desk desk;
    struct table *table = account_table();
    operator_open(config, &desk);
    enum error error = registry_list(&desk.auth, filter, table_take, table);
    if (!error)
        table_print(table, json);
    if (!error && table_rows(table) == (size_t)filter->most)
        fputs("therappai-auth: user list: there may be more (--limit, --after)\n", stderr);
    table_free(table);
    operator_close(&desk);
    if (error)
        return operator_fail("user list", error);
    return table_finish_output("user list") ? EXIT_DONE : EXIT_FAILED;
}

static int user_list(const struct config *config, int argc, char **argv)
{
    bool json = false, disabled = false, enabled = false;
    const char *after = NULL, *most = NULL;
    struct registry_filter filter = { .most = LIST_DEFAULT };
    const struct arguments_option options[] = {
        { "--role", NULL, &filter.role },
        { "--disabled", &disabled, NULL },
        { "--enabled", &enabled, NULL },
        { "--after", NULL, &after },
        { "--limit", NULL, &most },
        { "--json", &json, NULL },
        { NULL, NULL, NULL },
    };
    if (!arguments_take("user list", &argc, argv, options, (struct arguments_words){ 0, 1 }))
        return EXIT_USAGE;
    if (!number_parse(after, 0, INT64_MAX, &filter.after))
        return command_usage("user list", "--after takes the id of an account");
    if (!number_parse(most, 1, LIST_MAX, &filter.most))
        return command_usage("user list", "--limit takes a number from 1 to 100000");
    if (disabled && enabled)
        return command_usage("user list", "takes --disabled or --enabled, not both");
    filter.part = argc > 0 ? argv[0] : NULL;
    if (disabled || enabled)
        filter.disabled = disabled ? "t" : "f";
    return list(config, &filter, json);
}

static int user_show(const struct config *config, int argc, char **argv)
{
    bool json = false;
    int64_t id = 0;
    struct operator_desk desk;
    const struct arguments_option options[] = { { "--json", &json, NULL }, { NULL, NULL, NULL } };
    if (!arguments_take("user show", &argc, argv, options, (struct arguments_words){ 1, 1 }))
        return EXIT_USAGE;
    struct table *table = account_table();
    operator_open(config, &desk);
    bool good = account_find(&desk, "user show", argv[0], &id, table);
    if (good)
        table_print_record(table, json);
    table_free(table);
    operator_close(&desk);
    return good && table_finish_output("user show") ? EXIT_DONE : EXIT_FAILED;
}

static const struct command commands[] = {
    { "add", "EMAIL --name NAME [--role ROLE] [--json]",
      "make an account; its password is asked for, or a line of stdin", user_add },
    { "list", "[PART] [--role ROLE] [--disabled] [--enabled] [--after ID] [--limit N] [--json]",
      "the accounts, or those with PART in address or name, by id", user_list },
    { "show", "USER [--json]", "one account; USER is its address or its id", user_show },
    { "disable", "USER [--force]", "end its sessions, and let it neither log in nor refresh",
      user_disable },
    { "enable", "USER", "let it log in again", user_enable },
    { "passwd", "USER", "a new password, asked for, or a line of stdin; its sessions end",
      user_passwd },
    { "role", "USER --add ROLE | --remove ROLE [--force]", "give it a role, or take one away",
      user_role },
    { "delete", "USER [--yes] [--force]", "remove it and all that is of it; asks at a terminal",
      user_delete },
    { "export", "[--output FILE]", "every account, with its password hash, as a line of JSON",
      user_export },
    { "import", "[--input FILE]", "accounts from such lines; those that are there stay as they are",
      user_import },
    { NULL, NULL, NULL, NULL },
};

const struct command_group user_group = { "user", commands };
