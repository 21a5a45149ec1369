/* suite - the program that runs the tests: what goes before, between and after them. */
#include "support/guard.h"
#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <stdio.h>
#include <stdlib.h>

static void report(const struct criterion_test_stats *stats, bool print)
{
    char about[512];
    snprintf(about, sizeof about, "%s.%s", stats->test->category, stats->test->name);
    guard_report(about, print);
}

ReportHook(TEST_CRASH)(struct criterion_test_stats *stats)
{
    report(stats, true);
}

/* Criterion keeps it to itself; deploy/test repeats it at its end. */
ReportHook(POST_TEST)(struct criterion_test_stats *stats)
{
    if (stats->test_status == CR_STATUS_SKIPPED)
        fprintf(stderr, "[SKIP] %s::%s: %s\n", stats->test->category, stats->test->name,
                stats->message ? stats->message : "");
}

/* The logs are there only after .fini. */
ReportHook(POST_FINI)(struct criterion_test_stats *stats)
{
    report(stats, stats->failed_asserts > 0 || stats->timed_out || stats->exit_code != 0);
}

int main(int argc, char **argv)
{
    struct criterion_test_set *tests = criterion_initialize();
    bool passed = true;
    guard_open_run();
    if (criterion_handle_args(argc, argv, true))
        passed = criterion_run_all_tests(tests) != 0;
    criterion_finalize(tests);
    return guard_close_run() && passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
