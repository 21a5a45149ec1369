/* options - the option table: everything that is known of each option, in one row. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_TEXT,
    OPTION_CONNECTION, /* a libpq connection string: may hold a password, so it is never repeated */
    OPTION_INTEGER,
    OPTION_OCTAL,
    OPTION_SECONDS,
    OPTION_MILLISECONDS,
    OPTION_BYTES,
    OPTION_KIBIBYTES,
    OPTION_CHOICE
};

struct option_choice {
    const char *name; /* NULL ends the list */
    int64_t value;
};

struct option {
    const char *name;
    enum option_kind kind;
    size_t offset;       /* in struct config */
    const char *initial; /* the default, as it is written in a file */
    const char *shown;   /* the default for the documentation; NULL: initial */
    int64_t least, most; /* of numbers, in the member's unit */
    const struct option_choice *choices;
    const char *help;
    const char *(*flaw)(const char *text); /* of texts: NULL, or what is wrong; may be NULL */
};

const struct option *options(size_t *count);

#endif
