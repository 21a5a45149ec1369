/* table - columns for people, JSON for programs. */
#include "cli/table.h"
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>

static const struct table_column columns[] = { { "id", COLUMN_NUMBER },
                                               { "full_name", COLUMN_TEXT },
                                               { "roles", COLUMN_LIST },
                                               { "disabled", COLUMN_SWITCH } };
static struct table *table;

static void start(void)
{
    cr_redirect_stdout();
    table = table_new(columns, sizeof columns / sizeof columns[0]);
}

static void finish(void)
{
    table_free(table);
}

TestSuite(table, .init = start, .fini = finish);

#define ADD(...) table_add(table, (const char *const[]){ __VA_ARGS__ })

static void expect_printed(const char *expected)
{
    fflush(stdout);
    cr_assert_stdout_eq_str(expected);
}

Test(table, is_aligned_by_what_is_seen)
{
    ADD("7", "Zoë", "user", "f");
    ADD("12", "日本語", "admin user", "t");
    ADD("130", NULL, "", "f");
    table_print(table, false);
    expect_printed(" ID  FULL NAME  ROLES       DISABLED\n"
                   "  7  Zoë        user        no\n"
                   " 12  日本語     admin user  yes\n"
                   "130  -          -           no\n");
}

Test(table, without_rows_is_its_headings)
{
    table_print(table, false);
    expect_printed("ID  FULL NAME  ROLES  DISABLED\n");
}

Test(table, is_an_array_of_objects_in_json)
{
    ADD("7", "A \"quoted\" name", "admin user", "t");
    ADD("8", NULL, "", "f");
    table_print(table, true);
    expect_printed("[{\"id\": 7, \"full_name\": \"A \\\"quoted\\\" name\","
                   " \"roles\": [\"admin\", \"user\"], \"disabled\": true},\n"
                   " {\"id\": 8, \"full_name\": null, \"roles\": [], \"disabled\": false}]\n");
}

Test(table, without_rows_is_an_empty_array)
{
    table_print(table, true);
    expect_printed("[]\n");
}

Test(table, of_one_record_is_a_line_for_each_column)
{
    ADD("7", "Ada\x1b[2J", "user", "f");
    table_print_record(table, false);
    expect_printed("ID         7\n"
                   "FULL NAME  Ada\\u{1b}[2J\n"
                   "ROLES      user\n"
                   "DISABLED   no\n");
}

Test(table, of_one_record_is_an_object_in_json)
{
    ADD("7", "Ada", "user", "f");
    table_print_record(table, true);
    expect_printed(
        "{\"id\": 7, \"full_name\": \"Ada\", \"roles\": [\"user\"], \"disabled\": false}\n");
}
