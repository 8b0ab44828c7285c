/* Tables of text with aligned columns: cells are collected, then printed once the widths are known. */
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void cellar__table_init(struct table *table, const struct table_column *columns, size_t ncolumns)
{
    memset(table, 0, sizeof(*table));
    table->columns = columns;
    table->ncolumns = ncolumns;
}

void cellar__table_add(struct table *table, const char *cell)
{
    if (table->failed)
        return;
    if (table->ncells == table->capacity) {
        size_t capacity = table->capacity == 0 ? 64 : 2 * table->capacity;
        char **grown = realloc(table->cells, capacity * sizeof(*grown));
        if (grown == NULL) {
            table->failed = true;
            return;
        }
        table->cells = grown;
        table->capacity = capacity;
    }
    char *copy = strdup(cell);
    if (copy == NULL)
        table->failed = true;
    else
        table->cells[table->ncells++] = copy;
}

static size_t table_width(const struct table *table, size_t column)
{
    size_t width = strlen(table->columns[column].title);
    for (size_t i = column; i < table->ncells; i += table->ncolumns) {
        size_t length = strlen(table->cells[i]);
        if (length > width)
            width = length;
    }
    return width;
}

/* The last column is not padded on its right: no line ends in blanks. */
static void table_print_cell(const struct table *table, FILE *out, size_t column, size_t width,
                             const char *cell)
{
    bool last = column + 1 == table->ncolumns;
    if (table->columns[column].align == TABLE_RIGHT)
        fprintf(out, "  %*s", (int)width, cell);
    else
        fprintf(out, "  %-*s", last ? 0 : (int)width, cell);
    if (last)
        fputc('\n', out);
}

int cellar__table_print(const struct table *table, FILE *out)
{
    if (table->failed)
        return -ENOMEM;
    size_t widths[TABLE_COLUMNS_MAX];
    for (size_t i = 0; i < table->ncolumns; i++)
        widths[i] = table_width(table, i);
    for (size_t i = 0; i < table->ncolumns; i++)
        table_print_cell(table, out, i, widths[i], table->columns[i].title);
    for (size_t row = 0; row < table->ncells; row += table->ncolumns) {
        for (size_t i = 0; i < table->ncolumns && row + i < table->ncells; i++)
            table_print_cell(table, out, i, widths[i], table->cells[row + i]);
    }
    return 0;
}

void cellar__table_fini(struct table *table)
{
    for (size_t i = 0; i < table->ncells; i++)
        free(table->cells[i]);
    free(table->cells);
    memset(table, 0, sizeof(*table));
}
