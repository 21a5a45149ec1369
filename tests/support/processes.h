/* processes - the programs that a test starts. The guard ends those that are left. */
#ifndef SUPPORT_PROCESSES_H
#define SUPPORT_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process {
    const char *arguments[16];   /* the first is looked up in PATH */
    const char *environment[24]; /* "NAME=VALUE", on top of the test's own */
    const char *log;             /* gets stdout and stderr, appended; NULL: /dev/null */
    int listener; /* a socket to be handed over as descriptor 3 by LISTEN_FDS; 0: none */
    int terminal; /* becomes standard input, output and error; 0: none */
};

enum { PROCESS_RUNNING = -1 };

/* Does not wait. */
pid_t process_start(const struct process *process);
/* The exit status of a child, 128 and the signal where one killed it, or PROCESS_RUNNING after
 * timeout_ms. */
int process_wait(pid_t pid, int timeout_ms);
/* SIGTERM, and SIGKILL where that is not heard within 15 s. Returns as process_wait. */
int process_stop(pid_t pid);

/* Runs to its end, at most 60 s. What it says goes into `output`, NUL-terminated. */
int process_run(const struct process *process, char *output, size_t size);

/* Whether the condition became true within timeout_ms; asked every 20 ms. */
typedef bool process_condition(const void *context);
bool process_await(process_condition *condition, const void *context, int timeout_ms);

/* The living children of a process; at most `max`. Returns their number. */
int process_children(pid_t parent, pid_t *children, int max);
/* Whether it has a file open whose path ends so. */
bool process_has_open(pid_t pid, const char *path_end);
/* Its state as /proc says it ('R' runs, 'S' sleeps, …); 0 where there is none. */
char process_state(pid_t pid);
/* Processor time used so far, in ticks. */
unsigned long process_ticks(pid_t pid);

#endif
