/* audit - see audit.h. */
#include "auth/audit.h"
#include "auth/client.h"
#include <inttypes.h>
#include <stdio.h>

enum { INTEGER_SIZE = 24 };

/* NULL for 0: there is none. */
static const char *write_id(int64_t id, char text[INTEGER_SIZE])
{
    snprintf(text, INTEGER_SIZE, "%" PRId64, id);
    return id ? text : NULL;
}

enum error audit_write(struct auth *auth, const struct audit_event *event,
                       const struct client *client)
{
    char user[INTEGER_SIZE], actor[INTEGER_SIZE];
    const char *const values[] = {
        event->name,       write_id(event->user_id, user), write_id(event->actor_id, actor),
        event->session_id, client_address(client),         client->request_id,
        event->detail,
    };
    return db_run(auth->db, STATEMENT_AUDIT_WRITE, values, NULL);
}

enum error audit_purge(struct auth *auth, int64_t *removed)
{
    char retention[INTEGER_SIZE];
    struct db_result *result = NULL;
    const char *const values[] = { write_id(auth->config->audit_retention_s, retention) };
    enum error error = db_run(auth->db, STATEMENT_AUDIT_PURGE, values, &result);
    if (!error)
        *removed = db_integer(result, 0, 0);
    db_result_free(result);
    return error;
}
