/* progress - how far long work is, for who watches a terminal. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdint.h>

struct progress {
    const char *what;    /* "users exported" */
    int64_t done, total; /* total: 0 where it is not known */
    int64_t shown_ms;
};

/* Counts `more`, and shows it on stderr, in one line, some times a second, where stderr is a
 * terminal. */
void progress_add(struct progress *progress, int64_t more);
/* Shows the end, wherever stderr goes. */
void progress_finish(struct progress *progress);

#endif
