/* permission - see permission.h. */
#include "auth/permission.h"
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

bool permission_is_listed(const char *name, size_t size, const char *list)
{
    while (list) {
        size_t word = strcspn(list, " ");
        if (word > 0 && word == size && memcmp(list, name, size) == 0)
            return true;
        list = list[word] ? list + word + 1 : NULL;
    }
    return false;
}

bool permission_in_scope(enum permission permission, const char *scope)
{
    const char *name = permission_name(permission);
    return name && permission_is_listed(name, strlen(name), scope);
}
