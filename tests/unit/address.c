/* address - addresses and networks, and lists of them. */
#include "base/address.h"
#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

Test(address, is_read_and_written)
{
    static const struct {
        const char *text, *written;
    } cases[] = {
        { "192.0.2.1", "192.0.2.1" },
        { "0.0.0.0", "0.0.0.0" },
        { "255.255.255.255", "255.255.255.255" },
        { "::ffff:192.0.2.1", "192.0.2.1" },
        { "::FFFF:c000:201", "192.0.2.1" },
        { "::1", "::1" },
        { "::", "::" },
        { "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
        { "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct address address;
        char text[ADDRESS_TEXT_SIZE];
        cr_assert(address_parse(cases[i].text, strlen(cases[i].text), &address), "%s",
                  cases[i].text);
        address_print(&address, text);
        cr_assert_str_eq(text, cases[i].written);
    }
}

Test(address, that_is_something_else_is_refused)
{
    static const char *const texts[] = {
        "",
        " ",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.4 ",
        " 1.2.3.4",
        "1.2.3.4:80",
        "[::1]",
        "::1%lo",
        "fe80::1%eth0",
        "localhost",
        "unknown",
        "_hidden",
        "::1::",
        ":",
        "12345::",
        "0x7f.0.0.1",
        "2130706433",
        "1.2.3.4/32",
        "::1/128",
        "1.2.3.-4",
        "1.2.3.4\n",
        "::ffff:1.2.3.4.5.6.7.8.9.0.1.2.3.4.5.6.7.8.9",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct address address;
        cr_assert_not(address_parse(texts[i], strlen(texts[i]), &address), "'%s'", texts[i]);
    }
    struct address address;
    cr_assert_not(address_parse("1.2.3.4\0x", 9, &address), "a NUL within");
    cr_assert(address_parse("1.2.3.45", 7, &address), "as much as it is told of");
}

Test(address, of_the_loopback_are_these)
{
    static const struct {
        const char *address;
        bool loopback;
    } cases[] = {
        { "127.0.0.1", true },
        { "127.255.1.2", true },
        { "::1", true },
        { "0:0:0:0:0:0:0:1", true },
        { "::ffff:127.0.0.1", true },
        { "128.0.0.1", false },
        { "10.0.0.1", false },
        { "0.0.0.0", false },
        { "::", false },
        { "::2", false },
        { "::127.0.0.1", false },
        { "::ffff:10.0.0.1", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct address address;
        cr_assert(address_parse(cases[i].address, strlen(cases[i].address), &address));
        cr_assert_eq(address_is_loopback(&address), cases[i].loopback, "%s", cases[i].address);
    }
}

Test(address, list_tells_its_flaw)
{
    static const char *const good[] = {
        "",
        "127.0.0.1",
        "::1",
        "10.0.0.0/8",
        "10.0.0.1 10.0.0.2",
        "192.0.2.1/32",
        "2001:db8::/32 ::1/128 127.0.0.0/8",
        "0.0.0.0/1",
        "8000::/1",
        "10.128.0.0/9",
        "::ffff:10.0.0.0/104",
    };
    static const char *const bad[] = {
        " ",
        "10.0.0.1 ",
        " 10.0.0.1",
        "10.0.0.1  10.0.0.2",
        "10.0.0.1,10.0.0.2",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "10.0.0.0/0",
        "0.0.0.0/0",
        "::/0",
        "::/129",
        "10.0.0.0/",
        "10.0.0.0/08",
        "10.0.0.0/-8",
        "10.0.0.0/+8",
        "10.0.0.0/8x",
        "/8",
        "10.0.0.0//8",
        "10.0.0.0/255.0.0.0",
        "proxy.example.org",
        "2001:db8::1/32",
        "[::1]",
        "unix:",
        "10.0.0.0/8 x",
        "10.128.0.0/8",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_assert_null(address_list_flaw(good[i]), "'%s': %s", good[i], address_list_flaw(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_not_null(address_list_flaw(bad[i]), "'%s'", bad[i]);
}

Test(address, stands_in_a_list_or_in_a_network_of_it)
{
    static const char list[] = "192.0.2.7 10.0.0.0/9 172.16.0.0/12 2001:db8:a::/47 8000::/1 ::1";
    static const struct {
        const char *address;
        bool listed;
    } cases[] = {
        { "192.0.2.7", true },
        { "192.0.2.6", false },
        { "::ffff:192.0.2.7", true },
        { "10.0.0.0", true },
        { "10.127.255.255", true },
        { "10.128.0.0", false },
        { "11.0.0.0", false },
        { "172.31.255.255", true },
        { "172.32.0.0", false },
        { "2001:db8:a::1", true },
        { "2001:db8:b:ffff::", true },
        { "2001:db8:c::", false },
        { "2001:db8:9::", false },
        { "8000::", true },
        { "ffff::", true },
        { "7fff::", false },
        { "::1", true },
        { "::2", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct address address;
        cr_assert(address_parse(cases[i].address, strlen(cases[i].address), &address));
        cr_assert_eq(address_is_listed(list, &address), cases[i].listed, "%s", cases[i].address);
        cr_assert_not(address_is_listed("", &address), "%s", cases[i].address);
    }
}

/* Mapped into IPv6 they would be in the first half of it. */
Test(address, networks_of_ipv6_hold_no_ipv4)
{
    struct address address;
    cr_assert(address_parse("10.0.0.1", 8, &address));
    cr_assert_not(address_is_listed("::/1", &address));
    cr_assert(address_is_listed("::ffff:0.0.0.0/96", &address), "unless these are named");
    cr_assert(address_parse("::2", 3, &address));
    cr_assert(address_is_listed("::/1", &address));
}
