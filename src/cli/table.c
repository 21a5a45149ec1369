/* table - see table.h. */
#include "cli/table.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "cli/text.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_MAX = 64 * 1024, VALUE_MAX = 2 * CELL_MAX, GAP = 2, ROOM_FIRST = 16 };

struct table {
    const struct table_column *columns;
    size_t count;
    char **values; /* row after row; NULL for null */
    size_t rows, room;
};

struct table *table_new(const struct table_column *columns, size_t count)
{
    struct table *table = memory_new(sizeof *table);
    table->columns = columns;
    table->count = count < TABLE_COLUMNS_MAX ? count : TABLE_COLUMNS_MAX;
    return table;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->rows * table->count; i++)
        free(table->values[i]);
    free(table->values);
    free(table);
}

void table_add(struct table *table, const char *const values[])
{
    if (table->rows == table->room) {
        table->room = table->room ? table->room * 2 : ROOM_FIRST;
        table->values =
            memory_resize(table->values, table->room * table->count * sizeof *table->values);
    }
    for (size_t i = 0; i < table->count; i++)
        table->values[table->rows * table->count + i] = memory_text(values[i]);
    table->rows++;
}

void table_take(void *table, const char *const values[])
{
    table_add(table, values);
}

size_t table_rows(const struct table *table)
{
    return table->rows;
}

static const char *value_at(const struct table *table, size_t row, size_t column)
{
    return table->values[row * table->count + column];
}

/* For people ------------------------------------------------------------------------------------*/

/* The heading, where `row` is that before the first. */
enum { HEADING = -1 };

/* Appends a cell and returns its width. */
static size_t write_cell(struct buffer *out, const struct table *table, long row, size_t column)
{
    const struct table_column *shape = &table->columns[column];
    if (row == HEADING) {
        for (const char *c = shape->name; *c; c++)
            buffer_format(out, "%c", *c == '_' ? ' ' : toupper((unsigned char)*c));
        return strlen(shape->name);
    }
    const char *value = value_at(table, (size_t)row, column);
    if (value && shape->kind == COLUMN_SWITCH)
        value = *value == 't' ? "yes" : "no";
    return text_for_terminal(out, value && *value ? value : "-");
}

static size_t width_of(const struct table *table, size_t column)
{
    size_t widest = 0;
    struct buffer cell;
    buffer_init(&cell, CELL_MAX);
    for (long row = HEADING; row < (long)table->rows; row++) {
        buffer_reset(&cell);
        size_t width = write_cell(&cell, table, row, column);
        widest = width > widest ? width : widest;
    }
    buffer_clear(&cell);
    return widest;
}

/* Numbers to the right; nothing behind the last column. */
static void print_line(const struct table *table, const size_t widths[], long row)
{
    struct buffer cell;
    buffer_init(&cell, CELL_MAX);
    for (size_t i = 0; i < table->count; i++) {
        buffer_reset(&cell);
        bool right = table->columns[i].kind == COLUMN_NUMBER, last = i + 1 == table->count;
        int padding = (int)(widths[i] - write_cell(&cell, table, row, i));
        printf("%*s%s%*s", right ? padding : 0, "", cell.data ? cell.data : "",
               last ? 0 : (right ? 0 : padding) + GAP, "");
    }
    putchar('\n');
    buffer_clear(&cell);
}

static void print_people(const struct table *table)
{
    size_t widths[TABLE_COLUMNS_MAX] = { 0 };
    for (size_t i = 0; i < table->count; i++)
        widths[i] = width_of(table, i);
    for (long row = HEADING; row < (long)table->rows; row++)
        print_line(table, widths, row);
}

static void print_people_record(const struct table *table)
{
    size_t widest = 0;
    struct buffer cell;
    buffer_init(&cell, CELL_MAX);
    for (size_t i = 0; i < table->count; i++)
        widest = strlen(table->columns[i].name) > widest ? strlen(table->columns[i].name) : widest;
    for (size_t i = 0; i < table->count; i++) {
        buffer_reset(&cell);
        write_cell(&cell, table, HEADING, i);
        printf("%-*s", (int)widest + GAP, cell.data);
        buffer_reset(&cell);
        write_cell(&cell, table, 0, i);
        puts(cell.data ? cell.data : "");
    }
    buffer_clear(&cell);
}

/* For programs ----------------------------------------------------------------------------------*/

static void append_value(struct buffer *out, enum column_kind kind, const char *value)
{
    if (!value)
        buffer_text(out, "null");
    else if (kind == COLUMN_NUMBER)
        buffer_text(out, *value ? value : "null");
    else if (kind == COLUMN_SWITCH)
        buffer_text(out, *value == 't' ? "true" : "false");
    else if (kind == COLUMN_LIST)
        text_list_for_json(out, value);
    else
        text_for_json(out, value);
}

static void print_object(const struct table *table, size_t row)
{
    struct buffer value;
    buffer_init(&value, VALUE_MAX);
    putchar('{');
    for (size_t i = 0; i < table->count; i++) {
        buffer_reset(&value);
        append_value(&value, table->columns[i].kind, value_at(table, row, i));
        printf("%s\"%s\": %s", i ? ", " : "", table->columns[i].name, value.data);
    }
    putchar('}');
    buffer_clear(&value);
}

static void print_array(const struct table *table)
{
    putchar('[');
    for (size_t row = 0; row < table->rows; row++) {
        fputs(row ? ",\n " : "", stdout);
        print_object(table, row);
    }
    puts("]");
}

void table_print(const struct table *table, bool json)
{
    if (json)
        print_array(table);
    else
        print_people(table);
}

void table_print_record(const struct table *table, bool json)
{
    if (table->rows == 0)
        return;
    if (!json) {
        print_people_record(table);
        return;
    }
    print_object(table, 0);
    putchar('\n');
}

bool table_finish_output(const char *command)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    fprintf(stderr, "therappai-auth: %s: cannot write: %s\n", command,
            strerror(errno ? errno : EIO));
    return false;
}
