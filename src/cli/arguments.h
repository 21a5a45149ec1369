/* arguments - the options and the words behind a command's name. */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include <stdbool.h>

/* One option: `flag` where it stands alone, `value` where a value follows. A name of NULL ends the
 * list. */
struct arguments_option {
    const char *name; /* with its dashes */
    bool *flag;
    const char **value;
};

/* How many words a command takes. */
struct arguments_words {
    int least, most;
};

/* Takes the options out of argv, wherever they stand before a "--", and leaves the words, which are
 * then counted. False where an option is none of these, stands twice or lacks its value, or where
 * there are more or fewer words; that is then said on stderr, with the command's name. */
bool arguments_take(const char *command, int *argc, char **argv,
                    const struct arguments_option options[], struct arguments_words words);

#endif
