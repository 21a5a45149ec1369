/* process - master, workers and how they are started and stopped, behind a web server and under
 * load. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/guard.h"
#include "support/load.h"
#include "support/processes.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

TestSuite(process, .fini = stack_stop);

static bool has_workers(const void *count)
{
    pid_t workers[STACK_WORKERS_MAX];
    return stack_workers(workers) == *(const int *)count;
}

static void expect_workers(int count)
{
    pid_t workers[STACK_WORKERS_MAX];
    cr_assert(process_await(has_workers, &count, 10000), "%d workers, not %d",
              stack_workers(workers), count);
}

static bool has_exited(const void *pid)
{
    return !guard_alive(*(const pid_t *)pid);
}

Test(process, a_killed_worker_is_replaced_and_only_its_own_request_is_lost)
{
    enum { KILLS = 5 };
    STACK(.settings = { "workers = 4" });
    struct tokens tokens = new_user("ada@example.org");
    struct http_call call = CALL("GET", "/profile/", .token = tokens.access);
    struct load *load = load_start(&call, (struct load_options){ .clients = 4 });
    for (int i = 0; i < KILLS; i++) {
        pid_t workers[STACK_WORKERS_MAX];
        long before = load_count(load, 200, 200);
        cr_assert(load_await(load, 200, 200, before + 50, 20000), "%s", load_summary(load));
        cr_assert_gt(stack_workers(workers), 0);
        cr_assert_eq(kill(workers[i % 2], SIGKILL), 0);
        expect_workers(4);
    }
    load_stop(load);
    long lost = load_failures(load) + load_count(load, 100, 599) - load_count(load, 200, 200);
    cr_assert_leq(lost, KILLS, "%s", load_summary(load));
    cr_assert_eq(load_count(load, 400, 499), 0, "%s", load_summary(load));
}

static bool has_children(const void *count)
{
    pid_t children[STACK_WORKERS_MAX];
    return process_children(stack_master(), children, STACK_WORKERS_MAX) == *(const int *)count;
}

Test(process, a_housekeeper_that_dies_is_replaced)
{
    pid_t children[STACK_WORKERS_MAX], workers[STACK_WORKERS_MAX];
    STACK(.settings = { "workers = 1" });
    expect_workers(1);
    cr_assert_eq(stack_workers(workers), 1);
    int count = process_children(stack_master(), children, STACK_WORKERS_MAX);
    cr_assert_eq(count, 2);
    pid_t housekeeper = children[0] == workers[0] ? children[1] : children[0];
    size_t from = strlen(stack_log());
    kill(housekeeper, SIGKILL);
    cr_assert(stack_log_await(from, "role=housekeeper"));
    cr_assert(process_await(has_children, &count, 10000), "nobody took its place");
}

Test(process, the_housekeeper_removes_what_is_long_over_and_nothing_else)
{
    char output[2048];
    STACK();
    sign_up("ada@example.org");
    for (int i = 0; i < 4; i++)
        log_in("ada@example.org");
    struct tokens living = log_in("ada@example.org");
    stack_sql("UPDATE sessions SET ended_at = now() - interval '31 days' WHERE id = (SELECT id "
              "FROM sessions ORDER BY created_at LIMIT 1)");
    stack_sql("UPDATE sessions SET expires_at = now() - interval '31 days' WHERE id = (SELECT id "
              "FROM sessions ORDER BY created_at OFFSET 1 LIMIT 1)");
    stack_sql("UPDATE sessions SET ended_at = now() - interval '29 days' WHERE id = (SELECT id "
              "FROM sessions ORDER BY created_at OFFSET 2 LIMIT 1)");
    cr_assert_eq(
        stack_run((const char *const[]){ "housekeeper", "--once", NULL }, output, sizeof output), 0,
        "%s", output);
    cr_assert_str_eq(stack_sql("SELECT count(*) FROM sessions"), "3");
    refresh(living.refresh);
}

/* ---- hashing ----------------------------------------------------------------------------------*/

/* A second of work, or two. */
#define SLOW_HASH "argon2_memory = 256M", "argon2_passes = 10"

/* The worker that is hashing: the one that keeps a processor busy. */
static pid_t hashing_worker(void)
{
    pid_t workers[STACK_WORKERS_MAX];
    unsigned long before[STACK_WORKERS_MAX];
    for (int attempt = 0; attempt < 100; attempt++) {
        int count = stack_workers(workers);
        for (int i = 0; i < count; i++)
            before[i] = process_ticks(workers[i]);
        usleep(200000);
        for (int i = 0; i < count; i++)
            if (process_ticks(workers[i]) >= before[i] + 4)
                return workers[i];
    }
    cr_assert_fail("nobody is hashing");
    return -1;
}

