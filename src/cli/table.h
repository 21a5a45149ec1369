/* table - what a command has to tell: aligned columns for people, JSON for programs. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

enum column_kind {
    COLUMN_TEXT,
    COLUMN_NUMBER, /* decimal digits */
    COLUMN_SWITCH, /* "t" or "f": yes and no for people, true and false in JSON */
    COLUMN_LIST    /* words separated by single spaces: an array in JSON */
};

struct table_column {
    const char *name; /* of the JSON member; the heading for people, in capitals */
    enum column_kind kind;
};
enum { TABLE_COLUMNS_MAX = 12 };

struct table;

/* The columns are not copied. */
struct table *table_new(const struct table_column *columns, size_t count);
void table_free(struct table *table); /* NULL-safe */

/* A value for each column, copied; NULL is null in JSON and a dash for people. */
void table_add(struct table *table, const char *const values[]);
/* The same, with the table as context. */
void table_take(void *table, const char *const values[]);
size_t table_rows(const struct table *table);

/* Writes the rows to stdout: below a line of headings, or as one JSON array of objects. */
void table_print(const struct table *table, bool json);
/* Writes the first row: a line for each column, or one JSON object. */
void table_print_record(const struct table *table, bool json);

/* Whether all that was printed got out; else what is wrong is said on stderr. */
bool table_finish_output(const char *command);

#endif
