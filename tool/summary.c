/* One process in a screen. */
#include "show.h"
#include "text.h"
#include "totals.h"
#include "zone_table.h"

/*
 * Lines of a screen: 24. The run takes 2, the processes 1, a blank 1; here the process takes 1, the titles of
 * the table 1, the zones left out 1, arenas 2, submaps 1, huge 1, fragmentation 1. That leaves 12; a few are
 * left free, so that the end of the program's own output stays in view.
 */
enum { SUMMARY_ZONES_MAX = 8, SUMMARY_ARENAS_MAX = 2 };

static void summary_print_rest(FILE *out, const struct zone_totals *all)
{
    struct text live, held, requests;
    fprintf(out, "  %zu zone%s in use: %s live, %s held, at least %s requests\n", all->used,
            all->used == 1 ? "" : "s", cellar__text_bytes(&live, all->live_bytes),
            cellar__text_bytes(&held, all->held_bytes), cellar__text_short_count(&requests, all->requests));
}

static void summary_print_arenas(FILE *out, const struct record *record)
{
    for (size_t i = 0; i < record->narenas && i < SUMMARY_ARENAS_MAX; i++) {
        const struct record_arena *arena = &record->arenas[i];
        char name[9], fit[9];
        struct text imported, allocated, free_bytes;
        fprintf(
            out, "  arena    %s, %s fit: %s = %s used + %s free\n",
            cellar__text_clean(name, sizeof(name), arena->name),
            cellar__text_clean(fit, sizeof(fit), arena->fit), cellar__text_bytes(&imported, arena->imported),
            cellar__text_bytes(&allocated, arena->allocated), cellar__text_bytes(&free_bytes, arena->free));
    }
}

static void summary_print_submaps(FILE *out, const struct record *record, const struct totals *totals)
{
    struct text reserved, committed, meta;
    fprintf(out, "  submaps  %zu: reserved %s, committed %s; metadata %s\n", record->nsubmaps,
            cellar__text_bytes(&reserved, totals->reserved),
            cellar__text_bytes(&committed, totals->committed), cellar__text_bytes(&meta, record->meta_used));
}

static void summary_print_huge(FILE *out, const struct record *record)
{
    struct text requests, live, live_bytes, cached, cached_bytes;
    fprintf(out, "  huge     %s requests, %s live (%s), %s cached (%s)\n",
            cellar__text_short_count(&requests, record->huge_requests),
            cellar__text_short_count(&live, record->huge_live),
            cellar__text_bytes(&live_bytes, record->huge_live_bytes),
            cellar__text_short_count(&cached, record->huge_cached),
            cellar__text_bytes(&cached_bytes, record->huge_cached_bytes));
}

static void summary_print_fragmentation(FILE *out, const struct record *record)
{
    struct text internal, external, slab, cached;
    fprintf(out, "  fragmentation: internal %s, external %s, slab %s, cached %s\n",
            cellar__text_percent(&internal, record->internal),
            cellar__text_percent(&external, record->external), cellar__text_percent(&slab, record->slab),
            cellar__text_percent(&cached, record->cached));
}

void cellar__show_summary(FILE *out, const struct record *record)
{
    struct totals totals;
    cellar__totals_init(&totals, record);
    cellar__show_process(out, record);
    cellar__zone_table_print_top(out, record, SUMMARY_ZONES_MAX);
    summary_print_rest(out, &totals.all);
    summary_print_arenas(out, record);
    summary_print_submaps(out, record, &totals);
    summary_print_huge(out, record);
    summary_print_fragmentation(out, record);
}
