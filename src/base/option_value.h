/* option_value - the value of one option: text to member and back. */
#ifndef BASE_OPTION_VALUE_H
#define BASE_OPTION_VALUE_H

#include "base/config.h"
#include "base/options.h"
#include <stdbool.h>
#include <stddef.h>

enum { OPTION_VALUE_SIZE = 1024 };

/* Puts the value into the option's member of config. Returns NULL, or what is wrong with it, in
 * words that never repeat it; `reason` (size bytes) is where they stand. */
const char *option_value_set(struct config *config, const struct option *option, const char *text,
                             char *reason, size_t size);
/* The member's value as a file would have it. */
void option_value_print(const struct config *config, const struct option *option,
                        char text[OPTION_VALUE_SIZE]);
/* What values the option takes, for people: "1 to 256", "on, off". */
void option_value_describe(const struct option *option, char *text, size_t size);

/* Whether the member is a text, and then the member. */
bool option_value_is_text(const struct option *option);
char **option_value_text(struct config *config, const struct option *option);
/* Wipes and frees the member, which may hold a password. */
void option_value_clear(struct config *config, const struct option *option);

#endif
