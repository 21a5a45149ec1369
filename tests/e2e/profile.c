/* profile - GET, PUT and PATCH /profile/ through a web server. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(profile, .fini = stack_stop);

static void expect_name(const struct http_reply *reply, const char *name)
{
    expect_json(reply, 200);
    cr_assert_str_eq(member_text(reply, "name"), name);
}

Test(profile, shows_the_account_and_nothing_else)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    const struct http_reply *reply = HTTP("GET", "/profile/", .token = tokens.access);
    expect_json(reply, 200);
    cr_assert_gt(member_integer(reply, "id"), 0);
    cr_assert_str_eq(member_text(reply, "email"), "ada@example.org");
    cr_assert_str_eq(member_text(reply, "name"), "Ada");
    json_object *picture = reply->object;
    cr_assert(json_object_object_get_ex(reply->object, "profile_pic", &picture) && !picture);
    cr_assert_eq(json_object_object_length(reply->object), 4, "%s", reply->body);
}

Test(profile, is_that_of_the_token_and_of_no_other_account)
{
    STACK();
    struct tokens ada = new_user("ada@example.org"), bob = new_user("bob@example.org");
    expect_name(HTTP("PUT", "/profile/", .token = bob.access, .body = as_json("{'name':'Bob'}")),
                "Bob");
    expect_name(HTTP("GET", "/profile/", .token = ada.access), "Ada");
    expect_name(HTTP("GET", "/profile/", .token = bob.access), "Bob");
}

Test(profile, put_and_patch_change_the_name)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    expect_name(
        HTTP("PUT", "/profile/", .token = tokens.access, .body = as_json("{'name':'Zoë 🦄'}")),
        "Zoë 🦄");
    expect_name(HTTP("GET", "/profile/", .token = tokens.access), "Zoë 🦄");
    expect_name(
        HTTP("PATCH", "/profile/", .token = tokens.access, .body = as_json("{'name':'Ada L.'}")),
        "Ada L.");
    expect_name(HTTP("GET", "/profile/", .token = tokens.access), "Ada L.");
}

/* RFC 5789: a patch holds what is to change; a replacement holds it all. */
Test(profile, patch_takes_no_name_for_no_change_and_put_does_not)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    expect_name(HTTP("PATCH", "/profile/", .token = tokens.access, .body = "{}"), "Ada");
    expect_field_error(HTTP("PUT", "/profile/", .token = tokens.access, .body = "{}"), "name");
}

Test(profile, a_name_has_rules)
{
    static const char *const bodies[][2] = {
        { "a number", "{'name':1}" },        { "null", "{'name':null}" },
        { "empty", "{'name':''}" },          { "blank", "{'name':'  '}" },
        { "a NUL", "{'name':'A\\u0000B'}" }, { "a line's end", "{'name':'A\\nB'}" },
    };
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        const char *body = as_json(bodies[i][1]);
        expect_field_error(
            HTTP("PUT", "/profile/", .token = tokens.access, .body = body, .about = bodies[i][0]),
            "name");
        expect_field_error(
            HTTP("PATCH", "/profile/", .token = tokens.access, .body = body, .about = bodies[i][0]),
            "name");
    }
    const char *longest = repeated("é", 200), *longer = repeated("é", 201);
    expect_name(
        HTTP("PUT", "/profile/", .token = tokens.access, .body = text("{'name':'%s'}", longest)),
        longest);
    expect_field_error(
        HTTP("PUT", "/profile/", .token = tokens.access, .body = text("{'name':'%s'}", longer)),
        "name");
    expect_name(HTTP("GET", "/profile/", .token = tokens.access), longest);
}

Test(profile, unknown_members_are_ignored_and_never_applied)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    const char *id = stack_sql("SELECT id FROM users");
    const char *body = as_json("{'name':'Eve','id':4711,'email':'eve@example.org','role':'admin',"
                               "'roles':['admin'],'is_admin':true,'profile_pic':'x'}");
    expect_name(HTTP("PUT", "/profile/", .token = tokens.access, .body = body), "Eve");
    expect_name(HTTP("PATCH", "/profile/", .token = tokens.access, .body = body), "Eve");
    const struct http_reply *reply = HTTP("GET", "/profile/", .token = tokens.access);
    cr_assert_str_eq(member_text(reply, "email"), "ada@example.org");
    cr_assert_str_eq(stack_sql("SELECT id FROM users"), id);
    cr_assert_str_eq(stack_sql("SELECT string_agg(role, ' ') FROM user_roles"), "user");
}

Test(profile, head_is_get_without_the_body)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    const struct http_reply *get = HTTP("GET", "/profile/", .token = tokens.access);
    const struct http_reply *head = HTTP("HEAD", "/profile/", .token = tokens.access);
    expect_json(get, 200);
    expect_status(head, 200);
    cr_assert_eq(head->size, 0);
    cr_assert_str_eq(http_header(head, "Content-Length"), http_header(get, "Content-Length"));
    cr_assert_str_eq(http_header(head, "Content-Type"), http_header(get, "Content-Type"));
    expect_status(HTTP("HEAD", "/profile/"), 401);
}

Test(profile, options_names_the_methods_to_anyone)
{
    STACK();
    const struct http_reply *reply = HTTP("OPTIONS", "/profile/");
    expect_no_content(reply);
    const char *allowed = http_header(reply, "Allow");
    for (const char *const *method =
             (const char *const[]){ "GET", "HEAD", "PUT", "PATCH", "OPTIONS", NULL };
         *method; method++)
        cr_assert(allowed && strstr(allowed, *method), "%s is not in '%s'", *method,
                  allowed ? allowed : "");
}

Test(profile, is_served_without_the_last_slash_and_never_redirected)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    expect_name(HTTP("GET", "/profile", .token = tokens.access), "Ada");
    expect_name(HTTP("PUT", "/profile", .token = tokens.access, .body = as_json("{'name':'B'}")),
                "B");
    expect_name(HTTP("GET", "/profile?x=1", .token = tokens.access), "B");
    expect_name(HTTP("GET", "/profile/?x=1", .token = tokens.access), "B");
}

/* RFC 6750 §5.3: a URL stands in logs and histories. */
Test(profile, a_token_in_the_url_or_the_body_is_ignored)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    expect_problem(HTTP("GET", text("/profile/?access_token=%s", tokens.access)), 401,
                   "Unauthorized", "missing_token");
    expect_problem(
        HTTP("PUT", "/profile/", .body = text("{'name':'B','access_token':'%s'}", tokens.access)),
        401, "Unauthorized", "missing_token");
    expect_problem(
        HTTP("GET", "/profile/",
             .headers = { text("Cookie: access=%s; token=%s", tokens.access, tokens.access) }),
        401, "Unauthorized", "missing_token");
    expect_name(HTTP("GET", "/profile/", .token = tokens.access), "Ada");
}

Test(profile, is_gone_with_the_account)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    expect_name(HTTP("GET", "/profile/", .token = tokens.access), "Ada");
    stack_sql("DELETE FROM users");
    expect_problem(HTTP("GET", "/profile/", .token = tokens.access), 401, "Unauthorized",
                   "invalid_token");
    expect_problem(
        HTTP("PUT", "/profile/", .token = tokens.access, .body = as_json("{'name':'B'}")), 401,
        "Unauthorized", "invalid_token");
}
