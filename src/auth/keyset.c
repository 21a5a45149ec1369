/* keyset - see keyset.h. */
#include "auth/key_file.h"
#include "auth/keyset.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { FILES_MAX = 256, LOAD_TRIES = 3 };
enum { LOOK_EVERY_MS = 1000, RACY_EVERY_MS = 100, RETRY_EVERY_MS = 1000 };

/* Clocks of file systems tick coarsely: after a change that is younger than this a second one may
 * leave the same time behind. */
enum { RACY_SECONDS = 2 };

/* One state of the directory, and what was in it. Retired keys are listed, without material. */
struct keys {
    struct key *list; /* by id */
    size_t count;
    const struct key *signing[KEY_USES]; /* NULL: none */
    dev_t device;
    ino_t inode;
    struct timespec changed;
    bool racy; /* the directory was so young that it may have changed since, unseen */
};

struct keyset {
    char *directory;
    struct keys keys;
    uint64_t version;
    int64_t looked_ms, loaded_ms;
    bool failed;                      /* the last load */
    char complaint[KEY_MESSAGE_SIZE]; /* what it said, so that the log says it once */
};

static void keys_clear(struct keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        key_file_clear(&keys->list[i]);
    free(keys->list);
    *keys = (struct keys){ 0 };
}

static bool is_same_directory(const struct keys *keys, const struct stat *status)
{
    return keys->device == status->st_dev && keys->inode == status->st_ino &&
           keys->changed.tv_sec == status->st_mtim.tv_sec &&
           keys->changed.tv_nsec == status->st_mtim.tv_nsec;
}

static void note_directory(struct keys *keys, const struct stat *status)
{
    int64_t age = (int64_t)time(NULL) - (int64_t)status->st_mtim.tv_sec;
    keys->device = status->st_dev;
    keys->inode = status->st_ino;
    keys->changed = status->st_mtim;
    keys->racy = age >= -RACY_SECONDS && age <= RACY_SECONDS;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const struct key *)a)->id, ((const struct key *)b)->id);
}

static bool add_file(int directory, struct keys *keys, const char *name,
                     char message[KEY_MESSAGE_SIZE])
{
    struct key key;
    if (keys->count == FILES_MAX) {
        snprintf(message, KEY_MESSAGE_SIZE, "key directory: more than %d files", FILES_MAX);
        return false;
    }
    if (!key_file_parse_name(name, &key)) {
        key_file_explain_name(name, message);
        return false;
    }
    key_file_read_change(directory, &key);
    keys->list[keys->count++] = key;
    return true;
}

/* Names that begin with a dot are left out: files that are being written, and `..data` of mounted
 * directories. */
static bool list_files(int directory, struct keys *keys, char message[KEY_MESSAGE_SIZE])
{
    bool good = true;
    const struct dirent *entry;
    int own = dup(directory); /* for closedir to close */
    DIR *stream = own < 0 ? NULL : fdopendir(own);
    if (!stream) {
        snprintf(message, KEY_MESSAGE_SIZE, "key directory: %s", strerror(errno));
        if (own >= 0)
            close(own);
        return false;
    }
    keys->list = memory_new(FILES_MAX * sizeof *keys->list);
    /* cppcheck-suppress readdirCalled ; one thread, and readdir_r is deprecated */
    while (good && (errno = 0, entry = readdir(stream)) != NULL)
        if (entry->d_name[0] != '.')
            good = add_file(directory, keys, entry->d_name, message);
    if (good && errno) {
        snprintf(message, KEY_MESSAGE_SIZE, "key directory: %s", strerror(errno));
        good = false;
    }
    closedir(stream);
    qsort(keys->list, keys->count, sizeof *keys->list, compare_ids);
    return good;
}

/* An id or a fingerprint must name one key. */
static bool check_names(const struct keys *keys, char message[KEY_MESSAGE_SIZE])
{
    for (size_t i = 1; i < keys->count; i++) {
        if (compare_ids(&keys->list[i - 1], &keys->list[i]) == 0) {
            snprintf(message, KEY_MESSAGE_SIZE, "key '%s': there are two files of it",
                     keys->list[i].id);
            return false;
        }
    }
    return true;
}

