/* The table of the zones of one record. */
#include "zone_table.h"
#include "table.h"
#include "text.h"
#include "totals.h"

#include <stdlib.h>
#include <string.h>

static const struct table_column zone_columns[] = {
    {"zone", TABLE_LEFT},      {"item", TABLE_RIGHT},  {"live", TABLE_RIGHT}, {"buckets", TABLE_RIGHT},
    {"in slabs", TABLE_RIGHT}, {"slabs", TABLE_RIGHT}, {"held", TABLE_RIGHT}, {"requests", TABLE_RIGHT},
};

enum {
    ZONE_NCOLUMNS = sizeof(zone_columns) / sizeof(zone_columns[0]),
    /* Columns of a name. A screen holds 13 together with the widest figures: 9 for a size, 5 for a short count. */
    ZONE_SHORT_NAME_MAX = 13,
    ZONE_NAME_MAX = 24,
};

/* How a count is written: short or to the last digit. */
typedef const char *zone_count_text(struct text *text, uint64_t count);

static void zone_table_add(struct table *table, const struct record_zone *zone, size_t name_max,
                           zone_count_text *count)
{
    struct text text;
    char name[ZONE_NAME_MAX + 1];
    cellar__table_add(table, cellar__text_clean(name, name_max + 1, zone->name));
    cellar__table_add(table, cellar__text_size(&text, zone->item_size));
    cellar__table_add(table, count(&text, zone->live));
    cellar__table_add(table, count(&text, zone->in_buckets));
    /* A zone of runs has no slabs; zeroes would read as slabs that are none. */
    bool has_slabs = strcmp(zone->kind, "run") != 0;
    cellar__table_add(table, has_slabs ? count(&text, zone->in_slabs) : "-");
    cellar__table_add(table, has_slabs ? count(&text, zone->slabs) : "-");
    cellar__table_add(table, cellar__text_bytes(&text, cellar__zone_held_bytes(zone)));
    cellar__table_add(table, count(&text, zone->requests));
}

static void zone_table_add_totals(struct table *table, const struct zone_totals *totals)
{
    struct text text;
    cellar__table_add(table, "all");
    cellar__table_add(table, "");
    cellar__table_add(table, cellar__text_count(&text, totals->live));
    cellar__table_add(table, cellar__text_count(&text, totals->in_buckets));
    cellar__table_add(table, cellar__text_count(&text, totals->in_slabs));
    cellar__table_add(table, cellar__text_count(&text, totals->slabs));
    cellar__table_add(table, cellar__text_bytes(&text, totals->held_bytes));
    cellar__table_add(table, cellar__text_count(&text, totals->requests));
}

static int zone_compare(const void *a, const void *b)
{
    const struct record_zone *first = *(const struct record_zone *const *)a;
    const struct record_zone *second = *(const struct record_zone *const *)b;
    uint64_t first_bytes = cellar__zone_held_bytes(first);
    uint64_t second_bytes = cellar__zone_held_bytes(second);
    if (first_bytes != second_bytes)
        return first_bytes < second_bytes ? 1 : -1;
    if (first->requests != second->requests)
        return first->requests < second->requests ? 1 : -1;
    return first < second ? -1 : first > second;
}

/* The zones in use into the array, which has a place for each zone of the record. */
static size_t zone_select(const struct record_zone **zones, const struct record *record)
{
    size_t count = 0;
    for (size_t i = 0; i < record->nzones; i++) {
        if (cellar__zone_is_used(&record->zones[i]))
            zones[count++] = &record->zones[i];
    }
    return count;
}

/* A lack of memory here shows as a line in place of the table: the account goes on. */
static void zone_table_finish(FILE *out, struct table *table, bool complete)
{
    if (!complete || cellar__table_print(table, out) != 0)
        fputs("  the table of zones: out of memory\n", out);
    cellar__table_fini(table);
}

void cellar__zone_table_print_top(FILE *out, const struct record *record, size_t limit)
{
    struct table table;
    cellar__table_init(&table, zone_columns, ZONE_NCOLUMNS);
    const struct record_zone **zones = calloc(record->nzones + 1, sizeof(*zones));
    if (zones != NULL) {
        size_t count = zone_select(zones, record);
        qsort(zones, count, sizeof(zones[0]), zone_compare);
        for (size_t i = 0; i < count && i < limit; i++)
            zone_table_add(&table, zones[i], ZONE_SHORT_NAME_MAX, cellar__text_short_count);
    }
    zone_table_finish(out, &table, zones != NULL);
    free(zones);
}

void cellar__zone_table_print_all(FILE *out, const struct record *record)
{
    struct table table;
    cellar__table_init(&table, zone_columns, ZONE_NCOLUMNS);
    for (size_t i = 0; i < record->nzones; i++) {
        if (cellar__zone_is_used(&record->zones[i]))
            zone_table_add(&table, &record->zones[i], ZONE_NAME_MAX, cellar__text_count);
    }
    struct totals totals;
    cellar__totals_init(&totals, record);
    zone_table_add_totals(&table, &totals.all);
    zone_table_finish(out, &table, true);
}
