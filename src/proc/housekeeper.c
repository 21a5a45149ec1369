/* housekeeper - see housekeeper.h. */
#include "proc/housekeeper.h"
#include "auth/audit.h"
#include "auth/auth.h"
#include "auth/keyset.h"
#include "auth/picture.h"
#include "auth/reset.h"
#include "auth/session.h"
#include "base/clock.h"
#include "base/log.h"
#include "mail/smtp.h"
#include "proc/postman.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { SECOND_MS = 1000, RETRY_MS = 10 * SECOND_MS };

static void block_signals(sigset_t *stops)
{
    sigemptyset(stops);
    sigaddset(stops, SIGTERM);
    sigaddset(stops, SIGINT);
    sigaddset(stops, SIGQUIT);
    sigprocmask(SIG_SETMASK, stops, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
}

/* Sleeps; returns false at a signal to stop. */
static bool pause_for(const sigset_t *stops, int64_t ms)
{
    const struct timespec time = { .tv_sec = (time_t)(ms / SECOND_MS),
                                   .tv_nsec = (long)(ms % SECOND_MS) * 1000000 };
    return sigtimedwait(stops, NULL, &time) < 0 && errno == EAGAIN;
}

static int64_t purge_interval(const struct config *config)
{
    return config->purge_interval_s * SECOND_MS;
}

/* Short enough for people who wait for their code. */
static int64_t mail_interval(const struct config *config)
{
    (void)config;
    return SECOND_MS;
}

/* What there is to do: a small piece a call, until *count says that there was none. */
static const struct work {
    const char *event; /* in the log, with the number of what was done; NULL: it logs by itself */
    enum error (*run)(struct auth *auth, int64_t *count);
    int64_t (*interval_ms)(const struct config *config);
    bool is_mail;
} works[] = {
    { NULL, postman_deliver, mail_interval, true },
    { "sessions_purged", session_purge, purge_interval, false },
    { "audit_purged", audit_purge, purge_interval, false },
    { "pictures_purged", picture_purge, purge_interval, false },
    { "resets_purged", reset_purge, purge_interval, false },
};
enum { WORK_COUNT = sizeof works / sizeof works[0] };

/* How each is getting on. */
struct progress {
    int64_t due_ms, total;
};

static bool is_wanted(const struct work *work, const struct config *config)
{
    return !work->is_mail || *config->mail_server;
}

/* When it is due again: at once where there is more of it, later where it failed. */
static int64_t pause_of(const struct work *work, const struct config *config, enum error error,
                        int64_t count)
{
    int64_t interval = work->interval_ms(config);
    if (error)
        return interval > RETRY_MS ? interval : RETRY_MS;
    return count > 0 ? 0 : interval;
}

static enum error run_piece(struct auth *auth, const struct work *work, struct progress *progress)
{
    int64_t count = 0;
    enum error error = work->run(auth, &count);
    progress->total += error ? 0 : count;
    if ((error || count == 0) && progress->total > 0) {
        if (work->event)
            LOG(LOG_LEVEL_INFO, work->event, log_integer("count", progress->total));
        progress->total = 0;
    }
    progress->due_ms = clock_monotonic_ms() + pause_of(work, auth->config, error, count);
    return error;
}

/* A piece of each that is due, so that none waits for all of another. Returns for how long there
 * is nothing to do. */
static int64_t run_due(struct auth *auth, struct progress list[WORK_COUNT], enum error *error)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < WORK_COUNT; i++) {
        if (!is_wanted(&works[i], auth->config))
            continue;
        if (list[i].due_ms <= clock_monotonic_ms()) {
            enum error failure = run_piece(auth, &works[i], &list[i]);
            *error = *error ? *error : failure;
        }
        first = list[i].due_ms < first ? list[i].due_ms : first;
    }
    int64_t left = first - clock_monotonic_ms();
    return left > 0 ? left : 0;
}

static enum error work(struct auth *auth, const sigset_t *stops, bool once)
{
    struct progress list[WORK_COUNT] = { 0 };
    enum error error = ERROR_NONE;
    int64_t pause;
    do
        pause = run_due(auth, list, &error);
    while (!(once && pause > 0) && pause_for(stops, pause));
    return error;
}

/* A mail is made out of a code, which needs a key. */
static bool prepare_mail(struct auth *auth)
{
    char message[KEY_MESSAGE_SIZE];
    if (!*auth->config->mail_server) {
        LOG(LOG_LEVEL_INFO, "mail_off",
            log_text("reason", "mail_server is empty: nobody can ask for a new password"));
        return true;
    }
    if (keyset_load(auth->config->key_directory, &auth->keyset, message)) {
        LOG(LOG_LEVEL_ERROR, "keys_not_loaded", log_text("reason", message));
        return false;
    }
    return smtp_start();
}

int housekeeper_run(const struct config *config, bool once)
{
    const struct db_options options = { .conninfo = config->database,
                                        .timeout_ms = config->database_timeout_ms,
                                        .prepare = config->database_prepare != 0,
                                        .application_name = "therappai-auth housekeeper" };
    struct auth auth = { .config = config, .db = db_new(&options) };
    sigset_t stops;
    int status = EXIT_FAILURE;
    block_signals(&stops);
    if (prepare_mail(&auth)) {
        enum error error = work(&auth, &stops, once);
        status = once && error ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    if (auth.keyset)
        smtp_finish();
    keyset_free(auth.keyset);
    db_free(auth.db);
    return status;
}
