/* fcgi_signals - signals around and within requests, and the listener's own troubles. */
#include "base/clock.h"
#include "support/fcgi_fixture.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENT_MS = FIXTURE_PATIENT_MS };

TestSuite(fcgi_signals, .init = fixture_open, .fini = fixture_stop);
TestSuite(fcgi_listener, .init = fixture_open, .fini = fixture_stop);

static volatile sig_atomic_t signals_seen;

static void see_signal(int signal)
{
    (void)signal;
    signals_seen++;
}

static void handle_term(void)
{
    const struct sigaction action = { .sa_handler = see_signal };
    sigaction(SIGTERM, &action, NULL);
}

Test(fcgi_signals, a_signal_that_is_pending_ends_the_wait_before_the_next_connection)
{
    handle_term();
    int connection = fixture_send_request("hello");
    raise(SIGTERM);
    cr_assert_eq(signals_seen, 0);
    cr_assert_eq(fcgi_accept(fixture.fcgi, &fixture.nothing_blocked), FCGI_EVENT_INTERRUPTED);
    cr_assert_eq(signals_seen, 1);
    fixture_accept_request();
    fixture_answer(connection);
}

static void *signal_later(void *argument)
{
    poll(NULL, 0, 200);
    kill(getpid(), SIGTERM);
    return argument;
}

Test(fcgi_signals, a_signal_during_the_wait_ends_it)
{
    pthread_t thread;
    handle_term();
    cr_assert_eq(pthread_create(&thread, NULL, signal_later, NULL), 0);
    cr_assert_eq(fcgi_accept(fixture.fcgi, &fixture.nothing_blocked), FCGI_EVENT_INTERRUPTED);
    cr_assert_eq(signals_seen, 1);
    pthread_join(thread, NULL);
    fixture_expect_good_request();
}

Test(fcgi_signals, a_signal_that_waiting_blocks_does_not_end_the_wait)
{
    sigset_t blocked;
    handle_term();
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    raise(SIGTERM);
    int connection = fixture_send_request("");
    cr_assert_eq(fcgi_accept(fixture.fcgi, &blocked), FCGI_EVENT_REQUEST);
    cr_assert_eq(signals_seen, 0);
    fixture_answer(connection);
}

Test(fcgi_signals, a_signal_in_the_middle_of_a_body_does_not_cut_it)
{
    struct buffer out = { 0 };
    pthread_t thread;
    handle_term();
    fcgi_client_begin(&out, ROLE_RESPONDER, 0);
    fcgi_client_params(&out, fixture_variables);
    fcgi_client_stdin(&out, "hello", 5);
    int connection = fixture_send_to_fcgi(&out);
    fixture_accept_request();
    raise(SIGTERM);
    cr_assert_eq(pthread_create(&thread, NULL, signal_later, NULL), 0);
    fcgi_client_stdin(&out, "world", 5);
    cr_assert(fcgi_client_send(connection, &out));
    fixture_expect_body(10, ERROR_NONE, "helloworld");
    pthread_join(thread, NULL);
    cr_assert_eq(signals_seen, 0);
    fixture_answer(connection);
    cr_assert_eq(fcgi_accept(fixture.fcgi, &fixture.nothing_blocked), FCGI_EVENT_INTERRUPTED);
}

Test(fcgi_start, leaves_signal_handlers_alone_and_survives_sigpipe)
{
    struct sigaction now, ignore = { .sa_handler = SIG_IGN };
    sigaction(SIGUSR1, &ignore, NULL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    fixture_start(fcgi_client_listener(), PATIENT_MS);
    sigaction(SIGUSR1, NULL, &now);
    cr_assert_eq(now.sa_handler, SIG_IGN);
    sigaction(SIGTERM, NULL, &now);
    cr_assert_eq(now.sa_handler, SIG_DFL);
    sigaction(SIGPIPE, NULL, &now);
    cr_assert_eq(now.sa_handler, SIG_IGN);
    fixture_stop();
}

Test(fcgi_start, keeps_a_handler_of_ours_on_sigpipe)
{
    struct sigaction now;
    signal(SIGPIPE, see_signal);
    fixture_start(fcgi_client_listener(), PATIENT_MS);
    sigaction(SIGPIPE, NULL, &now);
    cr_assert_eq(now.sa_handler, see_signal);
    fixture_stop();
}

Test(fcgi_start, fails_without_a_listener)
{
    cr_assert_null(fcgi_new(-1, PATIENT_MS));
    fcgi_free(NULL);
}

Test(fcgi_listener, a_listener_that_was_closed_fails_the_wait)
{
    shutdown(fixture.listener, SHUT_RDWR);
    cr_assert_eq(fcgi_accept(fixture.fcgi, &fixture.nothing_blocked), FCGI_EVENT_FAILED);
}

static int sent_later;

static void *lift_limit_and_send(void *limit)
{
    poll(NULL, 0, 300);
    setrlimit(RLIMIT_NOFILE, limit);
    sent_later = fixture_send_request("");
    return NULL;
}

/* Two requests, because valgrind takes a connection from the kernel before it refuses it. */
Test(fcgi_listener, running_out_of_descriptors_is_waited_out)
{
    struct rlimit limit;
    pthread_t thread;
    int64_t started_ms = clock_monotonic_ms();
    int connection = fixture_send_request("");
    getrlimit(RLIMIT_NOFILE, &limit);
    int next = fcntl(fixture.listener, F_DUPFD, 0);
    close(next);
    struct rlimit tight = { .rlim_cur = (rlim_t)next, .rlim_max = limit.rlim_max };
    cr_assert_eq(pthread_create(&thread, NULL, lift_limit_and_send, &limit), 0);
    setrlimit(RLIMIT_NOFILE, &tight);
    fixture_accept_request();
    cr_assert_geq(clock_monotonic_ms() - started_ms, 300, "descriptors were not short");
    pthread_join(thread, NULL);
    fcgi_finish(fixture.fcgi);
    close(connection);
    close(sent_later);
}
