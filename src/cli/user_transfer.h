/* user_transfer - user export and user import: accounts as lines of JSON. */
#ifndef CLI_USER_TRANSFER_H
#define CLI_USER_TRANSFER_H

#include "cli/command.h"

/* One object a line: email, name, password_hash, roles, disabled, and for people id and created. */
command_run user_export, user_import;

#endif
