/* Tables of text with aligned columns. */
#ifndef CELLAR_TOOL_TABLE_H
#define CELLAR_TOOL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { TABLE_COLUMNS_MAX = 12 };

enum table_align { TABLE_LEFT, TABLE_RIGHT };

struct table_column {
    const char *title;
    enum table_align align;
};

struct table {
    const struct table_column *columns; /* kept by the caller while the table lives */
    size_t ncolumns;                    /* up to TABLE_COLUMNS_MAX */
    char **cells;                       /* row by row, owned */
    size_t ncells;
    size_t capacity;
    bool failed; /* out of memory: a row is missing */
};

void cellar__table_init(struct table *table, const struct table_column *columns, size_t ncolumns);

/* Adds the next cell, row by row, and keeps a copy of the text. */
void cellar__table_add(struct table *table, const char *cell);

/* Prints titles and rows, each line led by two blanks. Returns 0, or -ENOMEM when a cell could not be kept.
 */
int cellar__table_print(const struct table *table, FILE *out);

void cellar__table_fini(struct table *table);

#endif
