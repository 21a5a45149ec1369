/* user - therappai-auth user: the accounts. */
#include "cli/group.h"
#include "cli/user_transfer.h"

static const struct command commands[] = {
    { "export", "[--output FILE]", "every account, with its password hash, as a line of JSON",
      user_export },
    { "import", "[--input FILE]", "accounts from such lines; those that are there stay as they are",
      user_import },
    { 0 },
};

const struct command_group user_group = { "user", commands };
