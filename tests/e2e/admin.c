/* admin - /admin/ through a web server: who may, what they see, what they change. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(admin, .fini = stack_stop);

#define LAST "{'disabled':true}"

static const char *id_of(const char *email)
{
    return text("%s", stack_sql("select id from users where email = '%s'", email));
}

static struct tokens new_with_role(const char *email, const char *role)
{
    sign_up(email);
    stack_sql("insert into user_roles select id, '%s' from users where email = '%s'", role, email);
    return log_in(email);
}

static struct tokens new_admin(const char *email)
{
    return new_with_role(email, "admin");
}

/* Who may administer, and has not what administrators have. */
static struct tokens new_support(const char *email)
{
    stack_sql("insert into roles values"
              " ('support', '{profile:read,profile:write,users:read,users:write}')"
              " on conflict do nothing");
    return new_with_role(email, "support");
}

static const struct http_reply *patch(const struct tokens *tokens, const char *id, const char *body)
{
    return HTTP("PATCH", "/admin/users/{id}/", .id = id, .token = tokens->access,
                .body = as_json(body), .about = body);
}

static const struct http_reply *find(const struct tokens *tokens, const char *query)
{
    const struct http_reply *reply =
        HTTP("GET", text("/admin/users/?%s", query), .token = tokens->access);
    expect_json(reply, 200);
    return reply;
}

static json_object *list_of(const struct http_reply *reply, const char *member)
{
    json_object *list = NULL;
    cr_assert(json_object_object_get_ex(reply->object, member, &list), "%s", reply->body);
    return list;
}

/* The addresses that were found, "a@x b@x". */
static const char *found(const struct tokens *tokens, const char *query)
{
    const char *emails = "";
    json_object *users = list_of(find(tokens, query), "users");
    for (size_t i = 0; i < json_object_array_length(users); i++) {
        json_object *user = json_object_array_get_idx(users, i);
        emails = text("%s%s%s", emails, *emails ? " " : "",
                      json_object_get_string(json_object_object_get(user, "email")));
    }
    return emails;
}

static void expect_beyond(const struct http_reply *reply)
{
    expect_problem(reply, 403, "Forbidden", "forbidden");
    cr_assert(strstr(reply->body, "permissions that you do not have"), "%s", reply->body);
}

static const char *roles_of(const char *email)
{
    return stack_sql("select string_agg(role, ' ' order by role) from user_roles join users"
                     " on id = user_id where email = '%s'",
                     email);
}

