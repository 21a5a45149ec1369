/* origin - which texts are origins as browsers write them, and which of them a list holds. */
#include "base/origin.h"
#include <criterion/criterion.h>
#include <stddef.h>

Test(origin, is_scheme_host_and_port_as_a_browser_writes_them)
{
    static const struct {
        const char *text;
        bool one, list; /* whether it may be one origin, and a list */
    } cases[] = {
        { "", true, true },
        { "https://app.example.org", true, true },
        { "https://app.example.org:8443", true, true },
        { "https://a-b.example.org:80", true, true },
        { "https://192.0.2.1", true, true },
        { "https://[2001:db8::1]:8443", true, true },
        { "http://localhost:3000", true, true },
        { "http://127.0.0.1", true, true },
        { "http://[::1]:8080", true, true },
        { "http://app.example.org", true, false },
        { "http://localhost.example.org", true, false },
        { "http://127.0.0.1.example.org", true, false },
        { "https://a.example.org https://b.example.org", false, true },
        { "https://a.example.org http://b.example.org", false, false },
        { "*", false, false },
        { "null", false, false },
        { "https://*", false, false },
        { "https://*.example.org", false, false },
        { "https://", false, false },
        { "https://:443", false, false },
        { "https:/example.org", false, false },
        { "example.org", false, false },
        { "ftp://example.org", false, false },
        { "file://", false, false },
        { "https://example.org/", false, false },
        { "https://example.org/path", false, false },
        { "https://example.org?x", false, false },
        { "https://me@example.org", false, false },
        { "https://Example.org", false, false },
        { "HTTPS://example.org", false, false },
        { "https://example.org.", false, false },
        { "https://.example.org", false, false },
        { "https://ex ample.org", false, false },
        { "https://example.org:", false, false },
        { "https://example.org:443", false, false },
        { "http://localhost:80", false, false },
        { "https://example.org:0", false, false },
        { "https://example.org:08443", false, false },
        { "https://example.org:65536", false, false },
        { "https://example.org:99999999999999999999", false, false },
        { "https://example.org:84x3", false, false },
        { "https://[::1", false, false },
        { "https://[]", false, false },
        { "https://[example.org]", false, false },
        { " https://example.org", false, false },
        { "https://example.org ", false, false },
        { "https://a.example.org  https://b.example.org", false, false },
        { "https://a.example.org,https://b.example.org", false, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(origin_flaw(cases[i].text) == NULL, cases[i].one, "one: '%s'", cases[i].text);
        cr_assert_eq(origin_list_flaw(cases[i].text) == NULL, cases[i].list, "list: '%s'",
                     cases[i].text);
    }
}

Test(origin, is_in_a_list_only_to_the_letter)
{
    static const char list[] = "https://app.example.org https://b.example.org:8443";
    static const struct {
        const char *origin;
        bool listed;
    } cases[] = {
        { "https://app.example.org", true },
        { "https://b.example.org:8443", true },
        { "https://b.example.org", false },
        { "https://app.example.org:8443", false },
        { "http://app.example.org", false },
        { "https://app.example.or", false },
        { "https://app.example.org.evil.example", false },
        { "https://APP.example.org", false },
        { "https://app.example.org https://b.example.org:8443", false },
        { "https://app.example.org, https://app.example.org", false },
        { "https", false },
        { "null", false },
        { " ", false },
        { "", false },
        { NULL, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(origin_is_listed(list, cases[i].origin), cases[i].listed, "'%s'",
                     cases[i].origin ? cases[i].origin : "(none)");
    cr_assert_not(origin_is_listed("", "https://app.example.org"));
    cr_assert_not(origin_is_listed("", ""));
}
