/* uuid - the one text of it. */
#include "auth/uuid.h"
#include <criterion/criterion.h>
#include <string.h>

static const char text[] = "0b5f1c9e-6f0a-4d0e-9a54-5d2a3a1f7c11";

Test(uuid, comes_back_as_it_was_written)
{
    unsigned char bytes[UUID_BYTES];
    char back[UUID_SIZE];
    cr_assert(uuid_parse(text, bytes));
    cr_assert_eq(bytes[0], 0x0b);
    cr_assert_eq(bytes[6], 0x4d);
    cr_assert_eq(bytes[15], 0x11);
    uuid_format(bytes, back);
    cr_assert_str_eq(back, text);
}

Test(uuid, has_no_second_text)
{
    static const char *const others[] = {
        "",
        "0B5F1C9E-6F0A-4D0E-9A54-5D2A3A1F7C11",
        "{0b5f1c9e-6f0a-4d0e-9a54-5d2a3a1f7c11}",
        "0b5f1c9e6f0a4d0e9a545d2a3a1f7c11",
        "0b5f1c9e-6f0a-4d0e-9a54-5d2a3a1f7c1",
        "0b5f1c9e-6f0a-4d0e-9a54-5d2a3a1f7c111",
        "0b5f1c9e-6f0a-4d0e-9a54-5d2a3a1f7c1g",
        "0b5f1c9e06f0a-4d0e-9a54-5d2a3a1f7c11",
        "0b5f1c9-e6f0a-4d0e-9a54-5d2a3a1f7c11",
        " b5f1c9e-6f0a-4d0e-9a54-5d2a3a1f7c11",
        "0b5f1c9e-6f0a-4d0e-9a54-5d2a3a1f7c1\n",
        "------------------------------------",
    };
    unsigned char bytes[UUID_BYTES];
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_assert_not(uuid_parse(others[i], bytes), "'%s'", others[i]);
}

Test(uuid, leaves_the_bytes_alone_when_it_refuses)
{
    unsigned char bytes[UUID_BYTES], before[UUID_BYTES];
    memset(bytes, 7, sizeof bytes);
    memset(before, 7, sizeof before);
    cr_assert_not(uuid_parse("0b5f1c9e-6f0a-4d0e-9a54-5d2a3a1f7c1g", bytes));
    cr_assert_eq(memcmp(bytes, before, sizeof bytes), 0);
}
