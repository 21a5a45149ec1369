/* personal_info - what the database holds of it, and how its keys change. */
#include "auth/personal_info.h"
#include "auth/keyset.h"
#include "support/database.h"
#include "support/keys.h"
#include "support/person.h"
#include <criterion/criterion.h>
#include <string.h>

#define FIRST_KEY  "d-1.DATA.signing.key"
#define SECOND_KEY "d-2.DATA.signing.key"

static void start(void)
{
    person_start();
    keys_write(person_keys, FIRST_KEY, keys_hexadecimal(7));
    person_load_keys();
    person_new();
}

TestSuite(personal_info, .init = start, .fini = person_finish);

static struct personal_info info_of(const char *mood)
{
    struct personal_info info = { 0 };
    info.values[PERSONAL_INFO_MOOD] = secret_new(mood, strlen(mood));
    info.values[PERSONAL_INFO_GOALS] = secret_new("sleep", strlen("sleep"));
    return info;
}

static enum error write_mood(const struct token_pair *pair, const char *mood)
{
    struct access_claims claims = person_claims(pair);
    struct personal_info info = info_of(mood);
    enum error error = personal_info_write(&person_auth, &claims, &info, &person_client);
    personal_info_clear(&info);
    return error;
}

static void expect_mood(const struct token_pair *pair, const char *mood)
{
    struct access_claims claims = person_claims(pair);
    struct personal_info info = { 0 };
    cr_assert_eq(personal_info_read(&person_auth, &claims, &info), ERROR_NONE);
    cr_assert_str_eq(secret_reveal(info.values[PERSONAL_INFO_MOOD]), mood);
    cr_assert_str_eq(secret_reveal(info.values[PERSONAL_INFO_GOALS]), "sleep");
    cr_assert_null(info.values[PERSONAL_INFO_DATE_OF_BIRTH]);
    personal_info_clear(&info);
}

static enum error read_again(const struct token_pair *pair)
{
    struct access_claims claims = person_claims(pair);
    struct personal_info info = { 0 };
    enum error error = personal_info_read(&person_auth, &claims, &info);
    personal_info_clear(&info);
    return error;
}

/* From now on the second key encrypts, and the first decrypts. */
static void change_key(void)
{
    keys_write(person_keys, SECOND_KEY, keys_hexadecimal(8));
    keys_rename(person_keys, FIRST_KEY, "d-1.DATA.verifying.key");
    person_load_keys();
}

Test(personal_info, is_unreadable_in_the_database)
{
    struct token_pair pair = person_session();
    cr_assert_eq(read_again(&pair), ERROR_NONE, "nothing was told yet");
    cr_assert_eq(write_mood(&pair, "hopeful"), ERROR_NONE);
    expect_mood(&pair, "hopeful");
    cr_assert_str_eq(database_sql("select key_id from personal_info"), "d-1");
    cr_assert_eq(database_integer("select octet_length(mood) from personal_info"), 24 + 16 + 7);
    cr_assert_eq(database_integer("select count(*) from personal_info where date_of_birth is null"),
                 1);
    cr_assert_eq(database_integer("select count(*) from personal_info where"
                                  " position('hopeful'::bytea in mood) > 0"),
                 0);
    cr_assert_eq(database_integer("select count(*) from audit where event = 'personal_info_changed'"
                                  " and user_id = actor_id and detail is null"),
                 1);
    token_pair_clear(&pair);
}

Test(personal_info, moved_to_another_place_does_not_open)
{
    struct token_pair pair = person_session();
    static const char *const moves[] = {
        "update personal_info set mood = goals",
        "update personal_info set date_of_birth = mood, mood = null",
        "update personal_info set mood = set_byte(mood, 30, get_byte(mood, 30) # 1)",
        "update personal_info set mood = ''",
        "update personal_info set key_id = 'd-2'",
    };
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        cr_assert_eq(write_mood(&pair, "hopeful"), ERROR_NONE);
        expect_mood(&pair, "hopeful");
        database_sql("%s", moves[i]);
        database_log_catch();
        cr_assert_eq(read_again(&pair), ERROR_INTERNAL, "%s", moves[i]);
        cr_assert(strstr(database_log(), "user=1"), "%s", database_log());
        cr_assert_null(strstr(database_log(), "hopeful"));
    }
    token_pair_clear(&pair);
}

Test(personal_info, needs_a_session_that_lives_and_an_account_that_is_enabled)
{
    struct token_pair pair = person_session();
    cr_assert_eq(write_mood(&pair, "hopeful"), ERROR_NONE);
    database_sql("update users set disabled_at = now()");
    cr_assert_eq(read_again(&pair), ERROR_ACCOUNT_DISABLED);
    cr_assert_eq(write_mood(&pair, "other"), ERROR_ACCOUNT_DISABLED);
    database_sql("update users set disabled_at = null");
    expect_mood(&pair, "hopeful");
    database_sql("update sessions set ended_at = now()");
    cr_assert_eq(read_again(&pair), ERROR_INVALID_TOKEN);
    cr_assert_eq(write_mood(&pair, "other"), ERROR_INVALID_TOKEN);
    token_pair_clear(&pair);
}

