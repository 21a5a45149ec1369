/* keyset_generate - new keys, never over old ones. */
#include "auth/keyset.h"
#include "base/clock.h"
#include "support/keys.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *directory;

static void start(void)
{
    directory = keys_directory_new();
    clock_fake(1795417080); /* 2026-11-23 06:58:00 UTC */
}

static void finish(void)
{
    keys_directory_free(directory);
}

TestSuite(keyset_generate, .init = start, .fini = finish);

static void generate(enum key_algorithm algorithm, char id[KEY_ID_MAX + 1])
{
    char message[KEY_MESSAGE_SIZE] = "";
    cr_assert_eq(keyset_generate(directory, algorithm, KEY_SIGNING, id, message), ERROR_NONE, "%s",
                 message);
}

static int count_files(void)
{
    int count = 0;
    const struct dirent *entry;
    DIR *stream = opendir(directory);
    while ((entry = readdir(stream)) != NULL)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(stream);
    return count;
}

Test(keyset_generate, makes_keys_that_load_and_sign)
{
    char access[KEY_ID_MAX + 1], mac[KEY_ID_MAX + 1];
    generate(KEY_HS256, access);
    generate(KEY_MAC, mac);
    struct keyset *keyset = keys_load(directory);
    cr_assert_str_eq(keyset_signing(keyset)->id, access);
    cr_assert_eq(secret_size(keyset_signing(keyset)->private_key), 64);
    cr_assert_str_eq(keyset_mac(keyset)->id, mac);
    cr_assert_eq(secret_size(keyset_mac(keyset)->private_key), KEY_MAC_SIZE);
    keyset_free(keyset);
    generate(KEY_ES256, access);
    keyset = keys_load(directory);
    cr_assert_str_eq(keyset_signing(keyset)->id, access, "the newest signs");
    cr_assert_eq(keyset_signing(keyset)->algorithm, KEY_ES256);
    keyset_free(keyset);
    cr_assert_eq(count_files(), 3, "nothing is left over");
}

Test(keyset_generate, names_a_key_by_its_time)
{
    char id[KEY_ID_MAX + 1];
    generate(KEY_HS256, id);
    cr_assert_eq(strncmp(id, "20261123T065800Z-", 17), 0, "%s", id);
    cr_assert_eq(strspn(id + 17, "0123456789abcdef"), 8, "%s", id);
    cr_assert_eq(strlen(id), 25, "%s", id);
}

Test(keyset_generate, writes_a_file_for_its_owner_alone_whatever_the_umask)
{
    char id[KEY_ID_MAX + 1], path[512];
    struct stat status;
    static const mode_t masks[] = { 0, 0277, 0777 };
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        mode_t before = umask(masks[i]);
        generate(KEY_MAC, id);
        umask(before);
        snprintf(path, sizeof path, "%s/%s.MAC.signing.key", directory, id);
        cr_assert_eq(stat(path, &status), 0, "%s", path);
        cr_assert_eq(status.st_mode & 07777, 0600, "%o", status.st_mode);
    }
}

Test(keyset_generate, makes_the_directory_for_its_owner_alone)
{
    char id[KEY_ID_MAX + 1], path[512], message[KEY_MESSAGE_SIZE] = "";
    struct stat status;
    snprintf(path, sizeof path, "%s/new", directory);
    cr_assert_eq(keyset_generate(path, KEY_HS256, KEY_SIGNING, id, message), ERROR_NONE, "%s",
                 message);
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_mode & 07777, 0700, "%o", status.st_mode);
    keys_directory_free(strdup(path));
}

Test(keyset_generate, refuses_a_directory_that_it_cannot_make_or_trust)
{
    char id[KEY_ID_MAX + 1], message[KEY_MESSAGE_SIZE];
    cr_assert_neq(keyset_generate("/nonexistent/keys", KEY_HS256, KEY_SIGNING, id, message),
                  ERROR_NONE);
    cr_assert_not_null(strstr(message, "/nonexistent/keys"));
    chmod(directory, 0777);
    cr_assert_neq(keyset_generate(directory, KEY_HS256, KEY_SIGNING, id, message), ERROR_NONE);
    cr_assert_not_null(strstr(message, "chmod 700"));
    cr_assert_eq(count_files(), 0);
}

