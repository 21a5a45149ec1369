/* admin_views - what administrators are shown: rows of the database as JSON. */
#ifndef API_ADMIN_VIEWS_H
#define API_ADMIN_VIEWS_H

#include "auth/rows.h"
#include <json-c/json.h>
#include <stdint.h>

/* Rows as they come: `context` of the functions below, which are a rows_take each. */
struct admin_rows {
    json_object *list; /* an array that gets them */
    int64_t last_id;   /* of the last one, where it has a number */
};

void admin_view_account(void *context, const char *const values[]);
void admin_view_session(void *context, const char *const values[]);
void admin_view_role(void *context, const char *const values[]);
void admin_view_event(void *context, const char *const values[]);

#endif
