/* text - what a terminal and a program get of texts that others wrote. */
#include "cli/text.h"
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <string.h>

static struct buffer out;

static void start(void)
{
    buffer_init(&out, 4096);
}

static void finish(void)
{
    buffer_clear(&out);
}

TestSuite(text, .init = start, .fini = finish);

Test(text, does_nothing_to_a_terminal)
{
    static const struct {
        const char *text, *shown;
        size_t width;
    } cases[] = {
        { "", "", 0 },
        { "Ada Lovelace", "Ada Lovelace", 12 },
        { "Zoë", "Zoë", 3 },
        { "Zoe\u0308", "Zoe\u0308", 3 },
        { "日本語", "日本語", 6 },
        { "👩\u200d🔬", "👩\u200d🔬", 4 },
        { "\x1b[2J", "\\u{1b}[2J", 9 },
        { "a\tb\nc", "a\\u{9}b\\u{a}c", 13 },
        { "\x7f", "\\u{7f}", 6 },
        { "\xc2\x9b"
          "31m",
          "\\u{9b}31m", 9 },
        { "a\u202eb", "a\\u{202e}b", 10 },
        { "a\u2066b", "a\\u{2066}b", 10 },
        { "\ufeff", "\\u{feff}", 8 },
        { "a\u2028b", "a\\u{2028}b", 10 },
        { "a\xff", "a\\x{ff}", 7 },
        { "\xc3", "\\x{c3}", 6 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buffer_reset(&out);
        size_t width = text_for_terminal(&out, cases[i].text);
        cr_assert_str_eq(out.data ? out.data : "", cases[i].shown);
        cr_assert_eq(width, cases[i].width, "'%s': %zu", cases[i].shown, width);
    }
}

Test(text, is_the_same_again_when_a_program_has_read_it)
{
    static const char *const texts[] = { "",         "Ada",       "\"quoted\" \\ back",
                                         "Zoë",      "日本語",    "\x1b[2J\t\n\x7f",
                                         "a/b",      "\u202e",    "\u2028",
                                         "\xc2\x9b", "\U000e0001" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        buffer_reset(&out);
        text_for_json(&out, texts[i]);
        json_object *read = json_tokener_parse(out.data);
        cr_assert(json_object_is_type(read, json_type_string), "%s", out.data);
        cr_assert_str_eq(json_object_get_string(read), texts[i]);
        json_object_put(read);
        for (const char *c = out.data; *c; c++)
            cr_assert((unsigned char)*c >= ' ' && *c != '\x7f' && !strstr(out.data, "\xc2\x9b"),
                      "%s", out.data);
    }
}

Test(text, that_is_no_utf8_is_replaced_in_json)
{
    text_for_json(&out, "a\xff");
    cr_assert_str_eq(out.data, "\"a\\ufffd\"");
}
