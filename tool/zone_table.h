/* The table of the zones of one record. */
#ifndef CELLAR_TOOL_ZONE_TABLE_H
#define CELLAR_TOOL_ZONE_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "record.h"

/* Prints the zones that hold most memory, at most `limit` of them, with short counts: titles and as many
 * lines. */
void cellar__zone_table_print_top(FILE *out, const struct record *record, size_t limit);

/* Prints every zone in use in the order of the record, and their sums. */
void cellar__zone_table_print_all(FILE *out, const struct record *record);

#endif