Test(process, a_worker_killed_while_it_hashes_gives_its_slot_back)
{
    STACK(.settings = { "workers = 4", "hash_slots = 1", "hash_queue = 0", SLOW_HASH });
    sign_up("ada@example.org");
    struct http_call call =
        CALL("POST", "/login/", .body = log_in_body("ada@example.org", PASSWORD));
    struct load *load = load_start(&call, (struct load_options){ .clients = 1, .rounds = 1 });
    pid_t worker = hashing_worker();
    expect_unavailable(http_send(&call)); /* the slot is taken */
    cr_assert_eq(kill(worker, SIGKILL), 0);
    load_stop(load);
    cr_assert_eq(load_count(load, 200, 200), 0, "%s", load_summary(load));
    log_in("ada@example.org");
    expect_workers(4);
}

Test(process, token_checks_go_on_in_a_flood_of_logins_and_what_is_too_much_is_put_off)
{
    STACK(.settings = { "workers = 6", "hash_slots = 2", "hash_queue = 2", "argon2_memory = 19M",
                        "argon2_passes = 2" });
    struct tokens tokens = new_user("ada@example.org");
    struct http_call profile = CALL("GET", "/profile/", .token = tokens.access);
    struct http_call login =
        CALL("POST", "/login/", .body = log_in_body("ada@example.org", PASSWORD));
    struct load *flood = load_start(&login, (struct load_options){ .clients = 16 });
    struct load *readers =
        load_start(&profile, (struct load_options){ .clients = 2, .pause_ms = 5 });
    cr_assert(load_await(flood, 200, 200, 20, 20000), "%s", load_summary(flood));
    cr_assert(load_await(flood, 503, 503, 20, 20000), "%s", load_summary(flood));
    cr_assert(load_await(readers, 200, 200, 200, 20000), "%s", load_summary(readers));
    const struct http_reply *reply = http_send(&login);
    for (int i = 0; i < 1000 && reply->status == 200; i++)
        reply = http_send(&login);
    expect_unavailable(reply);
    load_stop(flood);
    load_stop(readers);
    cr_assert_eq(load_count(readers, 200, 200), load_count(readers, 0, 599), "%s",
                 load_summary(readers));
    cr_assert_eq(load_count(flood, 200, 200) + load_count(flood, 503, 503),
                 load_count(flood, 0, 599), "%s", load_summary(flood));
    log_in("ada@example.org");
}

/* ---- reload and end ---------------------------------------------------------------------------*/

Test(process, a_reload_under_load_loses_no_request_and_applies_what_changed)
{
    STACK(.settings = { "workers = 4", "access_lifetime = 15m" });
    struct tokens tokens = new_user("ada@example.org");
    struct http_call call = CALL("GET", "/profile/", .token = tokens.access);
    struct load *load = load_start(&call, (struct load_options){ .clients = 4 });
    cr_assert(load_await(load, 200, 200, 50, 20000), "%s", load_summary(load));
    stack_configure("access_lifetime = 5m");
    for (int i = 0; i < 3; i++)
        stack_reload_and_wait();
    long before = load_count(load, 200, 200);
    cr_assert(load_await(load, 200, 200, before + 50, 20000), "%s", load_summary(load));
    load_stop(load);
    cr_assert_eq(load_count(load, 200, 200), load_count(load, 0, 599), "%s", load_summary(load));
    const struct http_reply *reply =
        HTTP("POST", "/login/", .body = log_in_body("ada@example.org", PASSWORD));
    expect_json(reply, 200);
    cr_assert_leq(member_integer(reply, "expires_in"), 5 * 60);
    expect_workers(4);
}

Test(process, a_reload_changes_the_number_of_workers)
{
    STACK(.settings = { "workers = 2" });
    expect_workers(2);
    stack_configure("workers = 5");
    stack_reload();
    expect_workers(5);
    stack_configure("workers = 1");
    stack_reload();
    expect_workers(1);
    expect_json(HTTP("GET", "/readyz"), 200);
}

Test(process, a_bad_configuration_is_not_loaded_and_the_log_says_why)
{
    pid_t before[STACK_WORKERS_MAX] = { 0 };
    STACK(.settings = { "workers = 2" });
    expect_workers(2);
    int count = stack_workers(before);
    size_t from = strlen(stack_log());
    stack_configure("workers = many");
    stack_reload();
    cr_assert(stack_log_await(from, "reload_refused"));
    const char *told = strstr(stack_log() + from, "reload_refused");
    cr_assert(strstr(told, "therappai-auth.conf:") && strstr(told, "workers"), "%s", told);
    expect_json(HTTP("GET", "/readyz"), 200);
    for (int i = 0; i < count; i++)
        cr_assert(guard_alive(before[i]), "a worker is gone");
    stack_configure("workers = 3");
    stack_reload();
    expect_workers(3);
}

Test(process, a_reload_says_that_it_goes_on_listening_where_it_did)
{
    STACK(.settings = { "workers = 2" });
    size_t from = strlen(stack_log());
    stack_reload_and_wait();
    cr_assert_not(strstr(stack_log() + from, "reload_incomplete"), "%s", stack_log() + from);
    stack_configure("listen_mode = 0600");
    stack_reload_and_wait();
    cr_assert(stack_log_await(from, "reload_incomplete option=listen"));
    expect_json(HTTP("GET", "/readyz"), 200);
}

