/* introspection - what other servers are told of a token, and how one is revoked. */
#include "auth/introspection.h"
#include "auth/session.h"
#include "support/database.h"
#include "support/person.h"
#include <criterion/criterion.h>
#include <string.h>

static struct token_pair caller; /* another account's */
static struct access_claims caller_claims;

static void start(void)
{
    person_start();
    cr_assert_eq(person_sign_up("server@example.org", PERSON_PASSWORD), ERROR_NONE);
    cr_assert_eq(person_log_in("server@example.org", PERSON_PASSWORD, &caller), ERROR_NONE);
    caller_claims = person_claims(&caller);
}

static void finish(void)
{
    token_pair_clear(&caller);
    person_finish();
}

TestSuite(introspection, .init = start, .fini = finish);

static struct introspection look(const struct secret *token)
{
    struct introspection introspection;
    memset(&introspection, 0x5a, sizeof introspection);
    enum error error = introspection_read(&person_auth, &caller_claims, token, &introspection);
    cr_assert_eq(error, ERROR_NONE, "%s", error_name(error));
    return introspection;
}

static void expect_inactive(const struct token_pair *pair, const char *about)
{
    static const struct introspection nothing;
    struct introspection access = look(pair->access), refresh = look(pair->refresh);
    cr_assert_eq(memcmp(&access, &nothing, sizeof nothing), 0, "%s: access", about);
    cr_assert_eq(memcmp(&refresh, &nothing, sizeof nothing), 0, "%s: refresh", about);
}

Test(introspection, tells_what_an_access_token_says)
{
    person_new();
    struct token_pair pair = person_session();
    struct access_claims claims = person_claims(&pair);
    struct introspection introspection = look(pair.access);
    cr_assert_eq(introspection.kind, INTROSPECTION_ACCESS);
    cr_assert_eq(introspection.claims.user_id, claims.user_id);
    cr_assert_str_eq(introspection.claims.session_id, claims.session_id);
    cr_assert_str_eq(introspection.claims.scope, "profile:read profile:write");
    cr_assert_eq(introspection.claims.issued_at, claims.issued_at);
    cr_assert_eq(introspection.claims.expires_at, claims.expires_at);
    token_pair_clear(&pair);
}

Test(introspection, tells_of_a_refresh_token_what_the_next_access_token_may)
{
    int64_t id = person_new();
    struct token_pair pair = person_session();
    database_sql("insert into user_roles values (%lld, 'admin')", (long long)id);
    struct introspection introspection = look(pair.refresh);
    cr_assert_eq(introspection.kind, INTROSPECTION_REFRESH);
    cr_assert_eq(introspection.claims.user_id, id);
    cr_assert_str_eq(introspection.claims.session_id, person_claims(&pair).session_id);
    cr_assert_str_eq(introspection.claims.scope, "profile:read profile:write tokens:introspect "
                                                 "users:read users:write");
    int64_t life = introspection.claims.expires_at - introspection.claims.issued_at;
    cr_assert_eq(life, person_config.refresh_idle_s, "it idles before it expires");
    database_sql("update sessions set expires_at = created_at + interval '5 days'");
    introspection = look(pair.refresh);
    life = introspection.claims.expires_at - introspection.claims.issued_at;
    cr_assert_eq(life, 5 * 86400);
    token_pair_clear(&pair);
}

Test(introspection, says_nothing_of_a_token_whose_session_or_account_is_over)
{
    static const struct {
        const char *about, *over, *again;
    } cases[] = {
        { "ended", "ended_at = now()", "ended_at = null" },
        { "expired", "expires_at = now()", "expires_at = now() + interval '1 day'" },
    };
    int64_t id = person_new();
    struct token_pair pair = person_session();
    const struct access_claims claims = person_claims(&pair);
    const char *own = claims.session_id;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        database_sql("update sessions set %s where id = '%s'", cases[i].over, own);
        expect_inactive(&pair, cases[i].about);
        database_sql("update sessions set %s where id = '%s'", cases[i].again, own);
        cr_assert_eq(look(pair.access).kind, INTROSPECTION_ACCESS, "%s", cases[i].about);
        cr_assert_eq(look(pair.refresh).kind, INTROSPECTION_REFRESH, "%s", cases[i].about);
    }
    database_sql("update users set disabled_at = now() where id = %lld", (long long)id);
    expect_inactive(&pair, "disabled");
    database_sql("update users set disabled_at = null; update sessions set user_id = %lld"
                 " where id = '%s'",
                 (long long)caller_claims.user_id, own);
    cr_assert_eq(look(pair.access).kind, INTROSPECTION_INACTIVE, "another account's session");
    database_sql("delete from users where id = %lld", (long long)id);
    database_sql("delete from sessions where id = '%s'", own);
    expect_inactive(&pair, "gone");
    token_pair_clear(&pair);
}

