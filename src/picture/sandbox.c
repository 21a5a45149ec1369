/* sandbox - see sandbox.h. */
#include "picture/sandbox.h"
#include <errno.h>
#include <limits.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER 1
#endif
#endif

#define MIB ((rlim_t)1 << 20)

/* The largest picture twice, as WebP or PNG decode it, and the libraries. */
static const struct {
    __rlimit_resource_t resource;
    rlim_t limit;
} limits[] = {
    { RLIMIT_CPU, 10 /* s */ }, { RLIMIT_FSIZE, 4 * MIB }, { RLIMIT_CORE, 0 },
    { RLIMIT_NOFILE, 3 },       { RLIMIT_NPROC, 0 },       { RLIMIT_STACK, 8 * MIB },
#ifndef ADDRESS_SANITIZER /* which maps far more than it uses */
    { RLIMIT_AS, 1024 * MIB },
#endif
};

static bool set_limits(void)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const struct rlimit limit = { limits[i].limit, limits[i].limit };
        if (setrlimit(limits[i].resource, &limit))
            return false;
    }
    return true;
}

/* What decoding, and malloc below it, need of the kernel. */
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(lseek),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(futex),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(getrandom),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
#ifdef ADDRESS_SANITIZER
    SCMP_SYS(sigaltstack),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
#endif
};

/* Memory may be mapped, but not to be executed. */
static const int mapping[] = { SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect) };

static bool add_rules(scmp_filter_ctx filter)
{
    int failure = 0;
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0] && !failure; i++)
        failure = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; i < sizeof mapping / sizeof mapping[0] && !failure; i++)
        failure = seccomp_rule_add(filter, SCMP_ACT_ALLOW, mapping[i], 1,
                                   SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return !failure;
}

static bool filter_system_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    bool good = filter && add_rules(filter) && seccomp_load(filter) == 0;
    if (filter)
        seccomp_release(filter);
    return good;
}

bool sandbox_enter(void)
{
    return close_range(STDERR_FILENO + 1, UINT_MAX, 0) == 0 &&
           prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0 &&
           set_limits() && filter_system_calls();
}
