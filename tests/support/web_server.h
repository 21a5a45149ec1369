/* web_server - lighttpd, Apache or nginx in front of the service of a test's stack, each with the
 * configuration that deploy/ has for it; only its paths are replaced. Beside the stack's lighttpd.
 */
#ifndef SUPPORT_WEB_SERVER_H
#define SUPPORT_WEB_SERVER_H

#include <sys/types.h>

enum web_server_kind { WEB_LIGHTTPD, WEB_APACHE_PROXY, WEB_APACHE_FCGID, WEB_NGINX };
enum web_server_workers {
    WORKERS_SERVE,     /* the stack's own, on its Unix socket */
    WORKERS_SERVE_TCP, /* therappai-auth serve, on a port */
    WORKERS_SPAWNED,   /* spawn-fcgi -F, on a Unix socket */
    WORKERS_SPAWNED_TCP,
    WORKERS_ACTIVATED, /* serve, with a Unix socket that systemd opened */
    WORKERS_ACTIVATED_TCP,
    WORKERS_OF_SERVER /* the web server starts them */
};

struct web_server {
    enum web_server_kind kind;
    enum web_server_workers workers;
    const char *base_path; /* as the stack's configuration has it */
    const char *about;
    /* Further lines of its configuration, made when the workers run; NULL: none. */
    const char *(*further)(const struct web_server *server);
};

/* For `further`: a file of deploy/, and a text with something replaced, which must be there. */
const char *web_server_deployed(const char *name);
const char *web_server_replaced(const char *content, const char *from, const char *to);
/* Where the workers listen, as "127.0.0.1:PORT" or "/path". */
const char *web_server_backend(const struct web_server *server);

/* What is missing on this machine for it, or NULL. */
const char *web_server_lacks(const struct web_server *server);
/* Returns when requests are answered; http_site is set to it, base path included. */
void web_server_start(const struct web_server *server);
/* "http://127.0.0.1:PORT" and the base path. */
const char *web_server_url(void);
/* http_site is set to its root, rather than to its base path. */
void web_server_root(void);
void web_server_base(void);
/* For other programs behind it: a port, and a process that is to end with it. */
int web_server_free_port(void);
void web_server_keep(pid_t pid);
/* Ends it and what it started; the stack goes on. */
void web_server_stop(void);
/* For .fini: that, and stack_stop. */
void web_server_stop_all(void);

#endif
