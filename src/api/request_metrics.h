/* request_metrics - how many requests came for each row of the route table, how they were answered,
 * and how long that took (base/metrics). */
#ifndef API_REQUEST_METRICS_H
#define API_REQUEST_METRICS_H

#include "api/routes.h"
#include "base/buffer.h"

/* For a worker, before its first request. A file of another route table is made anew. */
void request_metrics_open(const char *directory);

/* Where a request went that no row of the route table is for. */
enum request_metrics_place {
    REQUEST_ELSEWHERE, /* 404, 405, OPTIONS: one place for all, whatever the path */
    REQUEST_GUARDED,   /* a location of another application */
    REQUEST_METRICS_PLACES
};

/* `route`: NULL where `place` says it. */
void request_metrics_count(const struct route *route, enum request_metrics_place place, int status,
                           int64_t microseconds);

/* Appends the two families in the text format (metrics.c). */
void request_metrics_write(struct buffer *out);

#endif
