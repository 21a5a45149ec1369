/* registry - the accounts in the hands of an operator, in a real database. */
#include "auth/registry.h"
#include "support/database.h"
#include "support/person.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(registry, .init = person_start, .fini = person_finish);

static const struct audit_actor op = { .operator_name = "op" };

enum { TEXT_SIZE = 8192 };
static char taken[TEXT_SIZE];

/* Notes one column of each row, in brackets. */
static void note(const char *value)
{
    size_t used = strlen(taken);
    snprintf(taken + used, sizeof taken - used, "[%s]", value ? value : "null");
}

static void take_email(void *context, const char *const values[])
{
    (void)context;
    note(values[REGISTRY_EMAIL]);
}

static void take_all(void *context, const char *const values[])
{
    (void)context;
    for (int i = 0; i < REGISTRY_ACCOUNT_COLUMNS; i++)
        if (i != REGISTRY_CREATED && i != REGISTRY_PASSWORD_CHANGED)
            note(values[i]);
}

static void take_session(void *context, const char *const values[])
{
    (void)context;
    for (int i = 0; i < REGISTRY_SESSION_COLUMNS; i++)
        cr_assert(values[i] || i >= REGISTRY_SESSION_ADDRESS);
    note(values[REGISTRY_SESSION_ID]);
}

static int64_t audited(const char *event)
{
    return database_integer("select count(*) from audit where event = '%s' and operator = 'op'"
                            " and actor_id is null",
                            event);
}

/* Looking ---------------------------------------------------------------------------------------*/

static void expect_listed(const struct registry_filter *filter, const char *expected)
{
    taken[0] = '\0';
    cr_assert_eq(registry_list(&person_auth, filter, take_email, NULL), ERROR_NONE);
    cr_assert_str_eq(taken, expected);
}

