/* guard - a process that watches over a test: when the test is over, or died, it ends what the test
 * left running, keeps the ends of its logs for the report, and removes its directory. */
#ifndef SUPPORT_GUARD_H
#define SUPPORT_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { GUARD_PATH_SIZE = 64 };

/* Called by the test: makes its directory, below that of the run and with a short name, because it
 * holds sockets, and starts the watch. Writes the directory's path. */
void guard_start(char directory[GUARD_PATH_SIZE]);
/* The process ends with the test. */
void guard_watch(pid_t pid);
/* Called by a process that the test forked, and that goes on as a part of the test: the guard is
 * not to wait for it. */
void guard_detach(void);
/* Ends the watch, and everything with it. */
void guard_finish(void);

/* Whether the process exists and is no zombie. */
bool guard_alive(pid_t pid);

/* A test's .fini cannot fail it: this fails the run. */
void guard_blame(const char *why);

/* Called by the process that runs the tests: before all of them; after each, to print its logs or
 * to throw them away (`about` is "suite.test"); after all, when it returns false where somebody was
 * blamed, having said so. */
void guard_open_run(void);
void guard_report(const char *about, bool print);
bool guard_close_run(void);

#endif
