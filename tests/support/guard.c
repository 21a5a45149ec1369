/* guard - see guard.h. */
#include "support/guard.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN_VARIABLE "TEST_RUN_DIRECTORY"

enum { WATCHED_MAX = 512, LOG_TAIL = 6000, GRACE_MS = 5000, PATIENCE_MS = 10000, STEP_MS = 20 };

/* A process by its number and the time of its start, as a number may be used again. */
struct watched {
    pid_t pid;
    unsigned long long started;
};

struct watch {
    pid_t test;
    int count;
    struct watched list[WATCHED_MAX];
};

static struct watch *watch; /* shared with the guard */
static pid_t guard = -1;
static int line = -1; /* the guard reads its end of it */

static void doze(void)
{
    usleep(STEP_MS * 1000);
}

/* State, parent and start time (in ticks since boot), from /proc/PID/stat behind the name. */
static bool read_stat(pid_t pid, char *state, int *parent, unsigned long long *started)
{
    char path[64], stat[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t size = read(file, stat, sizeof stat - 1);
    close(file);
    stat[size > 0 ? size : 0] = '\0';
    const char *behind_name = strrchr(stat, ')');
    return behind_name &&
           sscanf(behind_name + 1,
                  " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                  state, parent, started) == 3;
}

/* 0 where there is no such process, or only its zombie. */
static unsigned long long start_time(pid_t pid)
{
    char state;
    int parent;
    unsigned long long started;
    bool living = read_stat(pid, &state, &parent, &started) && state != 'Z' && state != 'X';
    return living ? started : 0;
}

bool guard_alive(pid_t pid)
{
    return start_time(pid) != 0;
}

static bool remains(const struct watched *watched)
{
    return start_time(watched->pid) == watched->started;
}

/* Returns how many of them were still there. */
static int signal_all(int signal)
{
    int count = 0;
    for (int i = watch->count - 1; i >= 0; i--) {
        const struct watched *watched = &watch->list[i];
        if (!remains(watched))
            continue;
        count++;
        kill(watched->pid, signal);
    }
    return count;
}

/* Also what the test itself left, where it still lives. */
static bool is_watched(pid_t pid)
{
    if (pid == watch->test)
        return true;
    for (int i = 0; i < watch->count; i++)
        if (watch->list[i].pid == pid && remains(&watch->list[i]))
            return true;
    return false;
}

static void add(pid_t pid)
{
    unsigned long long started = start_time(pid);
    if (!started || watch->count == WATCHED_MAX)
        return;
    watch->list[watch->count] = (struct watched){ pid, started };
    watch->count++;
}

/* What the watched ones started, and what that started: once for each generation. Returns whether
 * any was found. */
static bool add_children(void)
{
    int before = watch->count;
    DIR *list = opendir("/proc");
    for (struct dirent *entry; list && (entry = readdir(list));) {
        char state;
        int parent;
        unsigned long long started;
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && pid != getpid() && !is_watched(pid) &&
            read_stat(pid, &state, &parent, &started) && is_watched(parent))
            add(pid);
    }
    if (list)
        closedir(list);
    return watch->count > before;
}

static void end_all(void)
{
    watch->test = getppid() == watch->test ? watch->test : -1;
    while (add_children())
        continue;
    signal_all(SIGTERM);
    signal_all(SIGCONT);
    for (int waited = 0; signal_all(0) > 0 && waited < GRACE_MS; waited += STEP_MS)
        doze();
    signal_all(SIGKILL);
}

static void copy_tail(const char *path, const char *name, FILE *to)
{
    char tail[LOG_TAIL];
    FILE *from = fopen(path, "r");
    if (!from)
        return;
    if (fseek(from, -LOG_TAIL, SEEK_END))
        rewind(from);
    size_t size = fread(tail, 1, sizeof tail, from);
    fclose(from);
    if (size > 0)
        fprintf(to, "--- %s\n%.*s", name, (int)size, tail);
}

static void collect_logs(const char *directory, const char *report)
{
    char path[GUARD_PATH_SIZE + 256];
    DIR *list = opendir(directory);
    FILE *to = fopen(report, "w");
    for (struct dirent *entry; list && to && (entry = readdir(list));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ".log"))
            continue;
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        copy_tail(path, entry->d_name, to);
    }
    if (list)
        closedir(list);
    if (to)
        fclose(to);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    remove(path);
    return 0;
}

