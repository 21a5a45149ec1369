/* personal_info - GET and PUT /personal-info/ through a web server, and its keys. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/load.h"
#include "support/processes.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(personal_info, .fini = stack_stop);

#define MOOD "hopeful \xf0\x9f\x8c\xb1"

static const char *members[] = { "date_of_birth",  "goals", "therapy_focus",
                                 "addiction_type", "mood",  "contact_number" };

static const char *body(const char *mood)
{
    return text("{'date_of_birth':'1990-12-31','goals':'sleep','mood':'%s','addiction_type':null}",
                mood);
}

static const struct http_reply *put(const struct tokens *tokens, const char *content)
{
    return HTTP("PUT", "/personal-info/", .token = tokens->access, .body = content);
}

static void expect_mood(const struct tokens *tokens, const char *mood)
{
    const struct http_reply *reply = HTTP("GET", "/personal-info/", .token = tokens->access);
    expect_json(reply, 200);
    cr_assert_str_eq(member_text(reply, "mood"), mood);
}

static bool is_null(const struct http_reply *reply, const char *member)
{
    json_object *value = reply->object;
    return json_object_object_get_ex(reply->object, member, &value) && !value;
}

static int run(const char *word, const char *second, const char *third, char *output, size_t size)
{
    const char *const arguments[] = { word, second, third, NULL };
    return stack_run(arguments, output, size);
}

Test(personal_info, is_told_read_and_replaced_as_a_whole)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org"), bob = new_user("bob@example.org");
    const struct http_reply *reply = HTTP("GET", "/personal-info/", .token = tokens.access);
    expect_json(reply, 200);
    cr_assert_eq(json_object_object_length(reply->object), 6);
    for (size_t i = 0; i < 6; i++)
        cr_assert(is_null(reply, members[i]), "%s", members[i]);
    reply = put(&tokens, body(MOOD));
    expect_json(reply, 200);
    cr_assert_str_eq(member_text(reply, "mood"), MOOD);
    reply = HTTP("GET", "/personal-info/", .token = tokens.access);
    cr_assert_str_eq(member_text(reply, "date_of_birth"), "1990-12-31");
    cr_assert_str_eq(member_text(reply, "mood"), MOOD);
    cr_assert(is_null(reply, "contact_number") && is_null(reply, "addiction_type"));
    reply = put(&tokens, text("{'contact_number':'+49 30 1','goals':'','id':2}"));
    expect_json(reply, 200);
    cr_assert(is_null(reply, "mood") && is_null(reply, "goals"), "missing and empty are not told");
    reply = HTTP("GET", "/personal-info/", .token = bob.access);
    cr_assert(is_null(reply, "contact_number"), "another's");
}

Test(personal_info, that_is_wrong_changes_nothing)
{
    static const struct {
        const char *body, *member;
    } cases[] = {
        { "{'date_of_birth':'1990-02-30'}", "date_of_birth" },
        { "{'date_of_birth':19901231}", "date_of_birth" },
        { "{'goals':['sleep']}", "goals" },
        { "{'mood':'a\\u0007b'}", "mood" },
        { "{'mood':'a\\u0000b'}", "mood" },
        { "{'contact_number':'call me'}", "contact_number" },
    };
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    expect_json(put(&tokens, body("hopeful")), 200);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_field_error(put(&tokens, as_json(cases[i].body)), cases[i].member);
    expect_mood(&tokens, "hopeful");
}

Test(personal_info, needs_a_token_of_a_session_that_lives)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    expect_problem(HTTP("GET", "/personal-info/"), 401, "Unauthorized", "missing_token");
    expect_problem(HTTP("PUT", "/personal-info/", .body = body("x")), 401, "Unauthorized",
                   "missing_token");
    expect_no_content(HTTP("POST", "/logout/", .token = tokens.access));
    expect_problem(HTTP("GET", "/personal-info/", .token = tokens.access), 401, "Unauthorized",
                   "invalid_token");
    expect_problem(put(&tokens, body("x")), 401, "Unauthorized", "invalid_token");
}

Test(personal_info, is_in_the_export_and_in_no_log_and_not_readable_in_the_database)
{
    STACK(.settings = { "log_level = debug" });
    struct tokens tokens = new_user("ada@example.org");
    expect_json(put(&tokens, body("verysecretmood")), 200);
    const struct http_reply *reply = HTTP("GET", "/profile/export/", .token = tokens.access);
    expect_json(reply, 200);
    cr_assert(strstr(reply->body, "verysecretmood"), "%s", reply->body);
    cr_assert_str_eq(stack_sql("select count(*) from personal_info p where"
                               " position('verysecretmood'::bytea in p.mood) > 0"
                               " or p::text ~ encode('verysecretmood', 'hex')"),
                     "0");
    cr_assert_str_eq(stack_sql("set xmlbinary = hex; select d ~ 'ada@example' and not"
                               " d ~* ('verysecret|' || encode('verysecret', 'hex'))"
                               " from (select database_to_xml(true, false, '')::text) dump (d)"),
                     "t", "it stands somewhere in the database");
    stack_stop_web_server();
    cr_assert_null(strstr(stack_log(), "verysecret"), "%s", stack_log());
}

Test(personal_info, is_not_taken_without_a_key_and_everything_else_goes_on)
{
    char output[1024];
    STACK(.settings = { "workers = 1" });
    struct tokens tokens = new_user("ada@example.org");
    cr_assert_eq(unlink(stack_key("DATA")), 0);
    usleep(1200000); /* the directory is looked at once a second */
    size_t from = strlen(stack_log());
    expect_unavailable(put(&tokens, body("hopeful")));
    cr_assert(stack_log_await(from, "no_data_key"));
    expect_json(HTTP("GET", "/personal-info/", .token = tokens.access), 200);
    expect_json(HTTP("GET", "/profile/export/", .token = tokens.access), 200);
    const char *const arguments[] = { "key", "generate", "--algorithm", "DATA", NULL };
    cr_assert_eq(stack_run(arguments, output, sizeof output), 0, "%s", output);
    expect_json(put(&tokens, body("hopeful")), 200);
}

