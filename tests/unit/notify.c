/* notify - what a service manager gets to hear, on real datagram sockets. */
#include "proc/notify.h"
#include "base/clock.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/therappai-notify-XXXXXX";
static char path[64];
static int manager = -1;

/* A service manager that listens where `name` says: a path, or '@' and an abstract name. */
static void listen_at(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    cr_assert_geq(manager, 0);
    cr_assert_eq(bind(manager, (const struct sockaddr *)&address,
                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                 0, "%s: %s", name, strerror(errno));
}

static void make_directory(void)
{
    cr_assert_not_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/notify", directory);
}

static void remove_directory(void)
{
    if (manager >= 0)
        close(manager);
    unlink(path);
    rmdir(directory);
}

TestSuite(notify, .init = make_directory, .fini = remove_directory);

/* The next datagram; "" where there is none. */
static const char *heard(void)
{
    static char text[512];
    ssize_t size = recv(manager, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

static struct notify opened(const char *name)
{
    struct notify notify;
    if (name)
        setenv("NOTIFY_SOCKET", name, 1);
    else
        unsetenv("NOTIFY_SOCKET");
    notify_open(&notify);
    return notify;
}

Test(notify, readiness_and_status_arrive_in_one_datagram)
{
    listen_at(path);
    struct notify notify = opened(path);
    notify_ready(&notify, "Serving with 8 workers");
    cr_assert_str_eq(heard(), "READY=1\nSTATUS=Serving with 8 workers\n");
    cr_assert_str_eq(heard(), "");
}

Test(notify, an_abstract_socket_is_reached_too)
{
    char name[80];
    snprintf(name, sizeof name, "@%s", directory);
    listen_at(name);
    struct notify notify = opened(name);
    notify_stopping(&notify);
    cr_assert_str_eq(heard(), "STOPPING=1\nSTATUS=Finishing the requests\n");
}

Test(notify, a_reload_tells_its_time_on_the_monotonic_clock)
{
    int64_t told = 0, before = clock_monotonic_us();
    listen_at(path);
    struct notify notify = opened(path);
    notify_reloading(&notify);
    cr_assert_eq(sscanf(heard(), "RELOADING=1\nMONOTONIC_USEC=%" SCNd64 "\n", &told), 1);
    cr_assert_geq(told, before);
    cr_assert_leq(told, clock_monotonic_us());
}

Test(notify, the_variable_is_gone_so_that_no_child_speaks_for_the_master)
{
    listen_at(path);
    cr_assert_eq(opened(path).size, offsetof(struct sockaddr_un, sun_path) + strlen(path));
    cr_assert_null(getenv("NOTIFY_SOCKET"));
}

Test(notify, nothing_stays_open_between_messages)
{
    listen_at(path);
    struct notify notify = opened(path);
    int before = dup(manager);
    close(before);
    notify_ready(&notify, "Serving");
    cr_assert_str_neq(heard(), "");
    int after = dup(manager);
    close(after);
    cr_assert_eq(after, before);
}

Test(notify, a_status_that_is_too_long_is_cut)
{
    char status[2 * NOTIFY_STATUS_MAX + 1], expected[2 * NOTIFY_STATUS_MAX];
    memset(status, 'x', sizeof status - 1);
    status[sizeof status - 1] = '\0';
    snprintf(expected, sizeof expected, "READY=1\nSTATUS=%.*s\n", NOTIFY_STATUS_MAX, status);
    listen_at(path);
    struct notify notify = opened(path);
    notify_ready(&notify, status);
    cr_assert_str_eq(heard(), expected);
}

Test(notify, without_a_service_manager_nothing_is_sent)
{
    struct notify notify = opened(NULL);
    listen_at(path);
    notify_ready(&notify, "Serving");
    cr_assert_str_eq(heard(), "");
    cr_assert_eq(notify.size, 0);
}

Test(notify, an_address_that_is_none_is_left_out)
{
    char longest[sizeof((struct sockaddr_un *)NULL)->sun_path + 1];
    memset(longest, '/', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    const char *const names[] = { "", "relative", "/", "@", "vsock:2:1234", longest };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cr_assert_eq(opened(names[i]).size, 0, "'%s'", names[i]);
        cr_assert_null(getenv("NOTIFY_SOCKET"), "'%s'", names[i]);
    }
    longest[sizeof longest - 2] = '\0'; /* the control: one byte less fits */
    cr_assert_neq(opened(longest).size, 0);
}

Test(notify, a_manager_that_went_away_or_does_not_read_holds_nobody_up_for_long)
{
    listen_at(path);
    struct notify notify = opened(path);
    int64_t before = clock_monotonic_ms();
    int queue = 0;
    FILE *limit = fopen("/proc/sys/net/unix/max_dgram_qlen", "r");
    cr_assert(limit && fscanf(limit, "%d", &queue) == 1);
    fclose(limit);
    for (int i = 0; i < queue + 2; i++)
        notify_ready(&notify, "Serving");
    cr_assert_lt(clock_monotonic_ms() - before, 10000);
    cr_assert_str_neq(heard(), "");
    close(manager);
    manager = -1;
    notify_ready(&notify, "Serving");
    cr_assert_lt(clock_monotonic_ms() - before, 11000);
}
