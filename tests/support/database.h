/* database - a database of its own for each test, on the server that tests/support/with-postgres
 * started or on one of the test's own. For tests of src/db. */
#ifndef SUPPORT_DATABASE_H
#define SUPPORT_DATABASE_H

#include "db/db.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum database_role { DATABASE_WORKER, DATABASE_OWNER, DATABASE_SUPERUSER };

/* For .init: with the schema of sql/, or with nothing in it. */
void database_create(void);
void database_create_empty(void);
/* For .fini: removes it, and the test's own server. */
void database_drop(void);

/* From now on there is a server that nobody else uses; to be called instead of database_create. */
void database_create_with_server(void);
void database_server_stop(void);
void database_server_start(void);

/* Its connection string. */
const char *database_conninfo(enum database_role role);
/* Its place: the host of the connection strings. */
const char *database_host(void);
/* A connection with a deadline of 5 s and prepared statements. To be freed with db_free. */
struct db *database_open(enum database_role role);
/* The process that serves a connection. */
pid_t database_backend(struct db *db);

/* SQL as superuser, outside of the code under test. The first value, or "" where there is none; it
 * lives until the eighth call after. Fails the test where it is refused. */
const char *database_sql(const char *format, ...) __attribute__((format(printf, 1, 2)));
int64_t database_integer(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Waits, 10 s at most, until the SQL gives `t`; fails the test if it does not. */
void database_await(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs `run` in n processes, each with its number; returns at once. The forks share nothing but
 * what is mapped, and assert nothing: a failed assertion would go on in them as if in the test. */
typedef int database_process(int number);
void database_fork(int n, database_process *run);
/* The exit status of each; fails the test where one does not end within 20 s. */
void database_join(int n, int statuses[]);

/* From database_log_catch on, what is logged goes to a file, which database_log gives. */
void database_log_catch(void);
const char *database_log(void);

#endif
