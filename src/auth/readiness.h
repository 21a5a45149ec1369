/* readiness - whether this program can do its work: the database answers and its schema is ours. */
#ifndef AUTH_READINESS_H
#define AUTH_READINESS_H

#include "auth/auth.h"
#include "base/error.h"

/* Errors: ERROR_UNAVAILABLE, logged, where the database is away or its schema is older than this
 * program's. A newer schema is fine: migrations are made so that the program before them still
 * works. */
enum error readiness_check(struct auth *auth);

#endif
