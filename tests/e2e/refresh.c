/* refresh - POST /refresh/ through a web server (contract: Refresh tokens). */
#include "support/expect.h"
#include "support/flows.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(refresh, .fini = stack_stop);

static void expect_refused(const char *token, const char *about)
{
    expect_problem(HTTP("POST", "/refresh/", .body = refresh_body(token), .about = about), 400,
                   "Invalid refresh token", "invalid_refresh_token");
}

static void expect_session_over(struct tokens tokens)
{
    expect_refused(tokens.refresh, "the session is over");
    expect_problem(HTTP("GET", "/profile/", .token = tokens.access), 401, "Unauthorized",
                   "invalid_token");
}

Test(refresh, answers_with_new_tokens_of_the_same_session)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    const struct http_reply *reply =
        HTTP("POST", "/refresh/", .body = refresh_body(tokens.refresh));
    expect_json(reply, 200);
    cr_assert_str_eq(member_text(reply, "token_type"), "Bearer");
    cr_assert_gt(member_integer(reply, "expires_in"), 0);
    cr_assert_eq(json_object_object_length(reply->object), 4, "%s", reply->body);
    cr_assert_str_neq(member_text(reply, "access"), tokens.access);
    cr_assert_str_neq(member_text(reply, "refresh"), tokens.refresh);
    expect_json(HTTP("GET", "/profile/", .token = member_text(reply, "access")), 200);
    expect_json(HTTP("GET", "/profile/", .token = tokens.access), 200);
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM sessions"), "1");
}

/* The public page's client: it never looks at the successor. */
Test(refresh, a_client_that_keeps_its_first_token_for_ever_goes_on)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    for (int i = 0; i < 20; i++) {
        struct tokens next = refresh(tokens.refresh);
        expect_json(HTTP("GET", "/profile/", .token = next.access), 200);
    }
}

Test(refresh, twenty_tabs_that_race_all_get_the_same_successor)
{
    enum { COUNT = 20 };
    struct http_call calls[COUNT];
    const struct http_reply *replies[COUNT];
    STACK(.settings = { "workers = 8" });
    struct tokens tokens = new_user("ada@example.org");
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++)
            calls[i] = CALL("POST", "/refresh/", .body = refresh_body(tokens.refresh));
        http_send_all(calls, COUNT, replies);
        for (int i = 0; i < COUNT; i++) {
            expect_json(replies[i], 200);
            cr_assert_str_eq(member_text(replies[i], "refresh"),
                             member_text(replies[0], "refresh"));
        }
        tokens.refresh = member_text(replies[0], "refresh");
    }
}

Test(refresh, a_retry_after_a_lost_answer_gets_the_same_successor)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    struct tokens lost = refresh(tokens.refresh), again = refresh(tokens.refresh);
    cr_assert_str_eq(lost.refresh, again.refresh);
    refresh(again.refresh);
}

Test(refresh, a_retired_token_that_returns_ends_the_session)
{
    STACK();
    struct tokens first = new_user("ada@example.org"), other = log_in("ada@example.org");
    struct tokens second = refresh(first.refresh);
    struct tokens third = refresh(second.refresh);
    expect_json(HTTP("GET", "/profile/", .token = third.access), 200);
    size_t from = strlen(stack_log());
    expect_refused(first.refresh, "a replay");
    cr_assert(stack_log_await(from, "replay"), "the log says nothing of the replay");
    expect_session_over(third);
    expect_session_over(second);
    refresh(other.refresh);
    expect_json(HTTP("GET", "/profile/", .token = other.access), 200);
}

/* A commit that was lost in a crash or a failover: the row is behind, but the MAC proves the
 * generation. */
Test(refresh, a_token_ahead_of_the_database_catches_it_up)
{
    STACK();
    struct tokens first = new_user("ada@example.org");
    struct tokens second = refresh(first.refresh);
    struct tokens third = refresh(second.refresh);
    struct tokens fourth = refresh(third.refresh);
    stack_sql("UPDATE sessions SET generation = 0");
    struct tokens again = refresh(third.refresh);
    cr_assert_str_eq(again.refresh, fourth.refresh);
    expect_refused(first.refresh, "retired, once the row has caught up");
    expect_session_over(again);
}