Test(process, a_reload_makes_a_new_run_directory_or_is_refused)
{
    char setting[512];
    STACK(.settings = { "workers = 2" });
    size_t from = strlen(stack_log());
    stack_configure("run_directory = /nonexistent/run");
    stack_reload();
    cr_assert(stack_log_await(from, "reload_refused"));
    snprintf(setting, sizeof setting, "run_directory = %s", stack_path("another"));
    stack_configure(setting);
    stack_reload_and_wait();
    sign_up("ada@example.org"); /* by the queue there */
    cr_assert_eq(access(stack_path("another/hash-queue"), F_OK), 0);
}

Test(process, told_to_stop_it_finishes_the_request_under_way)
{
    STACK(.settings = { "workers = 2", "drain_timeout = 50s", SLOW_HASH });
    sign_up("ada@example.org");
    struct http_call call =
        CALL("POST", "/login/", .body = log_in_body("ada@example.org", PASSWORD));
    struct load *load = load_start(&call, (struct load_options){ .clients = 1, .rounds = 1 });
    hashing_worker();
    kill(stack_master(), SIGTERM);
    cr_assert_eq(process_wait(stack_master(), 55000), 0);
    load_stop(load);
    cr_assert_eq(load_count(load, 200, 200), 1, "%s", load_summary(load));
    cr_assert_neq(access(stack_path("run/auth.sock"), F_OK), 0, "the socket's path is left behind");
}

/* ---- ways to start it ------------------------------------------------------------------------ */

static void use_it(void)
{
    struct tokens tokens = new_user("ada@example.org");
    tokens = refresh(tokens.refresh);
    expect_json(HTTP("GET", "/profile/", .token = tokens.access), 200);
    expect_no_content(HTTP("POST", "/logout/", .token = tokens.access));
    expect_problem(HTTP("GET", "/profile/", .token = tokens.access), 401, "Unauthorized",
                   "invalid_token");
    expect_json(HTTP("GET", "/readyz"), 200);
}

Test(process, serves_on_a_socket_that_was_handed_over)
{
    STACK(.kind = STACK_PASSED_SOCKET, .settings = { "workers = 2", "listen =" });
    use_it();
    stack_reload_and_wait();
    expect_json(HTTP("GET", "/readyz"), 200);
    cr_assert_eq(process_stop(stack_master()), 0);
    cr_assert_eq(access(stack_path("run/auth.sock"), F_OK), 0, "it removed what is not its own");
}

Test(process, serves_under_spawn_fcgi)
{
    pid_t workers[STACK_WORKERS_MAX];
    STACK(.kind = STACK_SPAWN_FCGI);
    expect_workers(4);
    use_it();
    cr_assert_eq(stack_workers(workers), 4);
    kill(workers[0], SIGTERM);
    cr_assert(process_await(has_exited, &workers[0], 5000), "it does not end");
    for (int i = 0; i < 10; i++)
        expect_json(HTTP("GET", "/readyz"), 200);
}

Test(process, started_in_a_terminal_it_says_how_it_is_meant_to_be_started)
{
    char said[8192];
    size_t size = 0;
    int master, terminal;
    STACK(.kind = STACK_NOTHING);
    cr_assert_eq(openpty(&master, &terminal, NULL, NULL, NULL), 0);
    pid_t pid =
        process_start(&(struct process){ .arguments = { stack_program() }, .terminal = terminal });
    close(terminal);
    for (ssize_t got;
         size < sizeof said - 1 && (got = read(master, said + size, sizeof said - 1 - size)) > 0;)
        size += (size_t)got;
    said[size] = '\0';
    close(master);
    int status = process_wait(pid, 10000);
    cr_assert(status != 0 && status < 128, "%d", status);
    cr_assert(strstr(said, "spawn-fcgi") && strstr(said, "serve"), "%s", said);
}

Test(process, a_second_one_on_the_same_socket_does_not_start)
{
    char output[4096];
    STACK();
    int status = stack_run((const char *const[]){ "serve", NULL }, output, sizeof output);
    cr_assert(status != 0 && status < 128, "%d %s", status, output);
    cr_assert(strstr(output, "not_listening"), "%s", output);
    expect_json(HTTP("GET", "/readyz"), 200);
}

/* What a kill -9 of everything leaves behind does not keep the next one from starting. */
Test(process, a_socket_of_the_dead_is_replaced)
{
    STACK(.settings = { "workers = 2" });
    pid_t children[STACK_WORKERS_MAX];
    int count = process_children(stack_master(), children, STACK_WORKERS_MAX);
    kill(stack_master(), SIGKILL);
    cr_assert_eq(process_wait(stack_master(), 5000), 128 + SIGKILL);
    for (int i = 0; i < count; i++)
        cr_assert(process_await(has_exited, &children[i], 10000), "an orphan serves on");
    cr_assert_eq(access(stack_path("run/auth.sock"), F_OK), 0);
    stack_restart();
    use_it();
}
