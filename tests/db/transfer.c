/* transfer - accounts out of one database and into another. */
#include "auth/transfer.h"
#include "support/database.h"
#include "support/person.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(transfer, .init = person_start, .fini = person_finish);

/* Of PASSWORD_OF_HASH, in four lanes, as another program makes it. */
#define HASH                                                                                       \
    "$argon2id$v=19$m=1024,t=1,p=4$c29tZXNhbHRzb21lc2FsdA$"                                        \
    "2dQMwgThyM1F/xt2MZw35QazYDnFy4QkopDGPzohw28"
#define PASSWORD_OF_HASH "correct horse battery staple"

static struct transfer_account account_of(const char *email)
{
    return (struct transfer_account){
        .email = email, .name = "Eve", .password_hash = HASH, .roles = "user"
    };
}

static const struct audit_actor op = { .operator_name = "operator" };

static enum error import(const struct transfer_account *account)
{
    cr_assert_null(transfer_flaw(account), "%s", transfer_flaw(account));
    return transfer_import(&person_auth, account, &op);
}

static int64_t audited(const char *event)
{
    return database_integer("select count(*) from audit where event = '%s' and operator ="
                            " 'operator' and actor_id is null",
                            event);
}

/* Export ----------------------------------------------------------------------------------------*/

struct taken {
    int count, most;
    int64_t last;
    char emails[4096];
};

static bool take(void *context, const struct transfer_account *account)
{
    struct taken *taken = context;
    size_t used = strlen(taken->emails);
    cr_assert_gt(account->id, taken->last);
    taken->last = account->id;
    if (used + 64 < sizeof taken->emails)
        snprintf(taken->emails + used, sizeof taken->emails - used, "%s:%s:%s:%d ", account->email,
                 account->roles, account->password_hash, account->disabled);
    return ++taken->count < taken->most;
}

Test(transfer, brings_out_every_account_with_what_it_needs)
{
    char expected[512];
    struct taken taken = { .most = 100 };
    person_new();
    person_sign_up("eve@example.org", PERSON_PASSWORD);
    database_sql("update users set password = id::text, disabled_at = case email when"
                 " 'eve@example.org' then now() end");
    database_sql("insert into user_roles select id, 'admin' from users where email = '" PERSON_EMAIL
                 "'");
    snprintf(expected, sizeof expected, PERSON_EMAIL ":admin user:%d:0 eve@example.org:user:%d:1 ",
             (int)database_integer("select min(id) from users"),
             (int)database_integer("select max(id) from users"));
    cr_assert_eq(transfer_export(&person_auth, "operator", take, &taken), ERROR_NONE);
    cr_assert_str_eq(taken.emails, expected);
    cr_assert_eq(audited("users_exported"), 1);
}

Test(transfer, brings_out_more_than_one_page_and_stops_when_told)
{
    struct taken all = { .most = 10000 }, some = { .most = 600 };
    database_sql("insert into users (email, email_key, name, password)"
                 " select n, n, n, n from generate_series(1, 1203) n");
    cr_assert_eq(transfer_export(&person_auth, "operator", take, &all), ERROR_NONE);
    cr_assert_eq(all.count, 1203);
    cr_assert_eq(transfer_export(&person_auth, "operator", take, &some), ERROR_NONE);
    cr_assert_eq(some.count, 600);
}

/* Hashes that left without a trace would be worse than none. */
Test(transfer, that_cannot_be_audited_brings_out_nothing)
{
    struct taken taken = { .most = 100 };
    person_new();
    database_sql("revoke insert on audit from therappai_auth_worker");
    database_sql("revoke insert (event, operator) on audit from therappai_auth_worker");
    cr_assert_neq(transfer_export(&person_auth, "operator", take, &taken), ERROR_NONE);
    cr_assert_eq(taken.count, 0);
}

/* Import ----------------------------------------------------------------------------------------*/

