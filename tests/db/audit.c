/* audit - what the audit log says of whoever logs in, fails to, and logs out, and that it stays. */
#include "auth/audit.h"
#include "support/database.h"
#include "support/person.h"
#include <criterion/criterion.h>

TestSuite(audit, .init = person_start, .fini = person_finish);

/* The rows in their order, "event user actor address request detail" each. */
static const char *rows(void)
{
    return database_sql("select string_agg(concat_ws(' ', event, coalesce(user_id::text, '-'),"
                        " coalesce(actor_id::text, '-'), address, request_id, detail), '; '"
                        " order by id) from audit");
}

Test(audit, says_who_signed_up_logged_in_and_out_and_from_where)
{
    person_new();
    struct token_pair pair = person_session();
    const struct access_claims claims = person_claims(&pair);
    session_logout_access(&person_auth, &claims, &person_client);
    session_logout_access(&person_auth, &claims, &person_client);
    cr_assert_str_eq(rows(), "sign_up 1 - 192.0.2.7 request-1; login 1 1 192.0.2.7 request-1;"
                             " logout 1 1 192.0.2.7 request-1");
    cr_assert_eq(database_integer("select count(*) from audit a join sessions s"
                                  " on s.id = a.session_id where a.event in ('login', 'logout')"),
                 2);
    token_pair_clear(&pair);
}

Test(audit, says_who_could_not_log_in_and_why)
{
    struct token_pair pair;
    person_new();
    person_log_in(PERSON_EMAIL, "wrong horse", &pair);
    person_log_in("nobody@example.org", "wrong horse", &pair);
    database_sql("update users set disabled_at = now()");
    person_log_in(PERSON_EMAIL, PERSON_PASSWORD, &pair);
    cr_assert_str_eq(rows(), "sign_up 1 - 192.0.2.7 request-1;"
                             " login_failed 1 - 192.0.2.7 request-1 invalid_credentials;"
                             " login_failed - - 192.0.2.7 request-1 invalid_credentials;"
                             " login_failed 1 - 192.0.2.7 request-1 account_disabled");
}

Test(audit, says_that_a_retired_token_returned)
{
    person_new();
    struct token_pair first = person_session(), second = person_next(&first),
                      third = person_next(&second);
    person_expect_refused(&first, "a retired token");
    cr_assert_str_eq(database_sql("select concat_ws(' ', event, user_id, coalesce(actor_id, 0),"
                                  " request_id) from audit order by id desc limit 1"),
                     "refresh_replayed 1 0 refresh-1");
    token_pair_clear(&first);
    token_pair_clear(&second);
    token_pair_clear(&third);
}

Test(audit, does_not_let_anyone_guess_whom_it_cannot_note)
{
    struct token_pair pair;
    person_new();
    cr_assert_eq(person_log_in(PERSON_EMAIL, "wrong horse", &pair), ERROR_INVALID_CREDENTIALS,
                 "positive control");
    database_sql("revoke insert on audit from therappai_auth_worker;"
                 " revoke insert (event) on audit from therappai_auth_worker");
    cr_assert_eq(person_log_in(PERSON_EMAIL, "wrong horse", &pair), ERROR_INTERNAL);
}

Test(audit, cannot_be_changed_by_the_worker)
{
    static const char *const attacks[] = {
        "update audit set user_id = 2",
        "delete from audit",
        "truncate audit",
        "insert into audit (event, at) values ('login', now() - interval '1 year')",
        "select audit_purge(interval '0', 1000)", /* allowed, and without effect */
    };
    person_new();
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++)
        database_sql("do $$ begin set local role therappai_auth_worker; execute $x$%s$x$;"
                     " exception when insufficient_privilege then null; end $$",
                     attacks[i]);
    cr_assert_str_eq(rows(), "sign_up 1 - 192.0.2.7 request-1");
}

Test(audit, keeps_a_row_as_long_as_the_option_says_and_a_month_at_least)
{
    int64_t removed = -1;
    person_new();
    database_sql("insert into audit (event, at) values ('old', now() - interval '366 days'),"
                 " ('young', now() - interval '364 days')");
    cr_assert_eq(audit_purge(&person_auth, &removed), ERROR_NONE);
    cr_assert_eq(removed, 1);
    cr_assert_eq(database_integer("select count(*) from audit where event = 'young'"), 1);
    database_sql("insert into audit (event, at) values ('older', now() - interval '31 days'),"
                 " ('younger', now() - interval '29 days')");
    cr_assert_eq(database_integer("select audit_purge(interval '1 second', 1000)"), 2);
    cr_assert_eq(database_integer("select count(*) from audit where event = 'younger'"), 1);
}

/* For an operator -------------------------------------------------------------------------------*/

static void take_row(void *context, const char *const values[])
{
    char *list = context;
    size_t used = strlen(list);
    cr_assert_eq(strlen(values[AUDIT_AT]), strlen("2026-01-31T12:00:00Z"));
    snprintf(list + used, 1024 - used, "[%s %s]", values[AUDIT_EVENT],
             values[AUDIT_USER] ? values[AUDIT_USER] : "-");
}

Test(audit, is_listed_by_account_event_and_time)
{
    static const struct {
        struct audit_filter filter;
        const char *expected;
    } cases[] = {
        { { .most = 10 }, "[logout 7][login 8][login 7][old -]" },
        { { .most = 2 }, "[logout 7][login 8]" },
        { { .most = 10, .user_id = 7 }, "[logout 7][login 7]" },
        { { .most = 10, .event = "login" }, "[login 8][login 7]" },
        { { .most = 10, .seconds = 3600 }, "[logout 7][login 8][login 7]" },
        { { .most = 10, .event = "old", .seconds = 3600 }, "" },
    };
    database_sql("insert into audit (event, user_id, at) values ('old', null, now() - interval"
                 " '2 hours'), ('login', 7, now()), ('login', 8, now()), ('logout', 7, now())");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char list[1024] = "";
        cr_assert_eq(audit_list(&person_auth, &cases[i].filter, take_row, list), ERROR_NONE);
        cr_assert_str_eq(list, cases[i].expected);
    }
}
