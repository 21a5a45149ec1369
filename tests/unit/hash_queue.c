/* hash_queue - admission among real processes. */
#include "auth/hash_queue.h"
#include "base/clock.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS_MAX = 16, PATIENCE_MS = 10000, LONG_MS = 60000, MOMENT_MS = 100 };

/* Workers ---------------------------------------------------------------------------------------*/

/* A worker does what it is told, a letter at a time, and says how it went:
 * E(nter) → Y(es) or B(usy), L(eave) → D(one), R(ush: enter, count, leave, many times) → D. */
struct worker {
    pid_t pid;
    int line;
};
static struct worker workers[WORKERS_MAX];
static int count;

static struct {
    atomic_int inside, most, entered, refused;
} * shared;

static char directory[] = "/tmp/therappai-queue-XXXXXX", path[64];

static void doze(long ms)
{
    const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    nanosleep(&pause, NULL);
}

static void start(void)
{
    cr_assert_not_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/queue", directory);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(shared != MAP_FAILED);
}

static void end_worker(struct worker *worker)
{
    if (!worker->pid)
        return;
    kill(worker->pid, SIGKILL);
    waitpid(worker->pid, NULL, 0);
    close(worker->line);
    worker->pid = 0;
}

static void finish(void)
{
    for (int i = 0; i < count; i++)
        end_worker(&workers[i]);
    unlink(path);
    rmdir(directory);
}

TestSuite(hash_queue, .init = start, .fini = finish);

static void rush(struct hash_queue *queue)
{
    for (int i = 0; i < 20; i++) {
        if (hash_queue_enter(queue)) {
            atomic_fetch_add(&shared->refused, 1);
            continue;
        }
        int inside = atomic_fetch_add(&shared->inside, 1) + 1;
        int most = atomic_load(&shared->most);
        while (inside > most && !atomic_compare_exchange_weak(&shared->most, &most, inside))
            continue;
        doze(2);
        atomic_fetch_sub(&shared->inside, 1);
        atomic_fetch_add(&shared->entered, 1);
        hash_queue_leave(queue);
    }
}

static char obey(struct hash_queue *queue, char order)
{
    if (order == 'E')
        return hash_queue_enter(queue) == ERROR_NONE ? 'Y' : 'B';
    if (order == 'R')
        rush(queue);
    else
        hash_queue_leave(queue);
    return 'D';
}

static void work(int line, const struct hash_queue_options *options)
{
    struct hash_queue *queue;
    char order, answer = 'R';
    if (hash_queue_open(options, &queue))
        return;
    while (write(line, &answer, 1) == 1 && read(line, &order, 1) == 1)
        answer = obey(queue, order);
    hash_queue_free(queue);
}

static void tell(int worker, char order)
{
    cr_assert_eq(write(workers[worker].line, &order, 1), 1);
}

/* The answer, or '-' where there is none within timeout_ms. */
static char hear(int worker, int timeout_ms)
{
    struct pollfd line = { .fd = workers[worker].line, .events = POLLIN };
    char answer = '-';
    if (poll(&line, 1, timeout_ms) == 1)
        cr_assert_eq(read(line.fd, &answer, 1), 1, "worker %d died", worker);
    return answer;
}

static void expect(int worker, char answer)
{
    char heard = hear(worker, PATIENCE_MS);
    cr_assert_eq(heard, answer, "worker %d says %c, not %c", worker, heard, answer);
}

static void expect_silence(int worker)
{
    char heard = hear(worker, MOMENT_MS);
    cr_assert_eq(heard, '-', "worker %d says %c", worker, heard);
}

static void ask(int worker, char order, char answer)
{
    tell(worker, order);
    expect(worker, answer);
}

static void start_worker(void (*run)(int line, const struct hash_queue_options *options),
                         const struct hash_queue_options *options)
{
    int lines[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lines), 0);
    pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(lines[0]);
        run(lines[1], options);
        _exit(EXIT_SUCCESS);
    }
    close(lines[1]);
    workers[count++] = (struct worker){ pid, lines[0] };
    expect(count - 1, 'R');
}