Test(transfer, brings_in_an_account_that_can_log_in)
{
    struct token_pair pair;
    const struct transfer_account account = account_of("Eve@example.org");
    cr_assert_eq(import(&account), ERROR_NONE);
    cr_assert_eq(person_log_in("eve@example.org", PASSWORD_OF_HASH, &pair), ERROR_NONE);
    struct access_claims claims = person_claims(&pair);
    cr_assert_str_eq(claims.roles, "user");
    token_pair_clear(&pair);
    cr_assert_eq(audited("user_imported"), 1);
    cr_assert_eq(database_integer("select user_id from audit where event = 'user_imported'"),
                 claims.user_id);
    cr_assert_eq(person_log_in("eve@example.org", "another password", &pair),
                 ERROR_INVALID_CREDENTIALS);
}

Test(transfer, brings_in_roles_and_that_an_account_is_disabled)
{
    struct token_pair pair;
    struct transfer_account account = account_of("eve@example.org");
    account.roles = "user admin user";
    account.disabled = true;
    cr_assert_eq(import(&account), ERROR_NONE);
    cr_assert_str_eq(database_sql("select string_agg(role, ' ' order by role) from user_roles"),
                     "admin user");
    cr_assert_eq(person_log_in("eve@example.org", PASSWORD_OF_HASH, &pair), ERROR_ACCOUNT_DISABLED);
    account = account_of("none@example.org");
    account.roles = "";
    cr_assert_eq(import(&account), ERROR_NONE);
    cr_assert_eq(database_integer("select count(*) from user_roles"), 2);
}

Test(transfer, leaves_an_account_that_is_there_as_it_is)
{
    struct transfer_account account = account_of("ADA@example.org");
    struct token_pair pair;
    account.roles = "admin";
    person_new();
    cr_assert_eq(import(&account), ERROR_EMAIL_TAKEN);
    cr_assert_eq(person_log_in(PERSON_EMAIL, PERSON_PASSWORD, &pair), ERROR_NONE);
    cr_assert_str_eq(person_claims(&pair).roles, "user");
    token_pair_clear(&pair);
    cr_assert_eq(audited("user_imported"), 0);
}

Test(transfer, of_a_role_that_does_not_exist_brings_nothing_in)
{
    struct transfer_account account = account_of("eve@example.org");
    account.roles = "user god";
    cr_assert_eq(import(&account), ERROR_NOT_FOUND);
    cr_assert_eq(database_integer("select count(*) from users"), 0);
    cr_assert_eq(audited("user_imported"), 0);
    account.roles = "user";
    cr_assert_eq(import(&account), ERROR_NONE);
}

Test(transfer, looks_at_every_part_of_an_account, .init = NULL, .fini = NULL)
{
    static const struct transfer_account cases[] = {
        { .email = "eve", .name = "Eve", .password_hash = HASH, .roles = "user" },
        { .email = "e\nv@example.org", .name = "Eve", .password_hash = HASH, .roles = "user" },
        { .email = "eve@example.org", .name = "", .password_hash = HASH, .roles = "user" },
        { .email = "eve@example.org", .name = "E\x1bve", .password_hash = HASH, .roles = "user" },
        { .email = "eve@example.org", .name = "Eve", .password_hash = "secret", .roles = "user" },
        { .email = "eve@example.org", .name = "Eve", .password_hash = HASH, .roles = "User" },
        { .email = "eve@example.org", .name = "Eve", .password_hash = HASH, .roles = " user" },
        { .email = "eve@example.org", .name = "Eve", .password_hash = HASH, .roles = "user " },
        { .email = "eve@example.org", .name = "Eve", .password_hash = HASH, .roles = "a  b" },
        { .email = "eve@example.org",
          .name = "Eve",
          .password_hash = HASH,
          .roles = "a23456789012345678901234567890123" },
    };
    const struct transfer_account good = account_of("eve@example.org");
    cr_assert(secret_start());
    cr_assert_null(transfer_flaw(&good), "%s", transfer_flaw(&good));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_not_null(transfer_flaw(&cases[i]), "case %zu", i);
}
