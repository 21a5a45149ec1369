/* password_prompt - a password that a person types, or a program sends; never one that stands in
 * the arguments, which everybody on the host can read. */
#ifndef CLI_PASSWORD_PROMPT_H
#define CLI_PASSWORD_PROMPT_H

#include "base/secret.h"

/* From a terminal: asks twice, without echo. From anything else: one line of stdin, of which
 * nothing behind its end is read. NULL where there is none, where it is longer than any password
 * may be, or the two differ; that is then said on stderr, with the command's name. To be freed with
 * secret_free. */
struct secret *password_prompt(const char *command);

#endif
