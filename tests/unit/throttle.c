/* throttle - how often something may be tried, and whom that keeps out. */
#include "auth/throttle.h"
#include "base/clock.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOW = 1800000000, WINDOW_S = 600 };

static char directory[] = "/tmp/therappai-throttle-XXXXXX", path[64];
static struct config config;
static struct auth auth;

#define HERE      "192.0.2.7"
#define ELSEWHERE "198.51.100.9"
#define ADA       "ada@example.org"
#define BOB       "bob@example.org"

/* What is refused is noted in a database that is away. */
static void start(void)
{
    const struct db_options options = { .conninfo = "host=/nonexistent", .timeout_ms = 1000 };
    cr_assert_not_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/throttle", directory);
    config = (struct config){ .run_directory = directory,
                              .throttle_login = 5,
                              .throttle_login_account = 20,
                              .throttle_login_address = 30,
                              .throttle_sign_up = 4,
                              .throttle_refresh = 6,
                              .throttle_password = 3,
                              .throttle_window_s = WINDOW_S };
    auth = (struct auth){ .config = &config,
                          .db = db_new(&options),
                          .throttle = throttle_open(&config) };
    clock_fake(NOW);
}

static void finish(void)
{
    throttle_free(auth.throttle);
    db_free(auth.db);
    unlink(path);
    rmdir(directory);
}

TestSuite(throttle, .init = start, .fini = finish);

static enum error try_kind(enum throttle_kind kind, const char *subject, const char *address,
                           enum error result)
{
    const struct client client = { .address = address };
    struct throttle_try attempt;
    enum error error = throttle_enter(&auth, kind, subject, &client, &attempt);
    if (!error)
        throttle_leave(&auth, &attempt, result);
    return error;
}

static enum error fail_login(const char *subject, const char *address)
{
    return try_kind(THROTTLE_LOGIN, subject, address, ERROR_INVALID_CREDENTIALS);
}

static enum error log_in(const char *subject, const char *address)
{
    return try_kind(THROTTLE_LOGIN, subject, address, ERROR_NONE);
}

/* How many fail before one is refused, at most `most`. */
static int failures(enum throttle_kind kind, const char *subject, const char *address, int most)
{
    int count = 0;
    while (count < most && !try_kind(kind, subject, address,
                                     kind == THROTTLE_FORGED ? ERROR_INVALID_REFRESH_TOKEN
                                                             : ERROR_INVALID_CREDENTIALS))
        count++;
    return count;
}

