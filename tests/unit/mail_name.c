/* mail_name - mail servers and addresses that are taken, and those that are not. */
#include "base/mail_name.h"
#include <criterion/criterion.h>

Test(mail_name, knows_a_server_whether_it_is_this_host_and_whether_it_speaks_tls)
{
    static const struct {
        const char *text;
        bool good, local, tls;
    } cases[] = {
        { "smtp://mail.example.org:587", true, false, false },
        { "smtps://mail.example.org:465", true, false, true },
        { "smtp://127.0.0.1:25", true, true, false },
        { "smtp://127.8.9.1:25", true, true, false },
        { "smtp://localhost:25", true, true, false },
        { "smtp://LOCALHOST:25", true, true, false },
        { "smtps://[::1]:465", true, true, true },
        { "smtp://[2001:db8::1]:25", true, false, false },
        { "smtp://127.example.org:25", true, false, false },
        { "smtp://localhost.example.org:25", true, false, false },
        { "", true, false, false },
        { "mail.example.org:25", false, false, false },
        { "http://mail.example.org:25", false, false, false },
        { "smtp://mail.example.org", false, false, false },
        { "smtp://mail.example.org:0", false, false, false },
        { "smtp://mail.example.org:65536", false, false, false },
        { "smtp://mail.example.org:25/x", false, false, false },
        { "smtp://mail.example.org:25?x", false, false, false },
        { "smtp://user:secret@mail.example.org:25", false, false, false },
        { "smtp://:25", false, false, false },
        { "smtp://[::1:25", false, false, false },
        { "smtp://[]:25", false, false, false },
        { "smtp://mail example.org:25", false, false, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *flaw = mail_server_flaw(cases[i].text);
        cr_assert_eq(!flaw, cases[i].good, "%s: %s", cases[i].text, flaw ? flaw : "good");
        if (flaw)
            continue;
        cr_assert_eq(mail_server_is_local(cases[i].text), cases[i].local, "%s", cases[i].text);
        cr_assert_eq(mail_server_is_tls(cases[i].text), cases[i].tls, "%s", cases[i].text);
    }
}

/* RFC 5321 §4.1.2: Dot-string and Domain. */
Test(mail_name, lets_only_plain_addresses_into_an_envelope)
{
    static const struct {
        const char *address;
        bool plain;
    } cases[] = {
        { "ada@example.org", true },
        { "ada.b+tag@mail.example.org", true },
        { "!#$%&'*+-/=?^_`{|}~@example.org", true },
        { "ada@localhost", true },
        { "ada@xn--exmple-cua.org", true },
        { "", false },
        { "ada", false },
        { "@example.org", false },
        { "ada@", false },
        { "ada@example.org\r\nRCPT TO:<eve@example.org>", false },
        { "ada@example.org\nBcc: eve@example.org", false },
        { "ada\n@example.org", false },
        { "ada@example.org>", false },
        { "<ada@example.org", false },
        { "ada@example.org, eve@example.org", false },
        { "ada@eve@example.org", false },
        { "\"a b\"@example.org", false },
        { "a b@example.org", false },
        { "a,b@example.org", false },
        { ".ada@example.org", false },
        { "ada.@example.org", false },
        { "a..b@example.org", false },
        { "ada@example..org", false },
        { "ada@.example.org", false },
        { "ada@-example.org", false },
        { "ada@example.org-", false },
        { "ada@[127.0.0.1]", false },
        { "\xc3\xa4@example.org", false },
        { "ada@ex\xc3\xa4mple.org", false },
        { "a1234567890123456789012345678901234567890123456789012345678901234@example.org", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(mail_address_is_plain(cases[i].address), cases[i].plain, "%s",
                     cases[i].address);
}

Test(mail_name, has_no_subject_or_user_that_could_end_a_line)
{
    cr_assert_null(mail_subject_flaw("Ihr Code für ein neues Passwort"));
    cr_assert_not_null(mail_subject_flaw(""));
    cr_assert_not_null(mail_subject_flaw("x\r\nBcc: eve@example.org"));
    cr_assert_not_null(mail_subject_flaw("x\ny"));
    cr_assert_not_null(mail_subject_flaw("x\x7f"));
    cr_assert_null(mail_user_flaw(""));
    cr_assert_null(mail_user_flaw("ada@example.org"));
    cr_assert_not_null(mail_user_flaw("ada\r\n"));
    cr_assert_null(mail_from_flaw(""));
    cr_assert_not_null(mail_from_flaw("Ada <ada@example.org>"));
}
