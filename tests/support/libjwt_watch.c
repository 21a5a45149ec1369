/* libjwt_watch - see libjwt_watch.h. */
#include "support/libjwt_watch.h"
#include <dlfcn.h>
#include <stdlib.h>

typedef void *json_loads_function(const char *text, size_t flags, void *error);

static int count;
static bool any_payload;

int libjwt_watch_count(void)
{
    return count;
}

void libjwt_watch_allow_any_payload(void)
{
    any_payload = true;
}

void *json_loads(const char *text, size_t flags, void *error)
{
    static json_loads_function *original;
    if (!original)
        *(void **)&original = dlsym(RTLD_NEXT, "json_loads");
    if (!original)
        abort();
    count++;
    void *value = original(text, flags, error);
    return value || !any_payload ? value : original("{}", flags, error);
}
