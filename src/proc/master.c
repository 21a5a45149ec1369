/* master - see master.h. */
#include "proc/master.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "proc/children.h"
#include "proc/housekeeper.h"
#include "proc/listen.h"
#include "proc/notify.h"
#include "proc/worker.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 200, KILL_MARGIN_MS = 1000 };

struct master {
    struct config config;
    struct listener listener;
    struct children children;
    struct notify notify;
    bool announced; /* that all workers of this generation serve */
    master_reload *reload;
    void *context;
    sigset_t signals;
    bool stopping;
};

static const char *const role_names[CHILD_ROLES] = { "none", "worker", "housekeeper" };

/* A child tells the master that it is ready by a queued signal: unlike a standard one it is not
 * merged with another's, and it carries the sender's process id. */
static int ready_signal(void)
{
    return SIGRTMIN;
}

static void tell_ready(void)
{
    sigqueue(getppid(), ready_signal(), (union sigval){ 0 });
}

static void block_signals(struct master *master)
{
    const int list[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGCHLD, ready_signal() };
    sigemptyset(&master->signals);
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        sigaddset(&master->signals, list[i]);
    sigprocmask(SIG_BLOCK, &master->signals, NULL);
    signal(SIGPIPE, SIG_IGN); /* a reader of the log that died must not take the service along */
}

/* In the child. It ends with the master, whatever ended that. */
static int run_child(const struct master *master, enum child_role role, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        return EXIT_FAILURE;
    if (role == CHILD_WORKER)
        return worker_run(&master->config, master->listener.descriptor, tell_ready);
    close(master->listener.descriptor);
    tell_ready();
    return housekeeper_run(&master->config, false);
}

static void start_child(struct master *master, enum child_role role)
{
    pid_t parent = getpid(), pid = fork();
    int64_t now = clock_monotonic_ms();
    if (pid == 0)
        exit(run_child(master, role, parent));
    if (pid < 0) {
        LOG(LOG_LEVEL_ERROR, "fork_failed", log_text("reason", strerror(errno)));
        master->children.backoff[role].not_before_ms = now + TICK_MS;
        return;
    }
    children_add(&master->children, role, pid, now);
    LOG(LOG_LEVEL_DEBUG, "child_started", log_text("role", role_names[role]),
        log_integer("pid", pid));
}

static void dismiss(struct child *child)
{
    child->stop_ms = clock_monotonic_ms();
    kill(child->pid, SIGTERM);
}

/* Whoever does not finish in time is killed; its client sees the web server's 5xx. */
static void kill_overdue(struct master *master, int64_t now)
{
    for (int i = 0; i < CHILDREN_MAX; i++) {
        struct child *child = &master->children.list[i];
        if (child->role == CHILD_NONE || !child->stop_ms)
            continue;
        if (now - child->stop_ms < master->config.drain_timeout_ms + KILL_MARGIN_MS)
            continue;
        LOG(LOG_LEVEL_WARN, "child_killed", log_text("role", role_names[child->role]),
            log_integer("pid", child->pid));
        kill(child->pid, SIGKILL);
    }
}

static void keep(struct master *master, enum child_role role, int wanted, int64_t now)
{
    struct child *old;
    while (children_need(&master->children, role, wanted, now))
        start_child(master, role);
    while ((old = children_dismissible(&master->children, role, wanted)))
        dismiss(old);
}

/* Once for each generation: when it is complete, and the one before it is gone. */
static void announce(struct master *master)
{
    char status[NOTIFY_STATUS_MAX];
    struct census workers = children_count(&master->children, CHILD_WORKER);
    if (master->announced || workers.current < master->config.workers || workers.starting > 0 ||
        workers.old > 0)
        return;
    snprintf(status, sizeof status, "Serving with %d workers", workers.current);
    notify_ready(&master->notify, status);
    master->announced = true;
}

