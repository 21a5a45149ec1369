/* form - application/x-www-form-urlencoded, read strictly. */
#include "http/form.h"
#include <criterion/criterion.h>
#include <string.h>

static enum error parse(const char *text, size_t size, struct form **form)
{
    *form = NULL;
    return form_parse(text, size, form);
}

Test(form, fields_are_decoded)
{
    static const struct {
        const char *text, *value;
    } cases[] = {
        { "token=abc", "abc" },         { "a=1&token=abc&b=2", "abc" },
        { "token=a+b%20c", "a b c" },   { "token=%2B%26%3D%25", "+&=%" },
        { "token=a=b", "a=b" },         { "t%6Fken=x", "x" },
        { "token=%c3%A9", "\xc3\xa9" }, { "token=\xc3\xa9", "\xc3\xa9" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct form *form;
        cr_assert_eq(parse(cases[i].text, strlen(cases[i].text), &form), ERROR_NONE, "%s",
                     cases[i].text);
        cr_assert_str_eq(form_text(form, "token"), cases[i].value, "%s", cases[i].text);
        form_free(form);
    }
}

Test(form, what_is_empty_is_missing)
{
    static const char *const texts[] = { "", "a=1", "token", "token=", "token&a=1", "Token=x" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct form *form;
        struct secret *secret;
        struct field_errors errors = { 0 };
        cr_assert_eq(parse(texts[i], strlen(texts[i]), &form), ERROR_NONE, "%s", texts[i]);
        cr_assert_null(form_text(form, "token"), "%s", texts[i]);
        cr_assert_not(form_secret(form, "token", &secret, &errors));
        cr_assert_null(secret);
        cr_assert_eq(errors.count, 1);
        cr_assert_str_eq(errors.list[0].member, "token");
        form_free(form);
    }
}

Test(form, what_is_no_form_is_refused)
{
    static const char *const texts[] = {
        "token=1&token=1",
        "token=1&t%6fken=2",
        "token&token",
        "=x",
        "&",
        "a=1&",
        "a=1&&b=2",
        "&a=1",
        "token=%",
        "token=%4",
        "token=%4&a=1",
        "token=%4g",
        "token=%g4",
        "%zz=1",
        "token=%ff",
        "token=%c3",
        "token=\xff",
        "token=%ed%a0%80",
        "token=%c0%af",
        "a%00b=1",
        "token=a%00b",
        "token=%",
        "%",
        "token=%-1",
    };
    struct form *form;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_assert_eq(parse(texts[i], strlen(texts[i]), &form), ERROR_INVALID_FORM, "%s", texts[i]);
        cr_assert_null(form);
    }
    cr_assert_eq(parse("token=a\0b", 9, &form), ERROR_INVALID_FORM);
}

Test(form, has_sixteen_fields_at_most)
{
    static const char text[] = "a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=&l=&m=&n=&o=&p=1&q=";
    struct form *form;
    cr_assert_eq(parse(text, sizeof text - 1 - 3, &form), ERROR_NONE, "positive control");
    cr_assert_str_eq(form_text(form, "p"), "1");
    form_free(form);
    cr_assert_eq(parse(text, sizeof text - 1, &form), ERROR_INVALID_FORM);
}

Test(form, reads_no_further_than_its_size)
{
    struct form *form;
    cr_assert_eq(parse("token=abc&token=def", 9, &form), ERROR_NONE);
    cr_assert_str_eq(form_text(form, "token"), "abc");
    form_free(form);
    cr_assert_eq(parse("token=%41", 8, &form), ERROR_INVALID_FORM);
}
