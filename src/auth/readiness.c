/* readiness - see readiness.h. */
#include "auth/readiness.h"
#include "base/log.h"
#include "db/migrate.h"

enum error readiness_check(struct auth *auth)
{
    struct db_result *result = NULL;
    enum error error = db_run(auth->db, STATEMENT_SCHEMA_VERSION, NULL, &result);
    if (error)
        return ERROR_UNAVAILABLE;
    int64_t version = db_rows(result) == 1 ? db_integer(result, 0, 0) : 0;
    db_result_free(result);
    if (version >= MIGRATE_SCHEMA_VERSION)
        return ERROR_NONE;
    LOG(LOG_LEVEL_WARN, "schema_behind", log_integer("schema", version),
        log_integer("wanted", MIGRATE_SCHEMA_VERSION));
    return ERROR_UNAVAILABLE;
}
