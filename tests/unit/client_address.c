/* client_address - who a request is from, and who only says so. */
#include "http/client_address.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char proxies[] = "127.0.0.1 10.0.0.0/8 2001:db8:1::/48 ::1";

static struct client_address find(const char *remote, const char *forwarded, const char *trusted)
{
    struct request request = { .remote_address = remote, .forwarded_for = forwarded };
    struct client_address client;
    client_address_find(&request, trusted, &client);
    return client;
}

Test(client_address, is_what_the_web_server_says)
{
    static const struct {
        const char *remote, *text;
        bool local;
    } cases[] = {
        { "127.0.0.1", "127.0.0.1", true },
        { "127.255.1.2", "127.255.1.2", true },
        { "::1", "::1", true },
        { "0:0:0:0:0:0:0:1", "::1", true },
        { "::ffff:127.0.0.1", "127.0.0.1", true },
        { "192.0.2.1", "192.0.2.1", false },
        { "::ffff:192.0.2.1", "192.0.2.1", false },
        { "2001:DB8::1", "2001:db8::1", false },
        { NULL, "", false },
        { "", "", false },
        { "127.1", "", false },
        { "127.0.0.1 ", "", false },
        { "127.0.0.1.example.org", "", false },
        { "localhost", "", false },
        { "[::1]", "", false },
        { "unix:", "", false },
    };
    static const char *const lists[] = { "", proxies };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t j = 0; j < 2; j++) {
            struct client_address client = find(cases[i].remote, NULL, lists[j]);
            cr_assert_str_eq(client.text, cases[i].text, "%s", cases[i].remote);
            cr_assert_eq(client.is_local, cases[i].local, "%s", cases[i].remote);
        }
}