Test(throttle, lets_as_many_fail_as_the_option_says)
{
    static const struct {
        enum throttle_kind kind;
        const char *subject;
        int allowed;
    } cases[] = {
        { THROTTLE_LOGIN, ADA, 5 },   { THROTTLE_SIGN_UP, NULL, 4 }, { THROTTLE_FORGED, NULL, 6 },
        { THROTTLE_REFRESH, "s", 6 }, { THROTTLE_PASSWORD, "7", 3 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(failures(cases[i].kind, cases[i].subject, HERE, 100), cases[i].allowed,
                     "case %zu", i);
        cr_assert_eq(try_kind(cases[i].kind, cases[i].subject, HERE, ERROR_NONE),
                     ERROR_RATE_LIMITED, "not even what would succeed: it is not looked at");
    }
}

Test(throttle, forgets_evenly_and_says_how_long_that_takes)
{
    cr_assert_eq(failures(THROTTLE_LOGIN, ADA, HERE, 100), 5);
    cr_assert_eq(throttle_retry_after(auth.throttle), WINDOW_S / 5);
    clock_fake(NOW + WINDOW_S / 5 - 1);
    cr_assert_eq(fail_login(ADA, HERE), ERROR_RATE_LIMITED);
    cr_assert_eq(throttle_retry_after(auth.throttle), 1);
    clock_fake(NOW + WINDOW_S / 5);
    cr_assert_eq(failures(THROTTLE_LOGIN, ADA, HERE, 100), 1);
    clock_fake(NOW + 3 * WINDOW_S);
    cr_assert_eq(failures(THROTTLE_LOGIN, ADA, HERE, 100), 5);
}

Test(throttle, does_not_count_what_succeeds_or_fails_on_our_side)
{
    static const enum error results[] = { ERROR_NONE, ERROR_BUSY, ERROR_UNAVAILABLE,
                                          ERROR_ACCOUNT_DISABLED };
    for (int i = 0; i < 400; i++)
        cr_assert_eq(try_kind(THROTTLE_LOGIN, ADA, HERE, results[i % 4]), ERROR_NONE, "%d", i);
    cr_assert_eq(failures(THROTTLE_LOGIN, ADA, HERE, 100), 5);
}

Test(throttle, counts_a_sign_up_that_succeeds)
{
    for (int i = 0; i < 4; i++)
        cr_assert_eq(try_kind(THROTTLE_SIGN_UP, NULL, HERE, ERROR_NONE), ERROR_NONE);
    cr_assert_eq(try_kind(THROTTLE_SIGN_UP, NULL, HERE, ERROR_NONE), ERROR_RATE_LIMITED);
    cr_assert_eq(try_kind(THROTTLE_SIGN_UP, NULL, ELSEWHERE, ERROR_NONE), ERROR_NONE);
}

/* Attempts at the same moment all hold a token. */
Test(throttle, counts_tries_that_are_under_way)
{
    const struct client client = { .address = HERE };
    struct throttle_try attempts[6];
    for (int i = 0; i < 5; i++)
        cr_assert_eq(throttle_enter(&auth, THROTTLE_LOGIN, ADA, &client, &attempts[i]), ERROR_NONE);
    cr_assert_eq(throttle_enter(&auth, THROTTLE_LOGIN, ADA, &client, &attempts[5]),
                 ERROR_RATE_LIMITED);
    throttle_leave(&auth, &attempts[0], ERROR_NONE);
    cr_assert_eq(throttle_enter(&auth, THROTTLE_LOGIN, ADA, &client, &attempts[5]), ERROR_NONE);
}

/* Who keeps whom out ----------------------------------------------------------------------------*/

/* One failure on the account from each of many addresses. */
static void fail_from_everywhere(const char *subject, int count)
{
    for (int i = 0; i < count; i++) {
        char address[32];
        snprintf(address, sizeof address, "203.0.%d.%d", i / 250, i % 250 + 1);
        fail_login(subject, address);
    }
}

Test(throttle, limits_an_account_from_many_addresses_but_not_where_it_logged_in_before)
{
    cr_assert_eq(log_in(ADA, HERE), ERROR_NONE);
    fail_from_everywhere(ADA, 300);
    cr_assert_eq(log_in(ADA, ELSEWHERE), ERROR_RATE_LIMITED, "positive control");
    cr_assert_eq(log_in(ADA, HERE), ERROR_NONE, "an attacker elsewhere keeps nobody out");
    cr_assert_eq(failures(THROTTLE_LOGIN, ADA, HERE, 100), 5,
                 "who guesses here is limited all the same");
    cr_assert_eq(log_in(BOB, ELSEWHERE), ERROR_NONE);
}

Test(throttle, limits_an_address_on_many_accounts_but_not_who_logged_in_from_it_before)
{
    cr_assert_eq(log_in(ADA, HERE), ERROR_NONE);
    for (int i = 0; i < 40; i++) {
        char subject[32];
        snprintf(subject, sizeof subject, "victim-%d", i);
        cr_assert_eq(fail_login(subject, HERE), i < 30 ? ERROR_NONE : ERROR_RATE_LIMITED, "%d", i);
    }
    cr_assert_eq(log_in(BOB, HERE), ERROR_RATE_LIMITED, "positive control");
    cr_assert_eq(log_in(ADA, HERE), ERROR_NONE);
    cr_assert_eq(log_in(BOB, ELSEWHERE), ERROR_NONE);
}

Test(throttle, of_a_refused_try_takes_from_no_other_bucket)
{
    cr_assert_eq(failures(THROTTLE_LOGIN, ADA, HERE, 100), 5);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(fail_login(ADA, HERE), ERROR_RATE_LIMITED);
    cr_assert_eq(log_in(ADA, ELSEWHERE), ERROR_NONE);
    cr_assert_eq(log_in(BOB, HERE), ERROR_NONE);
}

Test(throttle, forgets_after_a_month_from_where_somebody_logged_in)
{
    cr_assert_eq(log_in(ADA, HERE), ERROR_NONE);
    clock_fake(NOW + 29 * 86400);
    fail_from_everywhere(ADA, 300);
    cr_assert_eq(log_in(ADA, HERE), ERROR_NONE); /* and is remembered again */
    clock_fake(NOW + 60 * 86400);
    fail_from_everywhere(ADA, 300);
    cr_assert_eq(log_in(ADA, HERE), ERROR_RATE_LIMITED);
}

/* Addresses -------------------------------------------------------------------------------------*/

Test(throttle, tells_addresses_apart_as_providers_give_them)
{
    static const struct {
        const char *first, *second;
        bool same;
    } cases[] = {
        { "2001:db8::1", "2001:db8::ffff:1", true },
        { "2001:db8::1", "2001:db8:0:1::1", false },
        { "192.0.2.1", "192.0.2.2", false },
        { "192.0.2.1", "::ffff:192.0.2.1", true },
        { "::ffff:192.0.2.1", "::ffff:192.0.2.2", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clock_fake(NOW + (int64_t)i * 86400);
        cr_assert_eq(failures(THROTTLE_SIGN_UP, NULL, cases[i].first, 100), 4, "case %zu", i);
        cr_assert_eq(failures(THROTTLE_SIGN_UP, NULL, cases[i].second, 100), cases[i].same ? 0 : 4,
                     "case %zu", i);
    }
}

/* Behind a proxy all clients would share it. */
Test(throttle, has_no_limit_of_its_own_for_an_address_that_is_this_host_or_none)
{
    static const char *const addresses[] = { "127.0.0.1", "::1", "::ffff:127.0.0.1",
                                             "unix:",     "",    NULL };
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        cr_assert_eq(failures(THROTTLE_SIGN_UP, NULL, addresses[i], 100), 100, "case %zu", i);
        clock_fake(NOW + (int64_t)i * 86400);
        cr_assert_eq(failures(THROTTLE_LOGIN, ADA, addresses[i], 100), 5, "but an account has");
    }
}

/* The file --------------------------------------------------------------------------------------*/

Test(throttle, is_shared_by_all_processes_and_outlives_them)
{
    for (int i = 0; i < 2; i++) {
        if (fork() == 0) {
            struct auth other = auth;
            other.throttle = throttle_open(&config);
            auth = other;
            fail_login(ADA, HERE);
            fail_login(ADA, HERE);
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        continue;
    cr_assert_eq(failures(THROTTLE_LOGIN, ADA, HERE, 100), 1);
    throttle_free(auth.throttle);
    auth.throttle = throttle_open(&config);
    cr_assert_eq(fail_login(ADA, HERE), ERROR_RATE_LIMITED);
}

static size_t read_file(char *bytes, size_t size)
{
    int file = open(path, O_RDONLY);
    ssize_t got = read(file, bytes, size);
    close(file);
    cr_assert_gt(got, 100000);
    return (size_t)got;
}

Test(throttle, keeps_no_address_and_no_email)
{
    enum { SIZE = 4 * 1024 * 1024 };
    static char bytes[SIZE];
    static const unsigned char address[] = { 192, 0, 2, 7 };
    fail_login(ADA, HERE);
    log_in(ADA, HERE);
    size_t size = read_file(bytes, sizeof bytes);
    cr_assert_null(memmem(bytes, size, "ada", 3));
    cr_assert_null(memmem(bytes, size, HERE, strlen(HERE)));
    cr_assert_null(memmem(bytes, size, address, sizeof address));
    cr_assert_not_null(memmem(bytes, size, "therappai", 9), "positive control: the head");
}

/* More subjects than there are places. */
Test(throttle, a_flood_of_new_subjects_drives_out_itself_and_not_who_failed_often)
{
    enum { HOT = 20, FLOOD = 300000 };
    char subject[32];
    for (int i = 0; i < HOT; i++) {
        snprintf(subject, sizeof subject, "hot-%d", i);
        cr_assert_eq(failures(THROTTLE_PASSWORD, subject, HERE, 100), 3);
    }
    for (int i = 0; i < FLOOD; i++) {
        snprintf(subject, sizeof subject, "new-%d", i);
        cr_assert_eq(try_kind(THROTTLE_PASSWORD, subject, HERE, ERROR_INVALID_CREDENTIALS),
                     ERROR_NONE, "%s is locked out by others", subject);
    }
    for (int i = 0; i < HOT; i++) {
        snprintf(subject, sizeof subject, "hot-%d", i);
        cr_assert_eq(failures(THROTTLE_PASSWORD, subject, HERE, 100), 0, "%s", subject);
    }
}

/* Options and clocks ----------------------------------------------------------------------------*/

Test(throttle, that_is_off_lets_everything_be_tried)
{
    config.throttle_login = config.throttle_login_account = config.throttle_login_address = 0;
    cr_assert_eq(failures(THROTTLE_LOGIN, ADA, HERE, 1000), 1000);
    cr_assert_eq(failures(THROTTLE_PASSWORD, "7", HERE, 1000), 3, "positive control");
    throttle_free(auth.throttle);
    auth.throttle = NULL;
    cr_assert_eq(failures(THROTTLE_PASSWORD, "8", HERE, 1000), 1000);
}

Test(throttle, a_clock_that_was_set_back_locks_nobody_out_for_longer_than_a_window)
{
    enum { EARLIER = NOW - 86400 };
    cr_assert_eq(failures(THROTTLE_PASSWORD, "7", HERE, 100), 3);
    clock_fake(EARLIER);
    cr_assert_eq(failures(THROTTLE_PASSWORD, "7", HERE, 100), 0);
    cr_assert_leq(throttle_retry_after(auth.throttle), WINDOW_S / 3);
    clock_fake(EARLIER + WINDOW_S);
    cr_assert_eq(failures(THROTTLE_PASSWORD, "7", HERE, 100), 3);
}
