/* permission - see permission.h. */
#include "auth/permission.h"
#include <stddef.h>
#include <string.h>

static const char *const names[PERMISSION_COUNT] = {
    [PERMISSION_PROFILE_READ] = "profile:read",
    [PERMISSION_PROFILE_WRITE] = "profile:write",
    [PERMISSION_USERS_READ] = "users:read",
    [PERMISSION_USERS_WRITE] = "users:write",
    [PERMISSION_TOKENS_INTROSPECT] = "tokens:introspect",
};

const char *permission_name(enum permission permission)
{
    return (unsigned)permission < PERMISSION_COUNT ? names[permission] : NULL;
}

bool permission_in_scope(enum permission permission, const char *scope)
{
    const char *name = permission_name(permission);
    if (!name || !scope)
        return false;
    size_t size = strlen(name);
    for (;;) {
        size_t word = strcspn(scope, " ");
        if (word == size && memcmp(scope, name, size) == 0)
            return true;
        if (scope[word] == '\0')
            return false;
        scope += word + 1;
    }
}