Test(refresh, strict_lets_a_token_be_used_once)
{
    STACK(.settings = { "refresh_rotation = strict" });
    struct tokens first = new_user("ada@example.org");
    struct tokens second = refresh(first.refresh);
    struct tokens third = refresh(second.refresh);
    expect_json(HTTP("GET", "/profile/", .token = third.access), 200);
    expect_refused(second.refresh, "used before");
    expect_session_over(third);
}

Test(refresh, off_gives_no_successor)
{
    STACK(.settings = { "refresh_rotation = off" });
    struct tokens tokens = new_user("ada@example.org");
    for (int i = 0; i < 3; i++) {
        struct tokens next = refresh(tokens.refresh);
        cr_assert_str_eq(next.refresh, tokens.refresh);
        expect_json(HTTP("GET", "/profile/", .token = next.access), 200);
    }
}

Test(refresh, tokens_that_are_not_ours_get_one_answer)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    const char *good = tokens.refresh;
    size_t length = strlen(good);
    char *tampered = strdup(good);
    const char *const cases[][2] = {
        { "empty", "" },
        { "another text", "therappai_rt_" },
        { "an access token", tokens.access },
        { "cut", text("%.*s", (int)length - 1, good) },
        { "longer", text("%sA", good) },
        { "with a line's end", text("%s\\n", good) },
        { "with a space before it", text(" %s", good) },
        { "padded", text("%s=", good) },
        { "without its prefix", good + strlen("therappai_rt_") },
        { "with another prefix", text("therappai_xt_%s", good + strlen("therappai_rt_")) },
        { "very long", repeated("A", 60000) },
        { "a NUL behind it", text("%s\\u0000", good) },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_refused(cases[i][1], cases[i][0]);
    for (size_t i = strlen("therappai_rt_"); i < length; i += 5) {
        tampered[i] = tampered[i] == 'A' ? 'B' : 'A';
        expect_refused(tampered, text("letter %zu changed", i));
        tampered[i] = good[i];
    }
    refresh(tampered);
    free(tampered);
}

Test(refresh, the_token_must_be_a_text)
{
    STACK();
    expect_field_error(HTTP("POST", "/refresh/", .body = "{}"), "refresh");
    expect_field_error(HTTP("POST", "/refresh/", .body = text("{'refresh':null}")), "refresh");
    expect_field_error(HTTP("POST", "/refresh/", .body = text("{'refresh':17}")), "refresh");
}

Test(refresh, a_refresh_token_is_no_access_token)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    expect_problem(HTTP("GET", "/profile/", .token = tokens.refresh), 401, "Unauthorized",
                   "invalid_token");
    expect_json(HTTP("GET", "/profile/", .token = tokens.access), 200);
}

Test(refresh, a_session_ends_when_its_life_is_over_or_when_it_lay_idle)
{
    static const char *const moves[][2] = {
        { "the absolute life",
          "UPDATE sessions SET created_at = created_at - interval '31 days', expires_at = "
          "expires_at - interval '31 days'" },
        { "idle", "UPDATE sessions SET last_used_at = now() - interval '15 days'" },
    };
    STACK();
    sign_up("ada@example.org");
    for (size_t i = 0; i < 2; i++) {
        struct tokens tokens = log_in("ada@example.org");
        tokens = refresh(tokens.refresh);
        stack_sql("%s", moves[i][1]);
        expect_refused(tokens.refresh, moves[i][0]);
    }
}

/* What an administrator takes away is gone with the next access token. */
Test(refresh, the_new_access_token_has_the_permissions_of_now)
{
    STACK();
    struct tokens tokens = new_user("ada@example.org");
    stack_sql("DELETE FROM user_roles");
    struct tokens next = refresh(tokens.refresh);
    expect_problem(HTTP("GET", "/profile/", .token = next.access), 403, "Forbidden", "forbidden");
    expect_json(HTTP("GET", "/profile/", .token = tokens.access), 200);
}
