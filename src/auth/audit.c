/* audit - see audit.h. */
#include "auth/audit.h"
#include "auth/client.h"
#include <inttypes.h>
#include <stdio.h>

/* NULL for 0: there is none. */
static const char *write_id(int64_t id, char text[AUDIT_ID_SIZE])
{
    snprintf(text, AUDIT_ID_SIZE, "%" PRId64, id);
    return id ? text : NULL;
}

enum error audit_write(struct auth *auth, const struct audit_event *event,
                       const struct client *client)
{
    char user[AUDIT_ID_SIZE], actor[AUDIT_ID_SIZE];
    const char *const values[] = {
        event->name,       write_id(event->user_id, user), write_id(event->actor_id, actor),
        event->session_id, client_address(client),         client->request_id,
        event->detail,
    };
    return db_run(auth->db, STATEMENT_AUDIT_WRITE, values, NULL);
}

enum error audit_operation(struct auth *auth, const char *event, const char *operator_name)
{
    const char *const values[] = { event, operator_name };
    return db_run(auth->db, STATEMENT_AUDIT_OPERATION, values, NULL);
}

void audit_actor_values(const struct audit_actor *actor, char id[AUDIT_ID_SIZE],
                        const char *values[AUDIT_ACTOR_VALUES])
{
    const struct client *client = actor->client;
    values[0] = actor->operator_name;
    values[1] = write_id(actor->user_id, id);
    values[2] = client ? client_address(client) : NULL;
    values[3] = client ? client->request_id : NULL;
}

enum error audit_purge(struct auth *auth, int64_t *removed)
{
    char retention[AUDIT_ID_SIZE];
    struct db_result *result = NULL;
    const char *const values[] = { write_id(auth->config->audit_retention_s, retention) };
    enum error error = db_run(auth->db, STATEMENT_AUDIT_PURGE, values, &result);
    if (!error)
        *removed = db_integer(result, 0, 0);
    db_result_free(result);
    return error;
}

enum error audit_list(struct auth *auth, const struct audit_filter *filter, rows_take *take,
                      void *context)
{
    char user[AUDIT_ID_SIZE], seconds[AUDIT_ID_SIZE], most[AUDIT_ID_SIZE], before[AUDIT_ID_SIZE];
    const char *const values[] = { write_id(filter->user_id, user), filter->event,
                                   write_id(filter->seconds, seconds), write_id(filter->most, most),
                                   write_id(filter->before, before) };
    return rows_run(auth, STATEMENT_AUDIT_LIST, values, AUDIT_COLUMNS, take, context, NULL);
}
