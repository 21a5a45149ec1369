/* postman - takes the mail of the outbox to the mail server, as a work of the housekeeper. */
#ifndef PROC_POSTMAN_H
#define PROC_POSTMAN_H

#include "auth/auth.h"

/* Delivers the mail that is due the longest, or finds out that it is not to be delivered; *done
 * gets 1, or 0 where none is due. Takes mail_timeout and the database's answers. Errors:
 * ERROR_UNAVAILABLE (the database, or the mail server: the others would fare no better),
 * ERROR_INTERNAL. */
enum error postman_deliver(struct auth *auth, int64_t *done);

#endif