static void have_workers(int number, int64_t slots, int64_t queue, int64_t timeout_ms)
{
    const struct hash_queue_options options = { path, slots, queue, timeout_ms };
    for (int i = 0; i < number; i++)
        start_worker(work, &options);
}

static struct hash_queue *open_own(int64_t slots, int64_t waiting, int64_t timeout_ms)
{
    const struct hash_queue_options options = { path, slots, waiting, timeout_ms };
    struct hash_queue *queue = NULL;
    cr_assert_eq(hash_queue_open(&options, &queue), ERROR_NONE);
    return queue;
}

/* How it looks from without. Looking makes this process one worker more while it does. */
static struct hash_queue_state look(void)
{
    struct hash_queue *queue = open_own(1, 0, 1);
    struct hash_queue_state state = hash_queue_state(queue);
    hash_queue_free(queue);
    state.workers--;
    return state;
}

static void await_waiting(int waiting)
{
    for (int waited = 0; look().waiting != waiting; waited += 5, doze(5))
        cr_assert_lt(waited, PATIENCE_MS, "%d wait, not %d", look().waiting, waiting);
}

Test(hash_queue, never_more_hash_than_there_are_slots)
{
    static const int slots[] = { 1, 3 };
    for (int i = 0; i < 2; i++) {
        memset(shared, 0, sizeof *shared);
        have_workers(8, slots[i], 16, LONG_MS);
        for (int j = 0; j < 8; j++)
            tell(i * 8 + j, 'R');
        for (int j = 0; j < 8; j++)
            expect(i * 8 + j, 'D');
        cr_assert_eq(atomic_load(&shared->most), slots[i]);
        cr_assert_eq(atomic_load(&shared->entered) + atomic_load(&shared->refused), 8 * 20);
        cr_assert_gt(atomic_load(&shared->entered), 20);
        for (int j = 0; j < 8; j++)
            end_worker(&workers[i * 8 + j]);
    }
}

Test(hash_queue, a_slot_that_is_left_goes_to_who_waits)
{
    have_workers(8, 1, 4, LONG_MS);
    ask(0, 'E', 'Y');
    for (int i = 1; i <= 4; i++)
        tell(i, 'E');
    await_waiting(4);
    for (int left = 4, holder = 0; left > 0; left--) {
        int entered = 0, next = 0;
        ask(holder, 'L', 'D');
        for (int waited = 0; !entered && waited < PATIENCE_MS; waited += 5)
            for (int i = 1; i <= 4; i++)
                if (i != holder && hear(i, 1) == 'Y') {
                    next = i;
                    entered++;
                }
        cr_assert_eq(entered, 1);
        cr_assert_eq(look().hashing, 1);
        holder = next;
    }
}

Test(hash_queue, zero_slots_means_one_a_processor)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)sched_getcpu(), &set);
    cr_assert_eq(sched_setaffinity(0, sizeof set, &set), 0);
    have_workers(8, 0, 2, LONG_MS);
    ask(0, 'E', 'Y');
    tell(1, 'E');
    expect_silence(1);
    ask(0, 'L', 'D');
    expect(1, 'Y');
}

/* Waiting ---------------------------------------------------------------------------------------*/

Test(hash_queue, who_finds_no_place_is_refused_at_once)
{
    have_workers(8, 1, 1, LONG_MS);
    ask(0, 'E', 'Y');
    tell(1, 'E');
    await_waiting(1);
    ask(2, 'E', 'B');
    expect_silence(1);
    ask(0, 'L', 'D');
    expect(1, 'Y');
    tell(2, 'E');
    await_waiting(1);
    ask(1, 'L', 'D');
    expect(2, 'Y');
}

Test(hash_queue, without_a_queue_who_finds_no_slot_is_refused_at_once)
{
    have_workers(8, 2, 0, LONG_MS);
    ask(0, 'E', 'Y');
    ask(1, 'E', 'Y');
    ask(2, 'E', 'B');
    ask(0, 'L', 'D');
    ask(2, 'E', 'Y');
}

