/* load - see load.h. */
#include "support/load.h"
#include "support/guard.h"
#include "support/processes.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { CLIENTS_MAX = 64, STATUS_MAX = 600, STOP_MS = 65000 };

struct load {
    struct load_options options;
    pid_t clients[CLIENTS_MAX];
    atomic_bool stopping;
    atomic_long counts[STATUS_MAX]; /* by status; 0: no answer */
};

static void run_client(struct load *load, const struct http_call *call)
{
    long rounds = load->options.rounds;
    for (long i = 0; (rounds == 0 || i < rounds) && !atomic_load(&load->stopping); i++) {
        int status = http_send(call)->status;
        atomic_fetch_add(&load->counts[status > 0 && status < STATUS_MAX ? status : 0], 1);
        http_forget();
        if (load->options.pause_ms)
            usleep((useconds_t)load->options.pause_ms * 1000);
    }
}

/* The call may hold texts that http_forget frees: the client's copies must live on. */
static struct http_call own_copy(const struct http_call *call)
{
    struct http_call copy = *call;
    copy.path = strdup(call->path);
    copy.token = call->token ? strdup(call->token) : NULL;
    if (call->body) {
        copy.size = call->size ? call->size : strlen(call->body);
        char *body = malloc(copy.size + 1);
        if (!body)
            abort();
        memcpy(body, call->body, copy.size);
        body[copy.size] = '\0';
        copy.body = body;
    }
    for (size_t i = 0; i < sizeof copy.headers / sizeof copy.headers[0] && copy.headers[i]; i++)
        copy.headers[i] = strdup(copy.headers[i]);
    return copy;
}

struct load *load_start(const struct http_call *call, struct load_options options)
{
    struct load *load =
        mmap(NULL, sizeof *load, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(load != MAP_FAILED && options.clients <= CLIENTS_MAX);
    load->options = options;
    for (int i = 0; i < options.clients; i++) {
        pid_t pid = fork();
        cr_assert(pid >= 0);
        if (pid == 0) {
            guard_detach();
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            struct http_call copy = own_copy(call);
            run_client(load, &copy);
            _exit(EXIT_SUCCESS);
        }
        load->clients[i] = pid;
        guard_watch(pid);
    }
    return load;
}

long load_count(const struct load *load, int first, int last)
{
    long sum = 0;
    for (int status = first; status <= last && status < STATUS_MAX; status++)
        sum += atomic_load(&load->counts[status]);
    return sum;
}

long load_failures(const struct load *load)
{
    return load_count(load, 0, 0);
}

struct wanted {
    const struct load *load;
    int first, last;
    long count;
};

static bool has_enough(const void *context)
{
    const struct wanted *wanted = context;
    return load_count(wanted->load, wanted->first, wanted->last) >= wanted->count;
}

bool load_await(const struct load *load, int first, int last, long count, int timeout_ms)
{
    return process_await(has_enough, &(struct wanted){ load, first, last, count }, timeout_ms);
}

void load_stop(struct load *load)
{
    atomic_store(&load->stopping, true);
    for (int i = 0; i < load->options.clients; i++)
        cr_assert(process_wait(load->clients[i], STOP_MS) == 0, "a client did not end");
}

const char *load_summary(const struct load *load)
{
    const char *summary = text("no answer: %ld", load_failures(load));
    for (int status = 1; status < STATUS_MAX; status++)
        if (load_count(load, status, status))
            summary = text("%s, %d: %ld", summary, status, load_count(load, status, status));
    return summary;
}
