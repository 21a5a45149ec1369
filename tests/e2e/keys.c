/* keys - signing keys come, change and go while the service runs. */
#include "support/keys.h"
#include "support/expect.h"
#include "support/flows.h"
#include "support/jwk.h"
#include "support/load.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(keys, .fini = stack_stop);

/* The first part of the token: it names the key. */
static const char *header(const char *token)
{
    return text("%.*s", (int)strcspn(token, "."), token);
}

static struct tokens log_in_until_the_key_changes(const char *old_header)
{
    struct tokens tokens = log_in("ada@example.org");
    for (int i = 0; i < 200 && !strcmp(header(tokens.access), old_header); i++) {
        usleep(50000);
        tokens = log_in("ada@example.org");
    }
    cr_assert_str_neq(header(tokens.access), old_header, "the new key does not sign");
    return tokens;
}

static void generate(const char *algorithm)
{
    char output[1024];
    const char *const arguments[] = { "key", "generate", "--algorithm", algorithm, NULL };
    cr_assert_eq(stack_run(arguments, output, sizeof output), 0, "%s", output);
}

/* Runs the program with the words of `command`, and returns what it said. */
static const char *run(const char *command, int status)
{
    static char output[8192];
    char words[256];
    const char *arguments[16] = { NULL };
    snprintf(words, sizeof words, "%s", command);
    char *rest = NULL, *word = strtok_r(words, " ", &rest);
    for (size_t i = 0; i < 15 && word; i++, word = strtok_r(NULL, " ", &rest))
        arguments[i] = word;
    cr_assert_eq(stack_run(arguments, output, sizeof output), status, "%s: %s", command, output);
    return output;
}

static const char *file_of(const char *path)
{
    return strrchr(path, '/') + 1;
}

Test(keys, a_new_one_signs_without_a_restart_and_the_old_one_still_verifies)
{
    STACK(.settings = { "workers = 1" });
    struct tokens old = new_user("ada@example.org");
    generate("ES256");
    struct tokens new = log_in_until_the_key_changes(header(old.access));
    expect_json(HTTP("GET", "/profile/", .token = new.access), 200);
    expect_json(HTTP("GET", "/profile/", .token = old.access), 200);
    struct tokens refreshed = refresh(old.refresh);
    cr_assert_str_eq(header(refreshed.access), header(new.access));
}

Test(keys, a_retired_one_verifies_no_more)
{
    STACK(.settings = { "workers = 1" });
    struct tokens old = new_user("ada@example.org");
    const char *file = file_of(stack_key("HS256"));
    const char *name = text("%.*s", (int)(strstr(file, ".signing.") - file), file);
    generate("ES256");
    struct tokens new = log_in_until_the_key_changes(header(old.access));
    expect_json(HTTP("GET", "/profile/", .token = old.access), 200);
    keys_rename(stack_path("keys"), file, text("%s.retired.key", name));
    for (int i = 0; i < 200 && HTTP("GET", "/profile/", .token = old.access)->status == 200; i++)
        usleep(50000);
    expect_problem(HTTP("GET", "/profile/", .token = old.access), 401, "Unauthorized",
                   "invalid_token");
    expect_json(HTTP("GET", "/profile/", .token = new.access), 200);
    expect_json(HTTP("GET", "/profile/", .token = refresh(old.refresh).access), 200);
}

Test(keys, of_refresh_tokens_change_without_ending_a_session)
{
    STACK(.settings = { "workers = 1" });
    struct tokens old = new_user("ada@example.org");
    generate("MAC");
    usleep(1500000); /* a directory is looked at once a second */
    struct tokens first = refresh(old.refresh), again = refresh(old.refresh);
    cr_assert_str_eq(first.refresh, again.refresh);
    cr_assert(strncmp(first.refresh, old.refresh, 17) != 0, "the new key does not sign");
    refresh(first.refresh);
}

Test(keys, can_be_brought_along_and_sign_from_a_rotation_on)
{
    STACK(.settings = { "workers = 1" });
    struct tokens old = new_user("ada@example.org");
    char *pem = keys_rsa_pem(2048);
    keys_write(stack_path("keys"), "zz-brought-along.RS256.created.pem", pem);
    free(pem);
    cr_assert(strstr(run("key rotate --algorithm RS256", 0), "zz-brought-along  RS256  signing"));
    struct tokens new = log_in_until_the_key_changes(header(old.access));
    expect_json(HTTP("GET", "/profile/", .token = new.access), 200);
    expect_json(HTTP("GET", "/profile/", .token = old.access), 200);
    generate("HS256");
    struct tokens newest = log_in_until_the_key_changes(header(new.access));
    expect_json(HTTP("GET", "/profile/", .token = newest.access), 200);
}

