/* hash_queue - admission to password hashing over all workers of the host, so that token checks
 * never wait behind it.
 *
 * One file in the run directory; every place in it is a byte that a worker holds by a POSIX record
 * lock, which the kernel releases when the worker dies. A worker that wants to hash needs a place
 * (at most slots + queue, and never so many that fewer than a quarter, at least one, of the living
 * workers stays free, a single worker aside), and then a slot. */
#ifndef AUTH_HASH_QUEUE_H
#define AUTH_HASH_QUEUE_H

#include "base/error.h"
#include <stdint.h>

struct hash_queue;

struct hash_queue_options {
    const char *path;   /* created with mode 0600 if missing */
    int64_t slots;      /* hashes at once; 0: as many as there are processors */
    int64_t queue;      /* waiting for a slot */
    int64_t timeout_ms; /* longest wait */
};

/* Opens the file in this very process (locks do not survive a fork) and counts it among the living
 * workers. Errors: ERROR_INTERNAL, logged with path and reason. */
enum error hash_queue_open(const struct hash_queue_options *options, struct hash_queue **queue);
/* NULL-safe. */
void hash_queue_free(struct hash_queue *queue);

/* Takes a slot, waiting for it where there is a place to wait. ERROR_BUSY: no place, or the wait
 * was too long. */
enum error hash_queue_enter(struct hash_queue *queue);
void hash_queue_leave(struct hash_queue *queue);

/* How many workers live, hash and wait just now. */
struct hash_queue_state {
    int workers, hashing, waiting;
};
struct hash_queue_state hash_queue_state(const struct hash_queue *queue);

#endif
