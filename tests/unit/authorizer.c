/* authorizer - what a guarded location demands, and what the guarded application hears. */
#include "api/authorizer.h"
#include <criterion/criterion.h>
#include <string.h>

static struct buffer scope, roles;
static struct response response;

static void set_up(void)
{
    buffer_init(&scope, 256);
    buffer_init(&roles, 256);
    response_init(&response);
}
static void tear_down(void)
{
    buffer_clear(&scope);
    buffer_clear(&roles);
    response_clear(&response);
}
TestSuite(authorizer, .init = set_up, .fini = tear_down);

static bool demand_of(const char *require, struct gate_demand *demand)
{
    char variable[256];
    char *environment[] = { variable, NULL };
    snprintf(variable, sizeof variable, "AUTH_REQUIRE=%s", require);
    return authorizer_demand(environment, &scope, &roles, demand);
}

static bool is_equal(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

Test(authorizer, demands_what_the_configuration_says)
{
    static const struct {
        const char *require;
        enum access access;
        const char *scope, *roles;
        bool live;
    } cases[] = {
        { "token", ACCESS_TOKEN, NULL, NULL, false },
        { "session", ACCESS_TOKEN, NULL, NULL, true },
        { "permission=a:b", ACCESS_PERMISSION, "a:b", NULL, false },
        { "role=admin", ACCESS_PERMISSION, NULL, "admin", false },
        { " session  permission=a:b permission=c:d role=x ", ACCESS_PERMISSION, "a:b c:d", "x",
          true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gate_demand demand;
        cr_assert(demand_of(cases[i].require, &demand), "case %zu", i);
        cr_assert_eq(demand.access, cases[i].access, "case %zu", i);
        cr_assert(is_equal(demand.scope, cases[i].scope), "case %zu: %s", i, demand.scope);
        cr_assert(is_equal(demand.roles, cases[i].roles), "case %zu: %s", i, demand.roles);
        cr_assert_eq(demand.live, cases[i].live, "case %zu", i);
        tear_down();
    }
}

Test(authorizer, refuses_to_guess_at_a_word_that_it_does_not_know)
{
    static const char *const cases[] = {
        "sessions",     "permission=",   "role=", "admin", "Permission=a",
        "tokensession", "token,session", "",      " "
    };
    struct gate_demand demand;
    cr_assert(demand_of("token session", &demand), "positive control");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_not(demand_of(cases[i], &demand), "%s", cases[i]);
}

Test(authorizer, refuses_more_names_than_a_token_can_hold)
{
    char require[512] = "permission=", *environment[] = { NULL, NULL };
    char variable[600];
    struct gate_demand demand;
    memset(require + strlen(require), 'a', 300);
    snprintf(variable, sizeof variable, "AUTH_REQUIRE=%s", require);
    environment[0] = variable;
    cr_assert_not(authorizer_demand(environment, &scope, &roles, &demand));
}

Test(authorizer, mode_is_told_by_the_role_or_by_the_configuration)
{
    char *none[] = { NULL }, *subrequest[] = { "AUTH_MODE=subrequest", NULL };
    char *answer[] = { "AUTH_MODE=answer", NULL }, *other[] = { "AUTH_MODE=x", NULL };
    char *empty[] = { "AUTH_MODE=", NULL }, *modeless[] = { "AUTH_REQUIRE=session", NULL };
    cr_assert_eq(authorizer_mode(false, none), AUTHORIZER_NONE);
    cr_assert_eq(authorizer_mode(false, empty), AUTHORIZER_UNKNOWN);
    cr_assert_eq(authorizer_mode(false, modeless), AUTHORIZER_UNKNOWN);
    cr_assert_eq(authorizer_mode(true, none), AUTHORIZER_ROLE);
    cr_assert_eq(authorizer_mode(false, subrequest), AUTHORIZER_SUBREQUEST);
    cr_assert_eq(authorizer_mode(false, answer), AUTHORIZER_ANSWER);
    cr_assert_eq(authorizer_mode(false, other), AUTHORIZER_UNKNOWN);
}

static struct gate_pass somebody(void)
{
    struct gate_pass pass = { .claims = { .user_id = 42,
                                          .session_id = "0b9a4c5e-7f61-4c5c-9d8e-1d2c3b4a5f60",
                                          .roles = "admin user",
                                          .scope = "a:b c:d" } };
    return pass;
}

Test(authorizer, tells_the_application_in_variables_who_was_let_through)
{
    struct gate_pass pass = somebody();
    pass.user.email = (char[]){ "me@example.org" };
    authorizer_admit(AUTHORIZER_ROLE, &pass, &response);
    cr_assert_eq(response.status, 200);
    cr_assert_str_eq(response.headers.data,
                     "Variable-REMOTE_USER: 42\r\nVariable-AUTH_USER_ID: 42\r\n"
                     "Variable-AUTH_SESSION: 0b9a4c5e-7f61-4c5c-9d8e-1d2c3b4a5f60\r\n"
                     "Variable-AUTH_ROLES: admin user\r\nVariable-AUTH_SCOPE: a:b c:d\r\n"
                     "Variable-AUTH_EMAIL: me@example.org\r\n");
}

Test(authorizer, tells_a_subrequest_in_headers_who_was_let_through)
{
    struct gate_pass pass = somebody();
    authorizer_admit(AUTHORIZER_SUBREQUEST, &pass, &response);
    cr_assert_eq(response.status, 200);
    cr_assert_str_eq(
        response.headers.data,
        "X-Auth-User-Id: 42\r\nX-Auth-Session: 0b9a4c5e-7f61-4c5c-9d8e-1d2c3b4a5f60\r\n"
        "X-Auth-Roles: admin user\r\nX-Auth-Scope: a:b c:d\r\n");
}

Test(authorizer, denies_a_subrequest_with_401_or_403_and_tells_our_own_trouble_apart)
{
    static const struct {
        int status, expected;
    } cases[] = { { 401, 401 }, { 403, 403 }, { 419, 401 }, { 503, 503 }, { 500, 500 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        response.status = cases[i].status;
        authorizer_deny(AUTHORIZER_SUBREQUEST, "the_code", &response);
        cr_assert_eq(response.status, cases[i].expected, "%d", cases[i].status);
        cr_assert_str_eq(response.headers.data, "X-Auth-Error: the_code\r\n");
        response.status = cases[i].status;
        authorizer_deny(AUTHORIZER_ROLE, "the_code", &response);
        cr_assert_eq(response.status, cases[i].status, "the role passes every status on");
    }
}