static void tick(struct master *master)
{
    int64_t now = clock_monotonic_ms();
    if (!master->stopping) {
        keep(master, CHILD_WORKER, (int)master->config.workers, now);
        keep(master, CHILD_HOUSEKEEPER, 1, now);
        announce(master);
    }
    kill_overdue(master, now);
}

static void reap(struct master *master)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct child child = children_remove(&master->children, pid, clock_monotonic_ms());
        if (child.role == CHILD_NONE || child.stop_ms)
            continue;
        LOG(LOG_LEVEL_WARN, "child_died", log_text("role", role_names[child.role]),
            log_integer("pid", pid),
            log_integer("status", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
            log_integer("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
    }
}

/* The listening socket stays as long as the master does. */
static void tell_what_stays(const struct config *now, const struct config *wanted)
{
    if (strcmp(now->listen, wanted->listen) != 0 || now->listen_mode != wanted->listen_mode)
        LOG(LOG_LEVEL_WARN, "reload_incomplete", log_text("option", "listen"),
            log_text("reason", "it changes at a restart only"));
}

static void reload(struct master *master)
{
    char message[MASTER_MESSAGE_SIZE];
    struct config config;
    notify_reloading(&master->notify);
    if (!master->reload(master->context, &config, message)) {
        LOG(LOG_LEVEL_ERROR, "reload_refused", log_text("reason", message));
        notify_ready(&master->notify, "Reload refused, the log says why; serving as before");
        return;
    }
    tell_what_stays(&master->config, &config);
    config_clear(&master->config);
    master->config = config;
    master->children.generation++;
    master->announced = false;
    memset(master->children.backoff, 0, sizeof master->children.backoff);
    log_open((enum log_level)config.log_level, (enum log_format)config.log_format,
             (enum log_target)config.log_target);
    LOG(LOG_LEVEL_INFO, "reloaded", log_integer("workers", config.workers));
}

/* The socket's path goes first, so that the web server turns to nobody rather than to us. */
static void stop(struct master *master)
{
    if (master->stopping)
        return;
    LOG(LOG_LEVEL_INFO, "stopping", log_integer("children", children_alive(&master->children)));
    master->stopping = true;
    notify_stopping(&master->notify);
    listen_close(&master->listener, true);
    for (int i = 0; i < CHILDREN_MAX; i++)
        if (master->children.list[i].role != CHILD_NONE && !master->children.list[i].stop_ms)
            dismiss(&master->children.list[i]);
}

static void handle(struct master *master, const siginfo_t *info)
{
    if (info->si_signo == SIGCHLD)
        reap(master);
    else if (info->si_signo == SIGHUP && !master->stopping)
        reload(master);
    else if (info->si_signo == ready_signal())
        children_mark_ready(&master->children, info->si_pid);
    else if (info->si_signo != SIGHUP)
        stop(master);
}

int master_run(const struct config *config, master_reload *reload_config, void *context)
{
    char message[LISTEN_MESSAGE_SIZE];
    struct master *master = memory_new(sizeof *master);
    if (!listen_open(config, &master->listener, message)) {
        LOG(LOG_LEVEL_ERROR, "not_listening", log_text("reason", message));
        free(master);
        return EXIT_FAILURE;
    }
    config_copy(&master->config, config);
    notify_open(&master->notify);
    master->reload = reload_config;
    master->context = context;
    block_signals(master);
    LOG(LOG_LEVEL_INFO, "serving", log_integer("workers", config->workers),
        log_text("listen", master->listener.made_path ? master->listener.made_path : "inherited"));
    while (!master->stopping || children_alive(&master->children) > 0) {
        const struct timespec wait = { .tv_nsec = TICK_MS * 1000000L };
        siginfo_t info;
        tick(master);
        if (sigtimedwait(&master->signals, &info, &wait) > 0)
            handle(master, &info);
    }
    LOG(LOG_LEVEL_INFO, "stopped", log_integer("pid", getpid()));
    config_clear(&master->config);
    free(master);
    return EXIT_SUCCESS;
}