static void remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* In the guard: waits until the test hangs up, however that came to pass. */
static void stand_guard(int end, const char *directory, const char *report)
{
    char byte;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    setsid();
    dup2(end, STDIN_FILENO);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    while (read(STDIN_FILENO, &byte, 1) > 0 || errno == EINTR)
        continue;
    end_all();
    collect_logs(directory, report);
    remove_tree(directory);
    _exit(EXIT_SUCCESS);
}

void guard_start(char directory[GUARD_PATH_SIZE])
{
    int ends[2];
    char report[512];
    const char *run = getenv(RUN_VARIABLE);
    cr_assert_not_null(run, "the run has no directory");
    snprintf(directory, GUARD_PATH_SIZE, "%s/XXXXXX", run);
    cr_assert_not_null(mkdtemp(directory), "%s: %s", directory, strerror(errno));
    chmod(directory, 0755);
    snprintf(report, sizeof report, "%s/%s.%s", run, criterion_current_test->category,
             criterion_current_test->name);
    watch = mmap(NULL, sizeof *watch, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(watch != MAP_FAILED && pipe2(ends, O_CLOEXEC) == 0);
    /* What is orphaned below comes to the test and not to the machine's first process. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    watch->test = getpid();
    guard = fork();
    cr_assert(guard >= 0);
    if (guard == 0) {
        close(ends[1]);
        stand_guard(ends[0], directory, report);
    }
    close(ends[0]);
    line = ends[1];
}

void guard_watch(pid_t pid)
{
    cr_assert_lt(watch->count, WATCHED_MAX);
    add(pid);
}

void guard_detach(void)
{
    close(line);
    line = -1;
}

void guard_finish(void)
{
    if (guard < 0)
        return;
    close(line);
    /* Everything that the guard ends is to be reaped here. */
    for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS, doze()) {
        pid_t pid;
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
            if (pid == guard)
                guard = -1;
        if (guard < 0)
            return;
    }
}

void guard_blame(const char *why)
{
    char path[512];
    snprintf(path, sizeof path, "%s/blame", getenv(RUN_VARIABLE));
    FILE *file = fopen(path, "a");
    if (!file)
        return;
    fprintf(file, "%s.%s: %s\n", criterion_current_test->category, criterion_current_test->name,
            why);
    fclose(file);
}

/* In the process that runs the tests ------------------------------------------------------------*/

static char run_directory[] = "/tmp/therappai-XXXXXX";

void guard_open_run(void)
{
    if (!mkdtemp(run_directory)) {
        perror("/tmp");
        exit(EXIT_FAILURE);
    }
    chmod(run_directory, 0755);
    setenv(RUN_VARIABLE, run_directory, 1);
}

/* After a crash the guard may need a while. */
static FILE *await_report(const char *path, bool needed)
{
    FILE *report = fopen(path, "r");
    for (int waited = 0; needed && !report && waited < PATIENCE_MS; waited += STEP_MS) {
        doze();
        report = fopen(path, "r");
    }
    return report;
}

static void print_file(FILE *file)
{
    int byte;
    while ((byte = getc(file)) != EOF)
        putc(byte, stderr);
}

void guard_report(const char *about, bool print)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", run_directory, about);
    FILE *report = await_report(path, print);
    if (!report)
        return;
    if (print) {
        fprintf(stderr, "=== logs of %s\n", about);
        print_file(report);
    }
    fclose(report);
    unlink(path);
}

bool guard_close_run(void)
{
    char path[512];
    snprintf(path, sizeof path, "%s/blame", run_directory);
    FILE *blame = fopen(path, "r");
    bool good = !blame;
    if (blame) {
        print_file(blame);
        fclose(blame);
    }
    remove_tree(run_directory);
    return good;
}
