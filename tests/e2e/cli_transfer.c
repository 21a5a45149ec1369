/* cli_transfer - user export and user import: accounts as lines of JSON. */
#include "support/cli.h"
#include "support/expect.h"
#include "support/flows.h"
#include "support/guard.h"
#include "support/http_client.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(cli_transfer, .fini = stack_stop);

/* Of PASSWORD (support/flows.h), in four lanes, as another program makes it. */
#define HASH                                                                                       \
    "$argon2id$v=19$m=1024,t=1,p=4$c29tZXNhbHRzb21lc2FsdA$"                                        \
    "2dQMwgThyM1F/xt2MZw35QazYDnFy4QkopDGPzohw28"
#define LINE(email) "{'email':'" email "','name':'Eve','password_hash':'" HASH "'}\n"

static const char *write_file(const char *name, const char *content)
{
    const char *path = stack_path(name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(content, file);
    fclose(file);
    return path;
}

static const char *read_file(const char *path)
{
    static char content[CLI_OUTPUT_SIZE];
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s", path);
    content[fread(content, 1, sizeof content - 1, file)] = '\0';
    fclose(file);
    return content;
}

/* ---- there and back ---------------------------------------------------------------------------*/

Test(cli_transfer, accounts_come_back_as_they_were)
{
    STACK();
    sign_up("ada@example.org");
    sign_up("eve@example.org");
    stack_sql("insert into user_roles select id, 'admin' from users where email like 'ada%%'");
    stack_sql(
        "update users set disabled_at = now(), name = 'Zoë \"Z\" \\' where email like 'eve%%'");
    const char *path = stack_path("accounts.jsonl");
    cr_assert_eq(CLI("user", "export", "--output", path), 0, "%s", cli_output);
    cli_expect("password hashes");
    cli_expect("2 accounts exported");
    const char *before =
        stack_sql("select string_agg(concat_ws('|', email, email_key, name,"
                  " password, disabled_at is null), ',' order by email) from users");
    stack_sql("delete from users");
    cr_assert_eq(CLI("user", "import", "--input", path), 0, "%s", cli_output);
    cli_expect("2 accounts imported");
    cr_assert_str_eq(before,
                     stack_sql("select string_agg(concat_ws('|', email, email_key, name,"
                               " password, disabled_at is null), ',' order by email) from users"));
    cr_assert_str_eq(stack_sql("select string_agg(role, ' ' order by role) from user_roles join"
                               " users on id = user_id where email like 'ada%%'"),
                     "admin user");
    log_in("ada@example.org");
    expect_problem(HTTP("POST", "/login/", .body = log_in_body("eve@example.org", PASSWORD)), 403,
                   "Forbidden", "forbidden");
}

Test(cli_transfer, each_line_is_an_object_that_programs_can_read)
{
    STACK(.kind = STACK_NOTHING);
    stack_sql("insert into users (email, email_key, name, password)"
              " values ('a@example.org', 'a@example.org', E'A\\u202eB', '" HASH "')");
    cr_assert_eq(cli_shell("\"$0\" user export 2>/dev/null"), 0, "%s", cli_output);
    json_object *object = cli_json();
    cr_assert_str_eq(json_object_get_string(json_object_object_get(object, "name")), "A\u202eB");
    cr_assert_str_eq(json_object_get_string(json_object_object_get(object, "password_hash")), HASH);
    cr_assert_eq(strlen(cli_output), strcspn(cli_output, "\n") + 1, "%s", cli_output);
    cr_assert_null(strstr(cli_output, "\u202e"));
    json_object_put(object);
}

Test(cli_transfer, an_export_is_its_owners_alone)
{
    struct stat status;
    STACK(.kind = STACK_NOTHING);
    const char *path = stack_path("accounts.jsonl");
    cr_assert_eq(cli_shell(text("umask 000; \"$0\" user export --output '%s'", path)), 0, "%s",
                 cli_output);
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_mode & 07777, 0600);
    /* One that exists may be open to others. */
    write_file("mine.txt", "mine");
    cr_assert_eq(CLI("user", "export", "--output", stack_path("mine.txt")), 1, "%s", cli_output);
    cli_expect("File exists");
    cr_assert_str_eq(read_file(stack_path("mine.txt")), "mine");
}

Test(cli_transfer, an_export_that_fails_says_so_and_leaves_no_file)
{
    STACK(.kind = STACK_NOTHING);
    stack_sql("insert into users (email, email_key, name, password) select n, n, n, n from"
              " generate_series(1, 2000) n");
    cr_assert_eq(cli_shell("\"$0\" user export >/dev/full"), 1, "%s", cli_output);
    cli_expect("cannot write");
    const char *path = stack_path("accounts.jsonl");
    cr_assert_eq(
        CLI("--set", "database=host=/nonexistent dbname=x", "user", "export", "--output", path), 1,
        "%s", cli_output);
    cli_expect("database does not answer");
    cr_assert_neq(access(path, F_OK), 0);
    cr_assert_eq(cli_shell("set -o pipefail; \"$0\" user export 2>/dev/null | head -n 1"), 141,
                 "%s", cli_output);
}

