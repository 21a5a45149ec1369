/* metrics - GET /metrics: what the workers of this host counted, in the text format of Prometheus,
 * version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * Names, labels and help are texts of the program without a backslash, quotation mark or line
 * break, so that nothing needs an escape. */
#include "api/handlers.h"
#include "api/request_metrics.h"
#include "auth/hash_queue.h"
#include "base/metrics.h"
#include <inttypes.h>
#include <string.h>

enum { BODY_MAX = 1024 * 1024 };

static void write_head(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_counters(struct buffer *out)
{
    const char *last = "";
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const struct metric_entry *entry = metrics_entry((enum metric)i);
        if (strcmp(entry->name, last) != 0)
            write_head(out, entry->name, "counter", entry->help);
        last = entry->name;
        buffer_text(out, entry->name);
        if (entry->label)
            buffer_format(out, "{%s=\"%s\"}", entry->label, entry->value);
        buffer_format(out, " %" PRIu64 "\n", metrics_value((enum metric)i));
    }
}

static void write_gauges(const struct auth *auth, struct buffer *out)
{
    const struct hash_queue_state state = hash_queue_state(auth->hash_queue);
    const struct {
        const char *name, *help;
        int value;
    } gauges[] = {
        { "therappai_auth_workers", "Workers that live on this host.", state.workers },
        { "therappai_auth_hashing", "Workers that hash a password just now.", state.hashing },
        { "therappai_auth_hash_waiting", "Workers that wait for their turn to hash.",
          state.waiting },
    };
    for (size_t i = 0; i < sizeof gauges / sizeof gauges[0]; i++) {
        write_head(out, gauges[i].name, "gauge", gauges[i].help);
        buffer_format(out, "%s %d\n", gauges[i].name, gauges[i].value);
    }
    write_head(out, "therappai_auth_build_info", "gauge", "1, with the version as its label.");
    buffer_text(out, "therappai_auth_build_info{version=\"" THERAPPAI_AUTH_VERSION "\"} 1\n");
}

enum error metrics_get(struct exchange *exchange)
{
    struct buffer body;
    buffer_init(&body, BODY_MAX);
    write_counters(&body);
    write_gauges(exchange->auth, &body);
    request_metrics_write(&body);
    if (body.overflowed) {
        buffer_clear(&body);
        return ERROR_INTERNAL;
    }
    response_bytes(&exchange->response, STATUS_OK, "text/plain; version=0.0.4; charset=utf-8",
                   body.data, body.size);
    buffer_clear(&body);
    return ERROR_NONE;
}
