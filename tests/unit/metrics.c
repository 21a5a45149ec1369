/* metrics - shared memory in a file, the counters in it, and how they are written. */
#include "api/request_metrics.h"
#include "base/metrics.h"
#include "base/shared_file.h"
#include "http/problem.h"
#include "support/exposition.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/therappai-metrics-XXXXXX", path[64];

static void start(void)
{
    cr_assert_not_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/metrics", directory);
}

static void finish(void)
{
    metrics_close();
    unlink(path);
    rmdir(directory);
}

/* shared_file -----------------------------------------------------------------------------------*/

static void fill(void *bytes)
{
    memcpy(bytes, "begin", 6);
}

static const struct shared_file_layout layout = { "metrics", 7, 4096, fill };

TestSuite(shared_file, .init = start, .fini = finish);

Test(shared_file, is_one_memory_for_all_who_map_it)
{
    char *first = shared_file_map(directory, &layout),
         *second = shared_file_map(directory, &layout);
    struct stat status;
    cr_assert_neq(first, second);
    cr_assert_str_eq(second, "begin");
    cr_assert_eq(first[layout.size - 1], 0);
    memcpy(first, "other", 6);
    cr_assert_str_eq(second, "other");
    shared_file_unmap(first, &layout);
    shared_file_unmap(second, &layout);
    first = shared_file_map(directory, &layout);
    cr_assert_str_eq(first, "other", "it outlives who made it");
    shared_file_unmap(first, &layout);
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_mode & 07777, 0600U);
    cr_assert_geq(status.st_blocks * 512, status.st_size, "a full disk could end a worker");
}

static void expect_new(const char *about)
{
    char *bytes = shared_file_map(directory, &layout);
    cr_assert_str_eq(bytes, "begin", "%s", about);
    memcpy(bytes, "other", 6);
    shared_file_unmap(bytes, &layout);
    bytes = shared_file_map(directory, &layout);
    cr_assert_str_eq(bytes, "other", "%s: positive control", about);
    shared_file_unmap(bytes, &layout);
}

Test(shared_file, of_another_layout_is_made_anew_and_who_has_the_old_one_keeps_it)
{
    const struct shared_file_layout others[] = { { "metrics", 8, 4096, NULL },
                                                 { "metrics", 7, 8192, NULL } };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char *old = shared_file_map(directory, &others[i]);
        memcpy(old, "older", 6);
        expect_new("another layout");
        cr_assert_str_eq(old, "older");
        shared_file_unmap(old, &others[i]);
    }
}

static void write_bytes(const char *bytes, size_t size, off_t length)
{
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    cr_assert_geq(file, 0);
    cr_assert_eq(write(file, bytes, size), (ssize_t)size);
    cr_assert_eq(ftruncate(file, length), 0);
    close(file);
}

Test(shared_file, that_is_damaged_is_made_anew)
{
    static const struct {
        const char *about, *bytes;
        off_t length;
    } cases[] = {
        { "empty", "", 0 },
        { "cut short", "", 64 },
        { "of something else", "#!/bin/sh\n", 4096 + 64 },
        { "too long", "", 100000 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_new("before");
        write_bytes(cases[i].bytes, strlen(cases[i].bytes), cases[i].length);
        expect_new(cases[i].about);
        unlink(path);
    }
}

Test(shared_file, is_never_what_a_link_points_to)
{
    char target[96];
    snprintf(target, sizeof target, "%s/target", directory);
    int file = open(target, O_WRONLY | O_CREAT, 0600);
    cr_assert_eq(write(file, "precious", 8), 8);
    close(file);
    cr_assert_eq(symlink(target, path), 0);
    expect_new("a link");
    struct stat status;
    cr_assert_eq(stat(target, &status), 0);
    cr_assert_eq(status.st_size, 8);
    cr_assert_eq(lstat(path, &status), 0);
    cr_assert(S_ISREG(status.st_mode));
    unlink(target);
}

Test(shared_file, where_there_can_be_none_the_memory_is_ones_own)
{
    char *first = shared_file_map("/nonexistent", &layout);
    char *second = shared_file_map("/nonexistent", &layout);
    cr_assert_str_eq(first, "begin");
    memcpy(first, "other", 6);
    cr_assert_str_eq(second, "begin");
    shared_file_unmap(first, &layout);
    shared_file_unmap(second, &layout);
    shared_file_unmap(NULL, &layout);
}

/* metrics ---------------------------------------------------------------------------------------*/

TestSuite(metrics, .init = start, .fini = finish);

enum { PROCESSES = 4, ROUNDS = 20000 };

static void count_in_a_process(void)
{
    metrics_open(directory, 1, 2);
    for (int i = 0; i < ROUNDS; i++) {
        metrics_count(METRIC_LOGINS);
        metrics_slot_add(1, 3);
    }
    _exit(0);
}

Test(metrics, of_processes_that_start_at_once_add_up_and_outlive_them)
{
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0)
            count_in_a_process();
    for (int status; wait(&status) > 0;)
        cr_assert_eq(status, 0);
    cr_assert_eq(metrics_value(METRIC_LOGINS), 0, "this process has not opened the file");
    metrics_open(directory, 1, 2);
    cr_assert_eq(metrics_value(METRIC_LOGINS), PROCESSES * ROUNDS);
    cr_assert_eq(metrics_slot(1), 3 * PROCESSES * ROUNDS);
    cr_assert_eq(metrics_slot(0), 0);
}

