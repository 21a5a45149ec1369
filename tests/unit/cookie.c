/* cookie - finding ours among the cookies of a site, and setting it (RFC 6265). */
#include "http/cookie.h"
#include <criterion/criterion.h>
#include <string.h>

#define NAME "__Secure-token"

Test(cookie, is_found_by_its_name_and_refused_where_it_is_not_sure)
{
    static const struct {
        const char *header, *value; /* value NULL: the error */
        enum error error;
    } cases[] = {
        { NAME "=abc", "abc", ERROR_NONE },
        { "a=1; " NAME "=abc; b=2", "abc", ERROR_NONE },
        { "a=1;" NAME "=abc;b=2", "abc", ERROR_NONE },
        { " ; ;" NAME "=abc \t;", "abc", ERROR_NONE },
        { NAME "=a=b==", "a=b==", ERROR_NONE },
        { "bad \"{}, \x01\xff; =; ;; x; " NAME "=abc", "abc", ERROR_NONE },
        { "x" NAME "=1; " NAME "=abc; " NAME "x=2", "abc", ERROR_NONE },
        { "x=" NAME "=1", NULL, ERROR_MISSING_TOKEN },
        { "", NULL, ERROR_MISSING_TOKEN },
        { NULL, NULL, ERROR_MISSING_TOKEN },
        { NAME, NULL, ERROR_MISSING_TOKEN },
        { NAME " =abc", NULL, ERROR_MISSING_TOKEN },
        { "__secure-token=abc", NULL, ERROR_MISSING_TOKEN },
        { "a=1, " NAME "=abc", NULL, ERROR_MISSING_TOKEN },
        { NAME "=", NULL, ERROR_INVALID_TOKEN },
        { NAME "=abc; " NAME "=abc", NULL, ERROR_INVALID_TOKEN },
        { NAME "=abc; " NAME "=", NULL, ERROR_INVALID_TOKEN },
        { NAME "=; " NAME "=abc", NULL, ERROR_INVALID_TOKEN },
        { NAME "=abc, " NAME "=def", NULL, ERROR_INVALID_TOKEN },
        { NAME "=\"abc\"", NULL, ERROR_INVALID_TOKEN },
        { NAME "=a b", NULL, ERROR_INVALID_TOKEN },
        { NAME "=a\\b", NULL, ERROR_INVALID_TOKEN },
        { NAME "=a\x01"
               "b",
          NULL, ERROR_INVALID_TOKEN },
        { NAME "=a\xc3\xa4", NULL, ERROR_INVALID_TOKEN },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct secret *value = NULL;
        cr_assert_eq(cookie_find(cases[i].header, NAME, &value), cases[i].error, "case %zu", i);
        if (cases[i].value)
            cr_assert_str_eq(secret_reveal(value), cases[i].value, "case %zu", i);
        else
            cr_assert_null(value, "case %zu", i);
        secret_free(value);
    }
}

Test(cookie, goes_out_with_every_protection_and_is_cleared_by_the_same_name_and_path)
{
    static const struct cookie cookie = { NAME, "/api/v1/", "Strict" };
    struct response response;
    struct secret *value = secret_new("abc", 3);
    response_init(&response);
    cookie_set(&response, &cookie, value, 1209600);
    cookie_clear(&response, &cookie);
    cr_assert_str_eq(response.headers.data,
                     "Set-Cookie: " NAME
                     "=abc; Path=/api/v1/; Max-Age=1209600; Secure; HttpOnly; SameSite=Strict\r\n"
                     "Set-Cookie: " NAME
                     "=; Path=/api/v1/; Max-Age=0; Secure; HttpOnly; SameSite=Strict\r\n");
    secret_free(value);
    response_clear(&response);
}
