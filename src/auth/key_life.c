/* key_life - see key_life.h. */
#include "auth/key_life.h"
#include "auth/key_file.h"
#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* The key directory while its keys are changed. */
struct workshop {
    int directory;
    struct keyset *keyset; /* as it was when it was opened */
};

static void workshop_close(struct workshop *workshop)
{
    keyset_free(workshop->keyset);
    if (workshop->directory >= 0)
        close(workshop->directory); /* and the lock with it */
}

/* The lock comes before the look. */
static bool workshop_open(struct workshop *workshop, const char *path,
                          char message[KEY_MESSAGE_SIZE])
{
    struct stat status;
    *workshop = (struct workshop){ .directory = -1 };
    int directory = key_file_open_directory(path, &status, message);
    if (directory < 0)
        return false;
    workshop->directory = directory;
    if (flock(directory, LOCK_EX | LOCK_NB)) {
        snprintf(message, KEY_MESSAGE_SIZE,
                 "key directory '%s': somebody else is changing its keys; please try again", path);
        workshop_close(workshop);
        return false;
    }
    if (keyset_load(path, &workshop->keyset, message) == ERROR_NONE)
        return true;
    workshop_close(workshop);
    return false;
}

static bool set_state(const struct workshop *workshop, const struct key *key, enum key_state state,
                      char message[KEY_MESSAGE_SIZE])
{
    struct key changed = *key;
    char from[KEY_FILE_NAME_SIZE], to[KEY_FILE_NAME_SIZE];
    changed.state = state;
    key_file_format_name(key, from);
    key_file_format_name(&changed, to);
    if (renameat(workshop->directory, from, workshop->directory, to) == 0 &&
        fsync(workshop->directory) == 0)
        return true;
    snprintf(message, KEY_MESSAGE_SIZE, "key file '%s': %s", from, strerror(errno));
    return false;
}

/* Of equal age the later in the list, which is by name. */
const struct key *key_life_created(const struct keyset *keyset, enum key_algorithm algorithm)
{
    const struct key *found = NULL;
    for (size_t i = 0; i < keyset_count(keyset); i++) {
        const struct key *key = keyset_at(keyset, i);
        if (key->algorithm == algorithm && key->state == KEY_CREATED &&
            (!found || key_file_time(key->id) >= key_file_time(found->id)))
            found = key;
    }
    return found;
}

static bool promote(const struct workshop *workshop, const char *path,
                    struct key_rotation *rotation, char message[KEY_MESSAGE_SIZE])
{
    const struct key *created = key_life_created(workshop->keyset, rotation->algorithm);
    rotation->made = !created;
    if (!created)
        return keyset_generate(path, rotation->algorithm, KEY_SIGNING, rotation->id, message) ==
               ERROR_NONE;
    memcpy(rotation->id, created->id, sizeof rotation->id);
    return set_state(workshop, created, KEY_SIGNING, message);
}

static bool relieve(const struct workshop *workshop, struct key_rotation *rotation,
                    char message[KEY_MESSAGE_SIZE])
{
    for (size_t i = 0; i < keyset_count(workshop->keyset); i++) {
        const struct key *key = keyset_at(workshop->keyset, i);
        if (key->state != KEY_SIGNING ||
            key_use_of(key->algorithm) != key_use_of(rotation->algorithm))
            continue;
        if (!set_state(workshop, key, KEY_VERIFYING, message))
            return false;
        rotation->relieved++;
    }
    return true;
}

enum error key_life_rotate(const char *directory, enum key_algorithm algorithm,
                           struct key_rotation *rotation, char message[KEY_MESSAGE_SIZE])
{
    struct workshop workshop;
    if (!workshop_open(&workshop, directory, message))
        return ERROR_INTERNAL;
    *rotation = (struct key_rotation){ .algorithm = algorithm };
    if (algorithm == KEY_ALGORITHM_INVALID)
        rotation->algorithm = keyset_signing(workshop.keyset)->algorithm;
    bool good =
        promote(&workshop, directory, rotation, message) && relieve(&workshop, rotation, message);
    workshop_close(&workshop);
    return good ? ERROR_NONE : ERROR_INTERNAL;
}

static const struct key *signing_of(const struct keyset *keyset, enum key_use use)
{
    const struct key *const signing[KEY_USES] = { [KEY_USE_ACCESS] = keyset_signing(keyset),
                                                  [KEY_USE_REFRESH] = keyset_mac(keyset),
                                                  [KEY_USE_DATA] = keyset_data(keyset) };
    return signing[use];
}

int64_t key_life_end(const struct keyset *keyset, const struct key *key,
                     const int64_t lives[KEY_USES])
{
    enum key_use use = key_use_of(key->algorithm);
    const struct key *signing = signing_of(keyset, use);
    if (key == signing)
        return INT64_MAX;
    if (key->state == KEY_CREATED || key->state == KEY_RETIRED)
        return 0;
    /* One that is in state signing without being the one that signs was replaced by that one. */
    int64_t last = key->state == KEY_SIGNING && signing->changed > key->changed ? signing->changed
                                                                                : key->changed;
    return last + lives[use];
}

static bool may_retire(const struct keyset *keyset, const struct key *key,
                       const int64_t lives[KEY_USES], bool force, char message[KEY_MESSAGE_SIZE])
{
    char text[32] = "";
    struct tm parts;
    int64_t end = key_life_end(keyset, key, lives);
    if (end == INT64_MAX) {
        snprintf(message, KEY_MESSAGE_SIZE,
                 "key '%s' signs; let another one sign first (key rotate)", key->id);
        return false;
    }
    if (force || end <= clock_now())
        return true;
    time_t seconds = (time_t)end;
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    snprintf(message, KEY_MESSAGE_SIZE,
             "key '%s': tokens that it signed are good until %s; --force makes them void now",
             key->id, text);
    return false;
}

static const struct key *find(const struct keyset *keyset, const char *id)
{
    for (size_t i = 0; i < keyset_count(keyset); i++)
        if (strcmp(keyset_at(keyset, i)->id, id) == 0)
            return keyset_at(keyset, i);
    return NULL;
}

enum error key_life_retire(const char *directory, const char *id, const int64_t lives[KEY_USES],
                           bool force, char message[KEY_MESSAGE_SIZE])
{
    struct workshop workshop;
    if (!workshop_open(&workshop, directory, message))
        return ERROR_INTERNAL;
    const struct key *key = find(workshop.keyset, id);
    bool good = false;
    if (!key)
        snprintf(message, KEY_MESSAGE_SIZE, "there is no key '%s'", id);
    else if (key->state == KEY_RETIRED)
        good = true;
    else
        good = may_retire(workshop.keyset, key, lives, force, message) &&
               set_state(&workshop, key, KEY_RETIRED, message);
    workshop_close(&workshop);
    return good ? ERROR_NONE : ERROR_INTERNAL;
}
