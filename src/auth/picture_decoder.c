/* picture_decoder - see picture_decoder.h. */
#include "auth/picture_decoder.h"
#include "base/clock.h"
#include "base/log.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* More than the program allows itself of the processor. */
enum { DEADLINE_MS = 15000 };

static void log_failure(const char *what, int reason)
{
    LOG(LOG_LEVEL_ERROR, "picture_program_failed", log_text("step", what),
        log_text("reason", strerror(reason)));
}

/* The signals of a worker are blocked or ignored; the program has them as usual. */
static int set_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGHUP);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &usual);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* Every other descriptor of a worker is closed at exec, and the program closes what is left. */
static int start(const char *program, int input, int output, pid_t *pid)
{
    char *const arguments[] = { "therappai-auth-picture", NULL }, *const environment[] = { NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure)
        return failure;
    failure = posix_spawnattr_init(&attributes);
    if (!failure) {
        failure = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
        if (!failure)
            failure = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        if (!failure)
            failure = set_signals(&attributes);
        if (!failure)
            failure = posix_spawn(pid, program, &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

/* Whether it ended by itself. */
static bool ends_in_time(pid_t pid)
{
    int64_t end_ms = clock_monotonic_ms() + DEADLINE_MS, left_ms = DEADLINE_MS;
    struct pollfd process = { .fd = pidfd_open(pid, 0), .events = POLLIN };
    int ended = -1;
    if (process.fd < 0) {
        log_failure("wait", errno);
        return false;
    }
    while (left_ms > 0 && ended <= 0) {
        ended = poll(&process, 1, (int)left_ms);
        left_ms = end_ms - clock_monotonic_ms();
    }
    close(process.fd);
    return ended > 0;
}

static int collect(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

enum error picture_decode(const char *program, int input, int output, enum picture_status *status)
{
    pid_t pid = -1;
    if (lseek(input, 0, SEEK_SET) < 0) {
        log_failure("rewind", errno);
        return ERROR_INTERNAL;
    }
    int failure = start(program, input, output, &pid);
    if (failure) {
        log_failure("start", failure);
        return ERROR_INTERNAL;
    }
    bool in_time = ends_in_time(pid);
    if (!in_time)
        kill(pid, SIGKILL);
    int ending = collect(pid);
    if (!in_time) {
        log_failure("deadline", ETIMEDOUT);
        return ERROR_UNAVAILABLE;
    }
    if (WIFSIGNALED(ending))
        LOG(LOG_LEVEL_WARN, "picture_program_killed", log_integer("signal", WTERMSIG(ending)));
    *status = WIFEXITED(ending) ? (enum picture_status)WEXITSTATUS(ending) : PICTURE_BROKEN;
    return ERROR_NONE;
}
