/* tokens - POST /introspect/ and /revoke/ through a web server. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/stack.h"
#include "support/stack_cluster.h"
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

TestSuite(tokens, .fini = stack_stop);

#define FORM .type = "application/x-www-form-urlencoded"

/* Somebody with the role `admin`, which may introspect. */
static struct tokens new_server(void)
{
    sign_up("server@example.org");
    stack_sql("insert into user_roles select id, 'admin' from users"
              " where email = 'server@example.org'");
    return log_in("server@example.org");
}

static const struct http_reply *introspect(const char *caller, const char *token)
{
    return HTTP("POST", "/introspect/", .token = caller, .body = text("token=%s", token), FORM);
}

static const struct http_reply *revoke_token(const char *token)
{
    return HTTP("POST", "/revoke/", .body = text("token=%s", token), FORM);
}

static void expect_inactive(const struct http_reply *reply)
{
    expect_json(reply, 200);
    cr_assert_str_eq(reply->body, "{\"active\":false}", "%s", reply->about);
}

static void expect_active(const struct http_reply *reply, const char *type)
{
    json_object *active;
    expect_json(reply, 200);
    cr_assert(json_object_object_get_ex(reply->object, "active", &active) &&
                  json_object_get_boolean(active),
              "%s", reply->body);
    cr_assert_str_eq(member_text(reply, "token_type"), type);
    cr_assert_str_eq(member_text(reply, "scope"), "profile:read profile:write");
    cr_assert_str_eq(member_text(reply, "sub"),
                     stack_sql("select id from users where email = 'ada@example.org'"));
    cr_assert_str_eq(member_text(reply, "sid"),
                     stack_sql("select s.id from sessions s join users u on u.id = s.user_id"
                               " where email = 'ada@example.org' and ended_at is null"));
    cr_assert_gt(strlen(member_text(reply, "iss")), 0);
    cr_assert_gt(strlen(member_text(reply, "aud")), 0);
    cr_assert_gt(member_integer(reply, "exp"), member_integer(reply, "iat"));
    cr_assert_eq(json_object_object_length(reply->object), 9, "%s", reply->body);
}

Test(tokens, are_described_to_whoever_may_introspect)
{
    STACK();
    struct tokens server = new_server(), ada = new_user("ada@example.org");
    expect_active(introspect(server.access, ada.access), "Bearer");
    expect_active(introspect(server.access, ada.refresh), "refresh_token");
    expect_active(HTTP("POST", "/introspect/", .token = server.access, FORM,
                       .body = text("token_type_hint=refresh_token&token=%s", ada.access)),
                  "Bearer");
    expect_inactive(introspect(server.access, "nonsense"));
    expect_inactive(introspect(server.access, text("%sx", ada.access)));
    expect_no_content(HTTP("POST", "/logout/", .token = ada.access));
    expect_inactive(introspect(server.access, ada.access));
    expect_inactive(introspect(server.access, ada.refresh));
}

Test(tokens, are_described_to_nobody_else)
{
    STACK();
    struct tokens server = new_server(), ada = new_user("ada@example.org");
    expect_problem(introspect(NULL, ada.access), 401, "Unauthorized", "missing_token");
    expect_problem(introspect(ada.refresh, ada.access), 401, "Unauthorized", "invalid_token");
    expect_problem(introspect(ada.access, ada.access), 403, "Forbidden", "forbidden");
    expect_active(introspect(server.access, ada.access), "Bearer");
    expect_no_content(HTTP("POST", "/logout/", .token = server.access));
    expect_problem(introspect(server.access, ada.access), 401, "Unauthorized", "invalid_token");
    expect_problem(introspect(server.access, "nonsense"), 401, "Unauthorized", "invalid_token");
}

Test(tokens, that_are_over_are_inactive)
{
    STACK(.settings = { "access_lifetime = 2s", "clock_leeway = 0s", "access_jitter = 0" });
    struct tokens ada = new_user("ada@example.org");
    sleep(3);
    struct tokens server = new_server();
    expect_inactive(introspect(server.access, ada.access));
    expect_active(introspect(server.access, ada.refresh), "refresh_token");
}

