/* housekeeper - see housekeeper.h. */
#include "proc/housekeeper.h"
#include "auth/audit.h"
#include "auth/auth.h"
#include "auth/picture.h"
#include "auth/session.h"
#include "base/log.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

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
static bool pause_for(const sigset_t *stops, int64_t seconds)
{
    const struct timespec time = { .tv_sec = (time_t)seconds };
    return sigtimedwait(stops, NULL, &time) < 0 && errno == EAGAIN;
}

/* What is removed when it is long over: a batch a call, until none is left. */
static const struct purge {
    const char *event; /* in the log */
    enum error (*run)(struct auth *auth, int64_t *removed);
} purges[] = {
    { "sessions_purged", session_purge },
    { "audit_purged", audit_purge },
    { "pictures_purged", picture_purge },
};

/* In small batches, so that no statement holds many rows for long; ends early at a signal. */
static enum error purge(struct auth *auth, const sigset_t *stops, const struct purge *purge)
{
    int64_t removed, total = 0;
    enum error error;
    do {
        error = purge->run(auth, &removed);
        total += error ? 0 : removed;
    } while (!error && removed > 0 && pause_for(stops, 0));
    if (total > 0)
        LOG(LOG_LEVEL_INFO, purge->event, log_integer("count", total));
    return error;
}

static enum error purge_all(struct auth *auth, const sigset_t *stops)
{
    enum error first = ERROR_NONE;
    for (size_t i = 0; i < sizeof purges / sizeof purges[0]; i++) {
        enum error error = purge(auth, stops, &purges[i]);
        first = first ? first : error;
    }
    return first;
}

int housekeeper_run(const struct config *config, bool once)
{
    const struct db_options options = { .conninfo = config->database,
                                        .timeout_ms = config->database_timeout_ms,
                                        .prepare = config->database_prepare != 0,
                                        .application_name = "therappai-auth housekeeper" };
    struct auth auth = { .config = config, .db = db_new(&options) };
    sigset_t stops;
    enum error error;
    block_signals(&stops);
    do
        error = purge_all(&auth, &stops);
    while (!once && pause_for(&stops, config->purge_interval_s));
    db_free(auth.db);
    return once && error ? EXIT_FAILURE : EXIT_SUCCESS;
}
