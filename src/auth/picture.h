/* picture - the files of profile pictures: in the option picture_directory, which the web server
 * serves, each under a name that nobody can guess. A row of the database names the file; whatever
 * breaks off midway leaves at most a file that no row names, which picture_purge collects. */
#ifndef AUTH_PICTURE_H
#define AUTH_PICTURE_H

#include "auth/auth.h"
#include <stdint.h>

enum { PICTURE_NAME_SIZE = 32 + sizeof ".jpg" /* hexadecimal digits, and what it is */ };

/* A file without a name, for what a client sends; the caller writes to it, and closes it. Errors:
 * ERROR_INTERNAL. */
enum error picture_receive(const struct config *config, int *upload);

/* Makes a picture of ours of it, by the program therappai-auth-picture; the file is on the disk,
 * and its name in `name`, when this returns. Errors: ERROR_UNSUPPORTED_PICTURE (`flaw` gets a
 * sentence for the client), ERROR_UNAVAILABLE (not done in time), ERROR_INTERNAL. */
enum error picture_store(const struct config *config, int upload, char name[PICTURE_NAME_SIZE],
                         const char **flaw);

/* The file goes; one that is not there is no error. */
void picture_remove(const struct config *config, const char *name);

/* Where a browser finds it, to be freed; NULL for NULL. */
char *picture_url(const struct config *config, const char *name);

/* For the housekeeper: removes the files that no row names and that are older than an hour;
 * `removed` gets their number. Errors: ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error picture_purge(struct auth *auth, int64_t *removed);

#endif
