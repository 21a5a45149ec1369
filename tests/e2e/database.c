/* database - PostgreSQL goes away, freezes, loses connections: what clients see of it. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/load.h"
#include "support/processes.h"
#include "support/stack.h"
#include "support/stack_cluster.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

TestSuite(database, .fini = stack_stop);

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool is_ready(const void *unused)
{
    (void)unused;
    return HTTP("GET", "/readyz")->status == 200;
}

/* A 4xx would make clients throw their tokens away. */
static void expect_only_200_and_503(const struct load *load)
{
    cr_assert_eq(load_count(load, 200, 200) + load_count(load, 503, 503), load_count(load, 0, 599),
                 "%s", load_summary(load));
}

Test(database, stopped_and_started_under_load_is_503_and_then_200)
{
    STACK(.own_cluster = true, .settings = { "workers = 4" });
    struct tokens tokens = new_user("ada@example.org");
    struct http_call calls[] = { CALL("GET", "/profile/", .token = tokens.access),
                                 CALL("POST", "/refresh/", .body = refresh_body(tokens.refresh)),
                                 CALL("POST", "/login/",
                                      .body = log_in_body("ada@example.org", PASSWORD)) };
    enum { LOADS = sizeof calls / sizeof calls[0] };
    struct load *loads[LOADS];
    for (int i = 0; i < LOADS; i++)
        loads[i] = load_start(&calls[i], (struct load_options){ .clients = 2, .pause_ms = 5 });
    for (int i = 0; i < LOADS; i++)
        cr_assert(load_await(loads[i], 200, 200, 20, 20000), "%s", load_summary(loads[i]));
    stack_cluster_stop();
    for (int i = 0; i < LOADS; i++)
        cr_assert(load_await(loads[i], 503, 503, 20, 20000), "%s", load_summary(loads[i]));
    expect_unavailable(HTTP("GET", "/readyz"));
    expect_json(HTTP("GET", "/healthz"), 200);
    stack_cluster_start();
    for (int i = 0; i < LOADS; i++) {
        long before = load_count(loads[i], 200, 200);
        cr_assert(load_await(loads[i], 200, 200, before + 20, 20000), "%s", load_summary(loads[i]));
    }
    for (int i = 0; i < LOADS; i++) {
        load_stop(loads[i]);
        expect_only_200_and_503(loads[i]);
    }
    expect_json(HTTP("GET", "/readyz"), 200);
    refresh(tokens.refresh);
}

Test(database, frozen_is_503_within_the_timeout_and_comes_back)
{
    STACK(.own_cluster = true, .settings = { "workers = 4", "database_timeout = 1s" });
    struct tokens tokens = new_user("ada@example.org");
    stack_cluster_signal(SIGSTOP);
    const struct http_call calls[] = {
        CALL("GET", "/profile/", .token = tokens.access),
        CALL("PUT", "/profile/", .token = tokens.access, .body = as_json("{'name':'B'}")),
        CALL("POST", "/refresh/", .body = refresh_body(tokens.refresh)),
        CALL("POST", "/login/", .body = log_in_body("ada@example.org", PASSWORD)),
        CALL("POST", "/signup/", .body = sign_up_body("bob@example.org", PASSWORD)),
        CALL("POST", "/logout/", .token = tokens.access),
        CALL("GET", "/readyz"),
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        double from = seconds();
        expect_unavailable(http_send(&calls[i]));
        cr_assert_lt(seconds() - from, 1 + 2, "%s took %.1f s", calls[i].path, seconds() - from);
    }
    expect_json(HTTP("GET", "/healthz"), 200);
    stack_cluster_signal(SIGCONT);
    cr_assert(process_await(is_ready, NULL, 10000), "it does not come back");
    expect_json(HTTP("POST", "/login/", .body = log_in_body("ada@example.org", PASSWORD)), 200);
}

/* Requests that meet a frozen server end, and others that need none are not kept waiting. */
Test(database, frozen_under_load_leaves_nobody_without_an_answer)
{
    STACK(.own_cluster = true, .settings = { "workers = 4", "database_timeout = 500ms" });
    struct tokens tokens = new_user("ada@example.org");
    struct http_call call = CALL("GET", "/profile/", .token = tokens.access);
    struct load *load = load_start(&call, (struct load_options){ .clients = 8, .pause_ms = 5 });
    cr_assert(load_await(load, 200, 200, 50, 20000), "%s", load_summary(load));
    stack_cluster_signal(SIGSTOP);
    cr_assert(load_await(load, 503, 503, 16, 20000), "%s", load_summary(load));
    stack_cluster_signal(SIGCONT);
    long before = load_count(load, 200, 200);
    cr_assert(load_await(load, 200, 200, before + 50, 20000), "%s", load_summary(load));
    load_stop(load);
    expect_only_200_and_503(load);
}

Test(database, killed_connections_are_not_seen_by_who_reads)
{
    STACK(.settings = { "workers = 2" });
    struct tokens tokens = new_user("ada@example.org");
    for (int i = 0; i < 15; i++) {
        expect_json(HTTP("GET", "/profile/", .token = tokens.access), 200);
        const char *killed =
            stack_sql("SELECT count(pg_terminate_backend(pid, 1000)) FROM pg_stat_activity WHERE "
                      "usename = 'therappai_auth_worker' AND datname = current_database()");
        cr_assert_str_neq(killed, "0");
        expect_json(HTTP("GET", "/profile/", .token = tokens.access), 200);
        expect_json(HTTP("GET", "/readyz"), 200);
    }
}

Test(database, is_not_needed_to_start_and_is_found_when_it_comes)
{
    STACK(.own_cluster = true, .settings = { "workers = 2" });
    struct tokens tokens = new_user("ada@example.org");
    stack_cluster_stop();
    cr_assert_eq(process_stop(stack_master()), 0);
    stack_restart();
    expect_unavailable(HTTP("GET", "/profile/", .token = tokens.access));
    stack_cluster_start();
    cr_assert(process_await(is_ready, NULL, 10000), "it is not found");
    expect_json(HTTP("GET", "/profile/", .token = tokens.access), 200);
}

/* The worker's role changes rows, and nothing else. */
Test(database, the_workers_role_cannot_change_the_schema)
{
    STACK();
    cr_assert_str_eq(stack_sql("SELECT has_schema_privilege('therappai_auth_worker', 'public', "
                               "'CREATE')"),
                     "f");
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = "
                               "c.relowner WHERE r.rolname = 'therappai_auth_worker'"),
                     "0");
    cr_assert_str_eq(stack_sql("SELECT has_table_privilege('therappai_auth_worker', 'users', "
                               "'TRUNCATE')"),
                     "f");
    cr_assert_str_eq(stack_sql("SELECT has_table_privilege('therappai_auth_worker', 'users', "
                               "'SELECT')"),
                     "t");
}

Test(database, works_without_prepared_statements)
{
    STACK(.settings = { "database_prepare = off", "workers = 1" });
    struct tokens tokens = refresh(new_user("ada@example.org").refresh);
    expect_json(HTTP("GET", "/profile/", .token = tokens.access), 200);
    expect_no_content(HTTP("POST", "/logout/", .token = tokens.access));
}