Test(client_address, of_a_proxy_is_that_of_its_client)
{
    static const struct {
        const char *what, *remote, *forwarded, *text;
    } cases[] = {
        { "one", "127.0.0.1", "203.0.113.9", "203.0.113.9" },
        { "a proxy of IPv6", "::1", "203.0.113.9", "203.0.113.9" },
        { "a proxy that is written mapped", "::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9" },
        { "a proxy in a network", "10.9.8.7", "203.0.113.9", "203.0.113.9" },
        { "a chain of proxies", "10.0.0.1", "203.0.113.9, 10.0.0.3, 10.0.0.2", "203.0.113.9" },
        { "what the client wrote itself", "127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9" },
        { "a client that names a proxy", "127.0.0.1", "127.0.0.1, 203.0.113.9", "203.0.113.9" },
        { "a client that names itself twice", "10.0.0.1", "1.2.3.4, 203.0.113.9, 10.0.0.2",
          "203.0.113.9" },
        { "a client's nonsense", "127.0.0.1", "x, ,\"a, 203.0.113.9", "203.0.113.9" },
        { "no spaces", "127.0.0.1", "198.51.100.1,203.0.113.9", "203.0.113.9" },
        { "many spaces", "127.0.0.1", " 1.2.3.4 \t,  203.0.113.9\t ", "203.0.113.9" },
        { "a port", "127.0.0.1", "203.0.113.9:5678", "203.0.113.9" },
        { "IPv6", "127.0.0.1", "2001:db8::9", "2001:db8::9" },
        { "IPv6 in brackets", "127.0.0.1", "[2001:db8::9]", "2001:db8::9" },
        { "IPv6 with a port", "127.0.0.1", "[2001:db8::9]:5", "2001:db8::9" },
        { "IPv4 mapped", "127.0.0.1", "::ffff:203.0.113.9", "203.0.113.9" },
        { "a mapped proxy", "127.0.0.1", "203.0.113.9, ::ffff:10.0.0.2", "203.0.113.9" },
        { "a proxy of IPv6 with a port", "127.0.0.1", "203.0.113.9, [2001:db8:1::1]:443",
          "203.0.113.9" },
        { "nobody but proxies", "127.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3" },
        { "nobody but proxies and a comma", "127.0.0.1", ", 10.0.0.2", "10.0.0.2" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct client_address client = find(cases[i].remote, cases[i].forwarded, proxies);
        cr_assert_str_eq(client.text, cases[i].text, "%s: %s", cases[i].what, client.text);
        cr_assert_not(client.is_local, "%s", cases[i].what);
    }
}

Test(client_address, cannot_be_chosen_by_a_client)
{
    static const char *const remotes[] = { "203.0.113.9", "2001:db8:2::1", "11.0.0.1" };
    static const char *const claims[] = { "127.0.0.1", "198.51.100.1",           "::1",
                                          "10.0.0.1",  "198.51.100.1, 10.0.0.1", "" };
    for (size_t i = 0; i < sizeof remotes / sizeof remotes[0]; i++)
        for (size_t j = 0; j < sizeof claims / sizeof claims[0]; j++) {
            struct client_address client = find(remotes[i], claims[j], proxies);
            cr_assert_str_eq(client.text, remotes[i], "%s: %s", remotes[i], claims[j]);
            cr_assert_not(client.is_local, "%s: %s", remotes[i], claims[j]);
        }
    cr_assert_str_eq(find("127.0.0.1", claims[1], "").text, "127.0.0.1", "nobody is trusted");
    cr_assert_str_eq(find("127.0.0.1", claims[1], proxies).text, claims[1], "positive control");
}

/* The last proxy that made itself known; its client is somebody, and not this host. */
Test(client_address, ends_at_an_entry_that_is_no_address)
{
    static const struct {
        const char *forwarded, *text;
    } cases[] = {
        { "", "127.0.0.1" },
        { " ", "127.0.0.1" },
        { ",", "127.0.0.1" },
        { "203.0.113.9,", "127.0.0.1" },
        { "203.0.113.9, ", "127.0.0.1" },
        { "unknown", "127.0.0.1" },
        { "_hidden", "127.0.0.1" },
        { "for=203.0.113.9", "127.0.0.1" },
        { "\"203.0.113.9\"", "127.0.0.1" },
        { "203.0.113.9 198.51.100.1", "127.0.0.1" },
        { "203.0.113.9:", "127.0.0.1" },
        { "203.0.113.9:x", "127.0.0.1" },
        { "203.0.113.9:123456", "127.0.0.1" },
        { "203.0.113.9:5:5", "127.0.0.1" },
        { "203.0.113.999", "127.0.0.1" },
        { "[203.0.113.9]", "127.0.0.1" },
        { "[2001:db8::9", "127.0.0.1" },
        { "[2001:db8::9]5", "127.0.0.1" },
        { "[2001:db8::9]:", "127.0.0.1" },
        { "[]", "127.0.0.1" },
        { "[", "127.0.0.1" },
        { ":5", "127.0.0.1" },
        { "fe80::1%eth0", "127.0.0.1" },
        { "203.0.113.9, unknown", "127.0.0.1" },
        { "203.0.113.9, unknown, 10.0.0.2", "10.0.0.2" },
        { "203.0.113.9, , 10.0.0.2", "10.0.0.2" },
        { "unknown, 127.0.0.1", "127.0.0.1" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct client_address client = find("127.0.0.1", cases[i].forwarded, proxies);
        cr_assert_str_eq(client.text, cases[i].text, "'%s': %s", cases[i].forwarded, client.text);
        cr_assert_not(client.is_local, "'%s'", cases[i].forwarded);
    }
}

Test(client_address, behind_a_proxy_may_be_this_very_host)
{
    static const char *const forwarded[] = { "127.0.0.1", "::1", "203.0.113.9, 127.0.0.1",
                                             "127.0.0.7", "127.0.0.1:80, 10.0.0.1" };
    static const bool local[] = { true, true, false, true, true };
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++)
        cr_assert_eq(find("127.0.0.1", forwarded[i], proxies).is_local, local[i], "%s",
                     forwarded[i]);
}

Test(client_address, is_found_behind_a_hundred_proxies)
{
    static char forwarded[4096] = "198.51.100.1, 203.0.113.9";
    size_t used = strlen(forwarded);
    for (int i = 0; i < 100; i++)
        used += (size_t)snprintf(forwarded + used, sizeof forwarded - used, ", 10.0.0.%d", i);
    cr_assert_str_eq(find("127.0.0.1", forwarded, proxies).text, "203.0.113.9");
}

/* A client's header X_Forwarded_For has the same name in FastCGI. */
Test(client_address, is_not_taken_from_two_headers)
{
    static const char *const environment[] = { "REQUEST_METHOD=GET",
                                               "REQUEST_URI=/api/v1/",
                                               "HTTP_X_FORWARDED_FOR=203.0.113.9",
                                               "REMOTE_ADDR=127.0.0.1",
                                               "HTTP_X_FORWARDED_FOR=127.0.0.1",
                                               NULL };
    struct request request;
    struct client_address client;
    request_parse(&request, (char *const *)environment, "/api/v1");
    client_address_find(&request, proxies, &client);
    cr_assert_str_eq(client.text, "127.0.0.1");
    cr_assert_not(client.is_local);
    request.forwarded_twice = false;
    client_address_find(&request, proxies, &client);
    cr_assert_str_eq(client.text, "203.0.113.9", "positive control");
}