Test(registry, lists_by_part_role_state_and_page)
{
    database_sql("insert into users (email, email_key, name, password, disabled_at) values"
                 " ('Ada@example.org', 'ada@example.org', 'Ada', 'x', null),"
                 " ('eve@example.com', 'eve@example.com', 'Eve %%', 'x', now()),"
                 " ('bob@example.com', 'bob@example.com', 'Zoë Ada', 'x', null)");
    database_sql("insert into user_roles select id, 'admin' from users where name like 'Eve%%'");
    static const struct {
        struct registry_filter filter;
        const char *expected;
    } cases[] = {
        { { .most = 10 }, "[Ada@example.org][eve@example.com][bob@example.com]" },
        { { .most = 2 }, "[Ada@example.org][eve@example.com]" },
        { { .most = 10, .part = "ADA" }, "[Ada@example.org][bob@example.com]" },
        { { .most = 10, .part = "example.COM" }, "[eve@example.com][bob@example.com]" },
        { { .most = 10, .part = "ë" }, "[bob@example.com]" },
        { { .most = 10, .part = "%" }, "[eve@example.com]" },
        { { .most = 10, .part = "_" }, "" },
        { { .most = 10, .part = "' or '1'='1" }, "" },
        { { .most = 10, .role = "admin" }, "[eve@example.com]" },
        { { .most = 10, .role = "none" }, "" },
        { { .most = 10, .disabled = "t" }, "[eve@example.com]" },
        { { .most = 10, .disabled = "f" }, "[Ada@example.org][bob@example.com]" },
        { { .most = 10, .part = "ada", .disabled = "t" }, "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_listed(&cases[i].filter, cases[i].expected);
    const int64_t first = database_integer("select min(id) from users");
    expect_listed(&(struct registry_filter){ .most = 1, .after = first }, "[eve@example.com]");
}

Test(registry, finds_an_account_by_address_and_by_id)
{
    static const char *const others[] = { "",
                                          "0",
                                          "-1",
                                          "99999",
                                          "ada",
                                          "eve@example.org",
                                          "99999999999999999999",
                                          "1 or 1=1",
                                          "\xff@example.org" };
    char id[24], expected[256];
    snprintf(id, sizeof id, "%lld", (long long)person_new());
    struct token_pair pair = person_session();
    database_sql("insert into user_roles select id, 'admin' from users");
    snprintf(expected, sizeof expected, "[%s][" PERSON_EMAIL "][%s][admin user][f][%s][1]", id,
             database_sql("select name from users"),
             database_sql("select to_char(created_at at time zone 'UTC',"
                          " 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') from sessions"));
    static const char *const names[] = { PERSON_EMAIL, "ADA@Example.org", NULL };
    for (size_t i = 0; i < 3; i++) {
        taken[0] = '\0';
        cr_assert_eq(registry_look_up(&person_auth, names[i] ? names[i] : id, take_all, NULL),
                     ERROR_NONE);
        cr_assert_str_eq(taken, expected);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        cr_assert_eq(registry_look_up(&person_auth, others[i], take_all, NULL), ERROR_NOT_FOUND,
                     "%s", others[i]);
    token_pair_clear(&pair);
}

/* Changing --------------------------------------------------------------------------------------*/

Test(registry, makes_an_account_that_can_log_in)
{
    struct token_pair pair;
    int64_t id = 0;
    struct secret *password = secret_new(PERSON_PASSWORD, strlen(PERSON_PASSWORD));
    cr_assert_eq(
        registry_add(&person_auth, "Eve@example.org", "Eve", "user admin", password, &op, &id),
        ERROR_NONE);
    cr_assert_eq(person_log_in("eve@example.org", PERSON_PASSWORD, &pair), ERROR_NONE);
    struct access_claims claims = person_claims(&pair);
    cr_assert_eq(claims.user_id, id);
    cr_assert_str_eq(claims.roles, "admin user");
    token_pair_clear(&pair);
    cr_assert_eq(audited("user_added"), 1);
    cr_assert_eq(registry_add(&person_auth, "eve@EXAMPLE.org", "E", "user", password, &op, &id),
                 ERROR_EMAIL_TAKEN);
    cr_assert_eq(registry_add(&person_auth, "bob@example.org", "B", "god", password, &op, &id),
                 ERROR_NOT_FOUND);
    cr_assert_eq(database_integer("select count(*) from users"), 1);
    cr_assert_eq(audited("user_added"), 1);
    secret_free(password);
}

Test(registry, sets_a_password_and_ends_every_session)
{
    static const char wanted[] = "another password";
    bool changed = false;
    struct token_pair after;
    int64_t id = person_new();
    struct token_pair pair = person_session();
    struct secret *password = secret_new(wanted, strlen(wanted));
    cr_assert_eq(registry_set_password(&person_auth, id, password, &op, &changed), ERROR_NONE);
    cr_assert(changed);
    cr_assert_not(person_is_live(&pair));
    person_expect_refused(&pair, "old session");
    cr_assert_eq(person_log_in(PERSON_EMAIL, PERSON_PASSWORD, &after), ERROR_INVALID_CREDENTIALS);
    cr_assert_eq(person_log_in(PERSON_EMAIL, wanted, &after), ERROR_NONE);
    cr_assert_eq(audited("password_set"), 1);
    cr_assert_eq(registry_set_password(&person_auth, id + 1, password, &op, &changed),
                 ERROR_NOT_FOUND);
    cr_assert_eq(audited("password_set"), 1);
    token_pair_clear(&after);
    token_pair_clear(&pair);
    secret_free(password);
}

Test(registry, disables_an_account_and_its_sessions_do_not_come_back)
{
    bool changed = false;
    struct token_pair after;
    int64_t id = person_new();
    struct token_pair pair = person_session();
    cr_assert_eq(registry_set_disabled(&person_auth, id, true, false, &op, &changed), ERROR_NONE);
    cr_assert(changed);
    cr_assert_str_eq(person_end_reason(), "disabled");
    cr_assert_eq(person_log_in(PERSON_EMAIL, PERSON_PASSWORD, &after), ERROR_ACCOUNT_DISABLED);
    cr_assert_eq(registry_set_disabled(&person_auth, id, true, false, &op, &changed), ERROR_NONE);
    cr_assert_not(changed);
    cr_assert_eq(audited("account_disabled"), 1);
    /* As a login would leave it that had looked before the account was disabled. */
    database_sql("update sessions set ended_at = null, end_reason = null");
    cr_assert_eq(registry_set_disabled(&person_auth, id, false, false, &op, &changed), ERROR_NONE);
    cr_assert(changed);
    person_expect_refused(&pair, "old session");
    cr_assert_eq(person_log_in(PERSON_EMAIL, PERSON_PASSWORD, &after), ERROR_NONE);
    cr_assert_eq(audited("account_enabled"), 1);
    cr_assert_eq(registry_set_disabled(&person_auth, id + 1, true, false, &op, &changed),
                 ERROR_NOT_FOUND);
    token_pair_clear(&after);
    token_pair_clear(&pair);
}

static enum error set_role(int64_t id, const char *role, bool given, bool *changed)
{
    return given ? registry_give_role(&person_auth, id, role, &op, changed)
                 : registry_take_role(&person_auth, id, role, true, &op, changed);
}

Test(registry, gives_and_takes_roles)
{
    static const struct {
        bool given, changed;
        const char *role, *roles;
    } cases[] = { { true, true, "admin", "admin user" },
                  { true, false, "admin", "admin user" },
                  { false, true, "user", "admin" },
                  { false, false, "user", "admin" },
                  { false, true, "admin", "" } };
    int64_t id = person_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool changed = !cases[i].changed;
        cr_assert_eq(set_role(id, cases[i].role, cases[i].given, &changed), ERROR_NONE);
        cr_assert_eq(changed, cases[i].changed, "case %zu", i);
        cr_assert_str_eq(database_sql("select coalesce(string_agg(role, ' ' order by role), '')"
                                      " from user_roles"),
                         cases[i].roles);
    }
    cr_assert_eq(audited("role_given"), 1);
    cr_assert_eq(audited("role_taken"), 2);
    cr_assert_str_eq(database_sql("select detail from audit where event = 'role_given'"), "admin");
    bool changed = false;
    for (int given = 0; given < 2; given++) {
        cr_assert_eq(set_role(id, "god", given, &changed), ERROR_NOT_FOUND);
        cr_assert_eq(set_role(id + 1, "admin", given, &changed), ERROR_NOT_FOUND);
    }
}

Test(registry, deletes_an_account_and_the_log_remembers_it)
{
    bool changed = false;
    int64_t id = person_new();
    struct token_pair pair = person_session();
    cr_assert_eq(registry_delete(&person_auth, id, false, &op, &changed), ERROR_NONE);
    cr_assert(changed);
    cr_assert_eq(database_integer("select count(*) from users"), 0);
    cr_assert_eq(database_integer("select count(*) from sessions"), 0);
    cr_assert_eq(database_integer("select user_id from audit where event = 'account_deleted'"), id);
    cr_assert_eq(registry_delete(&person_auth, id, false, &op, &changed), ERROR_NOT_FOUND);
    cr_assert_eq(audited("account_deleted"), 1);
    token_pair_clear(&pair);
}

/* The last administrator ------------------------------------------------------------------------*/

static int64_t administrator_new(const char *email)
{
    int64_t id = 0;
    struct secret *password = secret_new(PERSON_PASSWORD, strlen(PERSON_PASSWORD));
    cr_assert_eq(registry_add(&person_auth, email, "Admin", "user admin", password, &op, &id),
                 ERROR_NONE);
    secret_free(password);
    return id;
}

enum loss { DISABLED, ROLE_TAKEN, DELETED, LOSSES };

static enum error lose(enum loss loss, int64_t id, bool last_admin, bool *changed)
{
    switch (loss) {
    case DISABLED:
        return registry_set_disabled(&person_auth, id, true, last_admin, &op, changed);
    case ROLE_TAKEN:
        return registry_take_role(&person_auth, id, "admin", last_admin, &op, changed);
    default:
        return registry_delete(&person_auth, id, last_admin, &op, changed);
    }
}

Test(registry, keeps_the_last_administrator_unless_it_is_told_otherwise)
{
    for (enum loss loss = 0; loss < LOSSES; loss++) {
        bool changed = false;
        int64_t first = administrator_new("first@example.org"),
                second = administrator_new("second@example.org"),
                disabled = administrator_new("third@example.org");
        database_sql("update users set disabled_at = now() where id = %lld", (long long)disabled);
        database_sql("truncate audit");
        cr_assert_eq(lose(loss, first, false, &changed), ERROR_NONE);
        cr_assert(changed);
        cr_assert_eq(lose(loss, second, false, &changed), ERROR_LAST_ADMIN, "%d", loss);
        cr_assert_eq(database_integer("select user_id from enabled_admins"), second);
        cr_assert_eq(database_integer("select count(*) from audit"), 1);
        cr_assert_eq(registry_take_role(&person_auth, second, "user", false, &op, &changed),
                     ERROR_NONE);
        cr_assert_eq(lose(loss, disabled, false, &changed), ERROR_NONE);
        cr_assert_eq(lose(loss, second, true, &changed), ERROR_NONE);
        cr_assert_eq(database_integer("select count(*) from enabled_admins"), 0);
        database_sql("truncate users, audit cascade");
    }
}

static enum loss race;
static int64_t racers[2];

static int child_loses(int number)
{
    bool changed = false;
    person_forked();
    return (int)lose(race, racers[number], false, &changed);
}

/* A transaction that has the lock holds both up until they have all begun: neither sees what the
 * other does but by waiting. */
Test(registry, of_two_administrators_who_go_at_once_one_stays)
{
    char message[256];
    struct db *other = database_open(DATABASE_SUPERUSER);
    for (race = 0; race < LOSSES; race++) {
        int statuses[2];
        racers[0] = administrator_new("first@example.org");
        racers[1] = administrator_new("second@example.org");
        cr_assert_eq(db_script(other, "begin; select pg_advisory_xact_lock(7306085893296906)", 5000,
                               message, sizeof message),
                     ERROR_NONE, "%s", message);
        database_fork(2, child_loses);
        database_await("select count(*) = 2 from pg_stat_activity where wait_event_type = 'Lock'");
        cr_assert_eq(db_script(other, "commit", 5000, message, sizeof message), ERROR_NONE);
        database_join(2, statuses);
        cr_assert_eq(statuses[0] + statuses[1], ERROR_LAST_ADMIN, "%d: %d %d", race, statuses[0],
                     statuses[1]);
        cr_assert_eq(database_integer("select count(*) from enabled_admins"), 1);
        database_sql("truncate users cascade");
    }
    db_free(other);
}

/* By a request: the log says which account did it, and where it came from. */
Test(registry, says_which_account_made_a_change)
{
    bool changed = false;
    int64_t id = person_new();
    const struct client client = { .address = "192.0.2.7", .request_id = "r-1" };
    const struct audit_actor actor = { .user_id = id + 1, .client = &client };
    database_sql("insert into users (id, email, email_key, name, password)"
                 " overriding system value values (%lld, 'g', 'g', 'G', 'x')",
                 (long long)id + 1);
    database_sql("insert into roles values ('all', '{users:write,profile:read,profile:write}')");
    database_sql("insert into user_roles values (%lld, 'all')", (long long)id + 1);
    cr_assert_eq(registry_set_disabled(&person_auth, id, true, false, &actor, &changed),
                 ERROR_NONE);
    cr_assert_eq(database_integer("select count(*) from audit where event = 'account_disabled'"
                                  " and user_id = %lld and actor_id = %lld and operator is null"
                                  " and address = '192.0.2.7' and request_id = 'r-1'",
                                  (long long)id, (long long)id + 1),
                 1);
}

/* Sessions --------------------------------------------------------------------------------------*/

Test(registry, lists_sessions_and_ends_one_or_all)
{
    char first[64];
    int64_t count = 0, id = person_new();
    struct token_pair pairs[] = { person_session(), person_session(), person_session() };
    snprintf(first, sizeof first, "%s", person_claims(&pairs[0]).session_id);
    cr_assert_eq(registry_end_sessions(&person_auth, first, 0, &op, &count), ERROR_NONE);
    cr_assert_eq(count, 1);
    cr_assert_not(person_is_live(&pairs[0]));
    cr_assert(person_is_live(&pairs[1]));
    cr_assert_eq(registry_end_sessions(&person_auth, first, 0, &op, &count), ERROR_NONE);
    cr_assert_eq(count, 0);
    cr_assert_eq(registry_sessions(&person_auth, id, take_session, NULL), ERROR_NONE);
    cr_assert_eq(strlen(taken), 2 * strlen("[00000000-0000-4000-8000-000000000001]"), "%s", taken);
    cr_assert_null(strstr(taken, first));
    cr_assert_eq(registry_end_sessions(&person_auth, NULL, id, &op, &count), ERROR_NONE);
    cr_assert_eq(count, 2);
    cr_assert_not(person_is_live(&pairs[2]));
    cr_assert_eq(database_integer("select count(*) from audit where event = 'session_ended' and"
                                  " operator = 'op' and session_id is not null and user_id = %lld",
                                  (long long)id),
                 3);
    cr_assert_eq(registry_end_sessions(&person_auth, "nonsense", 0, &op, &count), ERROR_NOT_FOUND);
    for (size_t i = 0; i < 3; i++)
        token_pair_clear(&pairs[i]);
}

/* What cannot be audited does not happen. */
Test(registry, changes_nothing_that_it_cannot_audit)
{
    bool changed;
    int64_t count, id = person_new();
    struct token_pair pair = person_session();
    database_sql("revoke insert on audit from therappai_auth_worker");
    database_sql(
        "revoke insert (event, user_id, actor_id, operator, session_id, address, request_id,"
        " detail) on audit from"
        " therappai_auth_worker");
    cr_assert_neq(registry_set_disabled(&person_auth, id, true, false, &op, &changed), ERROR_NONE);
    cr_assert_neq(registry_give_role(&person_auth, id, "admin", &op, &changed), ERROR_NONE);
    cr_assert_neq(registry_end_sessions(&person_auth, NULL, id, &op, &count), ERROR_NONE);
    cr_assert_neq(registry_delete(&person_auth, id, false, &op, &changed), ERROR_NONE);
    cr_assert(person_is_live(&pair));
    cr_assert_eq(database_integer("select count(*) from user_roles where role = 'admin'"), 0);
    token_pair_clear(&pair);
}

/* Between the check and the change of a request somebody else may change rights. */
Test(registry, an_actor_without_the_permissions_changes_nothing_whatever_was_checked_before)
{
    bool changed;
    const struct client client = { .address = "192.0.2.7" };
    database_sql(
        "insert into roles values ('support', '{users:write,profile:read,profile:write}')");
    database_sql("insert into users (email, email_key, name, password) values ('s', 's', 'S', 'x'),"
                 " ('t', 't', 'T', 'x')");
    int64_t actor_id = database_integer("select id from users where email = 's'"),
            target = database_integer("select id from users where email = 't'");
    const struct audit_actor actor = { .user_id = actor_id, .client = &client };
    const struct registry_change admin = { .roles = "admin" }, off = { .disabled = "t" },
                                 name = { .name = "N" };
    static const struct {
        const char *arrange;
        bool may;
    } cases[] = {
        { "delete from user_roles", false },
        { "insert into user_roles select id, 'support' from users where email = 's'", true },
        { "insert into user_roles select id, 'admin' from users where email = 't'", false },
        { "delete from user_roles where role = 'admin'", true },
        { "update users set disabled_at = now() where email = 's'", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum error expected = cases[i].may ? ERROR_NONE : ERROR_BEYOND_RIGHTS;
        database_sql("%s", cases[i].arrange);
        cr_assert_eq(registry_change(&person_auth, target, &name, &actor), expected, "%zu", i);
        cr_assert_eq(registry_change(&person_auth, target, &off, &actor), expected, "%zu", i);
        cr_assert_eq(registry_change(&person_auth, target, &admin, &actor), ERROR_BEYOND_RIGHTS,
                     "%zu", i);
        cr_assert_eq(registry_change(&person_auth, actor_id, &off, &actor), ERROR_BEYOND_RIGHTS,
                     "itself, %zu", i);
        if (!cases[i].may)
            cr_assert_eq(registry_delete(&person_auth, target, false, &actor, &changed),
                         ERROR_BEYOND_RIGHTS, "%zu", i);
    }
    cr_assert_eq(database_integer("select count(*) from users where email = 't'"), 1);
    database_sql("update users set disabled_at = null");
    cr_assert_eq(registry_delete(&person_auth, target, false, &actor, &changed), ERROR_NONE);
}
