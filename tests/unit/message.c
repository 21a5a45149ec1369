/* message - mail as it goes over the wire. */
#include "mail/message.h"
#include "base/secret.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct buffer wire;
static struct secret *code;

static void start(void)
{
    cr_assert(secret_start());
    buffer_init(&wire, MESSAGE_SIZE_MAX);
    code = secret_new("7K3M-9QXT", 9);
}

static void finish(void)
{
    buffer_clear(&wire);
    secret_free(code);
}

TestSuite(message, .init = start, .fini = finish);

static bool write(const char *to, const char *subject, const char *text)
{
    const struct message message = { .from = "no-reply@example.org",
                                     .to = to,
                                     .subject = subject,
                                     .date = 1769860800,
                                     .text = text,
                                     .code = code,
                                     .minutes = 15 };
    buffer_clear(&wire);
    return message_write(&message, &wire);
}

static const char *body(void)
{
    return strstr(wire.data, "\r\n\r\n") + 4;
}

Test(message, has_the_headers_that_a_mail_needs)
{
    static const char *const lines[] = {
        "Date: Sat, 31 Jan 2026 12:00:00 +0000\r\n",
        "\r\nMessage-ID: <",
        "@example.org>\r\n",
        "\r\nFrom: <no-reply@example.org>\r\n",
        "\r\nTo: <ada@example.org>\r\n",
        "\r\nSubject: Your code\r\n",
        "\r\nMIME-Version: 1.0\r\n",
        "\r\nContent-Type: text/plain; charset=utf-8\r\n",
        "\r\nContent-Transfer-Encoding: quoted-printable\r\n",
        "\r\nAuto-Submitted: auto-generated\r\n\r\n",
    };
    cr_assert(write("ada@example.org", "Your code", "{code}\n"));
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        cr_assert(strstr(wire.data, lines[i]), "no %s in %s", lines[i], wire.data);
    char *first = strdup(strstr(wire.data, "Message-ID"));
    cr_assert(write("ada@example.org", "Your code", "{code}\n"));
    cr_assert_str_neq(strstr(wire.data, "Message-ID"), first, "two mails have one id");
    free(first);
}

Test(message, has_a_body_that_no_server_needs_to_change)
{
    static const struct {
        const char *text, *body;
    } cases[] = {
        { "Your code: {code}\n", "Your code: 7K3M-9QXT\r\n" },
        { "{minutes} minutes, {code}", "15 minutes, 7K3M-9QXT\r\n" },
        { "{code}{code}\n", "7K3M-9QXT7K3M-9QXT\r\n" },
        { "{name} {co{code}de}\n", "{name} {co7K3M-9QXTde}\r\n" },
        { "a = b\n", "a =3D b\r\n" },
        { "f\xc3\xbcr\n", "f=C3=BCr\r\n" },
        { "blank \n\n.\n", "blank=20\r\n\r\n.\r\n" },
        { "\ttab\n", "=09tab\r\n" },
        { "a\rb\n", "a=0Db\r\n" },
        { "", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert(write("ada@example.org", "x", cases[i].text));
        cr_assert_str_eq(body(), cases[i].body);
    }
}

static void expect_short_lines(size_t most)
{
    for (const char *line = wire.data; *line;) {
        size_t size = strcspn(line, "\r");
        cr_assert_leq(size, most, "%.*s", (int)size, line);
        cr_assert(line[size] == '\r' && line[size + 1] == '\n', "a line ends otherwise");
        line += size + 2;
    }
}

Test(message, has_no_line_that_is_too_long)
{
    char text[1000];
    for (size_t i = 0; i + 1 < sizeof text; i++)
        text[i] = i % 3 ? 'x' : '=';
    text[sizeof text - 1] = '\0';
    cr_assert(write("ada@example.org", "x", text));
    expect_short_lines(76);
}

/* RFC 2047: each word whole characters, at most 75 of it. */
Test(message, has_a_subject_in_whole_characters)
{
    cr_assert(write("ada@example.org",
                    "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6", "x"));
    cr_assert(strstr(wire.data,
                     "Subject: =?UTF-8?Q?=C3=A4=C3=B6=C3=BC=C3=A4=C3=B6=C3=BC=C3=A4?=\r\n"
                     " =?UTF-8?Q?=C3=B6?=\r\n"),
              "%s", wire.data);
    expect_short_lines(76);
}

Test(message, is_not_written_to_who_could_add_headers)
{
    static const struct {
        const char *to, *subject;
        bool good;
    } cases[] = {
        { "ada@example.org", "x", true },
        { "ada@example.org\r\nBcc: eve@example.org", "x", false },
        { "ada@example.org>, <eve@example.org", "x", false },
        { "\xc3\xa4@example.org", "x", false },
        { "ada@example.org", "x\r\nBcc: eve@example.org", false },
        { "ada@example.org", "x\n", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(write(cases[i].to, cases[i].subject, "{code}"), cases[i].good, "%s",
                     cases[i].to);
        cr_assert_eq(wire.size > 0, cases[i].good);
    }
}

Test(message, that_does_not_fit_is_none)
{
    char *text = malloc(MESSAGE_SIZE_MAX + 1);
    memset(text, '=', MESSAGE_SIZE_MAX);
    text[MESSAGE_SIZE_MAX] = '\0';
    cr_assert(!write("ada@example.org", "x", text));
    cr_assert_eq(wire.size, 0);
    free(text);
}
