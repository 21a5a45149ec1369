/* log - one line an event, which nothing that is logged can forge. */
#include "base/clock.h"
#include "base/log.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <regex.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum { LOG_LINE_MAX = 4096 };
#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z"

static int listener = -1;

/* Standard error becomes a datagram socket: a write() is a message. */
static void capture(void)
{
    int ends[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    cr_assert_geq(dup2(ends[1], STDERR_FILENO), 0);
    close(ends[1]);
    listener = ends[0];
}

TestSuite(log, .init = capture);

/* What the next write() wrote; NULL: there was none. */
static const char *written(void)
{
    static char text[2 * LOG_LINE_MAX];
    ssize_t size = recv(listener, text, sizeof text - 1, MSG_DONTWAIT);
    if (size < 0)
        return NULL;
    text[size] = '\0';
    cr_assert_eq(strlen(text), (size_t)size, "a NUL was written");
    return text;
}

static void expect(const char *line, const char *pattern)
{
    regex_t expression;
    cr_assert_not_null(line);
    cr_assert_eq(regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB), 0, "%s", pattern);
    cr_assert_eq(regexec(&expression, line, 0, NULL, 0), 0, "%s does not match %s", line, pattern);
    regfree(&expression);
}

/* The line as JSON; one newline, at its end. */
static json_object *parse(const char *line)
{
    cr_assert_not_null(line);
    size_t size = strlen(line);
    cr_assert_eq(strchr(line, '\n'), line + size - 1, "%s", line);
    json_tokener *tokener = json_tokener_new();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    json_object *object = json_tokener_parse_ex(tokener, line, (int)size - 1);
    cr_assert_eq(json_tokener_get_error(tokener), json_tokener_success, "%s", line);
    json_tokener_free(tokener);
    return object;
}

static const char *member(json_object *object, const char *name)
{
    json_object *value = NULL;
    cr_assert(json_object_object_get_ex(object, name, &value), "no member %s", name);
    return json_object_get_string(value);
}

Test(log, an_event_is_one_line_of_logfmt_in_one_write)
{
    LOG(LOG_LEVEL_WARN, "refresh_replayed", log_text("session", "a-1"), log_integer("user", -7));
    expect(written(), "^time=" TIME " level=warn event=refresh_replayed session=a-1 user=-7\n$");
    cr_assert_null(written(), "there was a second write");
}

Test(log, or_one_object_of_json)
{
    log_open(LOG_LEVEL_INFO, LOG_FORMAT_JSON, LOG_TARGET_STDERR);
    LOG(LOG_LEVEL_ERROR, "lost", log_text("why", "a \"b\""), log_integer("user", INT64_MIN));
    const char *line = written();
    expect(line, "^\\{\"time\":\"" TIME "\",\"level\":\"error\",\"event\":\"lost\",\"why\":");
    json_object *object = parse(line);
    cr_assert_str_eq(member(object, "why"), "a \"b\"");
    cr_assert_str_eq(member(object, "user"), "-9223372036854775808");
    cr_assert_null(written());
    json_object_put(object);
}

Test(log, carries_the_request_id_until_it_is_taken_back)
{
    log_request_id("req.1");
    LOG(LOG_LEVEL_INFO, "one", log_integer("n", 1));
    expect(written(), " event=one request_id=req\\.1 n=1\n$");
    log_request_id(NULL);
    LOG(LOG_LEVEL_INFO, "two", log_integer("n", 2));
    expect(written(), " event=two n=2\n$");
}

Test(log, writes_what_the_level_wants)
{
    static const char *const names[] = { "error", "warn", "info", "debug" };
    for (int wanted = LOG_LEVEL_ERROR; wanted <= LOG_LEVEL_DEBUG; wanted++) {
        log_open((enum log_level)wanted, LOG_FORMAT_LOGFMT, LOG_TARGET_STDERR);
        for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
            LOG((enum log_level)level, "event", log_integer("n", 1));
            const char *line = written();
            cr_assert_eq(line != NULL, level <= wanted, "%s at %s", names[level], names[wanted]);
            cr_assert_eq(log_wanted((enum log_level)level), level <= wanted);
            cr_assert(!line || strstr(line, names[level]), "%s", line);
        }
    }
}

Test(log, says_the_real_time_in_utc_whatever_a_test_or_the_zone_says)
{
    struct tm parts = { 0 };
    setenv("TZ", "Asia/Kathmandu", 1);
    tzset();
    clock_fake(1000);
    LOG(LOG_LEVEL_INFO, "now", log_integer("n", 1));
    const char *line = written();
    cr_assert_not_null(strptime(line, "time=%Y-%m-%dT%H:%M:%S", &parts), "%s", line);
    cr_assert_leq(llabs(timegm(&parts) - time(NULL)), 2, "%s", line);
}

Test(log, leaves_out_a_text_that_is_not_there)
{
    LOG(LOG_LEVEL_INFO, "event", log_text("a", NULL), log_integer("b", 1));
    expect(written(), " event=event b=1\n$");
}

