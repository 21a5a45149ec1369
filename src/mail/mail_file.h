/* mail_file - the files that mail needs: the password for the server, the text of a mail. */
#ifndef MAIL_MAIL_FILE_H
#define MAIL_MAIL_FILE_H

#include "base/config.h"
#include "base/secret.h"
#include <stdbool.h>

enum { MAIL_MESSAGE_SIZE = 512 };

/* The password of the option mail_password_file: one line, in a file that only its owner (us or
 * root) can read. *password is to be freed with secret_free, and NULL where the option is empty.
 * False with a sentence in message. */
bool mail_file_password(const struct config *config, struct secret **password,
                        char message[MAIL_MESSAGE_SIZE]);

/* The text of the option mail_template, to be freed with secret_free (nothing in it is secret).
 * False with a sentence in message: not there, too long, no {code} in it, a control character. */
bool mail_file_template(const struct config *config, struct secret **text,
                        char message[MAIL_MESSAGE_SIZE]);

/* Whether mail could be sent as far as these files go; true where there is no mail. */
bool mail_file_check(const struct config *config, char message[MAIL_MESSAGE_SIZE]);

#endif
