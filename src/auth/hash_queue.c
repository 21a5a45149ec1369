/* hash_queue - see hash_queue.h. */
#include "auth/hash_queue.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metrics.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* The file is empty; its bytes are only names of locks. */
enum {
    SHARE_MAX = 256, /* of workers, of places, of slots */
    WORKERS_AT = 0,
    PLACES_AT = WORKERS_AT + SHARE_MAX,
    TURNSTILE_AT = PLACES_AT + SHARE_MAX,
    SLOTS_AT = TURNSTILE_AT + 1,
    NOTHING = -1
};
enum { POLL_NS = 1000000, ALARM_INTERVAL_US = 5000 };

/* The one descriptor of the file in this process: closing any other would drop all locks (fcntl(2),
 * "Record locking"). */
struct hash_queue {
    int file;
    int64_t slots, queue, timeout_ms;
    int worker, place, slot; /* offsets of the bytes that this process holds, or NOTHING */
};

/* Locks -----------------------------------------------------------------------------------------*/

static bool lock(int file, int command, int at)
{
    struct flock byte = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1 };
    return fcntl(file, command, &byte) == 0;
}

static void unlock(int file, int *at)
{
    struct flock byte = { .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = *at, .l_len = 1 };
    if (*at != NOTHING)
        fcntl(file, F_SETLK, &byte);
    *at = NOTHING;
}

/* The first free byte of count, or NOTHING. */
static int lock_any(int file, int from, int64_t count)
{
    for (int at = from; at < from + count; at++)
        if (lock(file, F_SETLK, at))
            return at;
    return NOTHING;
}

/* Bytes from `from` to `to` that other processes hold. The kernel tells of one lock at a time, not
 * the lowest first, so what is left on both its sides is asked for in turn. */
static int count_locked(int file, off_t from, off_t to)
{
    struct flock found = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = from, .l_len = to - from
    };
    if (from >= to || fcntl(file, F_GETLK, &found) || found.l_type == F_UNLCK)
        return 0;
    off_t begin = found.l_start > from ? found.l_start : from;
    off_t end = found.l_start + found.l_len;
    if (found.l_len == 0 || end > to)
        end = to;
    return (int)(end - begin) + count_locked(file, from, begin) + count_locked(file, end, to);
}

static int count_share(const struct hash_queue *queue, int from, int own)
{
    return count_locked(queue->file, from, from + SHARE_MAX) + (own != NOTHING);
}

/* Opening ---------------------------------------------------------------------------------------*/

static int64_t processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? online : 1;
}

static int64_t at_most(int64_t number, int64_t most)
{
    return number < most ? number : most;
}

enum error hash_queue_open(const struct hash_queue_options *options, struct hash_queue **queue)
{
    int file = open(options->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) {
        LOG(LOG_LEVEL_ERROR, "hash_queue_not_opened", log_text("path", options->path),
            log_text("reason", strerror(errno)));
        return ERROR_INTERNAL;
    }
    struct hash_queue *made = memory_new(sizeof *made);
    *made = (struct hash_queue){
        .file = file,
        .slots = at_most(options->slots > 0 ? options->slots : processors(), SHARE_MAX),
        .queue = at_most(options->queue, SHARE_MAX),
        .timeout_ms = options->timeout_ms,
        .worker = lock_any(file, WORKERS_AT, SHARE_MAX), /* past 256 they count as 256 */
        .place = NOTHING,
        .slot = NOTHING,
    };
    *queue = made;
    return ERROR_NONE;
}

void hash_queue_free(struct hash_queue *queue)
{
    if (!queue)
        return;
    close(queue->file);
    free(queue);
}

/* Waiting ---------------------------------------------------------------------------------------*/

/* While it is set SIGALRM interrupts what blocks, first at the deadline and then again and again,
 * because the first may come a moment before the call that it should end. */
struct alarm {
    sigset_t mask;
    struct sigaction action;
    struct itimerval timer;
};

static void wake(int signal)
{
    (void)signal;
}