Test(log, logfmt_quotes_what_could_pass_for_something_else)
{
    static const struct {
        const char *value, *expected;
    } cases[] = {
        { "plain", "v=plain" },
        { "/run/auth.sock", "v=/run/auth.sock" },
        { "", "v=\"\"" },
        { "two words", "v=\"two words\"" },
        { "x level=error", "v=\"x level=error\"" },
        { "a=b", "v=\"a=b\"" },
        { "\" user=1", "v=\"\\\" user=1\"" },
        { "\\\" user=1", "v=\"\\\\\\\" user=1\"" },
        { "\\", "v=\"\\\\\"" },
        { "a\ntime=1 level=error", "v=\"a\\u000atime=1 level=error\"" },
        { "a\r\tb", "v=\"a\\u000d\\u0009b\"" },
        { "\033[2J", "v=\"\\u001b[2J\"" },
        { "\177", "v=\"\\u007f\"" },
        { "gr\303\274n \360\237\214\261", "v=\"gr\303\274n \360\237\214\261\"" },
        { "\302\233", "v=\"\\u009b\"" },
        { "\342\200\250", "v=\"\\u2028\"" },
        { "\342\200\256", "v=\"\\u202e\"" },
        { "\342\201\246", "v=\"\\u2066\"" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        LOG(LOG_LEVEL_INFO, "e", log_text("v", cases[i].value), log_integer("end", 1));
        const char *line = written(), *fields = strstr(line, " event=e ");
        char expected[128];
        snprintf(expected, sizeof expected, " event=e %s end=1\n", cases[i].expected);
        cr_assert_not_null(fields, "%s", line);
        cr_assert_str_eq(fields, expected, "case %zu", i);
    }
}

Test(log, json_gives_back_every_character_that_it_was_given)
{
    static const char *const values[] = {
        "plain",
        "",
        "\"},\"level\":\"error",
        "\\\"",
        "a\nb\r\t\001",
        "gr\303\274n",
        "\360\237\214\261",
        "\342\200\256\302\205",
        "\357\273\277",
    };
    log_open(LOG_LEVEL_INFO, LOG_FORMAT_JSON, LOG_TARGET_STDERR);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        LOG(LOG_LEVEL_INFO, "e", log_text("v", values[i]));
        json_object *object = parse(written());
        cr_assert_str_eq(member(object, "v"), values[i], "case %zu", i);
        cr_assert_eq(json_object_object_length(object), 4, "case %zu", i);
        json_object_put(object);
    }
}

Test(log, what_is_not_utf8_is_replaced_in_both_formats)
{
    static const struct {
        const char *about, *value, *expected;
    } cases[] = {
        { "a stray continuation", "a\200b", "a\\ufffdb" },
        { "no continuation", "a\303", "a\\ufffd" },
        { "another character instead", "\303(", "\\ufffd(" },
        { "the third byte is missing", "\342\202", "\\ufffd\\ufffd" },
        { "the fourth byte is another", "\360\237\214x", "\\ufffd\\ufffd\\ufffdx" },
        { "overlong slash", "\300\257", "\\ufffd\\ufffd" },
        { "overlong in three", "\340\200\257", "\\ufffd\\ufffd\\ufffd" },
        { "overlong in four", "\360\200\200\257", "\\ufffd\\ufffd\\ufffd\\ufffd" },
        { "a surrogate", "\355\240\200", "\\ufffd\\ufffd\\ufffd" },
        { "above the last", "\364\220\200\200", "\\ufffd\\ufffd\\ufffd\\ufffd" },
        { "no first byte", "\377\376", "\\ufffd\\ufffd" },
        { "the last character is one", "\364\217\277\277", "\364\217\277\277" },
    };
    for (int format = LOG_FORMAT_LOGFMT; format <= LOG_FORMAT_JSON; format++) {
        log_open(LOG_LEVEL_INFO, (enum log_format)format, LOG_TARGET_STDERR);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            char expected[64];
            LOG(LOG_LEVEL_INFO, "e", log_text("v", cases[i].value));
            snprintf(expected, sizeof expected, "\"%s\"", cases[i].expected);
            cr_assert_not_null(strstr(written(), expected), "%s, format %d", cases[i].about,
                               format);
        }
    }
}

Test(log, the_event_and_the_request_id_forge_nothing_either)
{
    log_request_id("a\nb");
    LOG(LOG_LEVEL_INFO, "e level=error", log_integer("n", 1));
    expect(written(), " event=\"e level=error\" request_id=\"a\\\\u000ab\" n=1\n$");
}

