/* metrics - GET /metrics: what all workers counted, for Prometheus, and nothing of any client. */
#include "support/expect.h"
#include "support/exposition.h"
#include "support/flows.h"
#include "support/processes.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

TestSuite(metrics_page, .fini = stack_stop);

#define NAME(name) "therappai_auth_" name
#define REQUESTS(method, route, status)                                                            \
    NAME("requests_total") "{method=\"" method "\",route=\"" route "\",status=\"" #status "\"}"

static const char *scrape(void)
{
    const struct http_reply *reply = HTTP("GET", "/metrics");
    cr_assert_eq(reply->status, 200, "%s", reply->body);
    const char *flaw = exposition_flaw(reply->body);
    cr_assert_null(flaw, "%s", flaw);
    return reply->body;
}

static double value(const char *series)
{
    return exposition_value(scrape(), series);
}

struct wanted {
    const char *series;
    double value;
};

static bool is_reached(const void *wanted)
{
    const struct wanted *it = wanted;
    return value(it->series) >= it->value;
}

/* A worker counts a request when its answer is on its way. */
static void expect_value(const char *series, double wanted)
{
    const struct wanted it = { series, wanted };
    process_await(is_reached, &it, 5000);
    cr_assert_eq(value(series), wanted, "%s is %g, not %g", series, value(series), wanted);
}

Test(metrics_page, is_text_that_prometheus_reads)
{
    static const char *const names[] = {
        "sign_ups_total",
        "logins_total",
        "login_failures_total",
        "refreshes_total",
        "refresh_failures_total",
        "refresh_replays_total",
        "hash_refusals_total",
        "database_errors_total",
        "workers",
        "hashing",
        "hash_waiting",
        "requests_total",
        "request_duration_seconds",
    };
    STACK();
    const struct http_reply *reply = HTTP("GET", "/metrics/");
    expect_status(reply, 200);
    cr_assert_str_eq(http_header(reply, "Content-Type"),
                     "text/plain; version=0.0.4; charset=utf-8");
    const char *text_of = scrape();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        cr_assert(strstr(text_of, text("# TYPE therappai_auth_%s ", names[i])), "%s", names[i]);
    expect_status(HTTP("HEAD", "/metrics"), 200);
}

/* One login, one refresh and so on, and each is counted once. */
Test(metrics_page, counts_what_happened)
{
    static const struct wanted expected[] = {
        { NAME("sign_ups_total"), 1 },
        { NAME("logins_total"), 2 },
        { NAME("login_failures_total{reason=\"credentials\"}"), 2 },
        { NAME("login_failures_total{reason=\"disabled\"}"), 1 },
        { NAME("password_failures_total"), 1 },
        { NAME("refreshes_total"), 2 },
        { NAME("refresh_failures_total{reason=\"invalid\"}"), 2 },
        { NAME("refresh_replays_total"), 1 },
        { REQUESTS("POST", "/signup/", 201), 1 },
        { REQUESTS("POST", "/login/", 200), 2 },
        { REQUESTS("POST", "/login/", 401), 2 },
        { REQUESTS("POST", "/login/", 403), 1 },
        { REQUESTS("POST", "/refresh/", 400), 2 },
        { REQUESTS("GET", "/profile/", 401), 1 },
        { REQUESTS("DELETE", "/sessions/{id}/", 404), 1 },
        { NAME("request_duration_seconds_count{method=\"POST\",route=\"/login/\"}"), 5 },
        { NAME("database_errors_total{kind=\"unavailable\"}"), 0 },
    };
    STACK();
    struct tokens first = new_user("ada@example.org"), other = log_in("ada@example.org");
    HTTP("POST", "/login/", .body = log_in_body("ada@example.org", "wrong"));
    HTTP("POST", "/login/", .body = log_in_body("nobody@example.org", PASSWORD));
    HTTP("POST", "/password/", .token = other.access,
         .body = as_json("{'current_password':'wrong','new_password':'correct horse battery',"
                         "'confirm_password':'correct horse battery'}"));
    refresh(refresh(first.refresh).refresh);
    HTTP("POST", "/refresh/", .body = refresh_body(first.refresh));
    HTTP("POST", "/refresh/", .body = refresh_body("nonsense"));
    HTTP("GET", "/profile/");
    HTTP("DELETE", "/sessions/{id}/", .id = "none", .token = other.access);
    stack_sql("update users set disabled_at = now()");
    HTTP("POST", "/login/", .body = log_in_body("ada@example.org", PASSWORD));
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        expect_value(expected[i].series, expected[i].value);
}

