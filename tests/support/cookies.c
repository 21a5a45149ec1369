/* cookies - see cookies.h. */
#include "support/cookies.h"
#include <criterion/criterion.h>
#include <string.h>
#include <strings.h>

const char *cookie_line(const struct http_reply *reply, const char *name)
{
    const char *found = NULL;
    size_t size = strlen(name);
    for (int i = 0; i < reply->header_count; i++) {
        const char *value = reply->headers[i].value;
        if (strcasecmp(reply->headers[i].name, "Set-Cookie") != 0 ||
            strncmp(value, name, size) != 0 || value[size] != '=')
            continue;
        cr_assert_null(found, "%s: two of %s", reply->about, name);
        found = value + size + 1;
    }
    return found;
}

const char *cookie_value(const struct http_reply *reply, const char *name)
{
    const char *line = cookie_line(reply, name);
    cr_assert_not_null(line, "%s: no %s", reply->about, name);
    return text("%.*s", (int)strcspn(line, ";"), line);
}

bool cookie_is_cleared(const struct http_reply *reply, const char *name)
{
    const char *line = cookie_line(reply, name);
    return line && line[0] == ';' && strstr(line, "; Max-Age=0;");
}

const char *cookie_header(const char *name, const char *value)
{
    return text("Cookie: %s=%s", name, value);
}
