/* children - the master's table of its processes: who lives, in which generation of the
 * configuration, and what to do next. */
#ifndef PROC_CHILDREN_H
#define PROC_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum child_role { CHILD_NONE = 0, CHILD_WORKER, CHILD_HOUSEKEEPER, CHILD_ROLES };

enum { CHILDREN_MAX = 640 /* 256 workers, as many that drain, and room */ };

struct child {
    enum child_role role; /* CHILD_NONE: a free place */
    pid_t pid;
    int64_t generation;
    int64_t started_ms;
    int64_t stop_ms; /* when it was told to stop; 0: it was not */
    bool ready;
};

/* Delay before a role that keeps dying at its start is tried again. */
struct backoff {
    int failures;
    int64_t not_before_ms;
};

struct children {
    struct child list[CHILDREN_MAX];
    int64_t generation; /* of the configuration that is in force */
    struct backoff backoff[CHILD_ROLES];
};

/* What is counted of one role. */
struct census {
    int current;  /* of this generation, not told to stop */
    int starting; /* of these, not ready yet */
    int old;      /* of earlier generations, not told to stop */
};
struct census children_count(const struct children *children, enum child_role role);

/* Whether one more is to be started now, `wanted` being the number that should live; and, where
 * `old` ones remain, which one may go. */
bool children_need(const struct children *children, enum child_role role, int wanted,
                   int64_t now_ms);
struct child *children_dismissible(struct children *children, enum child_role role, int wanted);

void children_add(struct children *children, enum child_role role, pid_t pid, int64_t now_ms);
void children_mark_ready(struct children *children, pid_t pid);
/* Forgets a process that ended, and puts off its successor where it ended within a second of its
 * start or before it was ready. Returns what it was (role CHILD_NONE: not ours). */
struct child children_remove(struct children *children, pid_t pid, int64_t now_ms);
/* How many live, of any role. */
int children_alive(const struct children *children);

#endif
