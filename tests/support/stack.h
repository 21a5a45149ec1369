/* stack - the service as it is run: lighttpd, therappai-auth behind it, a database of its own,
 * keys, a configuration file; one for each test, with nothing shared but the PostgreSQL server. */
#ifndef SUPPORT_STACK_H
#define SUPPORT_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum stack_kind {
    STACK_SERVE = 0,     /* therappai-auth serve, on a socket of its own */
    STACK_PASSED_SOCKET, /* therappai-auth serve, on a socket handed over by LISTEN_FDS */
    STACK_SPAWN_FCGI,    /* spawn-fcgi -F 4 -- therappai-auth */
    STACK_NOTHING        /* configuration, keys and database, but nothing is started */
};

struct stack_options {
    char first; /* of no meaning: C has no empty initialiser */
    enum stack_kind kind;
    const char *settings[12]; /* "option = value", instead of the tests' usual ones */
    const char *algorithm;    /* of the access tokens; NULL: HS256 */
    const char *lighttpd;     /* further lines of its configuration */
    bool own_cluster;         /* a PostgreSQL server of its own (stack_cluster); else the shared */
    bool no_schema;           /* the database is empty */
};

/* Returns when requests are answered. To be ended by stack_stop, in .fini. */
#define STACK(...) stack_start(&(struct stack_options){ .first = 0, __VA_ARGS__ })
void stack_start(const struct stack_options *options);
/* Ends it all, and fails the test where a sanitizer wrote a report. Does nothing where nothing was
 * started. */
void stack_stop(void);

/* Where things are; texts live until http_forget. */
const char *stack_path(const char *name);     /* below the test's directory */
const char *stack_base(void);                 /* "http://127.0.0.1:PORT/api/v1" */
const char *stack_key(const char *algorithm); /* the file of the key */

const char *stack_program(void);

/* The master of `serve`, and the workers (whatever started them). */
pid_t stack_master(void);
enum { STACK_WORKERS_MAX = 64 };
int stack_workers(pid_t workers[STACK_WORKERS_MAX]);

/* Changes the configuration file; the service is told nothing. */
void stack_configure(const char *setting);
/* Ends lighttpd, which only then writes all of its log. */
void stack_stop_web_server(void);
/* Starts the service once more, after it ended. */
void stack_restart(void);
/* SIGHUP to the master. The second returns when every worker has been replaced. */
void stack_reload(void);
void stack_reload_and_wait(void);
/* All that the service wrote to its log so far, and whether it writes `event` within 10 s, counted
 * from `from` bytes on. */
const char *stack_log(void);
bool stack_log_await(size_t from, const char *event);

/* A connection to the FastCGI socket, past the web server, or -1. */
int stack_connect(void);

/* Runs the program with this stack's configuration and waits for it; `output` as process_run. */
int stack_run(const char *const arguments[], char *output, size_t size);

/* SQL in the test's database, as superuser. The first value, or "" where there is none. */
const char *stack_sql(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
