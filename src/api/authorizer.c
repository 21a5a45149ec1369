/* authorizer - see authorizer.h. */
#include "api/authorizer.h"
#include "base/log.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    enum authorizer_mode mode;
} modes[] = { { "subrequest", AUTHORIZER_SUBREQUEST }, { "answer", AUTHORIZER_ANSWER } };

enum authorizer_mode authorizer_mode(bool is_authorizer, char *const *environment)
{
    const char *name = request_variable(environment, "AUTH_MODE");
    if (is_authorizer)
        return AUTHORIZER_ROLE;
    if (!name && !request_variable(environment, "AUTH_REQUIRE"))
        return AUTHORIZER_NONE;
    if (!name)
        name = "";
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (!strcmp(name, modes[i].name))
            return modes[i].mode;
    LOG(LOG_LEVEL_ERROR, "authorizer_mode_unknown", log_text("mode", name));
    return AUTHORIZER_UNKNOWN;
}

/* One word of AUTH_REQUIRE. */
static bool add_word(const char *word, size_t size, struct buffer *scope, struct buffer *roles,
                     struct gate_demand *demand)
{
    static const char permission[] = "permission=", role[] = "role=", session[] = "session",
                      token[] = "token";
    struct buffer *list = NULL;
    size_t skip = 0;
    if (size == sizeof token - 1 && !memcmp(word, token, size))
        return true;
    if (size == sizeof session - 1 && !memcmp(word, session, size)) {
        demand->live = true;
        return true;
    }
    if (size > sizeof permission - 1 && !memcmp(word, permission, sizeof permission - 1)) {
        list = scope;
        skip = sizeof permission - 1;
    } else if (size > sizeof role - 1 && !memcmp(word, role, sizeof role - 1)) {
        list = roles;
        skip = sizeof role - 1;
    }
    demand->access = ACCESS_PERMISSION;
    return list && (list->size == 0 || buffer_text(list, " ")) &&
           buffer_append(list, word + skip, size - skip);
}

bool authorizer_demand(char *const *environment, struct buffer *scope, struct buffer *roles,
                       struct gate_demand *demand)
{
    const char *words = request_variable(environment, "AUTH_REQUIRE");
    *demand = (struct gate_demand){ .access = ACCESS_TOKEN, .cookie = true };
    if (!words || !words[strspn(words, " ")]) {
        LOG(LOG_LEVEL_ERROR, "authorizer_demand_missing", log_text("require", words));
        return false;
    }
    while (*words) {
        size_t size = strcspn(words, " ");
        if (size > 0 && !add_word(words, size, scope, roles, demand)) {
            LOG(LOG_LEVEL_ERROR, "authorizer_demand_unknown", log_text("require", words));
            return false;
        }
        words += size + (words[size] == ' ');
    }
    demand->scope = scope->size ? scope->data : NULL;
    demand->roles = roles->size ? roles->data : NULL;
    return true;
}

void authorizer_admit(enum authorizer_mode mode, const struct gate_pass *pass,
                      struct response *response)
{
    char id[24];
    snprintf(id, sizeof id, "%" PRId64, pass->claims.user_id);
    const struct {
        const char *variable, *header, *value;
    } facts[] = {
        { "Variable-REMOTE_USER", NULL, id },
        { "Variable-AUTH_USER_ID", "X-Auth-User-Id", id },
        { "Variable-AUTH_SESSION", "X-Auth-Session", pass->claims.session_id },
        { "Variable-AUTH_ROLES", "X-Auth-Roles", pass->claims.roles },
        { "Variable-AUTH_SCOPE", "X-Auth-Scope", pass->claims.scope },
        { "Variable-AUTH_EMAIL", "X-Auth-Email", pass->user.email },
    };
    response_status(response, STATUS_OK);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        const char *name = mode == AUTHORIZER_ROLE ? facts[i].variable : facts[i].header;
        if (name && facts[i].value)
            response_header(response, name, facts[i].value);
    }
}

/* auth_request knows 401 and 403, and makes 500 of the rest: that is right for our own trouble, so
 * that no client throws its tokens away. The challenge comes with the answer, and nginx would add
 * it a second time. */
void authorizer_deny(enum authorizer_mode mode, const char *code, struct response *response)
{
    if (mode != AUTHORIZER_SUBREQUEST)
        return;
    buffer_reset(&response->headers);
    response_header(response, "X-Auth-Error", code);
    if (response->status < 500 && response->status != 403) {
        response->status = 401;
        response->reason = "Unauthorized";
    }
}