/* The keys of data change while people write, and the one who changes them is killed once. */
Test(personal_info, is_encrypted_anew_while_people_use_it_and_nothing_is_lost)
{
    char output[4096];
    STACK(.settings = { "workers = 4" });
    struct tokens tokens = new_user("ada@example.org"), bob = new_user("bob@example.org");
    expect_json(put(&bob, body("calm")), 200);
    stack_sql("insert into users (email, email_key, name, password)"
              " select 'p' || n, 'p' || n, 'P', 'x' from generate_series(1, 3000) n");
    stack_sql("insert into personal_info (user_id, key_id) select id, (select key_id from"
              " personal_info) from users where name = 'P'");
    struct tokens eve = new_user("eve@example.org"); /* the last to be encrypted anew */
    expect_json(put(&eve, body("sleepy")), 200);
    const char *old = text("%s", stack_sql("select min(key_id) from personal_info"));
    struct http_call writing =
        CALL("PUT", "/personal-info/", .token = tokens.access, .body = body("busy"));
    struct load *load = load_start(&writing, (struct load_options){ .clients = 2 });
    struct process process = { .arguments = { stack_program(), "--config",
                                              stack_path("therappai-auth.conf"), "key", "rotate",
                                              "--data" } };
    pid_t rotation = process_start(&process);
    for (int i = 0; i < 1000; i++) {
        if (atoi(stack_sql("select count(*) from personal_info where key_id <> '%s'", old)) > 200)
            break;
        usleep(5000);
    }
    kill(rotation, SIGKILL);
    cr_assert_eq(process_wait(rotation, 10000), 128 + SIGKILL, "it was done already");
    cr_assert_eq(run("key", "rotate", "--data", output, sizeof output), 0, "%s", output);
    cr_assert(strstr(output, "going on with it"), "%s", output);
    load_stop(load);
    cr_assert_gt(load_count(load, 200, 200), 50, "%s", load_summary(load));
    cr_assert_eq(load_count(load, 201, 599) + load_failures(load), 0, "%s", load_summary(load));
    cr_assert_str_eq(stack_sql("select count(distinct key_id) || ' ' || count(*)"
                               " from personal_info"),
                     "1 3003");
    expect_mood(&bob, "calm");
    expect_mood(&eve, "sleepy");
    expect_mood(&tokens, "busy");
}