Test(keys, are_rotated_under_load_and_no_token_is_refused)
{
    STACK(.settings = { "workers = 4" });
    struct tokens tokens = new_user("ada@example.org");
    struct http_call profile = CALL("GET", "/profile/", .token = tokens.access);
    struct http_call renewal = CALL("POST", "/refresh/", .body = refresh_body(tokens.refresh));
    struct load *reading = load_start(&profile, (struct load_options){ .clients = 2 });
    struct load *renewing = load_start(&renewal, (struct load_options){ .clients = 2 });
    static const char *const rotations[] = { "key rotate", "key rotate --algorithm MAC",
                                             "key rotate --algorithm ES256",
                                             "key rotate --algorithm RS256",
                                             "key rotate --algorithm MAC" };
    for (size_t i = 0; i < sizeof rotations / sizeof rotations[0]; i++) {
        run(rotations[i], 0);
        for (int round = 0; round < 30; round++) {
            struct tokens fresh = refresh(tokens.refresh);
            expect_json(HTTP("GET", "/profile/", .token = fresh.access, .about = rotations[i]),
                        200);
        }
        struct tokens entered = log_in("ada@example.org");
        expect_json(HTTP("GET", "/profile/", .token = refresh(entered.refresh).access), 200);
        expect_json(HTTP("GET", "/profile/", .token = entered.access), 200);
    }
    load_stop(reading);
    load_stop(renewing);
    cr_assert_gt(load_count(reading, 200, 200), 100, "%s", load_summary(reading));
    cr_assert_gt(load_count(renewing, 200, 200), 100, "%s", load_summary(renewing));
    cr_assert_eq(load_count(reading, 201, 599) + load_failures(reading), 0, "%s",
                 load_summary(reading));
    cr_assert_eq(load_count(renewing, 201, 599) + load_failures(renewing), 0, "%s",
                 load_summary(renewing));
}

Test(keys, are_listed_without_what_is_secret_in_them)
{
    STACK(.settings = { "workers = 1" });
    const char *told = strstr(run("key rotate --algorithm ES256", 0), "20");
    const char *id = text("%.*s", (int)strcspn(told, " "), told);
    const char *json = run("key list --json", 0);
    json_object *list = json_tokener_parse(json);
    cr_assert(list, "%s", json);
    cr_assert_eq(json_object_array_length(list), 4, "%s", json);
    int signing = 0;
    for (size_t i = 0; i < 4; i++) {
        json_object *key = json_object_array_get_idx(list, i);
        bool signs = json_object_get_boolean(json_object_object_get(key, "signs"));
        const char *state = jwk_text(key, "state"), *use = jwk_text(key, "use");
        signing += signs;
        cr_assert_eq(json_object_object_length(key), 7, "%s", json);
        cr_assert_str_eq(state, signs ? "signing" : "verifying", "%s", json);
        cr_assert_eq(json_object_object_get(key, "needed_until") != NULL, !signs, "%s", json);
        if (signs && !strcmp(use, "access"))
            cr_assert_str_eq(jwk_text(key, "id"), id, "%s", json);
    }
    cr_assert_eq(signing, 3, "%s", json);
    json_object_put(list);
    cr_assert(strstr(run("key list", 0), id));
}

Test(keys, are_retired_when_nobody_needs_them_or_by_force)
{
    STACK(.settings = { "workers = 1" });
    struct tokens old = new_user("ada@example.org");
    const char *file = file_of(stack_key("HS256"));
    const char *id = text("%.*s", (int)strcspn(file, "."), file);
    cr_assert(strstr(run(text("key retire %s", id), 1), "let another one sign first"));
    run("key rotate", 0);
    cr_assert(strstr(run(text("key retire %s", id), 1), "--force"));
    expect_json(HTTP("GET", "/profile/", .token = old.access), 200);
    run(text("key retire %s --force", id), 0);
    for (int i = 0; i < 200 && HTTP("GET", "/profile/", .token = old.access)->status == 200; i++)
        usleep(50000);
    expect_problem(HTTP("GET", "/profile/", .token = old.access), 401, "Unauthorized",
                   "invalid_token");
    expect_json(HTTP("GET", "/profile/", .token = refresh(old.refresh).access), 200);
}

Test(keys, are_not_made_of_what_we_do_not_take)
{
    static const struct {
        const char *command, *said;
    } cases[] = {
        { "key rotate --algorithm none", "would let anybody make tokens" },
        { "key generate --algorithm HS1",
          "--algorithm is one of HS256|ES256|RS256|EdDSA|MAC|DATA" },
        { "key generate --state retired", "--state is created or signing" },
        { "key retire", "" },
        { "key list x", "" },
        { "key rotate --algorithm DATA", "by --data alone" },
        { "key rotate --data --algorithm ES256", "by --data alone" },
        { "key", "generate" },
    };
    STACK(.settings = { "workers = 1" });
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *said = run(cases[i].command, 2);
        cr_assert(strstr(said, cases[i].said), "%s: %s", cases[i].command, said);
    }
    json_object *list = json_tokener_parse(run("key list --json", 0));
    cr_assert_eq(json_object_array_length(list), 3);
    json_object_put(list);
}

Test(keys, of_eddsa_are_made_where_libjwt_can)
{
    const char *flaw = key_algorithm_flaw("EdDSA");
    STACK(.settings = { "workers = 1" });
    const char *said = run("key generate --algorithm EdDSA", flaw ? 2 : 0);
    cr_assert(strstr(said, flaw ? flaw : "  EdDSA  signing"), "%s", said);
    if (!flaw)
        run("key rotate --algorithm EdDSA", 0);
    expect_json(HTTP("GET", "/profile/", .token = new_user("ada@example.org").access), 200);
}

Test(keys, that_are_bad_leave_the_old_ones_at_work_and_the_log_says_so)
{
    STACK(.settings = { "workers = 1" });
    struct tokens old = new_user("ada@example.org");
    size_t from = strlen(stack_log());
    keys_write(stack_path("keys"), "zz-weak.HS256.signing.key", "00ff");
    usleep(1500000);
    struct tokens new = log_in("ada@example.org");
    cr_assert_str_eq(header(new.access), header(old.access));
    cr_assert(stack_log_await(from, "zz-weak"), "%s", stack_log());
    expect_json(HTTP("GET", "/profile/", .token = new.access), 200);
}