Test(tokens, that_are_revoked_take_their_session_along)
{
    STACK();
    sign_up("ada@example.org");
    for (int access = 0; access < 2; access++) {
        struct tokens ada = log_in("ada@example.org"), other = log_in("ada@example.org");
        expect_json(HTTP("GET", "/profile/", .token = ada.access), 200);
        for (int again = 0; again < 2; again++)
            expect_json(revoke_token(access ? ada.access : ada.refresh), 200);
        expect_problem(HTTP("GET", "/profile/", .token = ada.access), 401, "Unauthorized",
                       "invalid_token");
        expect_problem(HTTP("POST", "/refresh/", .body = refresh_body(ada.refresh)), 400,
                       "Invalid refresh token", "invalid_refresh_token");
        expect_json(HTTP("GET", "/profile/", .token = other.access), 200);
    }
    cr_assert_str_eq(stack_sql("select count(*) from audit where event = 'token_revoked'"), "2");
}

Test(tokens, that_are_not_ours_are_revoked_too_as_far_as_anyone_can_tell)
{
    STACK();
    struct tokens ada = new_user("ada@example.org");
    expect_json(revoke_token("nonsense"), 200);
    expect_json(revoke_token(text("%sx", ada.access)), 200);
    expect_json(HTTP("GET", "/profile/", .token = ada.access), 200);
}

Test(tokens, come_in_a_form_and_in_no_other_way)
{
    static const struct {
        const char *type, *body;
        int status;
        const char *title, *code;
    } cases[] = {
        { "application/json", "{\"token\":\"x\"}", 415, "Unsupported Media Type",
          "unsupported_media_type" },
        { "text/plain", "token=x", 415, "Unsupported Media Type", "unsupported_media_type" },
        { "", "token=x", 415, "Unsupported Media Type", "unsupported_media_type" },
        { NULL, "token=x&token=x", 400, "Bad Request", "invalid_form" },
        { NULL, "token=%zz", 400, "Bad Request", "invalid_form" },
        { NULL, "token=%ff", 400, "Bad Request", "invalid_form" },
    };
    STACK(.settings = { "body_limit = 1k" });
    struct tokens server = new_server();
    const char *const paths[] = { "/introspect/", "/revoke/" };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const char *type = cases[i / 2].type;
        expect_problem(HTTP("POST", paths[i % 2], .token = server.access,
                            .type = type ? type : "application/x-www-form-urlencoded",
                            .body = cases[i / 2].body, .about = cases[i / 2].body),
                       cases[i / 2].status, cases[i / 2].title, cases[i / 2].code);
    }
    for (int i = 0; i < 2; i++) {
        expect_field_error(HTTP("POST", paths[i], .token = server.access, .body = "a=b", FORM),
                           "token");
        expect_field_error(HTTP("POST", paths[i], .token = server.access, .body = "token=", FORM),
                           "token");
        expect_problem(HTTP("POST", paths[i], .token = server.access, FORM,
                            .body = text("token=%s", repeated("x", 1025))),
                       413, "Payload Too Large", "payload_too_large");
        expect_json(HTTP("POST", paths[i], .token = server.access, .body = "token=x",
                         .type = "application/x-www-form-urlencoded; charset=UTF-8"),
                    200);
    }
}

Test(tokens, are_not_said_to_be_over_or_revoked_while_the_database_is_away)
{
    STACK(.own_cluster = true);
    struct tokens server = new_server(), ada = new_user("ada@example.org");
    expect_active(introspect(server.access, ada.access), "Bearer");
    stack_cluster_stop();
    expect_unavailable(introspect(server.access, ada.access));
    expect_unavailable(introspect(server.access, "nonsense"));
    expect_unavailable(revoke_token(ada.access));
    expect_unavailable(revoke_token(ada.refresh));
    expect_json(revoke_token("nonsense"), 200);
}