Test(hash_queue, nobody_waits_longer_than_the_deadline)
{
    have_workers(8, 1, 3, 300);
    ask(0, 'E', 'Y');
    int64_t before = clock_monotonic_ms();
    for (int i = 1; i <= 3; i++)
        tell(i, 'E');
    for (int i = 1; i <= 3; i++)
        expect(i, 'B');
    int64_t waited = clock_monotonic_ms() - before;
    cr_assert(waited >= 290 && waited < PATIENCE_MS / 2, "%d ms", (int)waited);
    struct hash_queue_state state = look();
    cr_assert_eq(state.waiting, 0, "they left their places");
    cr_assert_eq(state.hashing, 1);
    ask(0, 'L', 'D');
    ask(3, 'E', 'Y');
}

Test(hash_queue, the_slot_of_a_killed_worker_goes_to_who_waits)
{
    have_workers(8, 1, 2, LONG_MS);
    ask(0, 'E', 'Y');
    tell(1, 'E');
    expect_silence(1);
    cr_assert_eq(kill(workers[0].pid, SIGKILL), 0);
    expect(1, 'Y');
    end_worker(&workers[0]);
    ask(1, 'L', 'D');
}

Test(hash_queue, the_place_of_a_killed_waiter_goes_to_who_comes_next)
{
    have_workers(8, 1, 2, LONG_MS);
    ask(0, 'E', 'Y');
    tell(1, 'E');
    await_waiting(1);
    tell(2, 'E');
    await_waiting(2);
    end_worker(&workers[1]); /* it looks for the slot, and 2 waits behind it */
    await_waiting(1);
    tell(3, 'E');
    await_waiting(2);
    ask(0, 'L', 'D');
    bool second = hear(2, PATIENCE_MS / 20) == 'Y';
    cr_assert(second || hear(3, PATIENCE_MS) == 'Y');
    ask(second ? 2 : 3, 'L', 'D');
    expect(second ? 3 : 2, 'Y');
}

Test(hash_queue, a_stopped_worker_keeps_its_slot_and_nobody_waits_for_it_for_ever)
{
    have_workers(8, 1, 2, 300);
    ask(0, 'E', 'Y');
    cr_assert_eq(kill(workers[0].pid, SIGSTOP), 0);
    tell(1, 'E');
    tell(2, 'E');
    expect(1, 'B');
    expect(2, 'B');
    cr_assert_eq(kill(workers[0].pid, SIGCONT), 0);
    ask(0, 'L', 'D');
    ask(1, 'E', 'Y');
}

Test(hash_queue, a_waiter_that_is_stopped_holds_up_nobody_for_ever)
{
    have_workers(8, 1, 3, 500);
    ask(0, 'E', 'Y');
    tell(1, 'E');
    await_waiting(1);
    cr_assert_eq(kill(workers[1].pid, SIGSTOP), 0); /* it is the one that looks for a slot */
    tell(2, 'E');
    tell(3, 'E');
    expect(2, 'B');
    expect(3, 'B');
    ask(0, 'L', 'D');
    ask(2, 'E', 'Y'); /* what is free is free */
    ask(2, 'L', 'D');
    cr_assert_eq(kill(workers[1].pid, SIGCONT), 0);
    char heard = hear(1, PATIENCE_MS);
    cr_assert(heard == 'Y' || heard == 'B', "%c", heard);
}

