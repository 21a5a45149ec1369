/* log - see log.h. */
#include "base/log.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* CLOSING is what the end of a line needs: the brace of JSON and the newline. */
enum { LINE_SIZE = 4096, CLOSING = 2, VALUE_SIZE = 512 };

static struct {
    enum log_level level;
    enum log_format format;
    enum log_target target;
    const char *request_id;
} settings = { LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT, LOG_TARGET_STDERR, NULL };

static const struct {
    const char *name;
    int priority;
} levels[] = {
    [LOG_LEVEL_ERROR] = { "error", LOG_ERR },
    [LOG_LEVEL_WARN] = { "warn", LOG_WARNING },
    [LOG_LEVEL_INFO] = { "info", LOG_INFO },
    [LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

struct line {
    char bytes[LINE_SIZE + 1]; /* syslog() wants a NUL */
    size_t size;
    bool full; /* something did not fit */
};

void log_open(enum log_level level, enum log_format format, enum log_target target)
{
    settings.level = level;
    settings.format = format;
    settings.target = target;
    if (target == LOG_TARGET_SYSLOG)
        openlog("therappai-auth", LOG_PID | LOG_NDELAY, LOG_DAEMON);
    else
        closelog();
}

bool log_wanted(enum log_level level)
{
    return level <= settings.level;
}

void log_request_id(const char *id)
{
    settings.request_id = id;
}

static bool is_json(void)
{
    return settings.format == LOG_FORMAT_JSON;
}

static void put(struct line *line, const char *text)
{
    size_t size = strlen(text);
    if (size > LINE_SIZE - CLOSING - line->size) {
        line->full = true;
        return;
    }
    memcpy(line->bytes + line->size, text, size);
    line->size += size;
}

/* The character at `c` and its length in bytes; 0 where there is no well-formed one (RFC 3629 §4,
 * a row an alternative of its grammar). */
static size_t decode(const unsigned char *c, uint32_t *character)
{
    static const struct {
        unsigned char first, first_last, second, second_last;
        size_t length;
    } forms[] = {
        { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
        { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
        { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };
    size_t form = 0;
    *character = *c;
    if (*c < 0x80)
        return 1;
    while (*c < forms[form].first || *c > forms[form].first_last)
        if (++form == sizeof forms / sizeof forms[0])
            return 0;
    if (c[1] < forms[form].second || c[1] > forms[form].second_last)
        return 0;
    *character &= 0x7fU >> forms[form].length;
    for (size_t i = 1; i < forms[form].length; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
        *character = *character << 6 | (c[i] & 0x3f);
    }
    return forms[form].length;
}

/* What ends a line or drives a terminal (C0, C1, line separators), and what turns the direction of
 * the text around it, so that a line reads as something else. */
static bool is_unsafe(uint32_t character)
{
    static const struct {
        uint32_t first, last;
    } unsafe[] = { { 0x00, 0x1f },     { 0x7f, 0x9f },     { 0x61c, 0x61c },  { 0x200e, 0x200f },
                   { 0x2028, 0x202e }, { 0x2066, 0x2069 }, { 0xfeff, 0xfeff } };
    for (size_t i = 0; i < sizeof unsafe / sizeof unsafe[0]; i++)
        if (character >= unsafe[i].first && character <= unsafe[i].last)
            return true;
    return false;
}

/* One character in the escapes of JSON, which logfmt shares. Returns how many bytes of `c` it took;
 * a byte that belongs to none is replaced. */
static size_t escape(const unsigned char *c, char out[8])
{
    uint32_t character;
    size_t length = decode(c, &character);
    if (length == 0)
        snprintf(out, 8, "\\ufffd");
    else if (is_unsafe(character))
        snprintf(out, 8, "\\u%04x", (unsigned)character & 0xffff);
    else if (character == '"' || character == '\\')
        snprintf(out, 8, "\\%c", (char)character);
    else
        snprintf(out, 8, "%.*s", (int)length, (const char *)c);
    return length ? length : 1;
}

static void put_quoted(struct line *line, const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    char character[8];
    size_t used = 0;
    put(line, "\"");
    while (*c) {
        size_t length = escape(c, character);
        used += strlen(character);
        if (used > VALUE_SIZE) {
            put(line, "...");
            break;
        }
        put(line, character);
        c += length;
    }
    put(line, "\"");
}

/* Whether logfmt can do without quotation marks. */
static bool is_plain(const char *text)
{
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789._-+:/@");
    return size > 0 && size <= VALUE_SIZE && !text[size];
}

static void put_name(struct line *line, const char *name)
{
    bool first = line->size <= 1;
    if (!first)
        put(line, is_json() ? "," : " ");
    put(line, is_json() ? "\"" : "");
    put(line, name);
    put(line, is_json() ? "\":" : "=");
}

/* All of the field or, where the line has no room for it, nothing. */
static void put_field(struct line *line, struct log_field field)
{
    size_t before = line->size;
    char digits[24];
    if (field.kind == LOG_KIND_TEXT && !field.text)
        return;
    put_name(line, field.name);
    if (field.kind == LOG_KIND_INTEGER) {
        snprintf(digits, sizeof digits, "%lld", (long long)field.integer);
        put(line, digits);
    } else if (!is_json() && is_plain(field.text)) {
        put(line, field.text);
    } else {
        put_quoted(line, field.text);
    }
    if (line->full)
        line->size = before;
    line->full = false;
}

/* RFC 3339 §5.6, UTC. The real time, also where a test sets the clock. */
static void put_time(struct line *line)
{
    char seconds[24] = "", text[40];
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &parts))
        strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text, sizeof text, "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
    put_field(line, log_text("time", text));
}

/* One write(), so that the lines of several processes do not mix; what a pipe did not take at once
 * follows. */
static void write_line(const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDERR_FILENO, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return;
        bytes += written;
        size -= (size_t)written;
    }
}

static void emit(enum log_level level, struct line *line)
{
    if (settings.target == LOG_TARGET_SYSLOG) {
        line->bytes[line->size] = '\0';
        syslog(levels[level].priority, "%s", line->bytes);
        return;
    }
    line->bytes[line->size++] = '\n';
    write_line(line->bytes, line->size);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    struct line line = { .size = 0 };
    int saved = errno;
    if (!log_wanted(level))
        return;
    if (is_json())
        put(&line, "{");
    put_time(&line);
    put_field(&line, log_text("level", levels[level].name));
    put_field(&line, log_text("event", event));
    put_field(&line, log_text("request_id", settings.request_id));
    for (; fields->kind != LOG_KIND_END; fields++)
        put_field(&line, *fields);
    if (is_json())
        line.bytes[line.size++] = '}';
    emit(level, &line);
    errno = saved;
}
