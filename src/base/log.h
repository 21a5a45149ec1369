/* log - one line an event, logfmt or JSON, to stderr or syslog.
 *
 *     LOG(LOG_LEVEL_WARN, "refresh_replayed", log_text("session", sid), log_integer("user", id));
 *
 * A `struct secret *` is not a `const char *`, so that what must never be logged does not compile.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };
enum log_target { LOG_TARGET_STDERR, LOG_TARGET_SYSLOG };

enum log_kind { LOG_KIND_END = 0, LOG_KIND_TEXT, LOG_KIND_INTEGER };
struct log_field {
    const char *name; /* in lower case with underscores */
    enum log_kind kind;
    const char *text; /* NULL leaves the field out */
    int64_t integer;
};

static inline struct log_field log_text(const char *name, const char *text)
{
    return (struct log_field){ name, LOG_KIND_TEXT, text, 0 };
}
static inline struct log_field log_integer(const char *name, int64_t integer)
{
    return (struct log_field){ name, LOG_KIND_INTEGER, 0, integer };
}

/* Until this is called: info and above, logfmt, stderr. */
void log_open(enum log_level level, enum log_format format, enum log_target target);
bool log_wanted(enum log_level level);

/* The request id that every line carries until it is set to NULL. Not copied. */
void log_request_id(const char *id);

/* Writes one line of at most 4,096 bytes (values are cut, and escaped so that no value can forge a
 * line or field; a field that finds no room is left out) in one write(). `fields` ends with an
 * element of kind LOG_KIND_END. Values that are not UTF-8 and control characters are escaped. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* At least one field. */
#define LOG(level, event, ...)                                                                     \
    log_write(level, event, (const struct log_field[]){ __VA_ARGS__, { 0, LOG_KIND_END, 0, 0 } })

#endif
