/* metrics - counters over all workers of the host, that outlive each of them (shared_file).
 *
 * What happened is counted by the module that sees it happen, by a name of this list. A process
 * that did not open the file (a command) counts for nobody. A counter holds a number and nothing
 * else: no id, address or path of a client can get into it. */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stddef.h>
#include <stdint.h>

enum metric {
    METRIC_SIGN_UPS,
    METRIC_LOGINS,
    METRIC_LOGINS_WRONG,    /* email or password */
    METRIC_LOGINS_DISABLED, /* the right password of an account that is */
    METRIC_PASSWORDS_WRONG, /* of who is logged in and is asked for it again */
    METRIC_REFRESHES,
    METRIC_REFRESHES_INVALID,
    METRIC_REFRESHES_DISABLED,
    METRIC_REPLAYS,          /* each is among the invalid, too */
    METRIC_THROTTLED_LOGINS, /* these are refused before they are looked at */
    METRIC_THROTTLED_SIGN_UPS,
    METRIC_THROTTLED_REFRESHES,
    METRIC_THROTTLED_PASSWORDS,
    METRIC_THROTTLED_RESETS,
    METRIC_HASHES_REFUSED,
    METRIC_DATABASE_UNAVAILABLE,
    METRIC_DATABASE_REFUSED,
    METRIC_COUNT
};

struct metric_entry {
    const char *name;          /* rows of one name stand together, and have the same help */
    const char *label, *value; /* or NULL */
    const char *help;
};
const struct metric_entry *metrics_entry(enum metric metric);

/* Opens the file in the directory, with further `slots` for the caller, whose layout `id` is the
 * digest of. */
void metrics_open(const char *directory, uint64_t id, size_t slots);
/* Counting goes on, for this process alone. */
void metrics_close(void);

void metrics_count(enum metric metric);
uint64_t metrics_value(enum metric metric);

/* Nothing, and 0, where the file is not open. */
void metrics_slot_add(size_t slot, uint64_t number);
uint64_t metrics_slot(size_t slot);

#endif
