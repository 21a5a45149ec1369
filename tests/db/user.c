/* user - accounts in a real database. */
#include "auth/password.h"
#include "support/database.h"
#include "support/person.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(user, .init = person_start, .fini = person_finish);

#define BYTES(text) text, sizeof(text) - 1

/* Name ------------------------------------------------------------------------------------------*/

Test(user, names_of_people_have_no_flaw, .init = NULL, .fini = NULL)
{
    static const char *const cases[] = {
        "A",        "Ada Lovelace",  "O'Neil; drop table users",  "李小龍",
        "عمر خیام", "می\u200cخواهم", "👨‍👩‍👧‍👦", "<b>Ada</b>",
        " Ada ",    "\u00a0Ada",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_null(user_name_flaw(cases[i], strlen(cases[i])), "'%s'", cases[i]);
}

Test(user, what_is_no_name_has_a_flaw, .init = NULL, .fini = NULL)
{
    static const struct {
        const char *name, *text;
        size_t size;
    } cases[] = {
        { "nothing", BYTES("") },
        { "a space", BYTES(" ") },
        { "many spaces", BYTES("  \u3000 \u00a0 ") },
        { "nothing visible", BYTES("\u200b\u200d\u2060") },
        { "a letter without ink", BYTES("\u3164") },
        { "NUL", BYTES("Ada\0Eve") },
        { "NUL behind", BYTES("Ada\0") },
        { "a line's end", BYTES("Ada\n") },
        { "a tab", BYTES("Ada\tL") },
        { "escape", BYTES("Ada\x1b[31m") },
        { "delete", BYTES("Ada\x7f") },
        { "next line", BYTES("Ada\xc2\x85") },
        { "a line separator", BYTES("Ada\u2028L") },
        { "a paragraph separator", BYTES("Ada\u2029L") },
        { "Latin-1", BYTES("J\xfcrgen") },
        { "cut", BYTES("Ada\xe2\x82") },
        { "a surrogate", BYTES("\xed\xa0\x80") },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_not_null(user_name_flaw(cases[i].text, cases[i].size), "%s", cases[i].name);
}

Test(user, name_has_at_most_200_code_points, .init = NULL, .fini = NULL)
{
    static const char *const points[] = { "x", "ü", "李", "😀" };
    char text[8 * USER_NAME_MAX];
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        size_t length = strlen(points[i]);
        for (size_t at = 0; at <= USER_NAME_MAX; at++)
            memcpy(text + at * length, points[i], length);
        cr_assert_null(user_name_flaw(text, USER_NAME_MAX * length), "%s", points[i]);
        cr_assert_not_null(user_name_flaw(text, (USER_NAME_MAX + 1) * length), "%s", points[i]);
    }
}

/* Sign-up ---------------------------------------------------------------------------------------*/

Test(user, who_signs_up_gets_an_account_with_the_role_user)
{
    struct user user = { 0 };
    struct secret *password = secret_new(BYTES(PERSON_PASSWORD));
    cr_assert_eq(user_sign_up(&person_auth, "Ada@Example.org", "Ada Lovelace", password,
                              &person_client, &user),
                 ERROR_NONE);
    cr_assert_eq(user.id, database_integer("select id from users"));
    cr_assert_str_eq(user.email, "Ada@Example.org");
    cr_assert_str_eq(user.name, "Ada Lovelace");
    cr_assert_null(user.profile_pic);
    cr_assert_str_eq(database_sql("select email || '/' || email_key || '/' || name from users"),
                     "Ada@Example.org/ada@example.org/Ada Lovelace");
    cr_assert_str_eq(database_sql("select string_agg(role, ' ') from user_roles"), "user");
    cr_assert_eq(
        strncmp(database_sql("select password from users"), "$argon2id$v=19$m=1024,t=1,p=1$", 30),
        0);
    user_clear(&user);
    secret_free(password);
}

Test(user, an_email_has_one_account_however_it_is_spelled)
{
    static const char *const cases[][2] = {
        { "ada@example.org", "ADA@Example.ORG" },
        { "straße@example.org", "STRASSE@example.org" },
        { "İpek@example.org", "i\u0307pek@example.org" },
        { "j\u00fcrgen@example.org", "JU\u0308RGEN@example.org" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(person_sign_up(cases[i][0], PERSON_PASSWORD), ERROR_NONE, "%s", cases[i][0]);
        cr_assert_eq(person_sign_up(cases[i][1], PERSON_PASSWORD), ERROR_EMAIL_TAKEN, "%s",
                     cases[i][1]);
        cr_assert_eq(person_sign_up(cases[i][0], PERSON_PASSWORD), ERROR_EMAIL_TAKEN, "%s",
                     cases[i][0]);
    }
    cr_assert_eq(person_sign_up("ipek@example.org", PERSON_PASSWORD), ERROR_NONE);
    cr_assert_eq(database_integer("select count(*) from users"), 5);
    cr_assert_eq(database_integer("select count(*) from user_roles"), 5);
}

Test(user, what_looks_like_sql_is_a_text)
{
    static const char name[] = "'); drop table users; -- \\ $1 %s";
    struct user user = { 0 };
    struct secret *password = secret_new(BYTES(PERSON_PASSWORD));
    cr_assert_eq(
        user_sign_up(&person_auth, "o'neil\\@example.org", name, password, &person_client, &user),
        ERROR_NONE);
    cr_assert_str_eq(database_sql("select name from users"), name);
    cr_assert_str_eq(database_sql("select email from users"), "o'neil\\@example.org");
    user_clear(&user);
    secret_free(password);
}

Test(user, nobody_signs_up_while_the_hash_queue_is_full)
{
    person_fill_hash_queue();
    cr_assert_eq(person_sign_up(PERSON_EMAIL, PERSON_PASSWORD), ERROR_BUSY);
    cr_assert_eq(database_integer("select count(*) from users"), 0);
    person_let_go();
    cr_assert_eq(person_sign_up(PERSON_EMAIL, PERSON_PASSWORD), ERROR_NONE);
}

Test(user, is_unavailable_while_the_database_does_not_answer)
{
    struct user user = { 0 };
    person_new();
    struct token_pair pair = person_session();
    struct access_claims claims = person_claims(&pair);
    person_connect(200);
    database_sql("begin");
    database_sql("lock table users");
    cr_assert_eq(person_sign_up("eve@example.org", PERSON_PASSWORD), ERROR_UNAVAILABLE);
    cr_assert_eq(user_read(&person_auth, &claims, &user), ERROR_UNAVAILABLE);
    database_sql("rollback");
    person_connect(5000);
    cr_assert_eq(user_read(&person_auth, &claims, &user), ERROR_NONE);
    user_clear(&user);
    token_pair_clear(&pair);
}

/* Profile ---------------------------------------------------------------------------------------*/

Test(user, reads_the_profile_of_who_the_claims_name)
{
    struct user user = { 0 };
    person_sign_up("eve@example.org", PERSON_PASSWORD);
    int64_t id = person_new();
    struct token_pair pair = person_session();
    struct access_claims claims = person_claims(&pair);
    cr_assert_eq(user_read(&person_auth, &claims, &user), ERROR_NONE);
    cr_assert_eq(user.id, id);
    cr_assert_str_eq(user.email, PERSON_EMAIL);
    cr_assert_str_eq(user.name, "Ada");
    cr_assert_null(user.profile_pic);
    user_clear(&user);
    database_sql("update users set profile_pic = 'ada.png'");
    cr_assert_eq(user_read(&person_auth, &claims, &user), ERROR_NONE);
    cr_assert_str_eq(user.profile_pic, "/pictures/ada.png");
    user_clear(&user);
    token_pair_clear(&pair);
}

Test(user, renames_who_the_claims_name_and_nobody_else)
{
    static const char name[] = "Ada 👩‍💻 'King'";
    struct user user = { 0 };
    person_sign_up("eve@example.org", PERSON_PASSWORD);
    int64_t id = person_new();
    struct token_pair pair = person_session();
    struct access_claims claims = person_claims(&pair);
    cr_assert_eq(user_rename(&person_auth, &claims, name, &user), ERROR_NONE);
    cr_assert_str_eq(user.name, name);
    cr_assert_str_eq(user.email, PERSON_EMAIL);
    cr_assert_eq(user.id, id);
    cr_assert_str_eq(database_sql("select name from users where email = '" PERSON_EMAIL "'"), name);
    cr_assert_str_eq(database_sql("select name from users where email = 'eve@example.org'"), "Ada");
    user_clear(&user);
    token_pair_clear(&pair);
}

/* What the claims promise no more, though the access token is still good. */
Test(user, is_neither_read_nor_renamed_by_claims_that_are_over)
{
    static const struct {
        const char *name, *sql;
        enum error error;
    } cases[] = {
        { "session ended", "update sessions set ended_at = now()", ERROR_INVALID_TOKEN },
        { "session expired", "update sessions set expires_at = now()", ERROR_INVALID_TOKEN },
        { "session gone", "delete from sessions", ERROR_INVALID_TOKEN },
        { "account gone", "delete from users", ERROR_INVALID_TOKEN },
        { "account disabled", "update users set disabled_at = now()", ERROR_ACCOUNT_DISABLED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct user user = { 0 };
        database_sql("delete from users");
        person_new();
        struct token_pair pair = person_session();
        struct access_claims claims = person_claims(&pair);
        cr_assert_eq(user_rename(&person_auth, &claims, "Eve", &user), ERROR_NONE);
        user_clear(&user);
        database_sql("%s", cases[i].sql);
        cr_assert_eq(user_read(&person_auth, &claims, &user), cases[i].error, "%s", cases[i].name);
        cr_assert_eq(user_rename(&person_auth, &claims, "Mallory", &user), cases[i].error, "%s",
                     cases[i].name);
        cr_assert_eq(database_integer("select count(*) from users where name = 'Mallory'"), 0);
        cr_assert_null(user.name);
        token_pair_clear(&pair);
    }
}

Test(user, of_another_session_is_not_read)
{
    struct user user = { 0 };
    person_sign_up("eve@example.org", PERSON_PASSWORD);
    person_new();
    struct token_pair pair = person_session();
    struct access_claims claims = person_claims(&pair);
    claims.user_id = database_integer("select id from users where email = 'eve@example.org'");
    cr_assert_eq(user_read(&person_auth, &claims, &user), ERROR_INVALID_TOKEN);
    cr_assert_eq(user_rename(&person_auth, &claims, "Mallory", &user), ERROR_INVALID_TOKEN);
    token_pair_clear(&pair);
}