Test(cli_transfer, the_audit_log_knows_the_operator)
{
    STACK(.kind = STACK_NOTHING);
    const char *file = write_file("lines", as_json(LINE("eve@example.org")));
    const char *script =
        text("unset SUDO_USER; \"$0\" user export && \"$0\" user import <'%s'", file);
    cr_assert_eq(cli_shell(script), 0, "%s", cli_output);
    cr_assert_str_eq(
        stack_sql("select string_agg(distinct event || ' ' || operator, ',') from audit"),
        text("user_imported %s,users_exported %s", getpwuid(getuid())->pw_name,
             getpwuid(getuid())->pw_name));
    cr_assert_eq(
        cli_shell("SUDO_USER=nobody \"$0\" user export && SUDO_USER='a b' \"$0\" user export"), 0,
        "%s", cli_output);
    cr_assert_str_eq(
        stack_sql("select string_agg(operator, ' ' order by id desc) from (select * from"
                  " audit order by id desc limit 2) newest"),
        text("%s nobody", getpwuid(getuid())->pw_name));
}

/* ---- import -----------------------------------------------------------------------------------*/

Test(cli_transfer, an_import_goes_on_where_it_was_broken_off)
{
    STACK();
    const char *one = write_file("one", as_json(LINE("one@example.org")));
    const char *all = write_file("all", as_json(LINE("one@example.org") "\r\n\n" LINE(
                                            "ONE@example.org") LINE("two@example.org")));
    cr_assert_eq(cli_shell(text("\"$0\" user import <'%s'", one)), 0, "%s", cli_output);
    cr_assert_eq(cli_shell(text("\"$0\" user import <'%s'", all)), 0, "%s", cli_output);
    cli_expect("1 accounts imported");
    cli_expect("2 were there already");
    log_in("one@example.org");
    log_in("two@example.org");
}

Test(cli_transfer, lines_that_are_wrong_are_named_and_not_repeated)
{
    static const char *const wrong[] = {
        "nonsense swordfish",
        "[]",
        "{}",
        "{'email':'a@example.org'",
        "{'email':'a@example.org','name':'A'}",
        "{'email':'a@example.org','name':'A','password_hash':'swordfish'}",
        "{'email':'a@example.org','name':'A','password_hash':'$2b$12$swordfish'}",
        "{'email':'swordfish','name':'A','password_hash':'" HASH "'}",
        "{'email':'a@example.org','name':7,'password_hash':'" HASH "'}",
        "{'email':'a@example.org','name':'A\\u0000B','password_hash':'" HASH "'}",
        "{'email':'a@example.org','name':'A','password_hash':'" HASH "','roles':'user'}",
        "{'email':'a@example.org','name':'A','password_hash':'" HASH "','roles':['user admin']}",
        "{'email':'a@example.org','name':'A','password_hash':'" HASH "','roles':['god']}",
        "{'email':'a@example.org','name':'A','password_hash':'" HASH "','disabled':'no'}",
        "{'email':'a@example.org','name':'A','password_hash':'" HASH "'} {}",
    };
    STACK();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *file = write_file(
            "lines", as_json(text(LINE("first%zu@example.org") "%s\n" LINE("last%zu@example.org"),
                                  i, wrong[i], i)));
        cr_assert_eq(CLI("user", "import", "--input", file), 1, "%s: %s", wrong[i], cli_output);
        cli_expect("user import: line 2: ");
        cli_expect("2 accounts imported");
        cli_expect("1 lines were not imported");
        cr_assert_null(strstr(cli_output, "swordfish"), "%s", cli_output);
    }
    cr_assert_str_eq(stack_sql("select count(*) from users where email not like '%%t_@%%'"
                               " and email not like '%%t1_@%%'"),
                     "0");
}

Test(cli_transfer, a_line_without_an_end_is_not_taken_into_memory)
{
    STACK(.kind = STACK_NOTHING);
    cr_assert_eq(cli_shell("(head -c 3000000 /dev/zero | tr '\\0' x; echo) | \"$0\" user import"),
                 1, "%s", cli_output);
    cli_expect("line 1: this is longer than any account");
}

Test(cli_transfer, without_the_database_an_import_stops_at_once)
{
    STACK(.kind = STACK_NOTHING);
    const char *file =
        write_file("lines", as_json(LINE("one@example.org") LINE("two@example.org")));
    cr_assert_eq(
        CLI("--set", "database=host=/nonexistent dbname=x", "user", "import", "--input", file), 1,
        "%s", cli_output);
    cli_expect("database does not answer");
    cli_expect("0 accounts imported");
    cr_assert_eq(CLI("user", "import", "--input", stack_path("none")), 1);
    cli_expect("No such file");
    cr_assert_eq(CLI("user", "import", file), 2);
    cr_assert_eq(CLI("user", "export", "--json"), 2);
    cr_assert_eq(CLI("user"), 2);
    cr_assert_eq(CLI("user", "frobnicate"), 2);
    cli_expect("user import");
}
