/* smtp - one mail to the mail server (RFC 5321), by libcurl; the only place that knows it. */
#ifndef MAIL_SMTP_H
#define MAIL_SMTP_H

#include "base/config.h"
#include "base/secret.h"
#include <stddef.h>

enum smtp_outcome {
    SMTP_SENT,        /* the server answers for it now */
    SMTP_REFUSED,     /* for good (5xx) */
    SMTP_POSTPONED,   /* for now (4xx), or the connection broke */
    SMTP_UNREACHABLE, /* no server, no trust in it, or none of it in us: not this mail's fault */
};

struct smtp_mail {
    const char *from, *to; /* plain (mail_address_is_plain) */
    const char *message;   /* as message_write makes it */
    size_t size;
};

struct smtp_report {
    const char *reason; /* static; never what the server said, which may hold the address */
    long reply;         /* its last reply code; 0: none */
};

/* To be called once in a process that sends, before it has threads. */
bool smtp_start(void);
void smtp_finish(void);

/* Takes mail_timeout at most. The server's certificate is verified; where the options want TLS,
 * nothing is said without. `password` may be NULL. */
enum smtp_outcome smtp_send(const struct config *config, const struct secret *password,
                            const struct smtp_mail *mail, struct smtp_report *report);

#endif
