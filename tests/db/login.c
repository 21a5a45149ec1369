/* login - email and password against a real database, and what an onlooker learns from it. */
#include "auth/password.h"
#include "support/database.h"
#include "support/person.h"
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Watch -----------------------------------------------------------------------------------------*/

/* This program's own functions of these names come before libsodium's: they note what work is asked
 * for, and let something happen meanwhile. */
static struct {
    int verified, made;
    char parameters[32];   /* of the last hash that was compared with */
    const char *meanwhile; /* SQL, run once */
} watch;

static void *original(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (!function)
        abort();
    return function;
}

static void happen(void)
{
    const char *sql = watch.meanwhile;
    watch.meanwhile = NULL;
    if (sql)
        database_sql("%s", sql);
}

int crypto_pwhash_str_verify(const char str[crypto_pwhash_STRBYTES], const char *const passwd,
                             unsigned long long passwdlen)
{
    int (*verify)(const char *, const char *, unsigned long long);
    *(void **)&verify = original("crypto_pwhash_str_verify");
    watch.verified++;
    snprintf(watch.parameters, sizeof watch.parameters, "%.31s", str);
    happen();
    return verify(str, passwd, passwdlen);
}

int crypto_pwhash_str_alg(char out[crypto_pwhash_STRBYTES], const char *const passwd,
                          unsigned long long passwdlen, unsigned long long opslimit,
                          size_t memlimit, int alg)
{
    int (*make)(char *, const char *, unsigned long long, unsigned long long, size_t, int);
    *(void **)&make = original("crypto_pwhash_str_alg");
    watch.made++;
    return make(out, passwd, passwdlen, opslimit, memlimit, alg);
}

static void start(void)
{
    person_start();
    memset(&watch, 0, sizeof watch);
}

TestSuite(login, .init = start, .fini = person_finish);

static enum error log_in(const char *email, const char *password)
{
    struct token_pair pair = { 0 };
    enum error error = person_log_in(email, password, &pair);
    cr_assert_eq(!pair.access, error != ERROR_NONE);
    cr_assert_eq(!pair.refresh, error != ERROR_NONE);
    token_pair_clear(&pair);
    return error;
}

/* Success ---------------------------------------------------------------------------------------*/

Test(login, opens_a_session_of_its_own_each_time)
{
    int64_t id = person_new();
    struct token_pair first = person_session(), second = person_session();
    struct access_claims claims = person_claims(&first), other = person_claims(&second);
    cr_assert_eq(claims.user_id, id);
    cr_assert_str_eq(claims.roles, "user");
    cr_assert_str_eq(claims.scope, "profile:read profile:write");
    cr_assert_str_neq(claims.session_id, other.session_id);
    cr_assert(first.expires_in > 0 && first.expires_in <= person_config.access_lifetime_s);
    cr_assert_eq(first.expires_in, claims.expires_at - claims.issued_at);
    cr_assert_eq(claims.session_id[14], '4', "a UUID of version 4");
    cr_assert(strchr("89ab", claims.session_id[19]));
    cr_assert_eq(database_integer("select count(*) from sessions where user_id = %d", (int)id), 2);
    cr_assert_str_eq(database_sql("select distinct generation from sessions"), "0");
    cr_assert_str_eq(database_sql("select distinct expires_at - created_at from sessions"),
                     "30 days");
    token_pair_clear(&first);
    token_pair_clear(&second);
}

