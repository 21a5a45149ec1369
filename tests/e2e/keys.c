/* keys - signing keys come, change and go while the service runs. */
#include "support/keys.h"
#include "support/expect.h"
#include "support/flows.h"
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

/* RS256 is for keys that exist already. */
Test(keys, of_rsa_can_be_brought_along)
{
    STACK(.settings = { "workers = 1" });
    struct tokens old = new_user("ada@example.org");
    char *pem = keys_rsa_pem(2048);
    keys_write(stack_path("keys"), "zz-brought-along.RS256.signing.pem", pem);
    free(pem);
    struct tokens new = log_in_until_the_key_changes(header(old.access));
    expect_json(HTTP("GET", "/profile/", .token = new.access), 200);
    expect_json(HTTP("GET", "/profile/", .token = old.access), 200);
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
