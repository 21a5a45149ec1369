/* load - clients in the background that send the same request again and again and count what they
 * get. */
#ifndef SUPPORT_LOAD_H
#define SUPPORT_LOAD_H

#include "support/http_client.h"

struct load_options {
    int clients; /* each a process of its own, one request at a time */
    long rounds; /* requests of each; 0: until load_stop */
    int pause_ms;
};

struct load;

/* `call` is to outlive the load. Ends with the test, at the latest. */
struct load *load_start(const struct http_call *call, struct load_options options);
/* How many answers had a status from `first` to `last`. */
long load_count(const struct load *load, int first, int last);
/* How many calls got no HTTP answer. */
long load_failures(const struct load *load);
/* Waits, at most timeout_ms, until there are so many answers of these statuses. */
bool load_await(const struct load *load, int first, int last, long count, int timeout_ms);
/* Waits for the request under way of each client, and ends them. */
void load_stop(struct load *load);
/* "200: 17, 503: 2, no answer: 1" */
const char *load_summary(const struct load *load);

#endif