Test(hash_queue, a_quarter_of_the_workers_stays_free)
{
    static const struct {
        int workers, places;
    } cases[] = { { 1, 1 }, { 2, 1 }, { 3, 2 }, { 4, 3 }, { 5, 3 }, { 8, 6 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        count = 0;
        have_workers(cases[i].workers, 8, 8, LONG_MS);
        for (int j = 0; j < cases[i].places; j++)
            ask(j, 'E', 'Y');
        for (int j = cases[i].places; j < cases[i].workers; j++)
            ask(j, 'E', 'B');
        for (int j = 0; j < cases[i].workers; j++)
            end_worker(&workers[j]);
    }
}

Test(hash_queue, those_who_wait_count_as_much_as_those_who_hash)
{
    have_workers(4, 1, 8, LONG_MS);
    ask(0, 'E', 'Y');
    tell(1, 'E');
    tell(2, 'E');
    await_waiting(2);
    ask(3, 'E', 'B');
}

Test(hash_queue, killed_workers_count_no_more)
{
    have_workers(8, 8, 8, LONG_MS);
    cr_assert_eq(look().workers, 8);
    for (int i = 4; i < 8; i++)
        end_worker(&workers[i]);
    cr_assert_eq(look().workers, 4);
    for (int i = 0; i < 3; i++)
        ask(i, 'E', 'Y');
    ask(3, 'E', 'B');
    count = 4;
    have_workers(4, 8, 8, LONG_MS); /* and who comes instead of them does */
    ask(3, 'E', 'Y');
}

Test(hash_queue, its_state_tells_who_hashes_and_who_waits)
{
    have_workers(6, 2, 2, LONG_MS);
    ask(0, 'E', 'Y');
    ask(1, 'E', 'Y');
    tell(2, 'E');
    await_waiting(1);
    struct hash_queue_state state = look();
    cr_assert_eq(state.workers, 6);
    cr_assert_eq(state.hashing, 2);
    end_worker(&workers[0]);
    expect(2, 'Y');
    state = look();
    cr_assert_eq(state.workers, 5);
    cr_assert_eq(state.hashing, 2);
    cr_assert_eq(state.waiting, 0);
}

static void join(int line, const struct hash_queue_options *options)
{
    const struct flock bytes = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 255, .l_len = 2
    };
    int file = open(path, O_RDWR | O_CREAT, 0600);
    (void)options;
    if (fcntl(file, F_SETLK, &bytes) == 0 && write(line, "R", 1) == 1)
        pause();
}

/* The kernel makes one lock of two that a process holds side by side: here the last worker's byte
 * and the first place. */
Test(hash_queue, its_state_tells_locks_apart_that_the_kernel_has_joined)
{
    start_worker(join, NULL);
    struct hash_queue_state state = look();
    cr_assert_eq(state.workers, 1);
    cr_assert_eq(state.waiting, 1);
    cr_assert_eq(state.hashing, 0);
}

static void never(int signal)
{
    (void)signal;
}

Test(hash_queue, waiting_leaves_signals_and_timer_as_they_were)
{
    const struct sigaction action = { .sa_handler = never };
    const struct itimerval timer = { .it_value = { .tv_sec = 1000 } };
    struct sigaction action_now;
    struct itimerval timer_now;
    sigset_t alarms, now;
    have_workers(8, 1, 4, LONG_MS);
    ask(0, 'E', 'Y');
    tell(1, 'E');
    await_waiting(1);
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    sigaction(SIGALRM, &action, NULL);
    sigprocmask(SIG_BLOCK, &alarms, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    struct hash_queue *queue = open_own(1, 4, 100);
    cr_assert_eq(hash_queue_enter(queue), ERROR_BUSY);
    sigaction(SIGALRM, NULL, &action_now);
    sigprocmask(SIG_BLOCK, NULL, &now);
    getitimer(ITIMER_REAL, &timer_now);
    cr_assert(action_now.sa_handler == never);
    cr_assert(sigismember(&now, SIGALRM));
    cr_assert(timer_now.it_value.tv_sec > 900 && timer_now.it_interval.tv_usec == 0);
    sigpending(&now);
    cr_assert_not(sigismember(&now, SIGALRM));
    hash_queue_free(queue);
}

Test(hash_queue, file_is_made_for_its_owner_alone)
{
    struct stat status;
    umask(0);
    look();
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_mode, S_IFREG | 0600);
}

Test(hash_queue, that_cannot_be_opened_is_an_error)
{
    char other[128];
    struct hash_queue *queue = NULL;
    const struct hash_queue_options options = { other, 1, 1, 1 };
    snprintf(other, sizeof other, "%s/no/queue", directory);
    cr_assert_eq(hash_queue_open(&options, &queue), ERROR_INTERNAL);
    snprintf(other, sizeof other, "%s/link", directory);
    look(); /* what it points to is there */
    cr_assert_eq(symlink(path, other), 0);
    cr_assert_eq(hash_queue_open(&options, &queue), ERROR_INTERNAL, "a symbolic link");
    unlink(other);
    cr_assert_null(queue);
    hash_queue_free(queue);
}
