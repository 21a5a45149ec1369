/* statement - see statement.h. */
#include "support/statement.h"
#include "support/database.h"
#include <criterion/criterion.h>
#include <string.h>

struct db *statement_db;

void statement_start(void)
{
    database_create();
    statement_db = database_open(DATABASE_WORKER);
}

void statement_finish(void)
{
    db_free(statement_db);
    database_drop();
}

struct db_result *statement_run(enum statement statement, const char *const values[])
{
    struct db_result *result = NULL;
    enum error error = db_run(statement_db, statement, values, &result);
    cr_assert_eq(error, ERROR_NONE, "%s: %s", statement_entry(statement)->name, error_name(error));
    return result;
}

void statement_create_user(void)
{
    struct db_result *result = STATEMENT_RUN(STATEMENT_USER_CREATE, "Ada@example.org",
                                             "ada@example.org", "Ada", "hash", NULL, NULL);
    cr_assert_eq(db_integer(result, 0, 0), 1);
    db_result_free(result);
}

void statement_create_session(const char *id)
{
    db_result_free(
        STATEMENT_RUN(STATEMENT_SESSION_CREATE, id, "1", "3600", NULL, NULL, NULL, "hash", NULL));
}

void statement_expect(const struct db_result *result, int column, const char *expected,
                      const char *what)
{
    const char *value = db_value(result, 0, column);
    cr_assert_eq(!value, !expected, "%s: column %d is %s", what, column, value ? value : "null");
    cr_assert(!value || !strcmp(value, expected), "%s: column %d is %s, not %s", what, column,
              value, expected);
}
