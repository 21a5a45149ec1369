/* sessions - GET /sessions/, DELETE /sessions/ and /sessions/{id}/ through a web server. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(sessions, .fini = stack_stop);

static json_object *list_of(struct tokens tokens)
{
    const struct http_reply *reply = HTTP("GET", "/sessions/", .token = tokens.access);
    json_object *list = NULL;
    expect_json(reply, 200);
    cr_assert(json_object_object_get_ex(reply->object, "sessions", &list));
    return list;
}

static size_t count_of(struct tokens tokens)
{
    return json_object_array_length(list_of(tokens));
}

static const char *value(json_object *list, size_t at, const char *member)
{
    json_object *object = NULL;
    cr_assert(json_object_object_get_ex(json_object_array_get_idx(list, at), member, &object),
              "no %s", member);
    return json_object_get_string(object);
}

/* The id of the session that is, or is not, that of the token. */
static const char *id_of(struct tokens tokens, const char *current)
{
    json_object *list = list_of(tokens);
    for (size_t i = 0; i < json_object_array_length(list); i++)
        if (!strcmp(value(list, i, "current"), current))
            return text("%s", value(list, i, "id"));
    cr_assert(false, "no session whose current is %s", current);
    return NULL;
}

static void expect_over(struct tokens tokens)
{
    expect_problem(HTTP("GET", "/sessions/", .token = tokens.access), 401, "Unauthorized",
                   "invalid_token");
    expect_problem(HTTP("GET", "/profile/", .token = tokens.access), 401, "Unauthorized",
                   "invalid_token");
    expect_problem(HTTP("POST", "/refresh/", .body = refresh_body(tokens.refresh)), 400,
                   "Invalid refresh token", "invalid_refresh_token");
}

Test(sessions, are_listed_with_when_and_from_where)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    expect_json(HTTP("POST", "/login/", .body = log_in_body("ada@example.org", PASSWORD),
                     .headers = { "User-Agent: Browser/1" }),
                200);
    new_user("bob@example.org");
    json_object *list = list_of(tokens);
    cr_assert_eq(json_object_array_length(list), 2, "%s", json_object_to_json_string(list));
    size_t other = !strcmp(value(list, 0, "current"), "true");
    cr_assert_str_eq(value(list, 1 - other, "current"), "true");
    cr_assert_str_eq(value(list, other, "current"), "false");
    cr_assert_str_eq(value(list, other, "user_agent"), "Browser/1");
    cr_assert_str_eq(value(list, other, "address"), "127.0.0.1");
    static const char *const times[] = { "created", "last_used", "expires" };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        const char *time = value(list, other, times[i]);
        cr_assert(strlen(time) == strlen("2026-01-31T12:00:00Z") && time[10] == 'T' &&
                      time[19] == 'Z',
                  "%s: %s", times[i], time);
    }
    cr_assert(strcmp(value(list, other, "expires"), value(list, other, "created")) > 0);
}

Test(sessions, that_are_over_are_not_listed)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    for (int i = 0; i < 3; i++)
        log_in("ada@example.org");
    cr_assert_eq(count_of(tokens), 4, "positive control");
    const char *own = id_of(tokens, "true");
    stack_sql("WITH o AS (SELECT id, row_number() OVER (ORDER BY id) n FROM sessions"
              " WHERE id <> '%s') UPDATE sessions s SET"
              " ended_at = CASE n WHEN 1 THEN now() END,"
              " expires_at = CASE n WHEN 2 THEN now() ELSE expires_at END,"
              " last_used_at = CASE n WHEN 3 THEN now() - interval '15 days'"
              " ELSE last_used_at END FROM o WHERE o.id = s.id",
              own);
    ;
    cr_assert_eq(count_of(tokens), 1);
}

Test(sessions, one_is_ended_at_once_and_the_others_live)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org"), other = log_in("ada@example.org");
    const char *id = id_of(tokens, "false");
    expect_no_content(HTTP("DELETE", "/sessions/{id}/", .id = id, .token = tokens.access));
    expect_over(other);
    cr_assert_eq(count_of(tokens), 1);
    refresh(tokens.refresh);
    expect_problem(HTTP("DELETE", "/sessions/{id}/", .id = id, .token = tokens.access), 404,
                   "Not Found", "not_found");
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM audit WHERE event = 'session_ended'"), "1");
}

Test(sessions, the_own_one_ends_like_any_other)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    expect_no_content(
        HTTP("DELETE", "/sessions/{id}/", .id = id_of(tokens, "true"), .token = tokens.access));
    expect_over(tokens);
}

Test(sessions, of_others_do_not_end)
{
    static const char *const nobodys[] = { "00000000-0000-4000-8000-000000000000", "1", "x'y",
                                           "%7Bid%7D", "{00000000-0000-4000-8000-000000000000}" };
    STACK();
    struct tokens ada = new_user("ada@example.org"), bob = new_user("bob@example.org");
    expect_problem(HTTP("DELETE", "/sessions/{id}/", .id = id_of(bob, "true"), .token = ada.access),
                   404, "Not Found", "not_found");
    for (size_t i = 0; i < sizeof nobodys / sizeof nobodys[0]; i++)
        expect_problem(HTTP("DELETE", "/sessions/{id}/", .id = nobodys[i], .token = ada.access),
                       404, "Not Found", "not_found");
    refresh(bob.refresh);
    refresh(ada.refresh);
}

Test(sessions, all_end_at_once)
{
    STACK();
    struct tokens first = new_user("ada@example.org"), second = log_in("ada@example.org"),
                  bob = new_user("bob@example.org");
    expect_no_content(HTTP("DELETE", "/sessions/", .token = first.access));
    expect_over(first);
    expect_over(second);
    expect_problem(HTTP("DELETE", "/sessions/", .token = first.access), 401, "Unauthorized",
                   "invalid_token");
    refresh(bob.refresh);
    log_in("ada@example.org");
}

Test(sessions, need_a_token_of_an_account_that_is_not_disabled)
{
    static const struct http_call calls[] = {
        { .method = "GET", .path = "/sessions/" },
        { .method = "DELETE", .path = "/sessions/" },
        { .method = "DELETE", .path = "/sessions/00000000-0000-4000-8000-000000000000/" },
    };
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        expect_problem(http_send(&calls[i]), 401, "Unauthorized", "missing_token");
    stack_sql("UPDATE users SET disabled_at = now()");
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct http_call call = calls[i];
        call.token = tokens.access;
        expect_problem(http_send(&call), 403, "Forbidden", "forbidden");
    }
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), "1");
}
