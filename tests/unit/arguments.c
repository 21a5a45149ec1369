/* arguments - options and words behind a command's name. */
#include "cli/arguments.h"
#include "cli/command.h"
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <string.h>

TestSuite(arguments, .init = cr_redirect_stderr);

/* As main.c has it; the library does not. */
int command_usage(const char *command, const char *what)
{
    fprintf(stderr, "therappai-auth: %s: %s\n", command, what);
    return EXIT_USAGE;
}

enum { WORDS_MAX = 8 };
static bool json;
static const char *name;
static char *words[WORDS_MAX];
static int count;

static bool take(const char *const given[])
{
    const struct arguments_option options[] = { { "--json", &json, NULL },
                                                { "--name", NULL, &name },
                                                { NULL, NULL, NULL } };
    json = false;
    name = NULL;
    for (count = 0; given[count]; count++)
        words[count] = (char *)(uintptr_t)given[count];
    return arguments_take("test", &count, words, options, (struct arguments_words){ 1, 2 });
}
#define TAKE(...) take((const char *const[]){ __VA_ARGS__, NULL })

Test(arguments, are_taken_wherever_they_stand)
{
    cr_assert(TAKE("--json", "one", "--name", "Ada", "two"));
    cr_assert(json);
    cr_assert_str_eq(name, "Ada");
    cr_assert_eq(count, 2);
    cr_assert_str_eq(words[0], "one");
    cr_assert_str_eq(words[1], "two");
}

Test(arguments, behind_two_dashes_are_words)
{
    cr_assert(TAKE("--", "--json", "-"));
    cr_assert_not(json);
    cr_assert_eq(count, 2);
    cr_assert_str_eq(words[0], "--json");
}

Test(arguments, that_are_wrong_are_refused)
{
    static const char *const cases[][WORDS_MAX] = {
        { "one", "--nothing" },        { "one", "-j" },
        { "one", "--json", "--json" }, { "one", "--name", "a", "--name", "b" },
        { "one", "--name" },           { "--json" },
        { "one", "two", "three" },
    };
    cr_assert(TAKE("one", "two"));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_not(take(cases[i]), "case %zu", i);
}

/* It may be a password. */
Test(arguments, that_are_a_word_too_many_are_not_repeated)
{
    cr_assert_not(TAKE("one", "two", "swordfish"));
    fflush(stderr);
    cr_assert_stderr_eq_str("therappai-auth: test: a word too many (see therappai-auth help)\n");
}
