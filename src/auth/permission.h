/* permission - what may be demanded of a token, by name. */
#ifndef AUTH_PERMISSION_H
#define AUTH_PERMISSION_H

#include <stdbool.h>
#include <stddef.h>

enum permission {
    PERMISSION_INVALID = 0,
    PERMISSION_PROFILE_READ,
    PERMISSION_PROFILE_WRITE,
    PERMISSION_USERS_READ,
    PERMISSION_USERS_WRITE,
    PERMISSION_TOKENS_INTROSPECT,
    PERMISSION_COUNT
};

/* "profile:read" and so on; NULL for PERMISSION_INVALID and what is not in the table. */
const char *permission_name(enum permission permission);
/* Whether `scope`, names separated by single spaces (RFC 6749 §3.3), holds the permission, as a
 * whole word. NULL scope holds none. */
bool permission_in_scope(enum permission permission, const char *scope);

/* Whether `list`, names separated by single spaces, holds the name of `size` bytes, as a whole
 * word. A NULL list holds none. */
bool permission_is_listed(const char *name, size_t size, const char *list);

#endif
