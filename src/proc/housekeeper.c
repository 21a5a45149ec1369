/* housekeeper - see housekeeper.h. */
#include "proc/housekeeper.h"
#include "auth/auth.h"
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

/* In small batches, so that no statement holds many rows for long; ends early at a signal. */
static enum error purge(struct auth *auth, const sigset_t *stops)
{
    int64_t removed, total = 0;
    enum error error;
    do {
        error = session_purge(auth, &removed);
        total += error ? 0 : removed;
    } while (!error && removed > 0 && pause_for(stops, 0));
    if (total > 0)
        LOG(LOG_LEVEL_INFO, "sessions_purged", log_integer("count", total));
    return error;
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
        error = purge(&auth, &stops);
    while (!once && pause_for(&stops, config->purge_interval_s));
    db_free(auth.db);
    return once && error ? EXIT_FAILURE : EXIT_SUCCESS;
}
