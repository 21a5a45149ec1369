/* key_life - keys change their state, and at no time is there none that signs. */
#include "auth/key_life.h"
#include "base/clock.h"
#include "support/keys.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char *directory;
static char message[KEY_MESSAGE_SIZE];
static const int64_t lives[KEY_USES] = { [KEY_USE_ACCESS] = 900, [KEY_USE_REFRESH] = 86400 };

static void start(void)
{
    directory = keys_directory_new();
    keys_write_usual(directory);
}

static void finish(void)
{
    keys_directory_free(directory);
}

TestSuite(key_life, .init = start, .fini = finish);

static struct key_rotation rotate(enum key_algorithm algorithm)
{
    struct key_rotation rotation;
    cr_assert_eq(key_life_rotate(directory, algorithm, &rotation, message), ERROR_NONE, "%s",
                 message);
    return rotation;
}

static bool has_file(const char *name)
{
    char path[512];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return lstat(path, &status) == 0;
}

static void expect_signing(const char *access, const char *mac)
{
    struct keyset *keyset = keys_load(directory);
    cr_assert_str_eq(keyset_signing(keyset)->id, access);
    cr_assert_str_eq(keyset_mac(keyset)->id, mac);
    keyset_free(keyset);
}

static void expect_not_retired(const char *id, bool force, const char *why)
{
    cr_assert_neq(key_life_retire(directory, id, lives, force, message), ERROR_NONE, "%s", id);
    cr_assert(strstr(message, why), "%s", message);
}

Test(key_life, a_rotation_makes_a_key_of_the_kind_that_signed_and_relieves_the_others)
{
    struct key_rotation rotation = rotate(KEY_ALGORITHM_INVALID);
    cr_assert(rotation.made);
    cr_assert_eq(rotation.algorithm, KEY_HS256);
    cr_assert_eq(rotation.relieved, 1);
    expect_signing(rotation.id, "mac-1");
    cr_assert(has_file("hs-1.HS256.verifying.key"));
    cr_assert(has_file(KEYS_MAC), "a key of another use is left as it is");
}

Test(key_life, a_rotation_changes_the_algorithm_where_it_is_told_to)
{
    struct key_rotation rotation = rotate(KEY_ES256);
    expect_signing(rotation.id, "mac-1");
    cr_assert(has_file("hs-1.HS256.verifying.key"));
    rotation = rotate(KEY_MAC);
    cr_assert(has_file("mac-1.MAC.verifying.key"));
}

/* As on several hosts, whose workers all know it by then. */
Test(key_life, a_key_that_waits_for_its_turn_is_taken_before_a_new_one)
{
    keys_write(directory, "a-first.HS256.created.key", keys_hexadecimal(5));
    keys_write(directory, "b-second.HS256.created.key", keys_hexadecimal(6));
    keys_write(directory, "c.MAC.created.key", keys_hexadecimal(7));
    struct key_rotation rotation = rotate(KEY_ALGORITHM_INVALID);
    cr_assert_not(rotation.made);
    cr_assert_str_eq(rotation.id, "b-second");
    expect_signing("b-second", "mac-1");
    rotation = rotate(KEY_HS256);
    cr_assert_str_eq(rotation.id, "a-first");
    rotation = rotate(KEY_HS256);
    cr_assert(rotation.made);
}

Test(key_life, only_one_changes_keys_at_a_time)
{
    struct key_rotation rotation;
    int other = open(directory, O_RDONLY | O_DIRECTORY);
    cr_assert_eq(flock(other, LOCK_EX), 0);
    cr_assert_neq(key_life_rotate(directory, KEY_HS256, &rotation, message), ERROR_NONE);
    cr_assert(strstr(message, "somebody else"), "%s", message);
    expect_not_retired("hs-1", true, "somebody else");
    close(other);
    rotate(KEY_HS256);
}

Test(key_life, a_directory_that_does_not_load_is_not_changed)
{
    struct key_rotation rotation;
    keys_write(directory, "weak.HS256.verifying.key", "00ff");
    cr_assert_neq(key_life_rotate(directory, KEY_HS256, &rotation, message), ERROR_NONE);
    cr_assert(strstr(message, "weak"), "%s", message);
    cr_assert(has_file(KEYS_HS256));
}

Test(key_life, the_key_that_signs_is_never_retired)
{
    expect_not_retired("hs-1", false, "signs");
    expect_not_retired("hs-1", true, "signs");
    expect_not_retired("mac-1", true, "signs");
    expect_not_retired("nothing", true, "there is no key 'nothing'");
}

Test(key_life, a_key_is_retired_when_its_tokens_are_over)
{
    static const struct {
        enum key_algorithm algorithm;
        const char *id;
        int64_t life;
    } cases[] = { { KEY_HS256, "hs-1", 900 }, { KEY_MAC, "mac-1", 86400 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rotate(cases[i].algorithm);
        int64_t now = (int64_t)time(NULL);
        clock_fake(now + cases[i].life - 60);
        expect_not_retired(cases[i].id, false, "--force");
        clock_fake(now + cases[i].life + 60);
        cr_assert_eq(key_life_retire(directory, cases[i].id, lives, false, message), ERROR_NONE,
                     "%s", message);
        cr_assert_eq(key_life_retire(directory, cases[i].id, lives, false, message), ERROR_NONE,
                     "once more: %s", message);
    }
    cr_assert(has_file("hs-1.HS256.retired.key"));
    cr_assert(has_file("mac-1.MAC.retired.key"));
}

Test(key_life, a_key_whose_tokens_live_is_retired_by_force)
{
    rotate(KEY_HS256);
    cr_assert_eq(key_life_retire(directory, "hs-1", lives, true, message), ERROR_NONE, "%s",
                 message);
    cr_assert(has_file("hs-1.HS256.retired.key"));
}

Test(key_life, a_key_that_never_signed_is_retired_at_once)
{
    keys_write(directory, "new.HS256.created.key", keys_hexadecimal(5));
    cr_assert_eq(key_life_retire(directory, "new", lives, false, message), ERROR_NONE, "%s",
                 message);
}

Test(key_life, a_key_that_another_replaced_in_state_signing_is_needed_from_then_on)
{
    keys_write(directory, "20260101T000000Z.HS256.signing.key", keys_hexadecimal(5));
    struct keyset *keyset = keys_load(directory);
    const struct key *old = keyset_find(keyset, "hs-1");
    int64_t end = key_life_end(keyset, old, lives), now = (int64_t)time(NULL);
    cr_assert(end >= now + 890 && end <= now + 910, "%d", (int)(end - now));
    cr_assert_eq(key_life_end(keyset, keyset_signing(keyset), lives), INT64_MAX);
    keyset_free(keyset);
    expect_not_retired("hs-1", false, "--force");
}