Test(log, a_long_value_is_cut_between_characters_and_says_so)
{
    static const struct {
        const char *unit, *end;
    } cases[] = { { "a", "aa...\"" }, { "\303\274", "\303\274...\"" }, { "\n", "\\u000a...\"" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char value[3001] = "";
        size_t unit = strlen(cases[i].unit);
        for (size_t used = 0; used + unit < sizeof value; used += unit)
            memcpy(value + used, cases[i].unit, unit);
        for (int format = LOG_FORMAT_LOGFMT; format <= LOG_FORMAT_JSON; format++) {
            log_open(LOG_LEVEL_INFO, (enum log_format)format, LOG_TARGET_STDERR);
            LOG(LOG_LEVEL_INFO, "e", log_text("v", value), log_integer("behind", 1));
            const char *line = written();
            cr_assert_not_null(strstr(line, cases[i].end), "case %zu: %s", i, line);
            expect(line, "behind\"?[=:]1");
            cr_assert_lt(strlen(line), 700, "case %zu", i);
        }
    }
}

/* JSON shows at once when a field was cut in its middle. */
Test(log, a_line_has_at_most_4096_bytes_and_keeps_its_form)
{
    enum { COUNT = 40 };
    static const char *const fillings[] = { "\001", "x", "\"", "\303\274", "\360\237\214\261",
                                            "\377" };
    static char value[700];
    struct log_field fields[COUNT + 1] = { 0 };
    log_open(LOG_LEVEL_INFO, LOG_FORMAT_JSON, LOG_TARGET_STDERR);
    for (size_t f = 0; f < sizeof fillings / sizeof fillings[0]; f++) {
        size_t unit = strlen(fillings[f]);
        for (size_t size = unit; size < sizeof value; size += 7 * unit) {
            memset(value, 0, sizeof value);
            for (size_t i = 0; i + unit <= size; i += unit)
                memcpy(value + i, fillings[f], unit);
            for (int i = 0; i < COUNT; i++)
                fields[i] = log_text("v", value);
            log_write(LOG_LEVEL_INFO, "e", fields);
            const char *line = written();
            cr_assert_leq(strlen(line), LOG_LINE_MAX, "filling %zu, size %zu", f, size);
            json_object_put(parse(line));
        }
    }
}

Test(log, errno_is_left_as_it_was)
{
    close(STDERR_FILENO);
    errno = ENOTTY;
    LOG(LOG_LEVEL_INFO, "e", log_integer("n", 1));
    cr_assert_eq(errno, ENOTTY);
}

static int full_pipe[2];
static volatile sig_atomic_t interruptions;

/* Empties the pipe, so that the interrupted write() can be made again. */
static void drain(int signal)
{
    char bytes[4096];
    (void)signal;
    interruptions++;
    while (read(full_pipe[0], bytes, sizeof bytes) > 0)
        ;
}

Test(log, a_write_that_a_signal_interrupts_is_made_again)
{
    const struct itimerval soon = { .it_value = { .tv_usec = 50000 } };
    struct sigaction action = { .sa_handler = drain };
    char text[256] = "";
    cr_assert_eq(pipe2(full_pipe, O_NONBLOCK), 0);
    while (write(full_pipe[1], "x", 1) == 1)
        ;
    fcntl(full_pipe[1], F_SETFL, 0);
    dup2(full_pipe[1], STDERR_FILENO);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    LOG(LOG_LEVEL_INFO, "e", log_integer("n", 1));
    cr_assert_eq(interruptions, 1);
    cr_assert_gt(read(full_pipe[0], text, sizeof text - 1), 0);
    expect(text, "^time=" TIME " level=info event=e n=1\n$");
}

/* In the place of libc's, by either of the names that its header may use. */
static int syslog_priority = -1;
static char syslog_text[LOG_LINE_MAX];

static void take(int priority, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static void take(int priority, const char *format, va_list arguments)
{
    syslog_priority = priority;
    vsnprintf(syslog_text, sizeof syslog_text, format, arguments);
}
#undef syslog /* of a fortified clang */
void syslog(int priority, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    take(priority, format, arguments);
    va_end(arguments);
}
void __syslog_chk(int priority, int flag, const char *format, ...);
void __syslog_chk(int priority, int flag, const char *format, ...)
{
    va_list arguments;
    (void)flag;
    va_start(arguments, format);
    take(priority, format, arguments);
    va_end(arguments);
}

Test(log, syslog_gets_the_line_with_the_priority_of_its_level)
{
    static const int priorities[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
    log_open(LOG_LEVEL_DEBUG, LOG_FORMAT_LOGFMT, LOG_TARGET_SYSLOG);
    for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
        LOG((enum log_level)level, "e", log_text("v", "%n%s"));
        cr_assert_eq(syslog_priority, priorities[level], "level %d", level);
        expect(syslog_text, "^time=" TIME " level=[a-z]+ event=e v=\"%n%s\"$");
    }
    cr_assert_null(written(), "it was written to standard error as well");
    log_open(LOG_LEVEL_DEBUG, LOG_FORMAT_LOGFMT, LOG_TARGET_STDERR);
    LOG(LOG_LEVEL_INFO, "back", log_integer("n", 1));
    expect(written(), "event=back");
}