Test(login, finds_the_account_however_the_email_is_spelled)
{
    static const char *const cases[][3] = {
        { "Ada@Example.org", "ada@example.org", "ADA@EXAMPLE.ORG" },
        { "straße@example.org", "STRASSE@example.org", "STRAẞE@EXAMPLE.ORG" },
        { "İpek@example.org", "i\u0307pek@example.org", "İPEK@example.org" },
        { "j\u00fcrgen@example.org", "ju\u0308rgen@example.org", "J\u00dcRGEN@example.org" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(person_sign_up(cases[i][0], PERSON_PASSWORD), ERROR_NONE);
        for (int j = 0; j < 3; j++)
            cr_assert_eq(log_in(cases[i][j], PERSON_PASSWORD), ERROR_NONE, "%s", cases[i][j]);
    }
    cr_assert_eq(log_in("ipek@example.org", PERSON_PASSWORD), ERROR_INVALID_CREDENTIALS);
    cr_assert_eq(log_in("strase@example.org", PERSON_PASSWORD), ERROR_INVALID_CREDENTIALS);
}

Test(login, stores_what_the_client_says_of_itself_whatever_it_says)
{
    static const struct {
        const char *address, *user_agent, *stored_address, *stored_user_agent;
    } cases[] = {
        { "192.0.2.1", "curl/8", "192.0.2.1", "curl/8" },
        { "2001:db8::1", "Mozilla/5.0 (漢字)", "2001:db8::1", "Mozilla/5.0 (漢字)" },
        { NULL, NULL, "null", "null" },
        { "", "", "null", "" },
        { "localhost", "a\xff\xc3(z", "null", "a\ufffd\ufffd(z" },
        { "192.0.2.1, 192.0.2.2", "\xed\xa0\x80", "null", "\ufffd\ufffd\ufffd" },
        { "1'; drop table users", "'; drop table users", "null", "'; drop table users" },
        { "192.0.2.1\n", "\xf0\x9f\x98", "null", "\ufffd\ufffd\ufffd" },
    };
    person_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct client client = { cases[i].address, cases[i].user_agent, NULL };
        struct token_pair pair = { 0 };
        struct secret *password = secret_new(PERSON_PASSWORD, strlen(PERSON_PASSWORD));
        database_sql("delete from sessions");
        cr_assert_eq(session_login(&person_auth, PERSON_EMAIL, strlen(PERSON_EMAIL), password,
                                   &client, &pair),
                     ERROR_NONE, "case %zu", i);
        cr_assert_str_eq(database_sql("select coalesce(address, 'null') from sessions"),
                         cases[i].stored_address, "case %zu", i);
        cr_assert_str_eq(database_sql("select coalesce(user_agent, 'null') from sessions"),
                         cases[i].stored_user_agent, "case %zu", i);
        token_pair_clear(&pair);
        secret_free(password);
    }
}

Test(login, cuts_a_long_user_agent_between_code_points)
{
    static const struct {
        const char *point;
        int stored;
    } cases[] = { { "x", 512 }, { "ü", 512 }, { "€", 510 }, { "😀", 512 }, { "\xff", 510 } };
    person_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[4096] = "";
        struct token_pair pair = { 0 };
        struct secret *password = secret_new(PERSON_PASSWORD, strlen(PERSON_PASSWORD));
        for (size_t at = 0; at < 600; at++)
            snprintf(text + at * strlen(cases[i].point), 8, "%s", cases[i].point);
        const struct client client = { NULL, text, NULL };
        database_sql("delete from sessions");
        cr_assert_eq(session_login(&person_auth, PERSON_EMAIL, strlen(PERSON_EMAIL), password,
                                   &client, &pair),
                     ERROR_NONE, "%s", cases[i].point);
        cr_assert_eq(database_integer("select octet_length(user_agent) from sessions"),
                     cases[i].stored, "%s", cases[i].point);
        token_pair_clear(&pair);
        secret_free(password);
    }
}

/* Failure ---------------------------------------------------------------------------------------*/

Test(login, a_wrong_password_and_an_unknown_email_cost_the_same_work)
{
    static const char *const cases[][2] = {
        { PERSON_EMAIL, "wrong horse" },
        { "eve@example.org", PERSON_PASSWORD },
        { "no address at all", PERSON_PASSWORD },
        { "\xff", PERSON_PASSWORD },
        { "", PERSON_PASSWORD },
    };
    person_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(&watch, 0, sizeof watch);
        cr_assert_eq(log_in(cases[i][0], cases[i][1]), ERROR_INVALID_CREDENTIALS, "'%s'",
                     cases[i][0]);
        cr_assert_eq(watch.verified, 1, "'%s'", cases[i][0]);
        cr_assert_eq(watch.made, 0, "'%s'", cases[i][0]);
        cr_assert_eq(strncmp(watch.parameters, "$argon2id$v=19$m=1024,t=1,p=1$", 30), 0);
    }
    cr_assert_eq(database_integer("select count(*) from sessions"), 0);
    cr_assert_eq(log_in(PERSON_EMAIL, PERSON_PASSWORD), ERROR_NONE);
}

Test(login, of_an_email_with_nul_in_it_is_nobodys)
{
    static const char email[] = PERSON_EMAIL "\0";
    const struct client client = { NULL, NULL, NULL };
    struct token_pair pair = { 0 };
    struct secret *password = secret_new(PERSON_PASSWORD, strlen(PERSON_PASSWORD));
    person_new();
    cr_assert_eq(session_login(&person_auth, email, sizeof email - 1, password, &client, &pair),
                 ERROR_INVALID_CREDENTIALS);
    cr_assert_eq(session_login(&person_auth, email, sizeof email - 2, password, &client, &pair),
                 ERROR_NONE);
    token_pair_clear(&pair);
    secret_free(password);
}

