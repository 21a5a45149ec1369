/* key_data - see key_data.h. */
#include "cli/key_data.h"
#include "auth/key_life.h"
#include "auth/personal_info.h"
#include "cli/command.h"
#include "cli/operator.h"
#include "cli/progress.h"
#include "cli/table.h"
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* Workers look at the key directory once a second; until they have, they encrypt with the old
 * key. */
enum { WORKERS_LOOK_S = 2, PASSES_MAX = 5 };

static bool load_keys(struct operator_desk *desk, const char *command)
{
    char message[KEY_MESSAGE_SIZE];
    keyset_free(desk->auth.keyset);
    desk->auth.keyset = NULL;
    if (keyset_load(desk->auth.config->key_directory, &desk->auth.keyset, message) == ERROR_NONE)
        return true;
    fprintf(stderr, "therappai-auth: %s: %s\n", command, message);
    return false;
}

static const char rotate_command[] = "key rotate";

/* Noted first: of what cannot be noted nothing is done. */
static enum error let_another_encrypt(struct operator_desk *desk)
{
    char message[KEY_MESSAGE_SIZE];
    struct key_rotation rotation;
    enum error error = audit_operation(&desk->auth, "data_key_rotated", desk->name);
    if (error)
        return error;
    if (key_life_rotate(desk->auth.config->key_directory, KEY_DATA, &rotation, message)) {
        fprintf(stderr, "therappai-auth: %s: %s\n", rotate_command, message);
        return ERROR_INTERNAL;
    }
    sleep(WORKERS_LOOK_S);
    return load_keys(desk, rotate_command) ? ERROR_NONE : ERROR_INTERNAL;
}

/* *left: how many accounts another key than the one that encrypts is needed for. */
static enum error count_left(struct operator_desk *desk, int64_t *left)
{
    int64_t by_it;
    const struct key *key = keyset_data(desk->auth.keyset);
    *left = 0;
    return key ? personal_info_count(&desk->auth, key->id, &by_it, left) : ERROR_NONE;
}

/* Once through all accounts. */
static enum error renew(struct operator_desk *desk, struct progress *progress, int64_t *failed)
{
    struct personal_info_renewal renewal = { 0 };
    enum error error = ERROR_NONE;
    do {
        int64_t failed_before = renewal.failed;
        error = personal_info_renew(&desk->auth, &renewal);
        progress_add(progress, error ? 0 : renewal.looked - (renewal.failed - failed_before));
    } while (!error && renewal.looked > 0);
    *failed = renewal.failed;
    return error;
}

/* What does not open stays; anything else that is left was written by a worker meanwhile. */
static enum error renew_all(struct operator_desk *desk, int64_t *left)
{
    int64_t failed = 0;
    enum error error = count_left(desk, left);
    struct progress progress = { .what = "accounts encrypted anew", .total = *left };
    for (int pass = 0; pass < PASSES_MAX && (*left > failed) && !error; pass++) {
        error = renew(desk, &progress, &failed);
        if (!error)
            error = count_left(desk, left);
    }
    progress_finish(&progress);
    return error;
}

/* Whether there was an interrupted rotation, which is finished then. A key that waits to encrypt
 * comes before it: this host may be the second of several, where the first has that key already.
 * What does not open under any key does not hold the keys up for ever. */
static enum error go_on(struct operator_desk *desk, int64_t *left, bool *gone_on)
{
    *gone_on = false;
    if (key_life_created(desk->auth.keyset, KEY_DATA))
        return ERROR_NONE;
    enum error error = count_left(desk, left);
    if (error || *left == 0)
        return error;
    int64_t before = *left;
    fputs("A rotation was interrupted; going on with it.\n", stderr);
    error = renew_all(desk, left);
    *gone_on = *left < before;
    return error;
}

static int rotate(struct operator_desk *desk)
{
    int64_t left = 0;
    bool gone_on;
    enum error error = go_on(desk, &left, &gone_on);
    if (!error && !gone_on) {
        error = let_another_encrypt(desk);
        if (!error)
            error = renew_all(desk, &left);
    }
    if (error)
        return operator_fail(rotate_command, error);
    printf("%s  DATA  signing\n", keyset_data(desk->auth.keyset)->id);
    if (left > 0)
        fprintf(stderr,
                "therappai-auth: %s: what %" PRId64 " accounts told needs older keys still\n",
                rotate_command, left);
    return table_finish_output(rotate_command) && left == 0 ? EXIT_DONE : EXIT_FAILED;
}

int key_data_rotate(const struct config *config)
{
    struct operator_desk desk;
    operator_open(config, &desk);
    int status = load_keys(&desk, rotate_command) ? rotate(&desk) : EXIT_FAILED;
    operator_close(&desk);
    return status;
}

bool key_data_is_free(const struct config *config, const char *id)
{
    struct operator_desk desk;
    int64_t by_it = 0, by_others;
    enum error error = ERROR_NONE;
    operator_open(config, &desk);
    if (load_keys(&desk, "key retire") && keyset_find_data(desk.auth.keyset, id)) {
        sleep(WORKERS_LOOK_S); /* another may encrypt since just now */
        error = personal_info_count(&desk.auth, id, &by_it, &by_others);
    }
    operator_close(&desk);
    if (error)
        operator_fail("key retire", error);
    else if (by_it > 0)
        fprintf(stderr,
                "therappai-auth: key retire: what %" PRId64 " accounts told is encrypted with key "
                "'%s'; 'key rotate --data' encrypts it anew\n",
                by_it, id);
    return !error && by_it == 0;
}