static const struct key *find_fingerprint(const struct keys *keys, const unsigned char *fingerprint)
{
    for (size_t i = 0; i < keys->count; i++) {
        const struct key *key = &keys->list[i];
        if (key->algorithm == KEY_MAC && key->state != KEY_RETIRED &&
            memcmp(key->fingerprint, fingerprint, KEY_FINGERPRINT_SIZE) == 0)
            return key;
    }
    return NULL;
}

static bool read_files(int directory, struct keys *keys, char message[KEY_MESSAGE_SIZE])
{
    for (size_t i = 0; i < keys->count; i++) {
        struct key *key = &keys->list[i];
        if (key->state == KEY_RETIRED)
            continue;
        if (!key_file_read(directory, key, message))
            return false;
        if (key->algorithm == KEY_MAC && find_fingerprint(keys, key->fingerprint) != key) {
            snprintf(message, KEY_MESSAGE_SIZE, "key '%s': another has its fingerprint", key->id);
            return false;
        }
    }
    return true;
}

/* Of equal age the later in the list, which is by name. */
static void let_sign(const struct key **signing, const struct key *key)
{
    if (!*signing || key_file_time(key->id) >= key_file_time((*signing)->id))
        *signing = key;
}

static bool choose_signing(struct keys *keys, char message[KEY_MESSAGE_SIZE])
{
    for (size_t i = 0; i < keys->count; i++) {
        const struct key *key = &keys->list[i];
        if (key->state != KEY_SIGNING)
            continue;
        let_sign(&keys->signing[key_use_of(key->algorithm)], key);
    }
    bool has_access = keys->signing[KEY_USE_ACCESS] != NULL;
    if (has_access && keys->signing[KEY_USE_REFRESH])
        return true;
    snprintf(message, KEY_MESSAGE_SIZE,
             "key directory: no key for %s tokens in state signing (therappai-auth key generate%s)",
             has_access ? "refresh" : "access", has_access ? " --algorithm MAC" : "");
    return false;
}

/* *moving says that the directory changed meanwhile, which may be all that is wrong: while a file
 * is being renamed a listing may show it twice or not at all. */
static bool load_once(const char *path, struct keys *keys, bool *moving,
                      char message[KEY_MESSAGE_SIZE])
{
    struct stat before, after;
    int directory = key_file_open_directory(path, &before, message);
    *moving = false;
    if (directory < 0)
        return false;
    bool good = list_files(directory, keys, message) && check_names(keys, message) &&
                read_files(directory, keys, message) && choose_signing(keys, message);
    note_directory(keys, &before);
    *moving = fstat(directory, &after) == 0 && !is_same_directory(keys, &after);
    close(directory);
    return good;
}

static bool load(const char *path, struct keys *keys, char message[KEY_MESSAGE_SIZE])
{
    bool moving = true, good = false;
    *keys = (struct keys){ 0 };
    for (int i = 0; i < LOAD_TRIES && moving; i++) {
        keys_clear(keys);
        good = load_once(path, keys, &moving, message);
    }
    if (!good)
        keys_clear(keys);
    return good;
}

enum error keyset_load(const char *directory, struct keyset **keyset,
                       char message[KEY_MESSAGE_SIZE])
{
    struct keys keys;
    if (sodium_init() < 0) {
        snprintf(message, KEY_MESSAGE_SIZE, "libsodium does not start");
        return ERROR_INTERNAL;
    }
    if (!load(directory, &keys, message))
        return ERROR_INTERNAL;
    struct keyset *loaded = memory_new(sizeof *loaded);
    loaded->directory = memory_text(directory);
    loaded->keys = keys;
    loaded->version = 1;
    loaded->looked_ms = loaded->loaded_ms = clock_monotonic_ms();
    *keyset = loaded;
    return ERROR_NONE;
}

void keyset_free(struct keyset *keyset)
{
    if (!keyset)
        return;
    keys_clear(&keyset->keys);
    free(keyset->directory);
    free(keyset);
}

static bool are_same_keys(const struct keys *a, const struct keys *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct key *one = &a->list[i], *other = &b->list[i];
        if (compare_ids(one, other) != 0 || one->algorithm != other->algorithm ||
            one->state != other->state)
            return false;
        if (one->private_key && !secret_equal(one->private_key, other->private_key))
            return false;
    }
    return true;
}

/* A retired key goes at once, also where its directory does not load: whoever retires one may have
 * lost it to somebody. */
