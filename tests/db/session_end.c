/* session_end - what ends a session, and what it takes along while it lasts. */
#include "support/database.h"
#include "support/keys.h"
#include "support/person.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(session_end, .init = person_start, .fini = person_finish);

static void clear(struct token_pair pairs[], int count)
{
    for (int i = 0; i < count; i++)
        token_pair_clear(&pairs[i]);
}

/* Ends ------------------------------------------------------------------------------------------*/

Test(session_end, is_refused_once_its_time_or_its_account_is_over)
{
    static const struct {
        const char *name, *sql;
        enum error error;
    } cases[] = {
        { "a second left",
          "update sessions set expires_at = now() + interval '5 seconds', last_used_at = now()"
          " - interval '14 days' + interval '5 seconds'",
          ERROR_NONE },
        { "absolute life", "update sessions set expires_at = now()", ERROR_INVALID_REFRESH_TOKEN },
        { "idle", "update sessions set last_used_at = now() - interval '14 days'",
          ERROR_INVALID_REFRESH_TOKEN },
        { "ended", "update sessions set ended_at = now()", ERROR_INVALID_REFRESH_TOKEN },
        { "row gone", "delete from sessions", ERROR_INVALID_REFRESH_TOKEN },
        { "account deleted", "delete from users", ERROR_INVALID_REFRESH_TOKEN },
        { "account disabled", "update users set disabled_at = now()", ERROR_ACCOUNT_DISABLED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        database_sql("delete from users");
        person_new();
        struct token_pair pair = person_session();
        cr_assert_eq(person_try_refresh(&pair), ERROR_NONE);
        database_sql("%s", cases[i].sql);
        enum error error = person_try_refresh(&pair);
        cr_assert_eq(error, cases[i].error, "%s: %s", cases[i].name, error_name(error));
        token_pair_clear(&pair);
    }
}

Test(session_end, stays_alive_by_being_used)
{
    person_new();
    struct token_pair pair = person_session();
    for (int i = 0; i < 3; i++) {
        database_sql("update sessions set last_used_at = last_used_at - interval '13 days'");
        cr_assert_eq(person_try_refresh(&pair), ERROR_NONE);
        database_await("select last_used_at > now() - interval '1 minute' from sessions");
    }
    token_pair_clear(&pair);
}

/* Who finds an old token learns nothing of the account. */
Test(session_end, of_a_disabled_account_ends_when_a_retired_token_returns)
{
    person_new();
    struct token_pair pairs[2] = { person_session() };
    pairs[1] = person_next(&pairs[0]);
    cr_assert_eq(person_try_refresh(&pairs[1]), ERROR_NONE);
    database_sql("update users set disabled_at = now()");
    cr_assert_eq(person_try_refresh(&pairs[1]), ERROR_ACCOUNT_DISABLED);
    person_expect_refused(&pairs[0], "a replay");
    cr_assert_str_eq(person_end_reason(), "replay");
    clear(pairs, 2);
}

Test(session_end, whose_replay_could_not_be_written_down_is_found_out_the_next_time)
{
    person_new();
    struct token_pair pairs[2] = { person_session() };
    pairs[1] = person_next(&pairs[0]);
    cr_assert_eq(person_try_refresh(&pairs[1]), ERROR_NONE);
    person_connect(300);
    database_sql("begin");
    database_sql("select 1 from sessions for update");
    cr_assert_eq(person_try_refresh(&pairs[0]), ERROR_UNAVAILABLE);
    /* what the server still has to do for us would be done at the rollback */
    database_sql("select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                 " where usename = 'therappai_auth_worker' and datname = current_database()");
    database_sql("rollback");
    person_connect(5000);
    cr_assert_str_eq(person_end_reason(), "lives");
    person_expect_refused(&pairs[0], "a replay");
    cr_assert_str_eq(person_end_reason(), "replay");
    clear(pairs, 2);
}

Test(session_end, is_unavailable_while_the_database_does_not_answer)
{
    person_new();
    struct token_pair pair = person_session();
    person_connect(200);
    database_sql("begin");
    database_sql("lock table sessions");
    cr_assert_eq(person_try_refresh(&pair), ERROR_UNAVAILABLE);
    cr_assert_eq(session_logout_refresh(&person_auth, pair.refresh, &person_client),
                 ERROR_UNAVAILABLE);
    database_sql("rollback");
    person_connect(5000);
    cr_assert_eq(person_try_refresh(&pair), ERROR_NONE);
    token_pair_clear(&pair);
}

/* Logout ----------------------------------------------------------------------------------------*/

Test(session_end, ends_by_logout_with_either_token_and_twice)
{
    person_new();
    for (int way = 0; way < 2; way++) {
        struct token_pair pair = person_session(), other = person_session();
        struct access_claims claims = person_claims(&pair);
        cr_assert(person_is_live(&pair));
        for (int i = 0; i < 2; i++)
            cr_assert_eq(way ? session_logout_access(&person_auth, &claims, &person_client)
                             : session_logout_refresh(&person_auth, pair.refresh, &person_client),
                         ERROR_NONE);
        cr_assert_not(person_is_live(&pair));
        person_expect_refused(&pair, "logged out");
        cr_assert_str_eq(
            database_sql("select end_reason from sessions where id = '%s'", claims.session_id),
            "logout");
        cr_assert(person_is_live(&other));
        cr_assert_eq(person_try_refresh(&other), ERROR_NONE);
        token_pair_clear(&pair);
        token_pair_clear(&other);
    }
}

Test(session_end, ends_by_logout_with_a_token_of_any_generation)
{
    static const uint32_t generations[] = { 0, 3, 9 };
    person_new();
    for (size_t i = 0; i < sizeof generations / sizeof generations[0]; i++) {
        struct token_pair pair = person_session(), third = person_generation(&pair, 3);
        cr_assert_eq(person_try_refresh(&third), ERROR_NONE);
        struct token_pair any = person_generation(&pair, generations[i]);
        cr_assert_eq(session_logout_refresh(&person_auth, any.refresh, &person_client), ERROR_NONE);
        cr_assert_not(person_is_live(&pair), "%u", generations[i]);
        token_pair_clear(&pair);
        token_pair_clear(&third);
        token_pair_clear(&any);
    }
    cr_assert_eq(database_integer("select count(*) from sessions where end_reason = 'logout'"), 3);
}

Test(session_end, of_another_account_does_not_end_by_claims)
{
    person_new();
    struct token_pair pair = person_session();
    struct access_claims claims = person_claims(&pair);
    claims.user_id++;
    cr_assert_eq(session_logout_access(&person_auth, &claims, &person_client), ERROR_NONE);
    cr_assert(person_is_live(&pair));
    token_pair_clear(&pair);
}

Test(session_end, knows_only_our_own_tokens)
{
    static const char *const cases[] = { "", "therappai_rt_", "x",
                                         ("therappai_rt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                                          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") };
    person_new();
    struct token_pair good = person_session();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct token_pair pair = { .refresh = secret_new(cases[i], strlen(cases[i])) };
        person_expect_refused(&pair, cases[i]);
        cr_assert_eq(session_logout_refresh(&person_auth, pair.refresh, &person_client),
                     ERROR_INVALID_REFRESH_TOKEN);
        token_pair_clear(&pair);
    }
    struct token_pair access = { .refresh = good.access };
    person_expect_refused(&access, "an access token");
    cr_assert_eq(person_try_refresh(&good), ERROR_NONE);
    token_pair_clear(&good);
}

/* A token of ours of which the database knows nothing, as after a restored backup. */
Test(session_end, that_the_database_does_not_know_is_refused)
{
    person_new();
    struct token_pair pair = person_session();
    database_sql("delete from sessions");
    person_expect_refused(&pair, "unknown");
    cr_assert_eq(session_logout_refresh(&person_auth, pair.refresh, &person_client), ERROR_NONE,
                 "gone is gone");
    token_pair_clear(&pair);
}

/* Rights and keys -------------------------------------------------------------------------------*/

Test(session_end, has_the_rights_of_now_in_each_new_access_token)
{
    person_new();
    struct token_pair first = person_session();
    database_sql("insert into user_roles select id, 'admin' from users");
    struct token_pair second = person_next(&first);
    struct access_claims claims = person_claims(&second);
    cr_assert_str_eq(claims.roles, "admin user");
    cr_assert_str_eq(claims.scope, "profile:read profile:write tokens:introspect users:read "
                                   "users:write");
    database_sql("delete from user_roles");
    struct token_pair third = person_next(&second);
    claims = person_claims(&third);
    cr_assert_str_eq(claims.roles, "");
    cr_assert_str_eq(claims.scope, "");
    token_pair_clear(&first);
    token_pair_clear(&second);
    token_pair_clear(&third);
}

Test(session_end, with_more_rights_than_a_token_holds_is_an_error_of_ours)
{
    person_new();
    struct token_pair pair = person_session();
    database_sql("insert into roles select 'many', array_agg('permission:' || n)"
                 " from generate_series(1, 100) n");
    database_sql("insert into user_roles select id, 'many' from users");
    cr_assert_eq(person_try_refresh(&pair), ERROR_INTERNAL);
    database_sql("delete from user_roles where role = 'many'");
    cr_assert_eq(person_try_refresh(&pair), ERROR_NONE);
    token_pair_clear(&pair);
}

Test(session_end, outlives_the_rotation_of_the_server_key)
{
    static const int64_t modes[] = { ROTATION_ON_USE, ROTATION_STRICT, ROTATION_OFF };
    person_new();
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        person_config.refresh_rotation = modes[i];
        struct token_pair first = person_session(), unused = person_session();
        keys_rename(person_keys, KEYS_MAC, "mac-1.MAC.verifying.key");
        keys_write(person_keys, "mac-2.MAC.signing.key", keys_hexadecimal(7));
        person_load_keys();
        struct token_pair second = person_next(&first);
        keys_rename(person_keys, "mac-1.MAC.verifying.key", "mac-1.MAC.retired.key");
        person_load_keys();
        struct token_pair third = person_next(&second);
        person_expect_refused(&unused, "its key is retired");
        token_pair_clear(&first);
        token_pair_clear(&unused);
        token_pair_clear(&second);
        token_pair_clear(&third);
        keys_remove(person_keys, "mac-2.MAC.signing.key");
        keys_rename(person_keys, "mac-1.MAC.retired.key", KEYS_MAC);
        person_load_keys();
    }
}

/* Purge -----------------------------------------------------------------------------------------*/

Test(session_end, is_purged_when_it_has_been_over_for_long)
{
    static const struct {
        const char *name, *sql;
        int64_t removed;
    } cases[] = {
        { "alive", "select 1", 0 },
        { "just ended", "update sessions set ended_at = now() - interval '29 days'", 0 },
        { "ended", "update sessions set ended_at = now() - interval '31 days'", 1 },
        { "expired", "update sessions set expires_at = now() - interval '31 days'", 1 },
        { "idle", "update sessions set last_used_at = now() - interval '45 days'", 0 },
    };
    person_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t removed = -1;
        database_sql("delete from sessions");
        struct token_pair pair = person_session();
        database_sql("%s", cases[i].sql);
        cr_assert_eq(session_purge(&person_auth, &removed), ERROR_NONE);
        cr_assert_eq(removed, cases[i].removed, "%s", cases[i].name);
        cr_assert_eq(database_integer("select count(*) from sessions"), 1 - cases[i].removed);
        cr_assert_eq(session_purge(&person_auth, &removed), ERROR_NONE);
        cr_assert_eq(removed, 0);
        token_pair_clear(&pair);
    }
}