Test(personal_info, keeps_a_key_that_is_needed)
{
    char output[4096];
    STACK(.settings = { "workers = 1" });
    struct tokens tokens = new_user("ada@example.org");
    expect_json(put(&tokens, body("hopeful")), 200);
    const char *file = strrchr(stack_key("DATA"), '/') + 1;
    const char *id = text("%.*s", (int)strcspn(file, "."), file);
    cr_assert_eq(run("key", "retire", id, output, sizeof output), 1);
    cr_assert(strstr(output, "key rotate --data"), "%s", output);
    cr_assert_eq(run("key", "rotate", "--data", output, sizeof output), 0, "%s", output);
    cr_assert_eq(run("key", "retire", id, output, sizeof output), 0, "%s", output);
    usleep(1200000);
    expect_mood(&tokens, "hopeful");
}

/* The second of several hosts, to which the key was copied: what the first encrypted anew is not
 * encrypted with the old key again. */
Test(personal_info, is_encrypted_anew_with_the_key_that_waits)
{
    char output[4096];
    STACK(.settings = { "workers = 1" });
    struct tokens tokens = new_user("ada@example.org");
    expect_json(put(&tokens, body("hopeful")), 200);
    const char *const generate[] = { "key",     "generate", "--algorithm", "DATA",
                                     "--state", "created",  NULL };
    cr_assert_eq(stack_run(generate, output, sizeof output), 0, "%s", output);
    const char *waiting = text("%.*s", (int)strcspn(output, " "), output);
    stack_sql("insert into users (email, email_key, name, password) values ('b', 'b', 'B', 'x')");
    stack_sql("insert into personal_info (user_id, key_id) select max(id), '%s' from users",
              waiting);
    cr_assert_eq(run("key", "rotate", "--data", output, sizeof output), 0, "%s", output);
    cr_assert(strstr(output, waiting), "%s", output);
    cr_assert_str_eq(stack_sql("select count(*) from personal_info where key_id = '%s'", waiting),
                     "2");
    cr_assert_str_eq(stack_sql("select count(*) from audit where event = 'data_key_rotated'"
                               " and operator is not null"),
                     "1");
    expect_mood(&tokens, "hopeful");
}

Test(personal_info, that_does_not_open_is_told_and_does_not_hold_the_keys_up)
{
    char output[4096];
    STACK(.settings = { "workers = 1" });
    struct tokens tokens = new_user("ada@example.org"), bob = new_user("bob@example.org");
    expect_json(put(&tokens, body("hopeful")), 200);
    expect_json(put(&bob, body("calm")), 200);
    stack_sql("update personal_info set mood = goals where user_id = (select max(id) from users)");
    expect_problem(HTTP("GET", "/personal-info/", .token = bob.access), 500,
                   "Internal Server Error", "internal");
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(run("key", "rotate", "--data", output, sizeof output), 1, "%s", output);
        cr_assert(strstr(output, "personal_info_does_not_open user=2 key="), "%s", output);
        cr_assert(strstr(output, "1 accounts told needs older keys still"), "%s", output);
        expect_mood(&tokens, "hopeful");
    }
    cr_assert_str_eq(stack_sql("select count(*) from audit where event = 'data_key_rotated'"), "2");
    expect_json(put(&bob, body("calm")), 200);
    expect_mood(&bob, "calm");
    cr_assert_eq(run("key", "rotate", "--data", output, sizeof output), 0, "%s", output);
}
