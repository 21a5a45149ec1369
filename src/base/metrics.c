/* metrics - see metrics.h. */
#include "base/metrics.h"
#include "base/shared_file.h"
#include <stdatomic.h>

#define PREFIX        "therappai_auth_"
#define NO_LABEL      NULL, NULL
#define LOGIN_HELP    "Logins that were refused."
#define TOKEN_HELP    "Refresh tokens that were refused."
#define THROTTLE_HELP "Tries that got 429, because too many had failed."
#define DATABASE_HELP                                                                              \
    "Statements that failed: the database was away or too slow, or it refused the statement."

/* clang-format off */
static const struct metric_entry entries[METRIC_COUNT] = {
    [METRIC_SIGN_UPS]             = { PREFIX "sign_ups_total", NO_LABEL, "Accounts created by sign-up." },
    [METRIC_LOGINS]               = { PREFIX "logins_total", NO_LABEL, "Logins that succeeded." },
    [METRIC_LOGINS_WRONG]         = { PREFIX "login_failures_total", "reason", "credentials", LOGIN_HELP },
    [METRIC_LOGINS_DISABLED]      = { PREFIX "login_failures_total", "reason", "disabled", LOGIN_HELP },
    [METRIC_PASSWORDS_WRONG]      = { PREFIX "password_failures_total", NO_LABEL, "Wrong passwords of people who were logged in." },
    [METRIC_REFRESHES]            = { PREFIX "refreshes_total", NO_LABEL, "Refreshes that succeeded." },
    [METRIC_REFRESHES_INVALID]    = { PREFIX "refresh_failures_total", "reason", "invalid", TOKEN_HELP },
    [METRIC_REFRESHES_DISABLED]   = { PREFIX "refresh_failures_total", "reason", "disabled", TOKEN_HELP },
    [METRIC_REPLAYS]              = { PREFIX "refresh_replays_total", NO_LABEL, "Retired refresh tokens that came back, each of which ended its session." },
    [METRIC_THROTTLED_LOGINS]      = { PREFIX "throttled_total", "kind", "login", THROTTLE_HELP },
    [METRIC_THROTTLED_SIGN_UPS]    = { PREFIX "throttled_total", "kind", "sign_up", THROTTLE_HELP },
    [METRIC_THROTTLED_REFRESHES]   = { PREFIX "throttled_total", "kind", "refresh", THROTTLE_HELP },
    [METRIC_THROTTLED_PASSWORDS]   = { PREFIX "throttled_total", "kind", "password", THROTTLE_HELP },
    [METRIC_THROTTLED_RESETS]      = { PREFIX "throttled_total", "kind", "reset", THROTTLE_HELP },
    [METRIC_HASHES_REFUSED]       = { PREFIX "hash_refusals_total", NO_LABEL, "Requests that found the hash queue full, or waited too long in it." },
    [METRIC_DATABASE_UNAVAILABLE] = { PREFIX "database_errors_total", "kind", "unavailable", DATABASE_HELP },
    [METRIC_DATABASE_REFUSED]     = { PREFIX "database_errors_total", "kind", "refused", DATABASE_HELP },
};
/* clang-format on */

/* Lock-free, and so the same between processes as between threads. */
typedef _Atomic uint64_t counter;
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && sizeof(counter) == 8,
               "counters are shared as they are");

static counter own[METRIC_COUNT];
static struct {
    struct shared_file_layout layout;
    counter *counters; /* METRIC_COUNT, then the slots; NULL: the file is not open */
    size_t slots;
} metrics;

const struct metric_entry *metrics_entry(enum metric metric)
{
    return &entries[metric];
}

static uint64_t hash_entries(uint64_t id)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        id = shared_file_hash(id, entries[i].name);
        id = shared_file_hash(id, entries[i].value ? entries[i].value : "");
    }
    return id;
}

void metrics_open(const char *directory, uint64_t id, size_t slots)
{
    metrics_close();
    metrics.layout = (struct shared_file_layout){
        .name = "metrics",
        .id = hash_entries(id),
        .size = (METRIC_COUNT + slots) * sizeof(counter),
    };
    metrics.slots = slots;
    metrics.counters = shared_file_map(directory, &metrics.layout);
}

void metrics_close(void)
{
    shared_file_unmap(metrics.counters, &metrics.layout);
    metrics.counters = NULL;
    metrics.slots = 0;
}

static counter *counter_of(enum metric metric)
{
    return &(metrics.counters ? metrics.counters : own)[metric];
}

void metrics_count(enum metric metric)
{
    atomic_fetch_add_explicit(counter_of(metric), 1, memory_order_relaxed);
}

uint64_t metrics_value(enum metric metric)
{
    return atomic_load_explicit(counter_of(metric), memory_order_relaxed);
}

void metrics_slot_add(size_t slot, uint64_t number)
{
    if (slot < metrics.slots)
        atomic_fetch_add_explicit(&metrics.counters[METRIC_COUNT + slot], number,
                                  memory_order_relaxed);
}

uint64_t metrics_slot(size_t slot)
{
    if (slot >= metrics.slots)
        return 0;
    return atomic_load_explicit(&metrics.counters[METRIC_COUNT + slot], memory_order_relaxed);
}
