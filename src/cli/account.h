/* account - the accounts in the tables that commands print, and the one that a command is about. */
#ifndef CLI_ACCOUNT_H
#define CLI_ACCOUNT_H

#include "auth/registry.h"
#include "cli/operator.h"
#include "cli/table.h"

/* With the columns of registry_list and registry_look_up. */
struct table *account_table(void);

/* The account that `who` names; false, said on stderr, where there is none or the database is away.
 * `table`, where it is not NULL, gets it. */
bool account_find(struct operator_desk *desk, const char *command, const char *who, int64_t *id,
                  struct table *table);

#endif