Test(metrics, of_another_layout_begin_anew)
{
    metrics_open(directory, 1, 2);
    metrics_count(METRIC_LOGINS);
    metrics_open(directory, 2, 2);
    cr_assert_eq(metrics_value(METRIC_LOGINS), 0);
    metrics_count(METRIC_LOGINS);
    metrics_open(directory, 2, 3);
    cr_assert_eq(metrics_value(METRIC_LOGINS), 0);
    metrics_count(METRIC_LOGINS);
    metrics_open(directory, 2, 3);
    cr_assert_eq(metrics_value(METRIC_LOGINS), 1, "positive control");
}

Test(metrics, have_no_slot_beyond_the_last)
{
    metrics_open(directory, 1, 2);
    metrics_slot_add(2, 1);
    cr_assert_eq(metrics_slot(2), 0);
    metrics_slot_add(1, 1);
    cr_assert_eq(metrics_slot(1), 1, "positive control");
    metrics_close();
    metrics_slot_add(1, 1);
    cr_assert_eq(metrics_slot(1), 0);
}

Test(metrics, stand_together_by_name)
{
    for (size_t i = 1; i < METRIC_COUNT; i++) {
        const struct metric_entry *last = metrics_entry((enum metric)(i - 1));
        const struct metric_entry *entry = metrics_entry((enum metric)i);
        if (!strcmp(last->name, entry->name))
            cr_assert(entry->label && strcmp(last->value, entry->value) != 0, "%s", entry->name);
    }
}

/* request_metrics -------------------------------------------------------------------------------*/

TestSuite(request_metrics, .init = start, .fini = finish);

#define REQUESTS "therappai_auth_requests_total"
#define TIMES    "therappai_auth_request_duration_seconds"

static double value_of(const char *series)
{
    struct buffer text;
    buffer_init(&text, 1024 * 1024);
    request_metrics_write(&text);
    const char *flaw = exposition_flaw(text.data);
    cr_assert_null(flaw, "%s", flaw);
    double value = exposition_value(text.data, series);
    buffer_clear(&text);
    return value;
}

static void series_of_status(int status, char series[128])
{
    snprintf(series, 128, REQUESTS "{method=\"other\",route=\"other\",status=\"%d\"}", status);
}

Test(request_metrics, know_every_status_that_is_answered)
{
    char series[128];
    request_metrics_open(directory);
    for (int i = 1; i < ERROR_COUNT; i++) {
        if (i == ERROR_LAST_ADMIN || i == ERROR_DUPLICATE)
            continue; /* reach no client */
        int status = problem_of((enum error)i)->status;
        series_of_status(status, series);
        double before = value_of(series);
        request_metrics_count(NULL, REQUEST_ELSEWHERE, status, 1);
        cr_assert_eq(value_of(series), before + 1, "%d", status);
    }
    for (int status = STATUS_OK; status <= STATUS_NOT_MODIFIED; status++) {
        struct response response;
        response_init(&response);
        response_status(&response, (enum response_status)status);
        series_of_status(status, series);
        request_metrics_count(NULL, REQUEST_ELSEWHERE, response.status, 1);
        cr_assert_eq(value_of(series), response.status ? 1 : 0, "%d", status);
    }
}

Test(request_metrics, take_what_was_not_answered_for_500)
{
    request_metrics_open(directory);
    request_metrics_count(NULL, REQUEST_GUARDED, 0, 1);
    cr_assert_eq(value_of(REQUESTS "{method=\"other\",route=\"guarded\",status=\"500\"}"), 1);
}