Test(login, with_what_can_be_no_password_is_wrong)
{
    char large[8192] = "";
    memset(large, 'x', sizeof large - 1);
    person_new();
    cr_assert_eq(log_in(PERSON_EMAIL, ""), ERROR_INVALID_CREDENTIALS);
    cr_assert_eq(log_in(PERSON_EMAIL, "short"), ERROR_INVALID_CREDENTIALS);
    cr_assert_eq(log_in(PERSON_EMAIL, large), ERROR_INVALID_CREDENTIALS);
    cr_assert_eq(log_in(PERSON_EMAIL, "no UTF-8: \xff"), ERROR_INVALID_CREDENTIALS);
    cr_assert_eq(log_in(PERSON_EMAIL, PERSON_PASSWORD), ERROR_NONE);
}

Test(login, tells_that_an_account_is_disabled_only_to_who_knows_the_password)
{
    person_new();
    database_sql("update users set disabled_at = now()");
    cr_assert_eq(log_in(PERSON_EMAIL, "wrong horse"), ERROR_INVALID_CREDENTIALS);
    cr_assert_eq(log_in(PERSON_EMAIL, PERSON_PASSWORD), ERROR_ACCOUNT_DISABLED);
    cr_assert_eq(database_integer("select count(*) from sessions"), 0);
    database_sql("update users set disabled_at = null");
    cr_assert_eq(log_in(PERSON_EMAIL, PERSON_PASSWORD), ERROR_NONE);
}

Test(login, to_an_account_whose_hash_cannot_be_read_is_wrong_and_costs_the_same)
{
    person_new();
    database_sql("update users set password = '!'");
    cr_assert_eq(log_in(PERSON_EMAIL, PERSON_PASSWORD), ERROR_INVALID_CREDENTIALS);
    database_sql("update users set password = repeat('x', 1000)");
    cr_assert_eq(log_in(PERSON_EMAIL, PERSON_PASSWORD), ERROR_INVALID_CREDENTIALS);
    cr_assert_eq(watch.verified, 2);
}

Test(login, is_put_off_while_the_hash_queue_is_full)
{
    person_new();
    person_fill_hash_queue();
    cr_assert_eq(log_in(PERSON_EMAIL, PERSON_PASSWORD), ERROR_BUSY);
    cr_assert_eq(log_in("eve@example.org", PERSON_PASSWORD), ERROR_BUSY);
    person_let_go();
    cr_assert_eq(log_in(PERSON_EMAIL, PERSON_PASSWORD), ERROR_NONE);
}

Test(login, is_unavailable_while_the_database_does_not_answer)
{
    person_new();
    person_connect(200);
    database_sql("begin");
    database_sql("lock table users");
    cr_assert_eq(log_in(PERSON_EMAIL, PERSON_PASSWORD), ERROR_UNAVAILABLE);
    cr_assert_eq(log_in("eve@example.org", PERSON_PASSWORD), ERROR_UNAVAILABLE);
    database_sql("rollback");
    database_sql("begin");
    database_sql("lock table sessions");
    person_connect(200);
    cr_assert_eq(log_in(PERSON_EMAIL, PERSON_PASSWORD), ERROR_UNAVAILABLE, "right, and too late");
    database_sql("rollback");
    person_connect(5000);
    cr_assert_eq(log_in(PERSON_EMAIL, PERSON_PASSWORD), ERROR_NONE);
}

Test(login, with_more_rights_than_a_token_holds_is_an_error_of_ours)
{
    person_new();
    database_log_catch();
    database_sql("insert into roles select 'role-' || repeat('x', 20) || n, '{}'"
                 " from generate_series(1, 30) n");
    database_sql("insert into user_roles select users.id, roles.name from users, roles on conflict "
                 "do nothing");
    cr_assert_eq(log_in(PERSON_EMAIL, PERSON_PASSWORD), ERROR_INTERNAL);
    cr_assert(strstr(database_log(), "rights_too_long"), "%s", database_log());
}

/* Re-hash ---------------------------------------------------------------------------------------*/

