/* user_change - see user_change.h. */
#include "cli/user_change.h"
#include "auth/email.h"
#include "auth/password.h"
#include "auth/role.h"
#include "auth/user.h"
#include "cli/account.h"
#include "cli/arguments.h"
#include "cli/password_prompt.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_SIZE = 300, ID_SIZE = 24 };

/* "therappai-auth: COMMAND: what" */
static int fail(const char *command, const char *what)
{
    fprintf(stderr, "therappai-auth: %s: %s\n", command, what);
    return EXIT_FAILED;
}

/* One that the service takes, or NULL; to be freed. */
static struct secret *take_password(const char *command)
{
    struct secret *password = password_prompt(command);
    const char *flaw = password ? password_flaw(password) : NULL;
    if (!flaw)
        return password;
    fail(command, flaw);
    secret_free(password);
    return NULL;
}

/* Add -------------------------------------------------------------------------------------------*/

struct new_account {
    const char *email, *name, *role;
    bool json;
};

static const char *flaw_of(const struct new_account *account)
{
    const char *flaw = email_flaw(account->email, strlen(account->email));
    if (!flaw)
        flaw = user_name_flaw(account->name, strlen(account->name));
    if (!flaw && account->role)
        flaw = role_name_flaw(account->role);
    return flaw;
}

/* Every account has the role `user`, as one that signed up. */
static enum error add(struct operator_desk *desk, const struct new_account *account,
                      const struct secret *password, int64_t *id)
{
    char roles[ANSWER_SIZE];
    bool other = account->role && strcmp(account->role, "user") != 0;
    snprintf(roles, sizeof roles, "user%s%s", other ? " " : "", other ? account->role : "");
    return registry_add(&desk->auth, account->email, account->name, roles, password, &desk->actor,
                        id);
}

static int show_added(struct operator_desk *desk, int64_t id, bool json)
{
    char who[ID_SIZE];
    struct table *table = account_table();
    snprintf(who, sizeof who, "%" PRId64, id);
    bool good = account_find(desk, "user add", who, &id, table);
    if (good)
        table_print_record(table, json);
    table_free(table);
    return good && table_finish_output("user add") ? EXIT_DONE : EXIT_FAILED;
}

static int run_add(const struct config *config, const struct new_account *account)
{
    static const char command[] = "user add";
    struct operator_desk desk;
    int64_t id = 0;
    int status = EXIT_FAILED;
    struct secret *password = take_password(command);
    if (!password)
        return EXIT_FAILED;
    operator_open(config, &desk);
    if (operator_open_hash_queue(&desk, command)) {
        enum error error = add(&desk, account, password, &id);
        if (error == ERROR_NOT_FOUND)
            fail(command, "there is no such role");
        else if (error)
            operator_fail(command, error);
        else
            status = show_added(&desk, id, account->json);
    }
    operator_close(&desk);
    secret_free(password);
    return status;
}

int user_add(const struct config *config, int argc, char **argv)
{
    struct new_account account = { 0 };
    const struct arguments_option options[] = { { "--name", NULL, &account.name },
                                                { "--role", NULL, &account.role },
                                                { "--json", &account.json, NULL },
                                                { NULL, NULL, NULL } };
    if (!arguments_take("user add", &argc, argv, options, (struct arguments_words){ 1, 1 }))
        return EXIT_USAGE;
    if (!account.name)
        return command_usage("user add", "needs --name NAME");
    account.email = argv[0];
    const char *flaw = flaw_of(&account);
    return flaw ? command_usage("user add", flaw) : run_add(config, &account);
}

/* Change ----------------------------------------------------------------------------------------*/

/* One change of an account that exists; says what it did, in `done`, or that it was so already. */
struct change {
    const char *command, *done, *already;
    enum error (*make)(struct operator_desk *desk, int64_t id, const struct change *change,
                       bool *changed);
    const char *role;
    const struct secret *password;
    bool force; /* the last administrator too */
    /* Whether to go on; the account has been shown. NULL: yes. */
    bool (*confirm)(const char *who);
};

static bool find(struct operator_desk *desk, const struct change *change, const char *who,
                 int64_t *id)
{
    if (!change->confirm)
        return account_find(desk, change->command, who, id, NULL);
    struct table *table = account_table();
    bool found = account_find(desk, change->command, who, id, table);
    if (found)
        table_print_record(table, false);
    table_free(table);
    if (!found || !table_finish_output(change->command))
        return false;
    bool confirmed = change->confirm(who);
    if (!confirmed)
        fail(change->command, "nothing was done");
    return confirmed;
}

static int make(struct operator_desk *desk, const struct change *change, const char *who)
{
    int64_t id = 0;
    bool changed = false;
    if (!find(desk, change, who, &id))
        return EXIT_FAILED;
    enum error error = change->make(desk, id, change, &changed);
    if (error)
        return operator_fail(change->command, error);
    puts(changed ? change->done : change->already);
    return table_finish_output(change->command) ? EXIT_DONE : EXIT_FAILED;
}

static int run(const struct config *config, const struct change *change, const char *who)
{
    struct operator_desk desk;
    int status = EXIT_FAILED;
    operator_open(config, &desk);
    if (!change->password || operator_open_hash_queue(&desk, change->command))
        status = make(&desk, change, who);
    operator_close(&desk);
    return status;
}