Test(request_metrics, tell_routes_by_their_pattern)
{
    unsigned allowed;
    request_metrics_open(directory);
    request_metrics_count(routes_find(METHOD_DELETE, "/sessions/secret/", &allowed),
                          REQUEST_ELSEWHERE, 204, 1);
    request_metrics_count(routes_find(METHOD_HEAD, "/profile/", &allowed), REQUEST_ELSEWHERE, 200,
                          1);
    cr_assert_eq(value_of(REQUESTS "{method=\"DELETE\",route=\"/sessions/{id}/\",status=\"204\"}"),
                 1);
    cr_assert_eq(value_of(REQUESTS "{method=\"GET\",route=\"/profile/\",status=\"200\"}"), 1);
}

Test(request_metrics, count_a_time_in_every_bucket_that_holds_it)
{
    static const struct {
        int64_t microseconds;
        const char *bucket, *smaller; /* "": there is none */
    } cases[] = {
        { 0, "0.0005", "" },        { 500, "0.0005", "" },
        { 501, "0.001", "0.0005" }, { 10000, "0.01", "0.005" },
        { 10001, "0.025", "0.01" }, { 10000000, "10", "5" },
        { 10000001, "+Inf", "10" }, { INT64_C(3600000000), "+Inf", "10" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char bucket[160], smaller[160];
        const char *const format = TIMES "_bucket{method=\"other\",route=\"other\",le=\"%s\"}";
        unlink(path);
        request_metrics_open(directory);
        snprintf(bucket, sizeof bucket, format, cases[i].bucket);
        snprintf(smaller, sizeof smaller, format, cases[i].smaller);
        request_metrics_count(NULL, REQUEST_ELSEWHERE, 200, cases[i].microseconds);
        cr_assert_eq(value_of(bucket), 1, "case %zu", i);
        cr_assert_eq(value_of(smaller), 0, "case %zu", i);
        cr_assert_eq(value_of(TIMES "_bucket{method=\"other\",route=\"other\",le=\"+Inf\"}"), 1);
        cr_assert_eq(value_of(TIMES "_count{method=\"other\",route=\"other\"}"), 1);
        cr_assert_float_eq(value_of(TIMES "_sum{method=\"other\",route=\"other\"}"),
                           (double)cases[i].microseconds / 1e6, 1e-9, "seconds");
    }
}

/* The parser of these tests ---------------------------------------------------------------------*/

#define HEAD      "# HELP a_total x\n# TYPE a_total counter\n"
#define HISTOGRAM "# HELP h x\n# TYPE h histogram\n"

Test(exposition, is_refused_where_it_breaks_a_rule)
{
    static const char *const flawed[] = {
        "",
        HEAD "a_total 1",
        HEAD "a_total 1\r\n",
        HEAD "a_total  1\n",
        HEAD "a_total 01\n",
        HEAD "a_total -1\n",
        HEAD "a_total 1.5\n",
        HEAD "a_total{} 1\n",
        HEAD "a_total{b=\"\\x\"} 1\n",
        HEAD "a_total{b=\"1\",} 1\n",
        HEAD "a_total{1b=\"1\"} 1\n",
        HEAD "a_total 1\na_total 2\n",
        HEAD "a_total 1\n\n",
        HEAD "b_total 1\n",
        HEAD HEAD,
        "a_total 1\n",
        "# TYPE a_total counter\na_total 1\n",
        "# HELP a_total x\na_total 1\n",
        "# HELP a x\n# TYPE a counter\na 1\n",
        HISTOGRAM "h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n",
        HISTOGRAM "h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
        HISTOGRAM "h_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\n"
                  "h_sum 1\nh_count 1\n",
        HISTOGRAM "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n",
        HISTOGRAM "h_bucket{le=\"+Inf\"} 1\nh_count 1\n",
        HISTOGRAM "h_bucket{le=\"+Inf\"} 1\nh_sum 1\n",
        HISTOGRAM "h 1\n",
    };
    static const char good[] = HEAD
        "a_total{b=\"\\\"\\\\\\n{}\",c=\"\"} 1\na_total 2\n" HISTOGRAM
        "h_bucket{b=\"1\",le=\"0.5\"} 1\nh_bucket{b=\"1\",le=\"+Inf\"} 1\nh_sum{b=\"1\"} 0.25\n"
        "h_count{b=\"1\"} 1\n";
    for (size_t i = 0; i < sizeof flawed / sizeof flawed[0]; i++)
        cr_assert_not_null(exposition_flaw(flawed[i]), "%s", flawed[i]);
    const char *flaw = exposition_flaw(good);
    cr_assert_null(flaw, "positive control: %s", flaw);
    cr_assert_eq(exposition_value(good, "a_total"), 2);
}
