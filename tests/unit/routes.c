/* routes - the route table, and the gate before every row of it. */
#include "api/gate.h"
#include "api/routes.h"
#include <criterion/criterion.h>
#include <string.h>

static char nobody[] = "";

Test(routes, table_has_no_flaw)
{
    cr_assert_null(routes_flaw(), "%s", routes_flaw());
}

Test(routes, are_found_by_method_and_path)
{
    unsigned allowed;
    const struct route *route = routes_find(METHOD_POST, "/login/", &allowed);
    cr_assert_not_null(route);
    cr_assert_str_eq(route->path, "/login/");
    cr_assert_eq(allowed, METHOD_POST | METHOD_OPTIONS);
}

Test(routes, head_is_offered_wherever_get_is)
{
    unsigned allowed;
    const struct route *route = routes_find(METHOD_HEAD, "/profile/", &allowed);
    cr_assert_not_null(route);
    cr_assert_eq(route->method, METHOD_GET);
    cr_assert_eq(allowed, METHOD_GET | METHOD_HEAD | METHOD_PUT | METHOD_PATCH | METHOD_DELETE |
                              METHOD_OPTIONS);
}

Test(routes, a_known_path_with_another_method_says_what_is_allowed)
{
    unsigned allowed;
    cr_assert_null(routes_find(METHOD_DELETE, "/login/", &allowed));
    cr_assert_eq(allowed, METHOD_POST | METHOD_OPTIONS);
}

Test(routes, an_unknown_path_allows_nothing)
{
    static const char *const paths[] = { "/", "/login", "/login//", "/LOGIN/", "/login/x/", "" };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        unsigned allowed = 1;
        cr_assert_null(routes_find(METHOD_POST, paths[i], &allowed), "%s", paths[i]);
        cr_assert_eq(allowed, 0, "%s", paths[i]);
    }
}

Test(routes, take_one_segment_that_is_not_empty_for_a_parameter)
{
    static const struct {
        const char *path, *parameter; /* NULL: no route has it */
    } cases[] = {
        { "/sessions/7/", "7" },           { "/sessions/{id}/", "{id}" },
        { "/sessions/a b/", "a b" },       { "/sessions/7/8/", NULL },
        { "/sessions//", NULL },           { "/sessions/7", NULL },
        { "/sessions/7/sessions/", NULL }, { "/session/7/", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char parameter[REQUEST_PATH_SIZE] = "x";
        unsigned allowed;
        const struct route *route = routes_find(METHOD_DELETE, cases[i].path, &allowed);
        cr_assert_eq(route != NULL, cases[i].parameter != NULL, "%s", cases[i].path);
        if (!route)
            continue;
        routes_parameter(route, cases[i].path, parameter);
        cr_assert_str_eq(parameter, cases[i].parameter, "%s", cases[i].path);
        cr_assert_eq(allowed, METHOD_DELETE | METHOD_OPTIONS, "%s", cases[i].path);
    }
}

Test(routes, have_no_parameter_where_the_row_names_none)
{
    char parameter[REQUEST_PATH_SIZE] = "x";
    unsigned allowed;
    routes_parameter(routes_find(METHOD_POST, "/login/", &allowed), "/login/", parameter);
    cr_assert_str_empty(parameter);
}

Test(gate, a_demand_that_says_nothing_lets_nobody_through)
{
    struct request request = { .remote_address = "127.0.0.1" };
    struct config config = { .status_access = STATUS_ACCESS_ANY, .trusted_proxies = nobody };
    struct auth auth = { .config = &config };
    struct gate_demand demand = { .access = ACCESS_INVALID };
    struct gate_pass pass;
    cr_assert_eq(gate_check(&demand, &request, &auth, NULL, &pass), ERROR_INTERNAL);
    demand.access = ACCESS_PUBLIC;
    cr_assert_eq(gate_check(&demand, &request, &auth, NULL, &pass), ERROR_NONE, "positive control");
    cr_assert_eq(pass.token_error, ERROR_MISSING_TOKEN, "a public route knows nobody");
}

Test(gate, status_pages_are_for_this_host_unless_the_option_says_otherwise)
{
    static const struct {
        const char *address;
        enum config_status_access option;
        enum error expected;
    } cases[] = {
        { "127.0.0.1", STATUS_ACCESS_LOOPBACK, ERROR_NONE },
        { "::1", STATUS_ACCESS_LOOPBACK, ERROR_NONE },
        { "192.0.2.1", STATUS_ACCESS_LOOPBACK, ERROR_NOT_LOCAL },
        { NULL, STATUS_ACCESS_LOOPBACK, ERROR_NOT_LOCAL },
        { "192.0.2.1", STATUS_ACCESS_ANY, ERROR_NONE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request request = { .remote_address = cases[i].address };
        struct config config = { .status_access = cases[i].option, .trusted_proxies = nobody };
        struct auth auth = { .config = &config };
        struct gate_demand demand = { .access = ACCESS_LOCAL };
        struct gate_pass pass;
        cr_assert_eq(gate_check(&demand, &request, &auth, NULL, &pass), cases[i].expected,
                     "case %zu", i);
    }
}

Test(gate, a_route_that_needs_a_token_refuses_a_request_without_one)
{
    static const enum access accesses[] = { ACCESS_TOKEN, ACCESS_PERMISSION };
    struct request request = { .remote_address = "127.0.0.1" };
    struct config config = { 0 };
    struct auth auth = { .config = &config };
    for (size_t i = 0; i < sizeof accesses / sizeof accesses[0]; i++) {
        struct gate_demand demand = { .access = accesses[i], .scope = "profile:read" };
        struct gate_pass pass;
        cr_assert_eq(gate_check(&demand, &request, &auth, NULL, &pass), ERROR_MISSING_TOKEN,
                     "access %d", accesses[i]);
    }
}
