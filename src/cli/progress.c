/* progress - see progress.h. */
#include "cli/progress.h"
#include "base/clock.h"
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { EVERY_MS = 200 };

static void show(const struct progress *progress, const char *start, const char *end)
{
    if (progress->total)
        fprintf(stderr, "%s%" PRId64 " of %" PRId64 " %s%s", start, progress->done, progress->total,
                progress->what, end);
    else
        fprintf(stderr, "%s%" PRId64 " %s%s", start, progress->done, progress->what, end);
    fflush(stderr);
}

void progress_add(struct progress *progress, int64_t more)
{
    int64_t now = clock_monotonic_ms();
    progress->done += more;
    if (now - progress->shown_ms < EVERY_MS || !isatty(STDERR_FILENO))
        return;
    progress->shown_ms = now;
    show(progress, "\r", "");
}

void progress_finish(struct progress *progress)
{
    show(progress, isatty(STDERR_FILENO) ? "\r" : "", "\n");
}
