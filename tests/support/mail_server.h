/* mail_server - a real mail server, Exim, as the mail server of the service under test: on a port
 * of its own, without privileges, with a maildir for everybody.
 *
 * Who has the local part `later` is refused for now (451), who has `nobody` for good (550). */
#ifndef SUPPORT_MAIL_SERVER_H
#define SUPPORT_MAIL_SERVER_H

#include <stdbool.h>

#define MAIL_SERVER_USER     "postman"
#define MAIL_SERVER_PASSWORD "a secret of the post"

struct mail_server_options {
    char first; /* of no meaning: C has no empty initialiser */
    bool login; /* takes mail only with STARTTLS, and from MAIL_SERVER_USER */
    int port;   /* 0: a free one */
};

/* Within the directory of the stack, which runs already. The guard ends what is left. */
#define MAIL_SERVER(...) mail_server_start(&(struct mail_server_options){ .first = 0, __VA_ARGS__ })
void mail_server_start(const struct mail_server_options *options);
void mail_server_stop(void);
/* A port on which nobody listens. */
int mail_server_free_port(void);
/* A socket at which clients wait for an answer; to be closed. */
int mail_server_silent(int *its_port);

int mail_server_port(void);
/* The file of its certificate, which is its own issuer, for 127.0.0.1 alone; and that of another
 * one. */
const char *mail_server_certificate(void);
const char *mail_server_other_certificate(void);
/* A file with MAIL_SERVER_PASSWORD, of mode 0600. */
const char *mail_server_password_file(void);

/* How many mails have come. */
int mail_server_count(void);
/* The one mail there is, within 10 s, as it came; it is gone from the maildir afterwards. Lives
 * until http_forget. */
const char *mail_server_take(void);
/* Waits, 10 s at most, until the service has nothing left to send; false where it still has. */
bool mail_server_await_outbox(void);
/* The code in it. */
const char *mail_server_code(const char *mail);

#endif