Test(metrics_page, has_one_place_for_all_that_is_at_no_route)
{
    STACK();
    for (int i = 0; i < 3; i++)
        HTTP("GET", text("/nowhere-%d", i));
    HTTP("PUT", "/login/");
    HTTP("OPTIONS", "/login/");
    expect_value(REQUESTS("other", "other", 404), 3);
    expect_value(REQUESTS("other", "other", 405), 1);
    expect_value(REQUESTS("other", "other", 204), 1);
}

Test(metrics_page, repeats_nothing_of_a_client)
{
    STACK();
    struct tokens tokens = new_user("ada.lovelace@example.org");
    const char *const told[] = { "lovelace",     "tell-tale", tokens.access,
                                 tokens.refresh, "127.0.0.1", "X-Request" };
    HTTP("GET", text("/tell-tale/%s", tokens.refresh));
    HTTP("GET", "/sessions/{id}/", .id = "tell-tale");
    HTTP("POST", "/login/?tell-tale=1", .body = log_in_body("tell-tale\"} 1\n", "tell-tale"));
    HTTP("GET", "/profile/", .token = tokens.access,
         .headers = { "User-Agent: tell-tale", "X-Request-Id: tell-tale" });
    expect_value(REQUESTS("GET", "/profile/", 200), 1);
    const char *page = scrape();
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        cr_assert_null(strstr(page, told[i]), "%s", told[i]);
}

static bool has_workers(const void *count)
{
    pid_t workers[STACK_WORKERS_MAX];
    return stack_workers(workers) == *(const int *)count;
}

Test(metrics_page, outlives_workers_reload_and_restart)
{
    pid_t workers[STACK_WORKERS_MAX];
    STACK();
    new_user("ada@example.org");
    expect_value(NAME("logins_total"), 1);
    int count = stack_workers(workers);
    for (int i = 0; i < count; i++)
        kill(workers[i], SIGKILL);
    process_await(has_workers, &count, 10000);
    expect_value(NAME("logins_total"), 1);
    log_in("ada@example.org");
    stack_reload_and_wait();
    expect_value(NAME("logins_total"), 2);
    process_stop(stack_master());
    stack_restart();
    log_in("ada@example.org");
    expect_value(NAME("logins_total"), 3);
}

/* Each is started by itself, and has no master. */
Test(metrics_page, is_of_all_workers_of_spawn_fcgi_too)
{
    enum { LOGINS = 12 };
    struct http_call calls[LOGINS];
    const struct http_reply *replies[LOGINS];
    STACK(.kind = STACK_SPAWN_FCGI);
    sign_up("ada@example.org");
    for (int i = 0; i < LOGINS; i++)
        calls[i] = CALL("POST", "/login/", .body = log_in_body("ada@example.org", PASSWORD));
    http_send_all(calls, LOGINS, replies);
    double refused = 0;
    for (int i = 0; i < LOGINS; i++)
        refused += replies[i]->status == 503;
    expect_value(NAME("logins_total"), LOGINS - refused);
    expect_value(NAME("hash_refusals_total"), refused);
    expect_value(NAME("workers"), 4);
}

Test(metrics_page, begins_anew_where_the_file_is_damaged)
{
    STACK();
    new_user("ada@example.org");
    expect_value(NAME("logins_total"), 1);
    process_stop(stack_master());
    cr_assert_eq(truncate(stack_path("run/metrics"), 100), 0);
    stack_restart();
    cr_assert_eq(value(NAME("logins_total")), 0);
    log_in("ada@example.org");
    expect_value(NAME("logins_total"), 1);
}

Test(metrics_page, tells_of_a_database_that_is_away)
{
    STACK(.settings = { "database = host=/nonexistent dbname=none" });
    HTTP("GET", "/readyz");
    HTTP("POST", "/login/", .body = log_in_body("ada@example.org", PASSWORD));
    expect_value(NAME("database_errors_total{kind=\"unavailable\"}"), 2);
    expect_value(REQUESTS("POST", "/login/", 503), 1);
}
