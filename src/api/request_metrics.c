/* request_metrics - see request_metrics.h. */
#include "api/request_metrics.h"
#include "base/metrics.h"
#include "base/shared_file.h"
#include <inttypes.h>

/* Every status of the contract. What is not here would be a defect, which is told as 500. */
static const int statuses[] = { 500, 200, 201, 204, 304, 400, 401, 403,
                                404, 405, 413, 415, 419, 429, 503 };

/* Upper bounds of a time, as they are counted and as they are written. */
static const struct {
    int64_t microseconds;
    const char *seconds;
} bounds[] = { { 500, "0.0005" },  { 1000, "0.001" },  { 2500, "0.0025" },   { 5000, "0.005" },
               { 10000, "0.01" },  { 25000, "0.025" }, { 50000, "0.05" },    { 100000, "0.1" },
               { 250000, "0.25" }, { 500000, "0.5" },  { 1000000, "1" },     { 2500000, "2.5" },
               { 5000000, "5" },   { 10000000, "10" }, { INT64_MAX, "+Inf" } };

/* The slots of one place: by status, by time, and all times together. */
enum {
    STATUSES = sizeof statuses / sizeof statuses[0],
    BOUNDS = sizeof bounds / sizeof bounds[0],
    TIMES_AT = STATUSES,
    SUM_AT = TIMES_AT + BOUNDS,
    PLACE_SIZE
};

static const char *const places[REQUEST_METRICS_PLACES] = {
    [REQUEST_ELSEWHERE] = "other",
    [REQUEST_GUARDED] = "guarded",
};

/* Place number `at`: those of this table, then the routes. */
struct place {
    const char *method, *route; /* labels */
};

static struct place place_at(size_t at)
{
    size_t count;
    const struct route *table = routes(&count);
    if (at < REQUEST_METRICS_PLACES)
        return (struct place){ "other", places[at] };
    const struct route *route = &table[at - REQUEST_METRICS_PLACES];
    return (struct place){ method_name(route->method), route->path };
}

static size_t place_count(void)
{
    size_t count;
    routes(&count);
    return REQUEST_METRICS_PLACES + count;
}

void request_metrics_open(const char *directory)
{
    uint64_t id = SHARED_FILE_HASH_BEGIN;
    size_t count = place_count();
    for (size_t i = 0; i < count; i++) {
        id = shared_file_hash(id, place_at(i).method);
        id = shared_file_hash(id, place_at(i).route);
    }
    for (size_t i = 0; i < STATUSES; i++)
        id = shared_file_hash(
            id, (const char[]){ (char)(statuses[i] / 10), (char)(statuses[i] % 10 + 1), '\0' });
    for (size_t i = 0; i < BOUNDS; i++)
        id = shared_file_hash(id, bounds[i].seconds);
    metrics_open(directory, id, count * PLACE_SIZE);
}

static size_t status_slot(int status)
{
    for (size_t i = 0; i < STATUSES; i++)
        if (statuses[i] == status)
            return i;
    return 0;
}

static size_t time_slot(int64_t microseconds)
{
    size_t i = 0;
    while (microseconds > bounds[i].microseconds)
        i++;
    return TIMES_AT + i;
}

void request_metrics_count(const struct route *route, enum request_metrics_place place, int status,
                           int64_t microseconds)
{
    size_t count, at = place;
    if (route)
        at = REQUEST_METRICS_PLACES + (size_t)(route - routes(&count));
    size_t first = at * PLACE_SIZE;
    metrics_slot_add(first + status_slot(status), 1);
    metrics_slot_add(first + time_slot(microseconds), 1);
    metrics_slot_add(first + SUM_AT, (uint64_t)microseconds);
}

/* Writing ---------------------------------------------------------------------------------------*/

#define REQUESTS "therappai_auth_requests_total"
#define TIMES    "therappai_auth_request_duration_seconds"

static void write_statuses(size_t at, struct buffer *out)
{
    struct place place = place_at(at);
    for (size_t i = 0; i < STATUSES; i++) {
        uint64_t value = metrics_slot(at * PLACE_SIZE + i);
        if (value)
            buffer_format(out, REQUESTS "{method=\"%s\",route=\"%s\",status=\"%d\"} %" PRIu64 "\n",
                          place.method, place.route, statuses[i], value);
    }
}

/* Each bucket counts what is in the smaller ones as well; the last is all. */
static void write_times(size_t at, struct buffer *out)
{
    struct place place = place_at(at);
    uint64_t total = 0, sum = metrics_slot(at * PLACE_SIZE + SUM_AT);
    uint64_t found[BOUNDS];
    for (size_t i = 0; i < BOUNDS; i++)
        total += found[i] = metrics_slot(at * PLACE_SIZE + TIMES_AT + i);
    if (!total)
        return;
    total = 0;
    for (size_t i = 0; i < BOUNDS; i++)
        buffer_format(out, TIMES "_bucket{method=\"%s\",route=\"%s\",le=\"%s\"} %" PRIu64 "\n",
                      place.method, place.route, bounds[i].seconds, total += found[i]);
    buffer_format(out, TIMES "_sum{method=\"%s\",route=\"%s\"} %" PRIu64 ".%06" PRIu64 "\n",
                  place.method, place.route, sum / 1000000, sum % 1000000);
    buffer_format(out, TIMES "_count{method=\"%s\",route=\"%s\"} %" PRIu64 "\n", place.method,
                  place.route, total);
}

void request_metrics_write(struct buffer *out)
{
    size_t count = place_count();
    buffer_text(out, "# HELP " REQUESTS " Requests that were answered.\n"
                     "# TYPE " REQUESTS " counter\n");
    for (size_t at = 0; at < count; at++)
        write_statuses(at, out);
    buffer_text(out, "# HELP " TIMES " Time from a request's beginning to the end of its answer.\n"
                     "# TYPE " TIMES " histogram\n");
    for (size_t at = 0; at < count; at++)
        write_times(at, out);
}
