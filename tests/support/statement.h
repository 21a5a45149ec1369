/* statement - an empty database for the tests of single statements, and what they do again and
 * again. */
#ifndef SUPPORT_STATEMENT_H
#define SUPPORT_STATEMENT_H

#include "db/db.h"

#define SESSION       "00000000-0000-4000-8000-000000000001"
#define OTHER_SESSION "00000000-0000-4000-8000-000000000002"
#define NO_SESSION    "00000000-0000-4000-8000-00000000ffff"

/* The worker's connection to it. */
extern struct db *statement_db;

/* For .init and .fini of a suite. */
void statement_start(void);
void statement_finish(void);

/* The result of a statement that must succeed, to be freed. */
struct db_result *statement_run(enum statement statement, const char *const values[]);
#define STATEMENT_RUN(statement, ...) statement_run(statement, (const char *const[]){ __VA_ARGS__ })

/* Account 1, with the password hash "hash"; and a session of its. */
void statement_create_user(void);
void statement_create_session(const char *id);

/* Fails the test where the first row has another value there; NULL is SQL null. */
void statement_expect(const struct db_result *result, int column, const char *expected,
                      const char *what);

#endif
