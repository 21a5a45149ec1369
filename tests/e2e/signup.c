/* signup - POST /signup/ through a web server. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(signup, .fini = stack_stop);

static const struct http_reply *sign_up_with(const char *email, const char *password)
{
    return HTTP("POST", "/signup/", .body = sign_up_body(email, password));
}

Test(signup, creates_an_account_and_shows_it)
{
    STACK();
    const struct http_reply *reply = HTTP(
        "POST", "/signup/",
        .body = text("{'email':'Ada@Example.org','name':'Ada Lovelace','password':'" PASSWORD "',"
                     "'confirm_password':'" PASSWORD "'}"));
    expect_json(reply, 201);
    cr_assert_gt(member_integer(reply, "id"), 0);
    cr_assert_str_eq(member_text(reply, "email"), "Ada@Example.org");
    cr_assert_str_eq(member_text(reply, "name"), "Ada Lovelace");
    json_object *picture = reply->object;
    cr_assert(json_object_object_get_ex(reply->object, "profile_pic", &picture) && !picture);
    cr_assert_eq(json_object_object_length(reply->object), 4, "%s", reply->body);
}

Test(signup, an_email_has_one_account_whatever_the_case_of_its_letters)
{
    STACK();
    expect_json(sign_up_with("ada@example.org", PASSWORD), 201);
    expect_field_error(sign_up_with("ada@example.org", PASSWORD), "email");
    expect_field_error(sign_up_with("ADA@Example.ORG", PASSWORD), "email");
    expect_json(sign_up_with("bob@example.org", PASSWORD), 201);
}

Test(signup, twenty_at_once_with_one_email_make_exactly_one_account)
{
    enum { COUNT = 20 };
    struct http_call calls[COUNT];
    const struct http_reply *replies[COUNT];
    STACK(.settings = { "workers = 8", "hash_queue = 32", "hash_timeout = 30s" });
    for (int i = 0; i < COUNT; i++)
        calls[i] = CALL("POST", "/signup/", .body = sign_up_body("ada@example.org", PASSWORD));
    http_send_all(calls, COUNT, replies);
    int created = 0, refused = 0, put_off = 0;
    for (int i = 0; i < COUNT; i++) {
        created += replies[i]->status == 201;
        refused += replies[i]->status == 400 && has_field_error(replies[i], "email");
        put_off += replies[i]->status == 503;
    }
    cr_assert_eq(created, 1);
    cr_assert_eq(created + refused + put_off, COUNT);
    cr_assert_geq(refused, 1);
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM users"), "1");
    log_in("ada@example.org");
}

Test(signup, every_member_at_fault_is_named)
{
    static const struct {
        const char *about, *body;
        const char *members[4];
    } cases[] = {
        { "nothing", "{}", { "email", "name", "password", "confirm_password" } },
        { "null",
          "{'email':null,'name':null,'password':null,'confirm_password':null}",
          { "email", "name", "password", "confirm_password" } },
        { "other types",
          "{'email':1,'name':[],'password':{},'confirm_password':true}",
          { "email", "name", "password", "confirm_password" } },
        { "no email",
          "{'email':'ada','name':'A','password':'12345678','confirm_password':'12345678'}",
          { "email" } },
        { "an email with a control character",
          "{'email':'a\\u0000da@example.org','name':'A','password':'12345678','confirm_password':"
          "'12345678'}",
          { "email" } },
        { "an email with a line's end",
          "{'email':'ada@example.org\\r\\nBcc: x@example.org','name':'A','password':'12345678',"
          "'confirm_password':'12345678'}",
          { "email" } },
        { "an email with a space around it, which is not trimmed",
          "{'email':' ada@example.org','name':'A','password':'12345678','confirm_password':"
          "'12345678'}",
          { "email" } },
        { "a blank name",
          "{'email':'ada@example.org','name':' ','password':'12345678','confirm_password':"
          "'12345678'}",
          { "name" } },
        { "a short password",
          "{'email':'ada@example.org','name':'A','password':'1234567','confirm_password':'1234567'"
          "}",
          { "password" } },
        { "another confirmation",
          "{'email':'ada@example.org','name':'A','password':'12345678','confirm_password':"
          "'12345679'}",
          { "confirm_password" } },
    };
    STACK();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int count = 0;
        const struct http_reply *reply =
            HTTP("POST", "/signup/", .body = as_json(cases[i].body), .about = cases[i].about);
        for (; count < 4 && cases[i].members[count]; count++)
            expect_field_error(reply, cases[i].members[count]);
        json_object *errors = json_object_object_get(reply->object, "errors");
        cr_assert_eq(json_object_object_length(errors), count, "%s: %s", reply->about, reply->body);
    }
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM users"), "0");
}

Test(signup, unknown_members_are_ignored_and_never_applied)
{
    STACK();
    const struct http_reply *reply =
        HTTP("POST", "/signup/",
             .body = text("{'email':'ada@example.org','name':'Ada','password':'" PASSWORD "',"
                          "'confirm_password':'" PASSWORD "','id':4711,'role':'admin','roles':"
                          "['admin'],'is_admin':true,'disabled':true,'scope':'users:write'}"));
    expect_json(reply, 201);
    cr_assert_neq(member_integer(reply, "id"), 4711);
    struct tokens tokens = log_in("ada@example.org");
    expect_json(HTTP("GET", "/profile/", .token = tokens.access), 200);
    cr_assert_str_eq(stack_sql("SELECT string_agg(role, ' ') FROM user_roles"), "user");
}

/* Sign-up and log-in agree on the length: in code points as they are typed. */
Test(signup, a_password_has_8_to_1024_code_points)
{
    static const struct {
        const char *about, *unit;
        size_t count;
        int status;
    } cases[] = {
        { "7 letters", "x", 7, 400 },
        { "8 letters", "x", 8, 201 },
        { "1024 letters", "x", 1024, 201 },
        { "1025 letters", "x", 1025, 400 },
        { "7 emoji of 4 bytes", "🦄", 7, 400 },
        { "8 emoji", "🦄", 8, 201 },
        { "1024 emoji", "🦄", 1024, 201 },
        { "1025 emoji", "🦄", 1025, 400 },
    };
    STACK();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *email = text("user%zu@example.org", i);
        const char *password = repeated(cases[i].unit, cases[i].count);
        const struct http_reply *reply = HTTP(
            "POST", "/signup/", .body = sign_up_body(email, password), .about = cases[i].about);
        cr_assert_eq(reply->status, cases[i].status, "%s: %s", reply->about, reply->body);
        if (cases[i].status == 400)
            expect_field_error(reply, "password");
        else
            expect_json(HTTP("POST", "/login/", .body = log_in_body(email, password)), 200);
    }
}