Test(introspection, says_nothing_of_what_is_no_token_or_no_longer_one)
{
    static const char *const texts[] = { "", "x", "therappai_rt_", "a.b.c" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct secret *token = secret_new(texts[i], strlen(texts[i]));
        cr_assert_eq(look(token).kind, INTROSPECTION_INACTIVE, "%s", texts[i]);
        secret_free(token);
    }
    person_new();
    person_config.access_lifetime_s = -60;
    struct token_pair pair = person_session();
    cr_assert_eq(look(pair.access).kind, INTROSPECTION_INACTIVE, "its time is over");
    cr_assert_eq(look(pair.refresh).kind, INTROSPECTION_REFRESH, "positive control");
    database_sql("update sessions set last_used_at = now() - interval '15 days'");
    database_sql("update sessions set last_used_at = now() where id = '%s'",
                 caller_claims.session_id);
    cr_assert_eq(look(pair.refresh).kind, INTROSPECTION_INACTIVE, "idle for too long");
    token_pair_clear(&pair);
}

Test(introspection, of_a_retired_refresh_token_ends_nothing)
{
    person_new();
    struct token_pair first = person_session(), second = person_next(&first),
                      third = person_next(&second);
    cr_assert_eq(look(first.refresh).kind, INTROSPECTION_INACTIVE);
    cr_assert_eq(look(second.refresh).kind, INTROSPECTION_REFRESH);
    cr_assert_eq(look(third.refresh).kind, INTROSPECTION_REFRESH);
    cr_assert_eq(person_try_refresh(&third), ERROR_NONE);
    token_pair_clear(&first);
    token_pair_clear(&second);
    token_pair_clear(&third);
}

Test(introspection, is_refused_where_the_caller_is_gone)
{
    struct introspection introspection;
    struct secret *none = secret_new("x", 1);
    person_new();
    struct token_pair pair = person_session();
    const struct secret *const tokens[] = { pair.access, pair.refresh, none };
    for (size_t i = 0; i < 3; i++) {
        database_sql("update users set disabled_at = now() where id = %lld",
                     (long long)caller_claims.user_id);
        cr_assert_eq(introspection_read(&person_auth, &caller_claims, tokens[i], &introspection),
                     ERROR_ACCOUNT_DISABLED);
        database_sql("update users set disabled_at = null");
        database_sql("update sessions set ended_at = now() where id = '%s'",
                     caller_claims.session_id);
        cr_assert_eq(introspection_read(&person_auth, &caller_claims, tokens[i], &introspection),
                     ERROR_INVALID_TOKEN);
        database_sql("update sessions set ended_at = null");
        look(tokens[i]);
    }
    secret_free(none);
    token_pair_clear(&pair);
}

/* Revocation ------------------------------------------------------------------------------------*/

Test(introspection, a_token_that_is_revoked_takes_its_session_along)
{
    person_new();
    for (int access = 0; access < 2; access++) {
        struct token_pair pair = person_session(), other = person_session();
        const struct secret *token = access ? pair.access : pair.refresh;
        cr_assert_eq(session_revoke(&person_auth, token, &person_client), ERROR_NONE);
        expect_inactive(&pair, "revoked");
        cr_assert(person_is_live(&other));
        cr_assert_eq(session_revoke(&person_auth, token, &person_client), ERROR_NONE, "repeated");
        token_pair_clear(&pair);
        token_pair_clear(&other);
    }
    cr_assert_str_eq(database_sql("select string_agg(concat_ws(' ', event, user_id, address,"
                                  " request_id), '; ') from audit where event = 'token_revoked'"),
                     "token_revoked 2 192.0.2.7 request-1; token_revoked 2 192.0.2.7 request-1");
    cr_assert_eq(database_integer("select count(*) from sessions where end_reason = 'revoked'"), 2);
}

/* An old access token that somebody finds must not log its owner out. */
Test(introspection, what_is_not_ours_or_over_revokes_nothing)
{
    static const char *const texts[] = { "", "x", "therappai_rt_", "a.b.c" };
    person_new();
    person_config.access_lifetime_s = -60;
    struct token_pair old = person_session();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct secret *token = secret_new(texts[i], strlen(texts[i]));
        cr_assert_eq(session_revoke(&person_auth, token, &person_client), ERROR_NONE);
        secret_free(token);
    }
    cr_assert_eq(session_revoke(&person_auth, old.access, &person_client), ERROR_NONE);
    cr_assert_eq(database_integer("select count(*) from sessions where ended_at is not null"), 0);
    cr_assert_eq(session_revoke(&person_auth, old.refresh, &person_client), ERROR_NONE);
    cr_assert_eq(database_integer("select count(*) from sessions where ended_at is not null"), 1,
                 "positive control");
    token_pair_clear(&old);
}