Test(admin, is_for_those_whose_role_says_so)
{
    STACK();
    struct tokens admin = new_admin("ada@example.org"), user = new_user("bob@example.org");
    const char *bob = id_of("bob@example.org");
    const struct {
        struct http_call call;
        int status;
    } cases[] = {
        { CALL("GET", "/admin/users/"), 200 },
        { CALL("POST", "/admin/users/",
               .body = as_json("{'email':'c@example.org','name':'C','password':'correct horse'}")),
          201 },
        { CALL("GET", "/admin/users/{id}/", .id = bob), 200 },
        { CALL("PATCH", "/admin/users/{id}/", .id = bob, .body = as_json("{'name':'B'}")), 200 },
        { CALL("GET", "/admin/users/{id}/sessions/", .id = bob), 200 },
        { CALL("GET", "/admin/roles/"), 200 },
        { CALL("GET", "/admin/audit/"), 200 },
        { CALL("DELETE", "/admin/users/{id}/sessions/", .id = bob), 204 },
        { CALL("DELETE", "/admin/users/{id}/", .id = bob), 204 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_call call = cases[i].call;
        expect_problem(http_send(&call), 401, "Unauthorized", "missing_token");
        call.token = user.access;
        const struct http_reply *reply = http_send(&call);
        expect_problem(reply, 403, "Forbidden", "forbidden");
        cr_assert(strstr(http_header(reply, "WWW-Authenticate"), "insufficient_scope"));
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_call call = cases[i].call;
        call.token = admin.access;
        expect_status(http_send(&call), cases[i].status);
    }
    static const char *const nobody[] = { "4711", "0", "-1", "x", "99999999999999999999", "1e3" };
    for (size_t i = 0; i < sizeof nobody / sizeof nobody[0]; i++)
        expect_problem(HTTP("GET", "/admin/users/{id}/", .id = nobody[i], .token = admin.access),
                       404, "Not Found", "not_found");
}

Test(admin, ends_at_once_for_who_lost_the_role)
{
    STACK();
    struct tokens admin = new_admin("ada@example.org");
    new_admin("bob@example.org");
    find(&admin, "");
    stack_sql("delete from user_roles where role = 'admin' and user_id = %s",
              id_of("ada@example.org"));
    const struct http_reply *reply = HTTP("GET", "/admin/users/", .token = admin.access);
    expect_problem(reply, 403, "Forbidden", "forbidden");
    cr_assert(strstr(http_header(reply, "WWW-Authenticate"), "scope=\"users:read\""));
    expect_problem(patch(&admin, id_of("bob@example.org"), LAST), 403, "Forbidden", "forbidden");
    cr_assert_str_eq(stack_sql("select count(*) from users where disabled_at is not null"), "0");
}

Test(admin, finds_accounts_page_by_page_while_others_come)
{
    STACK();
    struct tokens admin = new_admin("ada@example.org");
    stack_sql("insert into users (email, email_key, name, password)"
              " select 'p' || n, 'p' || n, 'P', 'x' from generate_series(1, 6) n");
    const char *next = "0", *emails = "";
    for (int page = 0; page < 5 && next; page++) {
        const char *query = text("limit=2&after=%s", next);
        const struct http_reply *reply = find(&admin, query);
        json_object *value = NULL;
        emails = text("%s|%s", emails, found(&admin, query));
        json_object_object_get_ex(reply->object, "next", &value);
        next = value ? text("%s", json_object_get_string(value)) : NULL;
        stack_sql("delete from users where email = 'p1'"); /* behind us by then */
        if (page == 1)
            stack_sql("insert into users (email, email_key, name, password)"
                      " values ('p7', 'p7', 'P', 'x')");
    }
    cr_assert_str_eq(emails, "|ada@example.org p1|p2 p3|p4 p5|p6 p7|", "%s", emails);
}

Test(admin, finds_accounts_by_what_they_are)
{
    STACK();
    struct tokens admin = new_admin("ada@example.org");
    stack_sql("insert into users (email, email_key, name, password, disabled_at) values"
              " ('Grace@example.org', 'grace@example.org', 'Grace \"100%%\" Hopper', 'x', now()),"
              " ('o_o@example.org', 'o_o@example.org', 'O''Neil \\', 'x', null)");
    static const struct {
        const char *query, *emails;
    } cases[] = {
        { "search=GRACE@", "Grace@example.org" },
        { "search=hopper", "Grace@example.org" },
        { "search=example.org", "ada@example.org Grace@example.org o_o@example.org" },
        { "search=%25", "Grace@example.org" },
        { "search=o_o", "o_o@example.org" },
        { "search=_d_", "" },
        { "search=O'Neil+%5C", "o_o@example.org" },
        { "search=';drop+table+users;--", "" },
        { "role=admin", "ada@example.org" },
        { "role=nothing", "" },
        { "disabled=true", "Grace@example.org" },
        { "disabled=false&search=example&limit=1", "ada@example.org" },
        { "search=&role=&whatever=1", "ada@example.org Grace@example.org o_o@example.org" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_str_eq(found(&admin, cases[i].query), cases[i].emails, "%s", cases[i].query);
}

Test(admin, demands_a_query_that_can_be_read)
{
    STACK();
    struct tokens admin = new_admin("ada@example.org");
    static const struct {
        const char *path, *member;
    } wrong[] = {
        { "/admin/users/?limit=0", "limit" },
        { "/admin/users/?limit=101", "limit" },
        { "/admin/users/?limit=ten", "limit" },
        { "/admin/users/?disabled=maybe", "disabled" },
        { "/admin/users/?after=-1", "after" },
        { "/admin/users/?after=1e9", "after" },
        { "/admin/audit/?user=ada", "user" },
        { "/admin/audit/?before=0", "before" },
        { "/admin/audit/?limit=99999999999999999999", "limit" },
    };
    static const char *const broken[] = { "/admin/users/?search=%", "/admin/users/?search=%zz",
                                          "/admin/users/?search=%c3%28",
                                          "/admin/users/?limit=1&limit=2", "/admin/users/?=1" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_field_error(HTTP("GET", wrong[i].path, .token = admin.access), wrong[i].member);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        expect_problem(HTTP("GET", broken[i], .token = admin.access), 400, "Bad Request",
                       "invalid_form");
    expect_json(HTTP("GET", "/admin/users?limit=1", .token = admin.access), 200);
    expect_json(HTTP("GET", "/healthz?%zz"), 200);
}

Test(admin, creates_accounts_for_others)
{
    STACK();
    struct tokens admin = new_admin("ada@example.org");
    const struct http_reply *reply =
        HTTP("POST", "/admin/users/", .token = admin.access,
             .body = text("{'email':'grace@example.org','name':'Grace','password':'%s','id':1,"
                          "'roles':['user','admin'],'disabled':true}",
                          PASSWORD));
    expect_json(reply, 201);
    cr_assert_null(strstr(reply->body, "argon2"), "a password hash");
    cr_assert_str_eq(roles_of("grace@example.org"), "admin user");
    struct tokens grace = log_in("grace@example.org");
    find(&grace, "");
    expect_json(
        HTTP("POST", "/admin/users/", .token = admin.access,
             .body = text("{'email':'c@example.org','name':'C','password':'%s'}", PASSWORD)),
        201);
    cr_assert_str_eq(roles_of("c@example.org"), "user");
    static const struct {
        const char *body, *member;
    } cases[] = {
        { "{'email':'GRACE@example.org','name':'G','password':'correct horse'}", "email" },
        { "{'email':'nobody','name':'G','password':'correct horse'}", "email" },
        { "{'email':'d@example.org','name':' ','password':'correct horse'}", "name" },
        { "{'email':'d@example.org','name':'D','password':'short'}", "password" },
        { "{'email':'d@example.org','name':'D','password':'correct horse','roles':['nothing']}",
          "roles" },
        { "{'email':'d@example.org','name':'D','password':'correct horse','roles':['a b']}",
          "roles" },
        { "{'email':'d@example.org','name':'D','password':'correct horse','roles':'user'}",
          "roles" },
        { "{'email':'d@example.org','name':'D','password':'correct horse','roles':null}", "roles" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_field_error(
            HTTP("POST", "/admin/users/", .token = admin.access, .body = as_json(cases[i].body)),
            cases[i].member);
    cr_assert_str_eq(stack_sql("select count(*) from users"), "3");
    cr_assert_str_eq(stack_sql("select count(*) from audit where event = 'user_added' and actor_id"
                               " = %s and address = '127.0.0.1' and request_id is not null",
                               id_of("ada@example.org")),
                     "2");
}

Test(admin, disables_and_enables_and_what_was_ended_stays_ended)
{
    STACK();
    struct tokens admin = new_admin("ada@example.org"), bob = new_user("bob@example.org");
    const char *id = id_of("bob@example.org");
    const struct http_reply *reply = patch(&admin, id, "{'disabled':true}");
    expect_json(reply, 200);
    cr_assert(json_object_get_boolean(json_object_object_get(reply->object, "disabled")));
    expect_problem(HTTP("GET", "/profile/", .token = bob.access), 401, "Unauthorized",
                   "invalid_token");
    expect_problem(HTTP("POST", "/refresh/", .body = refresh_body(bob.refresh)), 400,
                   "Invalid refresh token", "invalid_refresh_token");
    expect_problem(HTTP("POST", "/login/", .body = log_in_body("bob@example.org", PASSWORD)), 403,
                   "Forbidden", "forbidden");
    expect_json(patch(&admin, id, "{'disabled':true}"), 200);
    expect_json(patch(&admin, id, "{'disabled':false}"), 200);
    expect_problem(HTTP("POST", "/refresh/", .body = refresh_body(bob.refresh)), 400,
                   "Invalid refresh token", "invalid_refresh_token");
    log_in("bob@example.org");
    cr_assert_str_eq(stack_sql("select string_agg(event, ' ' order by id) from audit where actor_id"
                               " = %s and user_id = %s",
                               id_of("ada@example.org"), id),
                     "account_disabled account_enabled");
}

Test(admin, changes_all_that_was_asked_for_or_nothing)
{
    STACK();
    struct tokens admin = new_admin("ada@example.org");
    sign_up("bob@example.org");
    stack_sql("insert into roles values ('guest', '{}')");
    const char *id = id_of("bob@example.org");
    static const char *const wrong[] = {
        "{'name':'Other','disabled':true,'roles':['nothing']}",
        "{'name':'Other','disabled':'yes'}",
        "{'name':'','roles':['guest']}",
        "{'disabled':true,'roles':[1]}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct http_reply *reply = patch(&admin, id, wrong[i]);
        expect_problem(reply, 400, "Bad Request", "validation_error");
        cr_assert_str_eq(
            stack_sql("select count(*) from users where id = %s and disabled_at is null"
                      " and name <> 'Other'",
                      id),
            "1", "%s", wrong[i]);
        cr_assert_str_eq(roles_of("bob@example.org"), "user");
    }
    const struct http_reply *reply =
        patch(&admin, id, "{'name':'Other','disabled':true,'roles':['guest','admin']}");
    expect_json(reply, 200);
    cr_assert_str_eq(member_text(reply, "name"), "Other");
    cr_assert_str_eq(roles_of("bob@example.org"), "admin guest");
    cr_assert_str_eq(
        stack_sql("select string_agg(event || coalesce(' ' || detail, ''), ', ' order by event,"
                  " detail) from audit where user_id = %s and actor_id <> user_id",
                  id),
        "account_disabled, account_renamed, role_given admin, role_given guest, role_taken user");
    expect_json(patch(&admin, id, "{'roles':[]}"), 200);
    cr_assert_str_eq(stack_sql("select count(*) from user_roles where user_id = %s", id), "0");
    expect_json(patch(&admin, id, "{}"), 200);
}

Test(admin, goes_no_further_than_the_permissions_of_who_asks)
{
    STACK();
    struct tokens support = new_support("sue@example.org");
    new_admin("ada@example.org");
    sign_up("bob@example.org");
    const char *self = id_of("sue@example.org"), *ada = id_of("ada@example.org"),
               *bob = id_of("bob@example.org");
    const char *const above[] = { ada, self };
    for (size_t i = 0; i < 2; i++) {
        static const char *const bodies[] = { "{'disabled':true}", "{'roles':['user']}",
                                              "{'name':'X'}" };
        for (size_t j = 0; j < 3; j++)
            expect_beyond(patch(&support, above[i], bodies[j]));
        expect_beyond(
            HTTP("DELETE", "/admin/users/{id}/", .id = above[i], .token = support.access));
        expect_beyond(
            HTTP("DELETE", "/admin/users/{id}/sessions/", .id = above[i], .token = support.access));
    }
    expect_beyond(patch(&support, bob, "{'roles':['user','admin']}"));
    expect_beyond(HTTP("POST", "/admin/users/", .token = support.access,
                       .body = as_json("{'email':'c@example.org','name':'C',"
                                       "'password':'correct horse','roles':['admin']}")));
    cr_assert_str_eq(stack_sql("select count(*) from users where disabled_at is null"), "3");
    cr_assert_str_eq(roles_of("bob@example.org"), "user");
    expect_json(patch(&support, bob, "{'roles':['user','support']}"), 200);
    expect_json(patch(&support, bob, "{'roles':['user'],'disabled':true}"), 200);
    expect_no_content(HTTP("DELETE", "/admin/users/{id}/", .id = bob, .token = support.access));
}

Test(admin, keeps_the_last_one_who_may)
{
    STACK();
    stack_sql("insert into roles select 'chief', permissions || '{chief}' from roles"
              " where name = 'admin'");
    stack_sql("update roles set permissions = permissions || (select permissions from roles"
              " where name = 'user') where name = 'chief'");
    struct tokens chief = new_with_role("cyd@example.org", "chief");
    new_admin("ada@example.org");
    const char *ada = id_of("ada@example.org");
    const struct http_reply *replies[] = {
        patch(&chief, ada, "{'disabled':true}"),
        patch(&chief, ada, "{'name':'X','roles':['user']}"),
        HTTP("DELETE", "/admin/users/{id}/", .id = ada, .token = chief.access),
    };
    for (size_t i = 0; i < 3; i++) {
        expect_problem(replies[i], 403, "Forbidden", "forbidden");
        cr_assert(strstr(replies[i]->body, "the last one"), "%s", replies[i]->body);
    }
    cr_assert_str_eq(stack_sql("select count(*) from users where name = 'X'"), "0");
    new_admin("bob@example.org");
    expect_json(patch(&chief, ada, "{'disabled':true}"), 200);
}

Test(admin, who_demote_each_other_at_once_leave_one)
{
    STACK(.settings = { "workers = 4" });
    for (int round = 0; round < 5; round++) {
        struct tokens ada = new_admin(text("a%d@example.org", round)),
                      bob = new_admin(text("b%d@example.org", round));
        const struct http_reply *replies[2];
        const struct http_call calls[] = {
            CALL("PATCH", "/admin/users/{id}/", .id = id_of(text("b%d@example.org", round)),
                 .token = ada.access, .body = as_json("{'roles':['user']}")),
            CALL("PATCH", "/admin/users/{id}/", .id = id_of(text("a%d@example.org", round)),
                 .token = bob.access, .body = as_json("{'roles':['user']}")),
        };
        http_send_all(calls, 2, replies);
        cr_assert_str_eq(stack_sql("select count(*) from user_roles where role = 'admin'"), "1",
                         "%s %s", replies[0]->body, replies[1]->body);
        stack_sql("delete from user_roles where role = 'admin'");
    }
}

Test(admin, sees_and_ends_the_sessions_of_an_account)
{
    STACK();
    struct tokens admin = new_admin("ada@example.org"), bob = new_user("bob@example.org");
    log_in("bob@example.org");
    const char *id = id_of("bob@example.org");
    const struct http_reply *reply =
        HTTP("GET", "/admin/users/{id}/sessions/", .id = id, .token = admin.access);
    expect_json(reply, 200);
    cr_assert_eq(json_object_array_length(list_of(reply, "sessions")), 2);
    expect_no_content(
        HTTP("DELETE", "/admin/users/{id}/sessions/", .id = id, .token = admin.access));
    expect_problem(HTTP("GET", "/profile/", .token = bob.access), 401, "Unauthorized",
                   "invalid_token");
    reply = HTTP("GET", "/admin/users/{id}/sessions/", .id = id, .token = admin.access);
    cr_assert_eq(json_object_array_length(list_of(reply, "sessions")), 0);
    refresh(admin.refresh);
}

Test(admin, reads_the_roles_and_the_audit_log)
{
    STACK();
    struct tokens admin = new_admin("ada@example.org");
    log_in("ada@example.org");
    const struct http_reply *reply = HTTP("GET", "/admin/roles/", .token = admin.access);
    cr_assert(strstr(reply->body, "tokens:introspect"), "%s", reply->body);
    const char *first = text("/admin/audit/?event=login&user=%s&limit=1", id_of("ada@example.org"));
    reply = HTTP("GET", first, .token = admin.access);
    expect_json(reply, 200);
    cr_assert_eq(json_object_array_length(list_of(reply, "events")), 1);
    int64_t newest = atoll(member_text(reply, "next"));
    reply = HTTP("GET", text("%s&before=%lld", first, (long long)newest), .token = admin.access);
    expect_json(reply, 200);
    cr_assert_lt(atoll(member_text(reply, "next")), newest);
    reply = HTTP("GET", "/admin/audit/?event=nothing", .token = admin.access);
    cr_assert_eq(json_object_array_length(list_of(reply, "events")), 0);
}