Test(personal_info, is_not_taken_while_there_is_no_key)
{
    struct token_pair pair = person_session();
    keys_remove(person_keys, FIRST_KEY);
    person_load_keys();
    cr_assert_eq(write_mood(&pair, "hopeful"), ERROR_UNAVAILABLE);
    cr_assert_eq(read_again(&pair), ERROR_NONE, "there is nothing to decrypt");
    cr_assert_eq(database_integer("select count(*) from personal_info"), 0);
    database_sql("insert into personal_info (user_id, key_id) values (1, 'd-1')");
    cr_assert_eq(read_again(&pair), ERROR_UNAVAILABLE, "it may come back");
    keys_write(person_keys, FIRST_KEY, keys_hexadecimal(7));
    cr_assert_eq(read_again(&pair), ERROR_NONE);
    token_pair_clear(&pair);
}

Test(personal_info, goes_with_its_account)
{
    struct token_pair pair = person_session();
    cr_assert_eq(write_mood(&pair, "hopeful"), ERROR_NONE);
    database_sql("delete from users");
    cr_assert_eq(database_integer("select count(*) from personal_info"), 0);
    token_pair_clear(&pair);
}

Test(personal_info, is_encrypted_anew_in_batches)
{
    int64_t by_it, by_others;
    struct personal_info_renewal renewal = { 0 };
    struct token_pair pair = person_session();
    cr_assert_eq(write_mood(&pair, "hopeful"), ERROR_NONE);
    database_sql("insert into users (email, email_key, name, password)"
                 " select 'p' || n, 'p' || n, 'P', 'x' from generate_series(1, 150) n");
    database_sql("insert into personal_info (user_id, key_id) select id, 'd-1' from users"
                 " where id > 1");
    change_key();
    cr_assert_eq(personal_info_count(&person_auth, "d-1", &by_it, &by_others), ERROR_NONE);
    cr_assert_eq(by_it, 151);
    cr_assert_eq(by_others, 0);
    static const int64_t batches[] = { 100, 51, 0 };
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        cr_assert_eq(personal_info_renew(&person_auth, &renewal), ERROR_NONE);
        cr_assert_eq(renewal.looked, batches[i], "%zu", i);
    }
    cr_assert_eq(renewal.failed, 0);
    cr_assert_eq(personal_info_count(&person_auth, "d-2", &by_it, &by_others), ERROR_NONE);
    cr_assert_eq(by_it, 151);
    cr_assert_eq(by_others, 0);
    keys_rename(person_keys, "d-1.DATA.verifying.key", "d-1.DATA.retired.key");
    person_load_keys();
    expect_mood(&pair, "hopeful");
    token_pair_clear(&pair);
}

Test(personal_info, that_does_not_open_stays_and_stops_nobody_elses)
{
    struct personal_info_renewal renewal = { 0 };
    struct token_pair pair = person_session();
    cr_assert_eq(write_mood(&pair, "hopeful"), ERROR_NONE);
    database_sql("insert into users (email, email_key, name, password)"
                 " values ('b', 'b', 'B', 'x')");
    database_sql("insert into personal_info (user_id, key_id, mood)"
                 " select (select max(id) from users), 'd-1', mood from personal_info");
    database_sql("update personal_info set mood = goals where user_id = 1");
    database_sql(
        "insert into users (email, email_key, name, password) values ('c', 'c', 'C', 'x')");
    database_sql("insert into personal_info (user_id, key_id) select max(id), 'd-1' from users");
    change_key();
    cr_assert_eq(personal_info_renew(&person_auth, &renewal), ERROR_NONE);
    cr_assert_eq(renewal.looked, 3);
    cr_assert_eq(renewal.failed, 2);
    cr_assert_eq(database_integer("select count(*) from personal_info where key_id = 'd-2'"), 1);
    token_pair_clear(&pair);
}

/* The keys are loaded anew where one is not known: in the middle of a batch, too. */
Test(personal_info, is_encrypted_anew_while_keys_come_and_go)
{
    struct personal_info_renewal renewal = { 0 };
    struct token_pair pair = person_session();
    cr_assert_eq(write_mood(&pair, "hopeful"), ERROR_NONE);
    database_sql("insert into users (email, email_key, name, password)"
                 " values ('b', 'b', 'B', 'x'), ('c', 'c', 'C', 'x')");
    database_sql("insert into personal_info (user_id, key_id) select id, case email when 'b'"
                 " then 'unknown' else 'd-1' end from users where id > 1");
    change_key();
    keys_age_directory(person_keys, 60);
    person_load_keys();
    keys_write(person_keys, "d-3.DATA.signing.key", keys_hexadecimal(9));
    cr_assert_eq(personal_info_renew(&person_auth, &renewal), ERROR_NONE);
    cr_assert_eq(renewal.looked, 3);
    cr_assert_eq(renewal.failed, 1);
    cr_assert_str_eq(database_sql("select string_agg(key_id, ' ' order by user_id)"
                                  " from personal_info"),
                     "d-2 unknown d-3");
    token_pair_clear(&pair);
}

Test(personal_info, that_its_owner_changes_meanwhile_is_not_overwritten)
{
    struct token_pair pair = person_session();
    cr_assert_eq(write_mood(&pair, "hopeful"), ERROR_NONE);
    char version[32];
    snprintf(version, sizeof version, "%s", database_sql("select xmin from personal_info"));
    change_key();
    cr_assert_eq(write_mood(&pair, "cheerful"), ERROR_NONE);
    const char *const values[] = { "1", version, "d-2", NULL, NULL, NULL, NULL, NULL, NULL };
    cr_assert_eq(db_run(person_auth.db, STATEMENT_PERSONAL_INFO_RENEW, values, NULL), ERROR_NONE);
    expect_mood(&pair, "cheerful");
    token_pair_clear(&pair);
}
