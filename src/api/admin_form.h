/* admin_form - what administrators send: queries, and bodies about accounts. */
#ifndef API_ADMIN_FORM_H
#define API_ADMIN_FORM_H

#include "api/exchange.h"
#include <stdint.h>

/* Each notes in exchange->errors what is wrong with its member. */

/* A number of the query from `least` to `most`; `otherwise` where it is missing. */
int64_t admin_query_number(struct exchange *exchange, const char *name, int64_t least, int64_t most,
                           int64_t otherwise);
/* "true" or "false" of the query as "t" or "f"; NULL where it is missing. */
const char *admin_query_switch(struct exchange *exchange, const char *name);
/* The path's {id} as the id of an account; 0 where it is none. */
int64_t admin_account_id(const struct exchange *exchange);

/* The array of names in a member, separated by single spaces, to be freed; NULL where it is
 * missing. */
char *admin_body_roles(struct exchange *exchange);

#endif
