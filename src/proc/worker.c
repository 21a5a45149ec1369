/* worker - see worker.h. */
#include "proc/worker.h"
#include "api/dispatch.h"
#include "api/request_metrics.h"
#include "auth/access_token.h"
#include "auth/hash_queue.h"
#include "auth/key_jwk.h"
#include "auth/keyset.h"
#include "auth/throttle.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/fcgi.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static volatile sig_atomic_t stopping;

static void stop(int signal)
{
    (void)signal;
    stopping = 1;
}

/* Keeps the stop signals blocked but while waiting for a connection, so that none of them cuts a
 * request short (a short read would pass for a body). */
static void handle_signals(sigset_t *waiting)
{
    static const int stop_signals[] = { SIGTERM, SIGINT, SIGQUIT, SIGUSR1 };
    struct sigaction action = { .sa_handler = stop };
    sigset_t blocked;
    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof stop_signals / sizeof stop_signals[0]; i++) {
        sigaction(stop_signals[i], &action, NULL);
        sigaddset(&blocked, stop_signals[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    sigemptyset(waiting);
}

struct parts {
    struct auth auth;
    struct key_jwk_memory jwks;
    struct access_memory *memory;
    struct fcgi *fcgi;
};

static bool open_hash_queue(const struct config *config, struct hash_queue **queue)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/hash-queue", config->run_directory);
    const struct hash_queue_options options = { .path = path,
                                                .slots = config->hash_slots,
                                                .queue = config->hash_queue,
                                                .timeout_ms = config->hash_timeout_ms };
    return hash_queue_open(&options, queue) == ERROR_NONE;
}

static bool open_parts(struct parts *parts, const struct config *config, int listener)
{
    char message[KEY_MESSAGE_SIZE];
    const struct db_options options = { .conninfo = config->database,
                                        .timeout_ms = config->database_timeout_ms,
                                        .prepare = config->database_prepare != 0,
                                        .application_name = "therappai-auth" };
    parts->auth.config = config;
    if (keyset_load(config->key_directory, &parts->auth.keyset, message)) {
        LOG(LOG_LEVEL_ERROR, "keys_not_loaded", log_text("reason", message));
        return false;
    }
    if (!open_hash_queue(config, &parts->auth.hash_queue))
        return false;
    request_metrics_open(config->run_directory);
    parts->auth.throttle = throttle_open(config);
    parts->auth.db = db_new(&options);
    parts->auth.jwks = &parts->jwks;
    parts->memory = access_memory_new();
    parts->fcgi = fcgi_new(listener, config->io_timeout_ms);
    return parts->fcgi != NULL;
}

static void close_parts(struct parts *parts)
{
    fcgi_free(parts->fcgi);
    access_memory_free(parts->memory);
    db_free(parts->auth.db);
    throttle_free(parts->auth.throttle);
    metrics_close();
    hash_queue_free(parts->auth.hash_queue);
    key_jwk_forget(&parts->jwks);
    keyset_free(parts->auth.keyset);
}

static int serve(struct parts *parts, const sigset_t *waiting)
{
    struct dispatch dispatch = { &parts->auth, parts->memory };
    while (!stopping) {
        enum fcgi_event event = fcgi_accept(parts->fcgi, waiting);
        if (event == FCGI_EVENT_FAILED)
            return EXIT_FAILURE;
        if (event == FCGI_EVENT_REQUEST) {
            keyset_refresh(parts->auth.keyset, false);
            dispatch_serve(&dispatch, parts->fcgi);
        }
    }
    return EXIT_SUCCESS;
}

int worker_run(const struct config *config, int listener, worker_ready *ready)
{
    sigset_t waiting;
    struct parts parts = { 0 };
    int status = EXIT_FAILURE;
    handle_signals(&waiting);
    if (open_parts(&parts, config, listener)) {
        if (ready)
            ready();
        status = serve(&parts, &waiting);
    }
    close_parts(&parts);
    return status;
}
