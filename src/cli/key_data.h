/* key_data - the keys that personal information is encrypted with: what `key` does with them beyond
 * files. */
#ifndef CLI_KEY_DATA_H
#define CLI_KEY_DATA_H

#include "base/config.h"
#include <stdbool.h>

/* `key rotate --data`: another key encrypts, and what older ones encrypted is encrypted anew. Where
 * that was interrupted it goes on, with the key of that time. Returns the exit status. */
int key_data_rotate(const struct config *config);

/* Whether nothing is encrypted with that key, whatever it is; if not, or where the database does
 * not say, that is said on stderr. */
bool key_data_is_free(const struct config *config, const char *id);

#endif
