/* processes - see processes.h. */
#include "support/processes.h"
#include "support/guard.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STEP_MS = 20, STOP_MS = 15000, RUN_MS = 60000, PASSED = 3 };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool process_await(process_condition *condition, const void *context, int timeout_ms)
{
    for (int64_t end = now_ms() + timeout_ms; !condition(context);) {
        if (now_ms() >= end)
            return false;
        usleep(STEP_MS * 1000);
    }
    return true;
}

static void redirect(const struct process *process)
{
    if (process->terminal) {
        setsid();
        ioctl(process->terminal, TIOCSCTTY, 0);
        for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
            dup2(process->terminal, i);
        /* As a person's shell starts it; one in the background has these ignored. */
        signal(SIGINT, SIG_DFL);
        signal(SIGQUIT, SIG_DFL);
        return;
    }
    int log = open(process->log ? process->log : "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0644);
    int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
}

static void hand_over(int listener)
{
    char pid[16];
    dup2(listener, PASSED);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "1", 1);
}

static void become(const struct process *process)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    redirect(process);
    if (process->listener)
        hand_over(process->listener);
    close_range(process->listener ? PASSED + 1 : PASSED, ~0U, 0);
    for (size_t i = 0; process->environment[i]; i++)
        putenv((char *)(uintptr_t)process->environment[i]);
    execvp(process->arguments[0], (char *const *)(uintptr_t)process->arguments);
    fprintf(stderr, "%s: %s\n", process->arguments[0], strerror(errno));
    _exit(127);
}

pid_t process_start(const struct process *process)
{
    pid_t pid = fork();
    cr_assert(pid >= 0, "fork: %s", strerror(errno));
    if (pid == 0)
        become(process);
    guard_watch(pid);
    return pid;
}

struct waiting {
    pid_t pid;
    int *status;
};

static bool has_ended(const void *context)
{
    const struct waiting *waiting = context;
    pid_t pid = waitpid(waiting->pid, waiting->status, WNOHANG);
    return pid == waiting->pid || (pid < 0 && errno == ECHILD);
}

int process_wait(pid_t pid, int timeout_ms)
{
    int status = 0;
    if (!process_await(has_ended, &(struct waiting){ pid, &status }, timeout_ms))
        return PROCESS_RUNNING;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int process_stop(pid_t pid)
{
    kill(pid, SIGTERM);
    kill(pid, SIGCONT);
    int status = process_wait(pid, STOP_MS);
    if (status != PROCESS_RUNNING)
        return status;
    kill(pid, SIGKILL);
    return process_wait(pid, STOP_MS);
}

int process_run(const struct process *process, char *output, size_t size)
{
    char path[] = "/tmp/therappai-output-XXXXXX";
    struct process captured = *process;
    int file = mkstemp(path);
    cr_assert(file >= 0);
    if (!captured.log)
        captured.log = path;
    pid_t pid = process_start(&captured);
    int status = process_wait(pid, RUN_MS);
    if (status == PROCESS_RUNNING)
        kill(pid, SIGKILL);
    ssize_t used = pread(file, output, size - 1, 0);
    output[used > 0 ? used : 0] = '\0';
    close(file);
    unlink(path);
    return status;
}

/* The text of a file in /proc/PID; false where there is none. */
static bool read_proc(pid_t pid, const char *name, char *content, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t used = read(file, content, size - 1);
    content[used > 0 ? used : 0] = '\0';
    close(file);
    return used > 0;
}

static bool read_stat(pid_t pid, char *state, int *parent, unsigned long *ticks)
{
    char stat[1024];
    unsigned long user, kernel;
    if (!read_proc(pid, "stat", stat, sizeof stat) || !strrchr(stat, ')'))
        return false;
    if (sscanf(strrchr(stat, ')') + 1, " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", state,
               parent, &user, &kernel) != 4)
        return false;
    *ticks = user + kernel;
    return true;
}

char process_state(pid_t pid)
{
    char state;
    int parent;
    unsigned long ticks;
    return read_stat(pid, &state, &parent, &ticks) ? state : '\0';
}

unsigned long process_ticks(pid_t pid)
{
    char state;
    int parent;
    unsigned long ticks;
    return read_stat(pid, &state, &parent, &ticks) ? ticks : 0;
}

int process_children(pid_t parent, pid_t *children, int max)
{
    int count = 0;
    DIR *list = opendir("/proc");
    for (struct dirent *entry; list && count < max && (entry = readdir(list));) {
        char state;
        int its_parent;
        unsigned long ticks;
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && read_stat(pid, &state, &its_parent, &ticks) && its_parent == parent &&
            state != 'Z')
            children[count++] = pid;
    }
    if (list)
        closedir(list);
    return count;
}

bool process_has_open(pid_t pid, const char *path_end)
{
    char path[512], target[512];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *list = opendir(path);
    for (struct dirent *entry; list && !found && (entry = readdir(list));) {
        snprintf(path, sizeof path, "/proc/%d/fd/%.32s", (int)pid, entry->d_name);
        ssize_t size = readlink(path, target, sizeof target - 1);
        target[size > 0 ? size : 0] = '\0';
        size_t end = strlen(path_end);
        found = (size_t)(size > 0 ? size : 0) >= end && !strcmp(target + size - end, path_end);
    }
    if (list)
        closedir(list);
    return found;
}
