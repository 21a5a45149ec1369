/* user_change - the commands that change one account. */
#ifndef CLI_USER_CHANGE_H
#define CLI_USER_CHANGE_H

#include "cli/command.h"

command_run user_add, user_passwd, user_disable, user_enable, user_role, user_delete;

#endif