/* Nothing is cut off: bcrypt's 72 bytes and a NUL are where others lose the rest. */
Test(signup, every_code_point_of_a_password_counts)
{
    static const struct {
        const char *about, *password, *wrong;
    } cases[] = {
        { "behind 72 bytes",
          "0123456789012345678901234567890123456789012345678901234567890123456789012345x",
          "0123456789012345678901234567890123456789012345678901234567890123456789012345y" },
        { "behind a NUL", "12345678\\u0000x", "12345678\\u0000y" },
        { "a space at the end", "12345678 ", "12345678" },
        { "the case", "abcdefgh", "abcdefgH" },
    };
    STACK();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *email = text("user%zu@example.org", i);
        expect_json(sign_up_with(email, cases[i].password), 201);
        expect_problem(HTTP("POST", "/login/", .body = log_in_body(email, cases[i].wrong),
                            .about = cases[i].about),
                       401, "Unauthorized", "invalid_credentials");
        expect_json(HTTP("POST", "/login/", .body = log_in_body(email, cases[i].password),
                         .about = cases[i].about),
                    200);
    }
}

Test(signup, a_password_typed_with_composed_or_decomposed_accents_is_the_same)
{
    STACK();
    expect_json(sign_up_with("ada@example.org", "un caf\u00e9 noir"), 201);
    expect_json(
        HTTP("POST", "/login/", .body = log_in_body("ada@example.org", "un cafe\u0301 noir")), 200);
    expect_json(
        HTTP("POST", "/login/", .body = log_in_body("ada@example.org", "un caf\u00e9 noir")), 200);
    expect_problem(HTTP("POST", "/login/", .body = log_in_body("ada@example.org", "un cafe noir")),
                   401, "Unauthorized", "invalid_credentials");
}
