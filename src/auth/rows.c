/* rows - see rows.h. */
#include "auth/rows.h"

enum error rows_run(struct auth *auth, enum statement statement, const char *const values[],
                    int columns, rows_take *take, void *context, int *count)
{
    const char *row[ROWS_COLUMNS_MAX];
    struct db_result *result = NULL;
    enum error error = db_run(auth->db, statement, values, &result);
    int rows = error ? 0 : db_rows(result);
    for (int i = 0; i < rows; i++) {
        for (int column = 0; column < columns && column < ROWS_COLUMNS_MAX; column++)
            row[column] = db_value(result, i, column);
        take(context, row);
    }
    if (count)
        *count = rows;
    db_result_free(result);
    return error;
}