static void alarm_start(struct alarm *before, int64_t delay_ms)
{
    const struct sigaction action = { .sa_handler = wake }; /* no SA_RESTART */
    const int64_t delay_us = delay_ms > 0 ? delay_ms * 1000 : 1;
    const struct itimerval timer = {
        .it_value = { .tv_sec = delay_us / 1000000, .tv_usec = delay_us % 1000000 },
        .it_interval = { .tv_usec = ALARM_INTERVAL_US },
    };
    sigset_t alarms;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    sigaction(SIGALRM, &action, &before->action);
    sigprocmask(SIG_UNBLOCK, &alarms, &before->mask);
    setitimer(ITIMER_REAL, &timer, &before->timer);
}

static void alarm_stop(const struct alarm *before)
{
    static const struct itimerval none;
    setitimer(ITIMER_REAL, &none, NULL);
    sigprocmask(SIG_SETMASK, &before->mask, NULL);
    sigaction(SIGALRM, &before->action, NULL);
    setitimer(ITIMER_REAL, &before->timer, NULL);
}

/* Waits for whoever polls the slots to go through. He may be stopped, so not longer than until the
 * deadline. There can be no deadlock: he waits for no lock. */
static bool pass_turnstile(const struct hash_queue *queue, int64_t deadline)
{
    struct alarm before;
    bool passed;
    alarm_start(&before, deadline - clock_monotonic_ms());
    do {
        passed = lock(queue->file, F_SETLKW, TURNSTILE_AT);
    } while (!passed && errno == EINTR && clock_monotonic_ms() < deadline);
    alarm_stop(&before);
    return passed;
}

static int poll_slots(const struct hash_queue *queue, int64_t deadline)
{
    static const struct timespec pause = { .tv_nsec = POLL_NS };
    int slot = lock_any(queue->file, SLOTS_AT, queue->slots);
    while (slot == NOTHING && clock_monotonic_ms() < deadline) {
        nanosleep(&pause, NULL);
        slot = lock_any(queue->file, SLOTS_AT, queue->slots);
    }
    return slot;
}

/* One waits in the turnstile and looks every millisecond, the others sleep behind it. */
static int await_slot(const struct hash_queue *queue)
{
    int turnstile = TURNSTILE_AT;
    int64_t deadline = clock_monotonic_ms() + queue->timeout_ms;
    int slot = lock_any(queue->file, SLOTS_AT, queue->slots);
    if (slot != NOTHING || !pass_turnstile(queue, deadline))
        return slot;
    slot = poll_slots(queue, deadline);
    unlock(queue->file, &turnstile);
    return slot;
}

/* Admission -------------------------------------------------------------------------------------*/

/* How many may hash or wait: a quarter of the living workers, rounded up, is left for everything
 * else, unless there is only one. */
static int64_t allowed_places(const struct hash_queue *queue)
{
    int workers = count_share(queue, WORKERS_AT, queue->worker);
    int64_t allowed = at_most(queue->slots + queue->queue, workers - (workers + 3) / 4);
    return allowed > 1 ? at_most(allowed, SHARE_MAX) : 1;
}

static enum error enter(struct hash_queue *queue)
{
    queue->place = lock_any(queue->file, PLACES_AT, allowed_places(queue));
    if (queue->place == NOTHING)
        return ERROR_BUSY;
    queue->slot = await_slot(queue);
    if (queue->slot != NOTHING)
        return ERROR_NONE;
    unlock(queue->file, &queue->place);
    return ERROR_BUSY;
}

enum error hash_queue_enter(struct hash_queue *queue)
{
    enum error error = enter(queue);
    if (error)
        metrics_count(METRIC_HASHES_REFUSED);
    return error;
}

void hash_queue_leave(struct hash_queue *queue)
{
    unlock(queue->file, &queue->slot);
    unlock(queue->file, &queue->place);
}

struct hash_queue_state hash_queue_state(const struct hash_queue *queue)
{
    struct hash_queue_state state;
    state.workers = count_share(queue, WORKERS_AT, queue->worker);
    state.hashing = count_share(queue, SLOTS_AT, queue->slot);
    int places = count_share(queue, PLACES_AT, queue->place);
    state.waiting = places > state.hashing ? places - state.hashing : 0;
    return state;
}
