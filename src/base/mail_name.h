/* mail_name - how mail servers and mail addresses are written, and which options of mail fit
 * together. */
#ifndef BASE_MAIL_NAME_H
#define BASE_MAIL_NAME_H

#include "base/config.h"
#include <stdbool.h>

/* Each NULL, or what is wrong, in words that never repeat it; the empty text is an option's way to
 * say none. */
const char *mail_server_flaw(const char *text); /* smtp://host:port, smtps://host:port */
const char *mail_from_flaw(const char *text);
const char *mail_user_flaw(const char *text);
const char *mail_subject_flaw(const char *text);

/* Of a server without a flaw: whether the host is the loopback (127.0.0.0/8, ::1, localhost), and
 * whether TLS comes first of all. */
bool mail_server_is_local(const char *server);
bool mail_server_is_tls(const char *server);

/* Whether the address can stand in an envelope and in a header as it is: a dot-string and a domain
 * in ASCII (RFC 5321 §4.1.2), so no CR, LF, quotes, brackets or route. */
bool mail_address_is_plain(const char *address);

/* NULL, or what is wrong with the options of mail, each of which is good by itself. */
const char *mail_options_flaw(const struct config *config);

#endif