Test(keyset_generate, makes_an_rsa_key_of_3072_bits)
{
    char access[KEY_ID_MAX + 1], mac[KEY_ID_MAX + 1];
    generate(KEY_RS256, access);
    generate(KEY_MAC, mac);
    struct keyset *keyset = keys_load(directory);
    const struct key *key = keyset_signing(keyset);
    cr_assert_str_eq(key->id, access);
    cr_assert_eq(key->algorithm, KEY_RS256);
    cr_assert_eq(keys_bits(secret_reveal(key->verifier)), 3072);
    keyset_free(keyset);
}

Test(keyset_generate, makes_a_key_that_waits_for_its_turn)
{
    char id[KEY_ID_MAX + 1], message[KEY_MESSAGE_SIZE] = "";
    keys_write_usual(directory);
    cr_assert_eq(keyset_generate(directory, KEY_HS256, KEY_CREATED, id, message), ERROR_NONE, "%s",
                 message);
    struct keyset *keyset = keys_load(directory);
    cr_assert_str_eq(keyset_signing(keyset)->id, "hs-1");
    cr_assert_eq(keyset_find(keyset, id)->state, KEY_CREATED);
    keyset_free(keyset);
}

Test(keyset_generate, makes_no_key_of_a_kind_that_there_is_not)
{
    static const enum key_algorithm kinds[] = { KEY_ALGORITHM_INVALID, (enum key_algorithm)99 };
    char id[KEY_ID_MAX + 1], message[KEY_MESSAGE_SIZE];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        cr_assert_neq(keyset_generate(directory, kinds[i], KEY_SIGNING, id, message), ERROR_NONE,
                      "%d", kinds[i]);
    cr_assert_eq(count_files(), 0);
}

Test(keyset_generate, names_sort_by_age_within_one_second_and_when_the_clock_goes_back)
{
    char before[KEY_ID_MAX + 1], after[KEY_ID_MAX + 1];
    generate(KEY_HS256, before);
    for (int i = 0; i < 5; i++) {
        clock_fake(i < 3 ? 1795417080 : 1795417000);
        generate(i % 2 ? KEY_MAC : KEY_HS256, after);
        cr_assert_lt(strcmp(before, after), 0, "%s, %s", before, after);
        memcpy(before, after, sizeof before);
    }
}

Test(keyset_generate, is_not_led_astray_by_names_of_another_kind)
{
    char id[KEY_ID_MAX + 1];
    keys_write(directory, "20991301T000000Z.HS256.retired.key", "no such month");
    keys_write(directory, "prod-2099.HS256.retired.key", "no time");
    keys_write(directory, ".20990101T000000Z-00000000.HS256.signing.key.new", "left by a crash");
    generate(KEY_HS256, id);
    cr_assert_eq(strncmp(id, "20261123T065800Z-", 17), 0, "%s", id);
}

Test(keyset_generate, differs_every_time)
{
    char id[KEY_ID_MAX + 1];
    generate(KEY_HS256, id);
    generate(KEY_MAC, id);
    struct keyset *one = keys_load(directory);
    generate(KEY_HS256, id);
    struct keyset *two = keys_load(directory);
    cr_assert_not(secret_equal(keyset_signing(one)->private_key, keyset_signing(two)->private_key));
    keyset_free(one);
    keyset_free(two);
}

Test(keyset_generate, by_many_at_once_makes_as_many_keys)
{
    enum { PROCESSES = 8, KEYS = 4 };
    char id[KEY_ID_MAX + 1], message[KEY_MESSAGE_SIZE];
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            int failed = 0;
            for (int j = 0; j < KEYS; j++)
                failed +=
                    keyset_generate(directory, KEY_HS256, KEY_SIGNING, id, message) != ERROR_NONE;
            _exit(failed);
        }
    }
    for (int i = 0, status; i < PROCESSES; i++) {
        cr_assert_gt(wait(&status), 0);
        cr_assert_eq(status, 0);
    }
    cr_assert_eq(count_files(), PROCESSES * KEYS);
    generate(KEY_MAC, id);
    keyset_free(keys_load(directory));
}
