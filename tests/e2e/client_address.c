/* client_address - the option trusted_proxies through a web server. */
#include "support/expect.h"
#include "support/flows.h"
#include "support/stack.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(client_address, .fini = stack_stop);

#define EMAIL   "ada@example.org"
#define CLIENT  "203.0.113.9"
#define TRUSTED "trusted_proxies = 127.0.0.1 10.0.0.0/8"

/* What a login with these headers is known by: in the list of sessions, and in the audit log. */
static const char *address_of_login(const char *first, const char *second)
{
    const struct http_reply *reply =
        HTTP("POST", "/login/", .body = log_in_body(EMAIL, PASSWORD), .headers = { first, second });
    expect_json(reply, 200);
    reply = HTTP("GET", "/sessions/", .token = member_text(reply, "access"));
    expect_json(reply, 200);
    const char *address =
        stack_sql("SELECT address FROM audit WHERE event = 'login' ORDER BY id DESC LIMIT 1");
    cr_assert(strstr(reply->body, text("\"address\":\"%s\"", address)), "%s: %s", address,
              reply->body);
    return address;
}

Test(client_address, of_a_client_behind_a_trusted_proxy_is_its_own)
{
    static const struct {
        const char *first, *second, *address;
    } cases[] = {
        { NULL, NULL, "127.0.0.1" },
        { "X-Forwarded-For: " CLIENT, NULL, CLIENT },
        { "X-Forwarded-For: [2001:db8::9]:5", NULL, "2001:db8::9" },
        { "X-Forwarded-For: " CLIENT ", 10.0.0.7", NULL, CLIENT },
        { "X-Forwarded-For: 198.51.100.1, " CLIENT, NULL, CLIENT },
        { "X-Forwarded-For: 127.0.0.1, " CLIENT, NULL, CLIENT },
        { "X-Forwarded-For: 198.51.100.1", "X-Forwarded-For: " CLIENT, CLIENT },
        { "X-Forwarded-For: unknown", NULL, "127.0.0.1" },
        { "Forwarded: for=198.51.100.1", NULL, "127.0.0.1" },
        { "X-Forwarded-For: " CLIENT, "Forwarded: for=198.51.100.1", CLIENT },
    };
    STACK(.settings = { TRUSTED });
    sign_up(EMAIL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_str_eq(address_of_login(cases[i].first, cases[i].second), cases[i].address, "%s",
                         cases[i].first);
}

/* lighttpd passes both on by the same name. */
Test(client_address, is_not_chosen_by_a_header_that_resembles_the_proxys)
{
    static const char proxys[] = "X-Forwarded-For: " CLIENT,
                      own[] = "X_Forwarded_For: 198.51.100.1";
    STACK(.settings = { TRUSTED });
    sign_up(EMAIL);
    cr_assert_str_neq(address_of_login(proxys, own), "198.51.100.1");
    cr_assert_str_neq(address_of_login(own, proxys), "198.51.100.1");
    cr_assert_str_eq(address_of_login(proxys, NULL), CLIENT, "positive control");
}

Test(client_address, is_not_chosen_by_a_client)
{
    static const char *const settings[] = { "trusted_proxies = ", "trusted_proxies = 10.0.0.0/8",
                                            "trusted_proxies = 127.0.0.1" };
    static const char *const addresses[] = { "127.0.0.1", "127.0.0.1", CLIENT };
    STACK(.settings = { settings[0] });
    sign_up(EMAIL);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        stack_configure(settings[i]);
        stack_reload_and_wait();
        cr_assert_str_eq(address_of_login("X-Forwarded-For: " CLIENT, NULL), addresses[i], "%s",
                         settings[i]);
    }
}

Test(client_address, decides_who_is_on_this_host)
{
    static const struct {
        const char *forwarded;
        bool local;
    } cases[] = {
        { "X-Forwarded-For: " CLIENT, false },  { "X-Forwarded-For: 127.0.0.1, " CLIENT, false },
        { "X-Forwarded-For: unknown", false },  { "X-Forwarded-For: " CLIENT ", unknown", false },
        { "X-Forwarded-For: 127.0.0.1", true }, { "X-Other: x", true },
    };
    static const char *const paths[] = { "/healthz", "/readyz" };
    STACK(.settings = { TRUSTED });
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t j = 0; j < 2; j++) {
            const struct http_reply *reply = HTTP(
                "GET", paths[j], .headers = { cases[i].forwarded }, .about = cases[i].forwarded);
            if (cases[i].local)
                expect_json(reply, 200);
            else
                expect_problem(reply, 403, "Forbidden", "forbidden");
        }
}
