/* hash_queue - see hash_queue.h. */
#include "auth/hash_queue.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* The bytes of the file. None is ever read or written: only locked. */
enum {
    MOST = 256, /* of workers, and of slots; there are as many places as both allow */
    WORKERS = 0,
    PLACES = WORKERS + MOST,
    TURNSTILE = PLACES + 2 * MOST,
    SLOTS = TURNSTILE + 1
};

enum { POLL_NS = 1000000, NUDGE_US = 20000, NONE = -1 };

struct hash_queue {
    int file;
    int slots, queue;
    int64_t timeout_ms;
    int place, slot; /* that this process holds; NONE */
};

static struct flock lock_of(short type, int byte)
{
    return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
}

static bool try_lock(const struct hash_queue *queue, int byte)
{
    struct flock lock = lock_of(F_WRLCK, byte);
    return fcntl(queue->file, F_SETLK, &lock) == 0;
}

static void unlock(const struct hash_queue *queue, int byte)
{
    struct flock lock = lock_of(F_UNLCK, byte);
    fcntl(queue->file, F_SETLK, &lock);
}

/* Whether another process holds the byte. */
static bool is_locked(const struct hash_queue *queue, int byte)
{
    struct flock lock = lock_of(F_WRLCK, byte);
    return fcntl(queue->file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* The first free one of `count` bytes, now ours; NONE. */
static int take_any(const struct hash_queue *queue, int first, int count)
{
    for (int i = 0; i < count; i++)
        if (try_lock(queue, first + i))
            return first + i;
    return NONE;
}

static int count_others(const struct hash_queue *queue, int first, int count)
{
    int locked = 0;
    for (int i = 0; i < count; i++)
        locked += is_locked(queue, first + i);
    return locked;
}

static int processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 && count < MOST ? (int)count : 1;
}

enum error hash_queue_open(const struct hash_queue_options *options, struct hash_queue **out)
{
    struct hash_queue *queue = memory_new(sizeof *queue);
    queue->file = open(options->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    queue->slots = options->slots > 0 ? (int)options->slots : processors();
    queue->queue = (int)options->queue;
    queue->timeout_ms = options->timeout_ms;
    queue->place = queue->slot = NONE;
    if (queue->file >= 0 && take_any(queue, WORKERS, MOST) != NONE) {
        *out = queue;
        return ERROR_NONE;
    }
    LOG(LOG_LEVEL_ERROR, "hash_queue_not_opened", log_text("path", options->path),
        log_text("reason", strerror(errno)));
    hash_queue_free(queue);
    return ERROR_INTERNAL;
}

void hash_queue_free(struct hash_queue *queue)
{
    if (!queue)
        return;
    if (queue->file >= 0)
        close(queue->file);
    free(queue);
}

/* How many workers may hash or wait at once. */
static int allowed_places(const struct hash_queue *queue)
{
    int workers = count_others(queue, WORKERS, MOST) + 1;
    int spare = workers / 4 > 1 ? workers / 4 : 1;
    int wanted = queue->slots + queue->queue;
    int most = workers - spare < wanted ? workers - spare : wanted;
    return most > 1 ? most : 1;
}

static void do_nothing(int signal)
{
    (void)signal;
}

/* A timer that interrupts a blocking call again and again, so that a deadline is noticed. */
struct nudge {
    struct sigaction action;
    sigset_t mask;
};

static void nudge_start(struct nudge *nudge)
{
    const struct sigaction action = { .sa_handler = do_nothing };
    const struct itimerval every = { { 0, NUDGE_US }, { 0, NUDGE_US } };
    sigset_t alarms;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    sigaction(SIGALRM, &action, &nudge->action);
    sigprocmask(SIG_UNBLOCK, &alarms, &nudge->mask);
    setitimer(ITIMER_REAL, &every, NULL);
}

static void nudge_stop(const struct nudge *nudge)
{
    const struct itimerval never = { { 0, 0 }, { 0, 0 } };
    setitimer(ITIMER_REAL, &never, NULL);
    sigprocmask(SIG_SETMASK, &nudge->mask, NULL);
    sigaction(SIGALRM, &nudge->action, NULL);
}

/* Waits for the turnstile, in which one process at a time looks for a slot. */
static bool pass_turnstile(const struct hash_queue *queue, int64_t deadline_ms)
{
    struct flock lock = lock_of(F_WRLCK, TURNSTILE);
    struct nudge nudge;
    bool passed = false;
    nudge_start(&nudge);
    while (!passed && clock_monotonic_ms() < deadline_ms) {
        passed = fcntl(queue->file, F_SETLKW, &lock) == 0;
        if (!passed && errno != EINTR)
            break;
    }
    nudge_stop(&nudge);
    return passed;
}

static int wait_for_slot(const struct hash_queue *queue, int64_t deadline_ms)
{
    const struct timespec pause = { .tv_nsec = POLL_NS };
    int slot = NONE;
    if (!pass_turnstile(queue, deadline_ms))
        return NONE;
    while ((slot = take_any(queue, SLOTS, queue->slots)) == NONE &&
           clock_monotonic_ms() < deadline_ms)
        nanosleep(&pause, NULL);
    unlock(queue, TURNSTILE);
    return slot;
}

enum error hash_queue_enter(struct hash_queue *queue)
{
    int64_t deadline_ms = clock_monotonic_ms() + queue->timeout_ms;
    queue->place = take_any(queue, PLACES, allowed_places(queue));
    if (queue->place == NONE)
        return ERROR_BUSY;
    /* whoever waits already comes first */
    if (!is_locked(queue, TURNSTILE))
        queue->slot = take_any(queue, SLOTS, queue->slots);
    if (queue->slot == NONE)
        queue->slot = wait_for_slot(queue, deadline_ms);
    if (queue->slot != NONE)
        return ERROR_NONE;
    hash_queue_leave(queue);
    return ERROR_BUSY;
}

void hash_queue_leave(struct hash_queue *queue)
{
    if (queue->slot != NONE)
        unlock(queue, queue->slot);
    if (queue->place != NONE)
        unlock(queue, queue->place);
    queue->slot = queue->place = NONE;
}

struct hash_queue_state hash_queue_state(const struct hash_queue *queue)
{
    int hashing = count_others(queue, SLOTS, queue->slots) + (queue->slot != NONE);
    int engaged = count_others(queue, PLACES, 2 * MOST) + (queue->place != NONE);
    return (struct hash_queue_state){ .workers = count_others(queue, WORKERS, MOST) + 1,
                                      .hashing = hashing,
                                      .waiting = engaged > hashing ? engaged - hashing : 0 };
}