static void drop_retired(struct keyset *keyset)
{
    for (size_t i = 0; i < keyset->keys.count; i++) {
        struct key *key = &keyset->keys.list[i], retired = *key;
        char name[KEY_FILE_NAME_SIZE], path[4096];
        retired.state = KEY_RETIRED;
        key_file_format_name(&retired, name);
        snprintf(path, sizeof path, "%s/%s", keyset->directory, name);
        if (key->state == KEY_RETIRED || access(path, F_OK))
            continue;
        LOG(LOG_LEVEL_WARN, "key_dropped", log_text("key", key->id));
        key->state = KEY_RETIRED;
        const struct key **signing = &keyset->keys.signing[key_use_of(key->algorithm)];
        if (*signing == key)
            *signing = NULL;
        keyset->version++;
    }
}

/* The old keys stay where the new ones do not load, but for those that were retired. */
static bool reload(struct keyset *keyset)
{
    struct keys keys;
    char message[KEY_MESSAGE_SIZE] = "";
    keyset->failed = !load(keyset->directory, &keys, message);
    if (keyset->failed) {
        if (strcmp(message, keyset->complaint) != 0)
            LOG(LOG_LEVEL_ERROR, "keys_not_reloaded", log_text("reason", message));
        memcpy(keyset->complaint, message, sizeof message);
        uint64_t version = keyset->version;
        drop_retired(keyset);
        return keyset->version != version;
    }
    keyset->complaint[0] = '\0';
    bool same = are_same_keys(&keyset->keys, &keys);
    if (same) {
        /* Those who hold a key go on holding it. */
        keyset->keys.device = keys.device;
        keyset->keys.inode = keys.inode;
        keyset->keys.changed = keys.changed;
        keyset->keys.racy = keys.racy;
        keys_clear(&keys);
        return false;
    }
    keys_clear(&keyset->keys);
    keyset->keys = keys;
    keyset->version++;
    LOG(LOG_LEVEL_INFO, "keys_reloaded", log_text("signing", keyset_signing(keyset)->id),
        log_text("mac", keyset_mac(keyset)->id));
    return true;
}

static bool needs_load(const struct keyset *keyset, int64_t now_ms)
{
    struct stat status;
    if (keyset->failed)
        return now_ms - keyset->loaded_ms >= RETRY_EVERY_MS;
    if (stat(keyset->directory, &status))
        return true;
    if (keyset->keys.racy && now_ms - keyset->loaded_ms >= RACY_EVERY_MS)
        return true;
    return !is_same_directory(&keyset->keys, &status);
}

bool keyset_refresh(struct keyset *keyset, bool now)
{
    int64_t now_ms = clock_monotonic_ms();
    if (!now && now_ms - keyset->looked_ms < LOOK_EVERY_MS)
        return false;
    keyset->looked_ms = now_ms;
    if (!needs_load(keyset, now_ms))
        return false;
    keyset->loaded_ms = now_ms;
    return reload(keyset);
}

uint64_t keyset_version(const struct keyset *keyset)
{
    return keyset->version;
}

const struct key *keyset_signing(const struct keyset *keyset)
{
    return keyset->keys.signing[KEY_USE_ACCESS];
}

const struct key *keyset_mac(const struct keyset *keyset)
{
    return keyset->keys.signing[KEY_USE_REFRESH];
}

const struct key *keyset_data(const struct keyset *keyset)
{
    return keyset->keys.signing[KEY_USE_DATA];
}

static const struct key *find(const struct keyset *keyset, enum key_use use, const char *id)
{
    for (size_t i = 0; i < keyset->keys.count; i++) {
        const struct key *key = &keyset->keys.list[i];
        if (key_use_of(key->algorithm) == use && key->state != KEY_RETIRED &&
            strcmp(key->id, id) == 0)
            return key;
    }
    return NULL;
}

const struct key *keyset_find(const struct keyset *keyset, const char *id)
{
    return find(keyset, KEY_USE_ACCESS, id);
}

const struct key *keyset_find_data(const struct keyset *keyset, const char *id)
{
    return find(keyset, KEY_USE_DATA, id);
}

const struct key *keyset_find_mac(const struct keyset *keyset,
                                  const unsigned char fingerprint[KEY_FINGERPRINT_SIZE])
{
    return find_fingerprint(&keyset->keys, fingerprint);
}

size_t keyset_count(const struct keyset *keyset)
{
    return keyset->keys.count;
}

const struct key *keyset_at(const struct keyset *keyset, size_t index)
{
    return &keyset->keys.list[index];
}
