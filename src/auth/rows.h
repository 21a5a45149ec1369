/* rows - what a statement finds, handed over row by row to who shows it. */
#ifndef AUTH_ROWS_H
#define AUTH_ROWS_H

#include "auth/auth.h"
#include "base/error.h"

/* The values are texts, as a database has them: numbers in decimal digits, "t" and "f", times in
 * UTC and ISO 8601, lists of names separated by single spaces, NULL for what is not known. They
 * live until the function returns. */
typedef void rows_take(void *context, const char *const values[]);

enum { ROWS_COLUMNS_MAX = 16 };

/* Runs the statement; *count, which may be NULL, gets the number of rows. Errors:
 * ERROR_UNAVAILABLE, ERROR_INTERNAL. */
enum error rows_run(struct auth *auth, enum statement statement, const char *const values[],
                    int columns, rows_take *take, void *context, int *count);

#endif
