/* cors - whose pages may read an answer, and from whose a cookie is taken. */
#include "api/cors.h"
#include <criterion/criterion.h>
#include <string.h>

static struct config config;
static struct response response;

static void set_up(void)
{
    static char pages[] = "https://app.example.org https://b.example.org",
                own[] = "https://auth.example.org";
    config = (struct config){ .allowed_origins = pages, .public_url = own };
    response_init(&response);
}
static void tear_down(void)
{
    response_clear(&response);
}
TestSuite(cors, .init = set_up, .fini = tear_down);

static const char *headers(void)
{
    return response.headers.size ? response.headers.data : "";
}

Test(cors, an_allowed_page_may_read_the_answer_and_others_get_nothing)
{
    static const char *const others[] = { NULL,
                                          "",
                                          "null",
                                          "https://evil.example",
                                          "https://app.example.org.evil.example",
                                          "https://app.example.org, https://app.example.org",
                                          "https://auth.example.org" };
    struct request request = { .method = METHOD_GET, .origin = "https://b.example.org" };
    cors_answer(&config, &request, &response);
    cr_assert_str_eq(headers(), "Vary: Origin\r\n"
                                "Access-Control-Allow-Origin: https://b.example.org\r\n"
                                "Access-Control-Expose-Headers: X-Request-Id, Retry-After, "
                                "WWW-Authenticate\r\n");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        buffer_reset(&response.headers);
        request.origin = others[i];
        cors_answer(&config, &request, &response);
        cr_assert_str_eq(headers(), "Vary: Origin\r\n", "case %zu", i);
    }
}

Test(cors, credentials_are_allowed_only_in_cookie_mode)
{
    struct request request = { .method = METHOD_GET, .origin = "https://b.example.org" };
    cors_answer(&config, &request, &response);
    cr_assert_null(strstr(headers(), "Credentials"));
    config.cookie = 1;
    cors_answer(&config, &request, &response);
    cr_assert(strstr(headers(), "Access-Control-Allow-Credentials: true\r\n"));
}

Test(cors, without_allowed_origins_there_is_no_header_at_all)
{
    struct request request = { .method = METHOD_OPTIONS,
                               .origin = "https://app.example.org",
                               .is_preflight = true };
    config.allowed_origins = (char[]){ "" };
    cors_answer(&config, &request, &response);
    cors_preflight(&config, &request, "POST, OPTIONS", &response);
    cr_assert_str_eq(headers(), "");
}

Test(cors, a_preflight_of_an_allowed_page_hears_what_the_path_offers)
{
    static const struct {
        enum method method;
        const char *origin;
        bool is_preflight, answered;
    } cases[] = {
        { METHOD_OPTIONS, "https://app.example.org", true, true },
        { METHOD_OPTIONS, "https://app.example.org", false, false },
        { METHOD_DELETE, "https://app.example.org", true, false },
        { METHOD_OPTIONS, "https://evil.example", true, false },
        { METHOD_OPTIONS, NULL, true, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct request request = { .method = cases[i].method,
                                         .origin = cases[i].origin,
                                         .is_preflight = cases[i].is_preflight };
        buffer_reset(&response.headers);
        cors_preflight(&config, &request, "POST, OPTIONS", &response);
        cr_assert_str_eq(headers(),
                         cases[i].answered ? "Access-Control-Allow-Methods: POST, OPTIONS\r\n"
                                             "Access-Control-Allow-Headers: authorization, "
                                             "content-type, x-request-id\r\n"
                                             "Access-Control-Max-Age: 600\r\n"
                                           : "",
                         "case %zu", i);
    }
}

Test(cors, a_cookie_is_taken_from_known_pages_alone)
{
    static const struct {
        const char *origin, *fetch_site;
        enum error expected;
    } cases[] = {
        { "https://app.example.org", NULL, ERROR_NONE },
        { "https://app.example.org", "same-site", ERROR_NONE },
        { "https://auth.example.org", "same-origin", ERROR_NONE },
        { NULL, "same-origin", ERROR_NONE },
        { NULL, NULL, ERROR_FOREIGN_ORIGIN },
        { NULL, "", ERROR_FOREIGN_ORIGIN },
        { NULL, "none", ERROR_FOREIGN_ORIGIN },
        { NULL, "same-site", ERROR_FOREIGN_ORIGIN },
        { NULL, "cross-site", ERROR_FOREIGN_ORIGIN },
        { NULL, "same-origin, same-origin", ERROR_FOREIGN_ORIGIN },
        { "", "same-origin", ERROR_FOREIGN_ORIGIN },
        { "null", "same-origin", ERROR_FOREIGN_ORIGIN },
        { "https://evil.example", "same-origin", ERROR_FOREIGN_ORIGIN },
        { "https://auth.example.org:8443", NULL, ERROR_FOREIGN_ORIGIN },
        { "http://auth.example.org", NULL, ERROR_FOREIGN_ORIGIN },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct request request = { .method = METHOD_POST,
                                         .origin = cases[i].origin,
                                         .fetch_site = cases[i].fetch_site };
        cr_assert_eq(cors_check_origin(&config, &request), cases[i].expected, "case %zu", i);
    }
}
