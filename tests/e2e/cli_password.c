/* cli_password - passwords at the command line: typed twice and unseen, or a line of stdin; never
 * in the arguments, where everybody on the host could read them. */
#include "support/cli.h"
#include "support/expect.h"
#include "support/flows.h"
#include "support/guard.h"
#include "support/http_client.h"
#include "support/processes.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

TestSuite(cli_password, .fini = stack_stop);

#define WANTED "swordfish in the moat"

static void expect_login(const char *password, int status)
{
    cr_assert_eq(HTTP("POST", "/login/", .body = log_in_body("ada@example.org", password))->status,
                 status);
}

Test(cli_password, is_typed_twice_and_not_shown)
{
    static const struct terminal_step steps[] = { { "Password: ", WANTED "\n", 0 },
                                                  { "Once more: ", WANTED "\n", 0 },
                                                  { 0 } };
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    cr_assert_eq(CLI_TERMINAL(steps, "user", "passwd", "ada@example.org"), 0, "%s", cli_output);
    cr_assert_null(strstr(cli_output, "swordfish"), "%s", cli_output);
    expect_login(PASSWORD, 401);
    expect_login(WANTED, 200);
    expect_problem(HTTP("POST", "/refresh/", .body = refresh_body(tokens.refresh)), 400,
                   "Invalid refresh token", "invalid_refresh_token");
    cr_assert_eq(CLI_TERMINAL(steps, "user", "add", "eve@example.org", "--name", "Eve"), 0, "%s",
                 cli_output);
    cr_assert_null(strstr(cli_output, "swordfish"), "%s", cli_output);
}

Test(cli_password, that_is_typed_wrong_changes_nothing)
{
    static const struct {
        struct terminal_step steps[3];
        int status;
        const char *told;
    } cases[] = {
        { { { "Password: ", WANTED "\n", 0 }, { "Once more: ", "another one\n", 0 } },
          1,
          "differ" },
        { { { "Password: ", "\n", 0 } }, 1, "there is no password" },
        { { { "Password: ", "\x04", 0 } }, 1, "there is no password" },
        { { { "Password: ", "short\n", 0 }, { "Once more: ", "short\n", 0 } }, 1, "assword" },
        { { { "Password: ", "half of it\x03", 0 } }, 128 + SIGINT, "Password: " },
        { { { "Password: ", NULL, SIGTERM } }, 128 + SIGTERM, "Password: " },
        { { { "Password: ", WANTED "\n", 0 }, { "Once more: ", NULL, SIGHUP } },
          128 + SIGHUP,
          "Once more: " },
    };
    STACK();
    sign_up("ada@example.org");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(CLI_TERMINAL(cases[i].steps, "user", "passwd", "ada@example.org"),
                     cases[i].status, "%zu: %s", i, cli_output);
        cli_expect(cases[i].told);
        cr_assert_null(strstr(cli_output, "swordfish"), "%s", cli_output);
    }
    expect_login(PASSWORD, 200);
}

Test(cli_password, is_a_line_of_stdin_where_there_is_no_terminal)
{
    static const struct {
        const char *input;
        int status;
        const char *told;
    } cases[] = {
        { "printf ''", 1, "there is no password on standard input" },
        { "printf '\\n" WANTED "\\n'", 1, "there is no password on standard input" },
        { "printf 'short\\n'", 1, "assword" },
        { "printf 'swordfish\\0in the moat\\n'", 1, "NUL" },
        { "head -c 100000 /dev/zero | tr '\\0' x", 1, "longer than any password" },
        { "printf '" WANTED "\\nand more\\n'", 0, "is new" },
        { "printf '" WANTED "'", 0, "is new" },
    };
    STACK();
    sign_up("ada@example.org");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(cli_shell(text("(%s) 2>/dev/null | \"$0\" user passwd ada@example.org",
                                    cases[i].input)),
                     cases[i].status, "%s: %s", cases[i].input, cli_output);
        cli_expect(cases[i].told);
        cr_assert_null(strstr(cli_output, "swordfish"), "%s", cli_output);
        expect_login(WANTED, cases[i].status == 0 ? 200 : 401);
    }
    cr_assert_eq(cli_shell("\"$0\" user passwd ada@example.org <&-"), 1, "%s", cli_output);
}

/* Who tries it is told no, and does not find it in the terminal's history of lines as well. */
Test(cli_password, is_not_taken_from_the_arguments)
{
    static const char *const wrong[] = {
        "user passwd ada@example.org swordfish",
        "user passwd ada@example.org --password swordfish",
        "user add eve@example.org --name Eve swordfish",
        "user add eve@example.org --name Eve --password swordfish",
    };
    STACK(.kind = STACK_NOTHING);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_assert_eq(cli_shell(text("\"$0\" %s", wrong[i])), 2, "%s: %s", wrong[i], cli_output);
        cr_assert_null(strstr(cli_output, "swordfish"), "%s", cli_output);
    }
}

/* While it asks, after it has read the password, and in every log afterwards. */
Test(cli_password, stands_neither_in_the_process_list_nor_in_a_log)
{
    static const char *const logs[] = { "service.log", "access.log", "lighttpd.log" };
    STACK();
    sign_up("ada@example.org");
    /* The shell's own arguments have no password, either: it comes from a file. */
    FILE *file = fopen(stack_path("password"), "w");
    cr_assert_not_null(file);
    fputs(WANTED "\n", file);
    fclose(file);
    cr_assert_eq(cli_shell(text("mkfifo '%s'; \"$0\" user passwd ada@example.org <'%s' & "
                                "exec 3>'%s'; cat '%s' >&3; "
                                "for i in 1 2 3 4 5; do tr '\\0' ' ' </proc/$!/cmdline;"
                                " tr '\\0' ' ' </proc/$!/environ; sleep 0.01; done; "
                                "exec 3>&-; wait $!",
                                stack_path("pipe"), stack_path("pipe"), stack_path("pipe"),
                                stack_path("password"))),
                 0, "%s", cli_output);
    cli_expect("user passwd ada@example.org");
    cr_assert_null(strstr(cli_output, "swordfish"), "%s", cli_output);
    expect_login(WANTED, 200);
    stack_stop_web_server();
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++)
        cr_assert_eq(cli_shell(text("grep -c swordfish '%s'", stack_path(logs[i]))), 1, "%s: %s",
                     logs[i], cli_output);
    cr_assert_eq(cli_shell(text("grep -c swordfish '%s'", stack_path("password"))), 0);
}
