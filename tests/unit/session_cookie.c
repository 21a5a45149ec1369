/* session_cookie - the cookies of cookie mode, and when they are taken. */
#include "api/session_cookie.h"
#include <criterion/criterion.h>
#include <string.h>

#define REFRESH "__Secure-therappai_refresh"
#define ACCESS  "__Host-therappai_access"
#define PAGE    "https://app.example.org"

static struct config config;
static struct response response;
static struct token_pair pair;

static void set_up(void)
{
    static char base_path[] = "/api/v1", none[] = "", page[] = PAGE;
    config = (struct config){ .base_path = base_path,
                              .public_url = none,
                              .allowed_origins = page,
                              .cookie = 1,
                              .cookie_access = 1 };
    pair = (struct token_pair){ .access = secret_new("a.b.c", 5),
                                .refresh = secret_new("r", 1),
                                .expires_in = 900,
                                .refresh_expires_in = 1209600 };
    response_init(&response);
}
static void tear_down(void)
{
    token_pair_clear(&pair);
    response_clear(&response);
}
TestSuite(session_cookie, .init = set_up, .fini = tear_down);

static const char *headers(void)
{
    return response.headers.size ? response.headers.data : "";
}

Test(session_cookie, holds_the_refresh_token_and_the_access_token_as_long_as_they_live)
{
    session_cookie_set(&config, &pair, &response);
    cr_assert_str_eq(headers(),
                     "Set-Cookie: " REFRESH
                     "=r; Path=/api/v1/; Max-Age=1209600; Secure; HttpOnly; SameSite=Strict\r\n"
                     "Set-Cookie: " ACCESS
                     "=a.b.c; Path=/; Max-Age=900; Secure; HttpOnly; SameSite=Lax\r\n");
}

Test(session_cookie, of_a_service_at_the_root_is_bound_to_the_host)
{
    config.base_path = (char[]){ "" };
    config.cookie_access = 0;
    session_cookie_set(&config, &pair, &response);
    cr_assert_str_eq(headers(), "Set-Cookie: __Host-therappai_refresh=r; Path=/; Max-Age=1209600; "
                                "Secure; HttpOnly; SameSite=Strict\r\n");
}

Test(session_cookie, is_cleared_only_where_it_could_have_been_set)
{
    session_cookie_clear(&config, &response);
    cr_assert(strstr(headers(), REFRESH "=; Path=/api/v1/; Max-Age=0;"));
    cr_assert(strstr(headers(), ACCESS "=; Path=/; Max-Age=0;"));
    buffer_reset(&response.headers);
    config.cookie = config.cookie_access = 0;
    session_cookie_clear(&config, &response);
    cr_assert_str_eq(headers(), "");
}

Test(session_cookie, gives_the_refresh_token_to_known_pages_alone)
{
    static const struct {
        const char *cookie, *origin;
        int64_t option;
        enum error expected;
    } cases[] = {
        { REFRESH "=r", PAGE, 1, ERROR_NONE },
        { REFRESH "=r", PAGE, 0, ERROR_MISSING_TOKEN },
        { NULL, PAGE, 1, ERROR_MISSING_TOKEN },
        { NULL, "https://evil.example", 1, ERROR_MISSING_TOKEN },
        { ACCESS "=r", PAGE, 1, ERROR_MISSING_TOKEN },
        { REFRESH "=r", "https://evil.example", 1, ERROR_FOREIGN_ORIGIN },
        { REFRESH "=r; " REFRESH "=s", "https://evil.example", 1, ERROR_FOREIGN_ORIGIN },
        { REFRESH "=r; " REFRESH "=s", PAGE, 1, ERROR_INVALID_REFRESH_TOKEN },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct request request = { .method = METHOD_POST,
                                         .cookie = cases[i].cookie,
                                         .origin = cases[i].origin };
        struct secret *refresh = NULL;
        config.cookie = cases[i].option;
        cr_assert_eq(session_cookie_refresh(&config, &request, &refresh), cases[i].expected,
                     "case %zu", i);
        cr_assert_eq(refresh != NULL, cases[i].expected == ERROR_NONE, "case %zu", i);
        secret_free(refresh);
    }
}

Test(session_cookie, gives_the_access_token_to_page_loads_and_to_known_pages)
{
    static const struct {
        enum method method;
        const char *cookie, *origin;
        int64_t option;
        enum error expected;
    } cases[] = {
        { METHOD_GET, ACCESS "=a.b.c", NULL, 1, ERROR_NONE },
        { METHOD_HEAD, ACCESS "=a.b.c", "https://evil.example", 1, ERROR_NONE },
        { METHOD_OPTIONS, ACCESS "=a.b.c", NULL, 1, ERROR_NONE },
        { METHOD_POST, ACCESS "=a.b.c", PAGE, 1, ERROR_NONE },
        { METHOD_POST, ACCESS "=a.b.c", "https://evil.example", 1, ERROR_FOREIGN_ORIGIN },
        { METHOD_POST, ACCESS "=a.b.c", NULL, 1, ERROR_FOREIGN_ORIGIN },
        { METHOD_DELETE, ACCESS "=a.b.c", NULL, 1, ERROR_FOREIGN_ORIGIN },
        { METHOD_OTHER, ACCESS "=a.b.c", NULL, 1, ERROR_FOREIGN_ORIGIN },
        { METHOD_GET, ACCESS "=a.b.c", NULL, 0, ERROR_MISSING_TOKEN },
        { METHOD_GET, REFRESH "=r", NULL, 1, ERROR_MISSING_TOKEN },
        { METHOD_GET, ACCESS "=a; " ACCESS "=b", NULL, 1, ERROR_INVALID_TOKEN },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct request request = { .method = cases[i].method,
                                         .cookie = cases[i].cookie,
                                         .origin = cases[i].origin };
        struct secret *access = NULL;
        config.cookie_access = cases[i].option;
        cr_assert_eq(session_cookie_access(&config, &request, &access), cases[i].expected,
                     "case %zu", i);
        cr_assert_eq(access != NULL, cases[i].expected == ERROR_NONE, "case %zu", i);
        secret_free(access);
    }
}
