/* session_list - see session_list.h. */
#include "auth/session_list.h"
#include "auth/client.h"
#include "auth/uuid.h"
#include "base/memory.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { INTEGER_SIZE = 24 };

static void entry_clear(struct session_entry *entry)
{
    free(entry->id);
    free(entry->created);
    free(entry->last_used);
    free(entry->expires);
    free(entry->address);
    free(entry->user_agent);
}

void session_list_clear(struct session_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        entry_clear(&list->entries[i]);
    free(list->entries);
    *list = (struct session_list){ 0 };
}

static struct session_entry take_entry(const struct db_result *result, int row)
{
    enum { DISABLED, ID, CREATED, LAST_USED, EXPIRES, ADDRESS, USER_AGENT, IS_CURRENT };
    return (struct session_entry){
        .id = memory_text(db_value(result, row, ID)),
        .created = memory_text(db_value(result, row, CREATED)),
        .last_used = memory_text(db_value(result, row, LAST_USED)),
        .expires = memory_text(db_value(result, row, EXPIRES)),
        .address = memory_text(db_value(result, row, ADDRESS)),
        .user_agent = memory_text(db_value(result, row, USER_AGENT)),
        .is_current = db_boolean(result, row, IS_CURRENT),
    };
}

/* The first column of these statements: whether the account is disabled. No row: no live session.
 */
static enum error check_caller(const struct db_result *result)
{
    if (db_rows(result) == 0)
        return ERROR_INVALID_TOKEN;
    return db_boolean(result, 0, 0) ? ERROR_ACCOUNT_DISABLED : ERROR_NONE;
}

enum error session_list_read(struct auth *auth, const struct access_claims *claims,
                             struct session_list *list)
{
    char user[INTEGER_SIZE], idle[INTEGER_SIZE];
    struct db_result *result = NULL;
    snprintf(user, sizeof user, "%" PRId64, claims->user_id);
    snprintf(idle, sizeof idle, "%" PRId64, auth->config->refresh_idle_s);
    const char *const values[] = { user, claims->session_id, idle };
    enum error error = db_run(auth->db, STATEMENT_SESSION_LIST, values, &result);
    if (!error)
        error = check_caller(result);
    if (!error) {
        int rows = db_rows(result);
        list->entries = memory_new((size_t)rows * sizeof list->entries[0]);
        for (list->count = 0; list->count < (size_t)rows; list->count++)
            list->entries[list->count] = take_entry(result, (int)list->count);
    }
    db_result_free(result);
    return error;
}

/* NULL ends all. */
static enum error end(struct auth *auth, const struct access_claims *claims, const char *id,
                      const struct client *client, int64_t *ended)
{
    char user[INTEGER_SIZE];
    struct db_result *result = NULL;
    snprintf(user, sizeof user, "%" PRId64, claims->user_id);
    const char *const values[] = { user, claims->session_id, id, client_address(client),
                                   client->request_id };
    enum error error = db_run(auth->db, STATEMENT_SESSION_END_OWN, values, &result);
    if (!error)
        error = check_caller(result);
    if (!error)
        *ended = db_integer(result, 0, 1);
    db_result_free(result);
    return error;
}

enum error session_list_end(struct auth *auth, const struct access_claims *claims, const char *id,
                            const struct client *client)
{
    unsigned char bytes[UUID_BYTES];
    int64_t ended = 0;
    if (!uuid_parse(id, bytes))
        return ERROR_NOT_FOUND;
    enum error error = end(auth, claims, id, client, &ended);
    return !error && ended == 0 ? ERROR_NOT_FOUND : error;
}

enum error session_list_end_all(struct auth *auth, const struct access_claims *claims,
                                const struct client *client)
{
    int64_t ended;
    return end(auth, claims, NULL, client, &ended);
}