/* USER and its options, then the change. */
static int take_and_run(const struct config *config, const struct change *change,
                        const struct arguments_option options[], int argc, char **argv)
{
    if (!arguments_take(change->command, &argc, argv, options, (struct arguments_words){ 1, 1 }))
        return EXIT_USAGE;
    return run(config, change, argv[0]);
}

static enum error make_disabled(struct operator_desk *desk, int64_t id, const struct change *change,
                                bool *changed)
{
    return registry_set_disabled(&desk->auth, id, true, change->force, &desk->actor, changed);
}

int user_disable(const struct config *config, int argc, char **argv)
{
    struct change change = { .command = "user disable",
                             .done = "The account is disabled, and its sessions have ended.",
                             .already = "The account was disabled already.",
                             .make = make_disabled };
    const struct arguments_option options[] = { { "--force", &change.force, NULL },
                                                { NULL, NULL, NULL } };
    return take_and_run(config, &change, options, argc, argv);
}

static enum error make_enabled(struct operator_desk *desk, int64_t id, const struct change *change,
                               bool *changed)
{
    return registry_set_disabled(&desk->auth, id, false, change->force, &desk->actor, changed);
}

int user_enable(const struct config *config, int argc, char **argv)
{
    const struct change change = { .command = "user enable",
                                   .done = "The account is enabled.",
                                   .already = "The account was enabled already.",
                                   .make = make_enabled };
    const struct arguments_option options[] = { { NULL, NULL, NULL } };
    return take_and_run(config, &change, options, argc, argv);
}

static enum error make_password(struct operator_desk *desk, int64_t id, const struct change *change,
                                bool *changed)
{
    return registry_set_password(&desk->auth, id, change->password, &desk->actor, changed);
}

int user_passwd(const struct config *config, int argc, char **argv)
{
    struct change change = { .command = "user passwd",
                             .done = "The password is new, and every session has ended.",
                             .already = "",
                             .make = make_password };
    const struct arguments_option options[] = { { NULL, NULL, NULL } };
    if (!arguments_take(change.command, &argc, argv, options, (struct arguments_words){ 1, 1 }))
        return EXIT_USAGE;
    struct secret *password = take_password(change.command);
    if (!password)
        return EXIT_FAILED;
    change.password = password;
    int status = run(config, &change, argv[0]);
    secret_free(password);
    return status;
}

static enum error give_role(struct operator_desk *desk, int64_t id, const struct change *change,
                            bool *changed)
{
    return registry_give_role(&desk->auth, id, change->role, &desk->actor, changed);
}

static enum error take_role(struct operator_desk *desk, int64_t id, const struct change *change,
                            bool *changed)
{
    return registry_take_role(&desk->auth, id, change->role, change->force, &desk->actor, changed);
}

int user_role(const struct config *config, int argc, char **argv)
{
    const char *given = NULL, *taken = NULL;
    bool force = false;
    const struct arguments_option options[] = { { "--add", NULL, &given },
                                                { "--remove", NULL, &taken },
                                                { "--force", &force, NULL },
                                                { NULL, NULL, NULL } };
    static const char command[] = "user role";
    if (!arguments_take(command, &argc, argv, options, (struct arguments_words){ 1, 1 }))
        return EXIT_USAGE;
    if (!given == !taken)
        return command_usage(command, "takes --add ROLE or --remove ROLE");
    const struct change give = { .command = command,
                                 .done = "The account has the role, from the next refresh on.",
                                 .already = "The account had the role already.",
                                 .make = give_role,
                                 .role = given };
    const struct change take = { .command = command,
                                 .done = "The account has lost the role, from the next refresh on.",
                                 .already = "The account did not have the role.",
                                 .make = take_role,
                                 .role = taken,
                                 .force = force };
    return run(config, given ? &give : &take, argv[0]);
}

/* Delete ----------------------------------------------------------------------------------------*/

static enum error make_deleted(struct operator_desk *desk, int64_t id, const struct change *change,
                               bool *changed)
{
    return registry_delete(&desk->auth, id, change->force, &desk->actor, changed);
}

/* The person has to type once more which account it is. */
static bool is_confirmed(const char *who)
{
    char answer[ANSWER_SIZE];
    fprintf(stderr, "This account and all that is of it will be gone. To go on, type '%s': ", who);
    fflush(stderr);
    if (!fgets(answer, sizeof answer, stdin))
        return false;
    answer[strcspn(answer, "\n")] = '\0';
    return !strcmp(answer, who);
}

int user_delete(const struct config *config, int argc, char **argv)
{
    bool yes = false;
    struct change change = { .command = "user delete",
                             .done = "The account is gone.",
                             .already = "",
                             .make = make_deleted };
    const struct arguments_option options[] = { { "--yes", &yes, NULL },
                                                { "--force", &change.force, NULL },
                                                { NULL, NULL, NULL } };
    if (!arguments_take(change.command, &argc, argv, options, (struct arguments_words){ 1, 1 }))
        return EXIT_USAGE;
    if (!yes && !isatty(STDIN_FILENO))
        return fail(change.command, "nothing was done; where nobody can be asked, say --yes");
    if (!yes)
        change.confirm = is_confirmed;
    return run(config, &change, argv[0]);
}
