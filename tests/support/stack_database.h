/* stack_database - a database of its own for a test, copied from a template that has the schema. */
#ifndef SUPPORT_STACK_DATABASE_H
#define SUPPORT_STACK_DATABASE_H

#include <stdbool.h>

enum { CONNECTION_SIZE = 512 };

/* Connection strings of the same database. */
struct stack_database {
    char worker[CONNECTION_SIZE], owner[CONNECTION_SIZE], superuser[CONNECTION_SIZE];
};

/* Where the server is: the strings that the environment gives (TEST_DATABASE and so on). */
void stack_database_shared(struct stack_database *server);

/* Makes the strings those of a new database on that server. The schema is that of `migrate`, run
 * with this program; else the database is empty. */
void stack_database_create(struct stack_database *database, const char *name, const char *program,
                           bool schema);
/* Ends whoever uses it. */
void stack_database_drop(const struct stack_database *database, const char *name);

/* The first value that the SQL gives, to be freed; "" where it gives none. Fails the test where it
 * is refused. */
char *stack_database_query(const char *connection, const char *sql);

#endif