Test(login, hashes_anew_where_the_cost_changed)
{
    person_new();
    const char *old = database_sql("select password from users");
    person_config.argon2_passes = 2;
    cr_assert_eq(log_in(PERSON_EMAIL, "wrong horse"), ERROR_INVALID_CREDENTIALS);
    cr_assert_str_eq(database_sql("select password from users"), old, "nobody knew the password");
    cr_assert_eq(log_in(PERSON_EMAIL, PERSON_PASSWORD), ERROR_NONE);
    const char *new = database_sql("select password from users");
    cr_assert_eq(strncmp(new, "$argon2id$v=19$m=1024,t=2,p=1$", 30), 0, "%s", new);
    watch.made = 0;
    cr_assert_eq(log_in(PERSON_EMAIL, PERSON_PASSWORD), ERROR_NONE);
    cr_assert_str_eq(database_sql("select password from users"), new);
    cr_assert_eq(watch.made, 0);
    cr_assert_eq(log_in(PERSON_EMAIL, "wrong horse"), ERROR_INVALID_CREDENTIALS);
}

static int log_in_apart(int number)
{
    (void)number;
    person_forked();
    return (int)log_in(PERSON_EMAIL, PERSON_PASSWORD);
}

/* Each verifies the old hash and brings a new one; the first that stores it leaves the others with
 * a hash that is gone. None of them may fail over that. */
Test(login, from_many_places_at_once_works_when_the_cost_has_changed)
{
    enum { COUNT = 8 };
    int statuses[COUNT];
    person_new();
    for (int round = 2; round < 5; round++) {
        person_config.argon2_passes = round;
        database_fork(COUNT, log_in_apart);
        database_join(COUNT, statuses);
        for (int i = 0; i < COUNT; i++)
            cr_assert(statuses[i] == ERROR_NONE || statuses[i] == ERROR_BUSY, "%s",
                      error_name((enum error)statuses[i]));
    }
    cr_assert_geq(database_integer("select count(*) from sessions"), 3 * 4);
}

/* Meanwhile -------------------------------------------------------------------------------------*/

/* Between the look at the account and the session there is a hash, and so time for everything. */
Test(login, sees_what_happened_to_the_account_while_it_hashed)
{
    static const struct {
        const char *name, *sql;
        enum error error;
        int verified;
    } cases[] = {
        { "nothing", "select 1", ERROR_NONE, 1 },
        { "password changed", "update users set password = (select password from kept)",
          ERROR_INVALID_CREDENTIALS, 2 },
        { "account deleted", "delete from users", ERROR_INVALID_CREDENTIALS, 2 },
        { "account disabled", "update users set disabled_at = now()", ERROR_ACCOUNT_DISABLED, 1 },
        { "the same password hashed anew", "update users set password = (select other from kept)",
          ERROR_NONE, 2 },
    };
    person_sign_up("eve@example.org", "wrong horse");
    database_sql("create table kept as select password, '' as other from users");
    database_sql("delete from users");
    person_new();
    database_sql("update kept set other = (select password from users)");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        database_sql("delete from users");
        person_new();
        watch.meanwhile = cases[i].sql;
        watch.verified = 0;
        cr_assert_eq(log_in(PERSON_EMAIL, PERSON_PASSWORD), cases[i].error, "%s", cases[i].name);
        cr_assert_eq(watch.verified, cases[i].verified, "%s", cases[i].name);
        cr_assert_eq(database_integer("select count(*) from sessions"),
                     cases[i].error == ERROR_NONE, "%s", cases[i].name);
    }
}

/* Sign-up ---------------------------------------------------------------------------------------*/

static int sign_up_apart(int number)
{
    static const char *const emails[] = { "ada@example.org", "ADA@example.org", "Ada@Example.Org" };
    enum error error;
    person_forked();
    while ((error = person_sign_up(emails[number % 3], PERSON_PASSWORD)) == ERROR_BUSY)
        continue;
    return (int)error;
}

Test(login, after_twenty_sign_ups_at_once_with_one_email_is_to_the_one_that_succeeded)
{
    enum { COUNT = 20 };
    int statuses[COUNT], succeeded = 0;
    database_fork(COUNT, sign_up_apart);
    database_join(COUNT, statuses);
    for (int i = 0; i < COUNT; i++) {
        cr_assert(statuses[i] == ERROR_NONE || statuses[i] == ERROR_EMAIL_TAKEN, "%s",
                  error_name((enum error)statuses[i]));
        succeeded += statuses[i] == ERROR_NONE;
    }
    cr_assert_eq(succeeded, 1);
    cr_assert_eq(database_integer("select count(*) from users"), 1);
    cr_assert_eq(database_integer("select count(*) from user_roles"), 1);
    cr_assert_eq(log_in(PERSON_EMAIL, PERSON_PASSWORD), ERROR_NONE);
}
