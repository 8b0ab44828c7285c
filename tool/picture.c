/* The picture of the levels, from the program down to the kernel, with the figures of one record. */
#include "show.h"
#include "text.h"
#include "totals.h"

#include <stdarg.h>

__attribute__((format(printf, 3, 4))) static void picture_level(FILE *out, const char *name,
                                                                const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(out, "  %-9s  ", name);
    vfprintf(out, format, args);
    fputc('\n', out);
    va_end(args);
}

/* A second line of the level above. */
#define PICTURE_MORE ""

static void picture_link(FILE *out, const char *relation)
{
    fprintf(out, "     | %s\n", relation);
}

static void picture_program(FILE *out, const struct totals *totals)
{
    struct text requests, live, bytes;
    picture_level(out, "program", "at least %s requests; at the end %s blocks live, %s",
                  cellar__text_count(&requests, totals->requests), cellar__text_count(&live, totals->live),
                  cellar__text_bytes(&bytes, totals->live_bytes));
}

static void picture_bucket(FILE *out, const struct totals *totals)
{
    struct text items, bytes;
    picture_level(out, "bucket", "%s items ready in thread buckets and depots, %s",
                  cellar__text_count(&items, totals->all.in_buckets),
                  cellar__text_bytes(&bytes, totals->all.bucket_bytes));
}

static void picture_zone(FILE *out, const struct totals *totals)
{
    struct text small, runs;
    picture_level(out, "zone", "%zu in use: %zu of items in slabs (%s requests)", totals->all.used,
                  totals->slabs.used, cellar__text_count(&small, totals->slabs.requests));
    picture_level(out, PICTURE_MORE, "and %zu of runs, the large blocks (%s requests)", totals->runs.used,
                  cellar__text_count(&runs, totals->runs.requests));
}

static void picture_keg(FILE *out, const struct totals *totals)
{
    struct text smallest, largest;
    picture_level(out, "keg", "%zu item sizes, %s to %s", totals->slabs.used,
                  cellar__text_size(&smallest, totals->slabs.smallest),
                  cellar__text_size(&largest, totals->slabs.largest));
}

static void picture_slab(FILE *out, const struct totals *totals)
{
    struct text slabs, bytes, items, free_bytes;
    picture_level(out, "slab", "%s slabs, %s; %s items free in them, %s",
                  cellar__text_count(&slabs, totals->slabs.slabs),
                  cellar__text_bytes(&bytes, totals->slabs.held_bytes),
                  cellar__text_count(&items, totals->slabs.in_slabs),
                  cellar__text_bytes(&free_bytes, totals->slabs.slab_free_bytes));
}

static void picture_arena(FILE *out, const struct record *record)
{
    for (size_t i = 0; i < record->narenas; i++) {
        const struct record_arena *arena = &record->arenas[i];
        char name[12 + 1], fit[8 + 1];
        struct text imported, allocated, free_bytes;
        picture_level(
            out, i == 0 ? "arena" : PICTURE_MORE, "%s, %s fit: %s = %s used + %s free",
            cellar__text_clean(name, sizeof(name), arena->name),
            cellar__text_clean(fit, sizeof(fit), arena->fit), cellar__text_bytes(&imported, arena->imported),
            cellar__text_bytes(&allocated, arena->allocated), cellar__text_bytes(&free_bytes, arena->free));
    }
}

static void picture_submap(FILE *out, const struct record *record, const struct totals *totals)
{
    struct text reserved, committed;
    picture_level(out, "submap", "%zu window%s: %s reserved, %s committed", record->nsubmaps,
                  record->nsubmaps == 1 ? "" : "s", cellar__text_bytes(&reserved, totals->reserved),
                  cellar__text_bytes(&committed, totals->committed));
}

static void picture_os(FILE *out, const struct record *record)
{
    struct text rss, faults, page, huge, huge_bytes;
    picture_level(
        out, "os", "peak RSS %s, %s faults on pages of %s", cellar__text_bytes(&rss, record->peak_rss),
        cellar__text_count(&faults, record->minor_faults), cellar__text_size(&page, record->page_size));
    picture_level(out, PICTURE_MORE, "and straight from the program: %s huge blocks live, %s",
                  cellar__text_count(&huge, record->huge_live),
                  cellar__text_bytes(&huge_bytes, record->huge_live_bytes));
}

void cellar__show_picture(FILE *out, const struct record *record)
{
    struct totals totals;
    cellar__totals_init(&totals, record);
    picture_program(out, &totals);
    fputs("     |\n", out);
    picture_bucket(out, &totals);
    picture_link(out, "points into");
    picture_zone(out, &totals);
    picture_link(out, "takes from");
    picture_keg(out, &totals);
    picture_link(out, "composed from");
    picture_slab(out, &totals);
    picture_link(out, "located in");
    picture_arena(out, record);
    picture_link(out, "makes up");
    picture_submap(out, record, &totals);
    picture_link(out, "in");
    picture_os(out, record);
}
