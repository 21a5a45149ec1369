/* status - GET /healthz, /readyz and /metrics through a web server. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/stack.h"
#include <criterion/criterion.h>

TestSuite(status, .fini = stack_stop);

/* lighttpd takes the client's address from X-Forwarded-For, as behind another proxy. */
#define BEHIND_A_PROXY                                                                             \
    "server.modules += (\"mod_extforward\")\n"                                                     \
    "extforward.forwarder = (\"127.0.0.1\" => \"trust\")\n"
#define FROM_ELSEWHERE "X-Forwarded-For: 203.0.113.9"

Test(status, a_process_that_lives_and_has_its_database_says_so)
{
    STACK();
    expect_json(HTTP("GET", "/healthz"), 200);
    expect_json(HTTP("GET", "/readyz"), 200);
    expect_json(HTTP("GET", "/healthz/"), 200);
    expect_json(HTTP("GET", "/readyz/"), 200);
    expect_status(HTTP("HEAD", "/healthz"), 200);
    expect_status(HTTP("HEAD", "/readyz"), 200);
}

Test(status, without_a_database_it_lives_but_is_not_ready)
{
    STACK(.settings = { "database = host=/nonexistent dbname=none" });
    expect_json(HTTP("GET", "/healthz"), 200);
    expect_unavailable(HTTP("GET", "/readyz"));
}

Test(status, with_a_schema_that_is_behind_it_is_not_ready)
{
    char output[4096];
    STACK(.no_schema = true);
    expect_json(HTTP("GET", "/healthz"), 200);
    expect_unavailable(HTTP("GET", "/readyz"));
    cr_assert_eq(stack_run((const char *const[]){ "migrate", NULL }, output, sizeof output), 0,
                 "%s", output);
    expect_json(HTTP("GET", "/readyz"), 200);
}

Test(status, is_told_to_no_other_host)
{
    static const char *const paths[] = { "/healthz", "/readyz", "/metrics" };
    STACK(.lighttpd = BEHIND_A_PROXY);
    for (int i = 0; i < 3; i++) {
        expect_problem(HTTP("GET", paths[i], .headers = { FROM_ELSEWHERE }), 403, "Forbidden",
                       "forbidden");
        expect_status(HTTP("GET", paths[i]), 200);
    }
}

/* Only the web server's word counts: anyone can write the header. */
Test(status, a_header_that_the_web_server_does_not_trust_changes_nothing)
{
    STACK();
    expect_json(HTTP("GET", "/healthz", .headers = { FROM_ELSEWHERE }), 200);
    expect_json(HTTP("GET", "/healthz", .headers = { "Remote-Addr: 203.0.113.9" }), 200);
}

Test(status, is_told_to_other_hosts_where_the_option_says_so)
{
    STACK(.settings = { "status_access = any" }, .lighttpd = BEHIND_A_PROXY);
    expect_json(HTTP("GET", "/healthz", .headers = { FROM_ELSEWHERE }), 200);
    expect_json(HTTP("GET", "/readyz", .headers = { FROM_ELSEWHERE }), 200);
    expect_status(HTTP("GET", "/metrics", .headers = { FROM_ELSEWHERE }), 200);
}
