/* personal_info - what may stand in it. */
#include "auth/personal_info.h"
#include "base/clock.h"
#include <criterion/criterion.h>
#include <string.h>

static void start(void)
{
    clock_fake(1795417080); /* 2026-11-23 06:58:00 UTC */
}

TestSuite(personal_info, .init = start);

static const char *repeated(const char *part, size_t count)
{
    static char text[9000];
    size_t size = strlen(part);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * size, part, size);
    text[count * size] = '\0';
    return text;
}

struct flaw_case {
    const char *text;
    bool good;
};

static void check(enum personal_info_column column, const struct flaw_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *flaw = personal_info_flaw(column, cases[i].text, strlen(cases[i].text));
        cr_assert_eq(!flaw, cases[i].good, "'%s': %s", cases[i].text, flaw ? flaw : "taken");
    }
}

Test(personal_info, a_date_of_birth_is_a_day_of_the_calendar_that_has_come)
{
    static const struct flaw_case cases[] = {
        { "1990-12-31", true },
        { "2000-02-29", true },
        { "1996-02-29", true },
        { "1900-01-01", true },
        { "2026-11-23", true },
        { "2026-11-24", true },
        { "2026-11-25", false },
        { "2027-01-01", false },
        { "1900-02-29", false },
        { "2001-02-29", false },
        { "1990-00-10", false },
        { "1990-13-10", false },
        { "1990-04-31", false },
        { "1990-04-00", false },
        { "1899-12-31", false },
        { "0000-01-01", false },
        { "1990-1-1", false },
        { "31.12.1990", false },
        { "1990-12-3a", false },
        { "1990/12/31", false },
        { " 1990-12-31", false },
        { "1990-12-31 ", false },
        { "+990-12-31", false },
        { "19901231", false },
        { "1990-12-31T00:00:00Z", false },
    };
    check(PERSONAL_INFO_DATE_OF_BIRTH, cases, sizeof cases / sizeof cases[0]);
}

Test(personal_info, a_number_has_digits_and_what_is_written_between_them)
{
    static const struct flaw_case cases[] = {
        { "+49 (30) 123-456/7.8", true },
        { "1", true },
        { "1234567890123456789012345678901234567890", true },
        { "12345678901234567890123456789012345678901", false },
        { "+", false },
        { "123x", false },
        { "12\n3", false },
        { "\xd9\xa1", false },
    };
    check(PERSONAL_INFO_CONTACT_NUMBER, cases, sizeof cases / sizeof cases[0]);
    cr_assert(personal_info_flaw(PERSONAL_INFO_CONTACT_NUMBER, "1\0002", 3), "NUL");
}

Test(personal_info, a_text_has_at_most_2000_characters_and_no_control_characters)
{
    static const struct flaw_case cases[] = {
        { "Sleep.\r\n\tThrough the night. \xf0\x9f\x8c\xb1", true },
        { "a\x07"
          "b",
          false },
        { "a\x1b[31mb", false },
        { "\xc2\x9b", false },
        { "\xff", false },
    };
    check(PERSONAL_INFO_GOALS, cases, sizeof cases / sizeof cases[0]);
    cr_assert(personal_info_flaw(PERSONAL_INFO_MOOD, "a\0b", 3), "NUL");
    static const char *const parts[] = { "a", "\xc3\xa4", "\xf0\x9f\x8c\xb1" };
    for (size_t i = 0; i < 3; i++) {
        const char *text = repeated(parts[i], 2000);
        cr_assert_null(personal_info_flaw(PERSONAL_INFO_GOALS, text, strlen(text)), "%zu", i);
        text = repeated(parts[i], 2001);
        cr_assert(personal_info_flaw(PERSONAL_INFO_GOALS, text, strlen(text)), "%zu", i);
    }
}
