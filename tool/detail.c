/* One process in full. */
#include "show.h"
#include "table.h"
#include "text.h"
#include "totals.h"
#include "zone_table.h"

#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void detail_print_head(FILE *out, const struct record *record)
{
    char exe[SHOW_WIDTH - 2 + 1], version[16 + 1];
    struct text wall, user, sys, page, granule;
    cellar__show_process(out, record);
    fprintf(out, "  %s\n", cellar__text_clean(exe, sizeof(exe), record->exe));
    fprintf(out, "  wall %s, user %s, sys %s\n", cellar__text_time(&wall, record->wall_ns),
            cellar__text_time(&user, record->user_ns), cellar__text_time(&sys, record->sys_ns));
    fprintf(out, "  Cellar %s, page %s, granule %s\n",
            cellar__text_clean(version, sizeof(version), record->version),
            cellar__text_size(&page, record->page_size), cellar__text_size(&granule, record->granule));
}

/* Prints and releases the table. */
static void detail_finish(FILE *out, const char *title, struct table *table)
{
    fprintf(out, "\n%s\n", title);
    if (cellar__table_print(table, out) != 0)
        fputs("  out of memory\n", out);
    cellar__table_fini(table);
}

static void detail_print_zones(FILE *out, const struct record *record)
{
    struct totals totals;
    cellar__totals_init(&totals, record);
    fprintf(out, "\nzones: %zu in use, %zu never asked\n", totals.all.used, record->nzones - totals.all.used);
    cellar__zone_table_print_all(out, record);
}

static void detail_print_arenas(FILE *out, const struct record *record)
{
    static const struct table_column columns[] = {
        {"arena", TABLE_LEFT},     {"fit", TABLE_LEFT},        {"quantum", TABLE_RIGHT},
        {"imported", TABLE_RIGHT}, {"allocated", TABLE_RIGHT}, {"free", TABLE_RIGHT},
        {"segments", TABLE_RIGHT}, {"free", TABLE_RIGHT},
    };
    struct table table;
    cellar__table_init(&table, columns, LENGTH(columns));
    for (size_t i = 0; i < record->narenas; i++) {
        const struct record_arena *arena = &record->arenas[i];
        struct text text;
        char name[12 + 1], fit[8 + 1];
        cellar__table_add(&table, cellar__text_clean(name, sizeof(name), arena->name));
        cellar__table_add(&table, cellar__text_clean(fit, sizeof(fit), arena->fit));
        cellar__table_add(&table, cellar__text_size(&text, arena->quantum));
        cellar__table_add(&table, cellar__text_bytes(&text, arena->imported));
        cellar__table_add(&table, cellar__text_bytes(&text, arena->allocated));
        cellar__table_add(&table, cellar__text_bytes(&text, arena->free));
        cellar__table_add(&table, cellar__text_count(&text, arena->segments));
        cellar__table_add(&table, cellar__text_count(&text, arena->free_segments));
    }
    detail_finish(out, "arenas: bytes, and segments of which so many are free", &table);
}

static void detail_print_submaps(FILE *out, const struct record *record)
{
    static const struct table_column columns[] = {
        {"submap at", TABLE_LEFT}, {"reserved", TABLE_RIGHT}, {"committed", TABLE_RIGHT}};
    struct totals totals;
    struct table table;
    struct text text;
    cellar__totals_init(&totals, record);
    cellar__table_init(&table, columns, LENGTH(columns));
    for (size_t i = 0; i < record->nsubmaps; i++) {
        char base[20 + 1];
        cellar__table_add(&table, cellar__text_clean(base, sizeof(base), record->submaps[i].base));
        cellar__table_add(&table, cellar__text_bytes(&text, record->submaps[i].reserved));
        cellar__table_add(&table, cellar__text_bytes(&text, record->submaps[i].committed));
    }
    cellar__table_add(&table, "all");
    cellar__table_add(&table, cellar__text_bytes(&text, totals.reserved));
    cellar__table_add(&table, cellar__text_bytes(&text, totals.committed));
    detail_finish(out, "submaps", &table);
}

static void detail_print_rest(FILE *out, const struct record *record)
{
    struct text first, second, third, fourth, fifth;
    fprintf(out, "\nbeside the levels\n");
    fprintf(out, "  huge      %s requests, %s live (%s), %s cached (%s)\n",
            cellar__text_count(&first, record->huge_requests), cellar__text_count(&second, record->huge_live),
            cellar__text_bytes(&third, record->huge_live_bytes),
            cellar__text_count(&fourth, record->huge_cached),
            cellar__text_bytes(&fifth, record->huge_cached_bytes));
    fprintf(out, "  metadata  %s used of %s reserved\n", cellar__text_bytes(&first, record->meta_used),
            cellar__text_bytes(&second, record->meta_reserved));
    fprintf(out, "  page map  %s reserved\n", cellar__text_bytes(&first, record->page_map_reserved));
}

static void detail_print_fragmentation(FILE *out, const struct record *record)
{
    struct text text, samples;
    struct totals totals;
    cellar__totals_init(&totals, record);
    fprintf(out, "\nfragmentation\n");
    fprintf(out, "  internal %8s   1 - requested / granted (Knuth)\n",
            cellar__text_percent(&text, record->internal));
    fprintf(out, "                      %s samples at bucket refills, weighted by each zone's requests\n",
            cellar__text_count(&samples, totals.samples));
    fprintf(out, "  external %8s   1 - largest free / total free, below the arena's high-water mark\n",
            cellar__text_percent(&text, record->external));
    for (size_t i = 0; i < record->narenas; i++) {
        const struct record_arena *arena = &record->arenas[i];
        char name[12 + 1];
        struct text largest, total;
        fprintf(out, "                      %s: 1 - %s / %s\n",
                cellar__text_clean(name, sizeof(name), arena->name),
                cellar__text_bytes(&largest, arena->largest_free_below_top),
                cellar__text_bytes(&total, arena->free_below_top));
    }
    fprintf(out, "  slab     %8s   1 - (live + in buckets) bytes / slab bytes\n",
            cellar__text_percent(&text, record->slab));
    fprintf(out, "  cached   %8s   bytes in buckets / slab bytes\n",
            cellar__text_percent(&text, record->cached));
}

void cellar__show_detail(FILE *out, const struct record *record)
{
    detail_print_head(out, record);
    detail_print_zones(out, record);
    detail_print_arenas(out, record);
    detail_print_submaps(out, record);
    detail_print_rest(out, record);
    detail_print_fragmentation(out, record);
    fprintf(out, "\nthe levels\n");
    cellar__show_picture(out, record);
}
