#include "malloc/info.h"

#include <stdarg.h>

#include "base/fmt.h"
#include "malloc/stats.h"

struct info_totals {
    size_t live_bytes;
    size_t bucket_items;
    size_t bucket_bytes;
    size_t slab_items;
    size_t slab_bytes;
};

static void info_sum(const struct cellar__stat_record *record, struct info_totals *ret_totals)
{
    *ret_totals = (struct info_totals){0};
    for (size_t i = 0; i < record->nzones; i++) {
        const struct cellar__stat_zone *zone = &record->zones[i];
        ret_totals->live_bytes += zone->nlive * zone->item_size;
        ret_totals->bucket_items += zone->in_buckets;
        ret_totals->bucket_bytes += zone->in_buckets * zone->item_size;
        ret_totals->slab_items += zone->in_slabs;
        ret_totals->slab_bytes += zone->in_slabs * zone->item_size;
    }
}

static size_t info_less(size_t whole, size_t part)
{
    return whole > part ? whole - part : 0; /* other threads run on: figures taken in turn may not add up */
}

/* Bytes in runs: all that is held but the huge mappings. */
static size_t info_arena_bytes(const struct cellar__stat_record *record)
{
    return info_less(record->held, record->huge.live_bytes + record->huge.cached_bytes);
}

struct mallinfo2 cellar__info_mallinfo(void)
{
    struct cellar__stat_record record;
    struct info_totals totals;
    if (!cellar__stats_collect(&record)) {
        return (struct mallinfo2){0};
    }
    info_sum(&record, &totals);
    size_t arena = info_arena_bytes(&record);
    return (struct mallinfo2){
        .arena = arena,
        .ordblks = totals.slab_items + record.arena.nfree,
        .smblks = totals.bucket_items,
        .hblks = record.huge.nlive,
        .hblkhd = record.huge.live_bytes,
        .fsmblks = totals.bucket_bytes,
        .uordblks = totals.live_bytes,
        .fordblks = info_less(arena, totals.live_bytes),
        .keepcost = record.dirty_bytes + record.huge.cached_bytes,
    };
}

struct info_output {
    FILE *stream;
    bool failed;
};

static void CELLAR_PRINTF(2, 3) info_print(struct info_output *output, const char *format, ...)
{
    char line[256]; /* more than any line takes */
    struct cellar__fmt fmt;
    va_list args;
    va_start(args, format);
    cellar__fmt_init(&fmt, line, sizeof line);
    cellar__fmt_vprint(&fmt, format, args);
    va_end(args);
    output->failed |= fputs(line, output->stream) == EOF;
}

static void info_print_sizes(struct info_output *output, const struct cellar__stat_record *record)
{
    size_t below = 0;
    info_print(output, "<sizes>\n");
    for (size_t i = 0; i < record->nzones; i++) {
        const struct cellar__stat_zone *zone = &record->zones[i];
        size_t nfree = zone->in_buckets + zone->in_slabs;
        if (zone->item_size <= below) { /* behind malloc's classes: a zone of the program */
            break;
        }
        if (nfree != 0) {
            info_print(output, "  <size from=\"%zu\" to=\"%zu\" total=\"%zu\" count=\"%zu\"/>\n", below + 1,
                       zone->item_size, nfree * zone->item_size, nfree);
        }
        below = zone->item_size;
    }
    info_print(output, "</sizes>\n");
}

/* fast: what is in buckets; rest: what is free in slabs. */
static void info_print_totals(struct info_output *output, const struct info_totals *totals)
{
    info_print(output, "<total type=\"fast\" count=\"%zu\" size=\"%zu\"/>\n", totals->bucket_items,
               totals->bucket_bytes);
    info_print(output, "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n", totals->slab_items,
               totals->slab_bytes);
}

static void info_print_system(struct info_output *output, const struct cellar__stat_record *record)
{
    size_t committed = 0;
    for (size_t i = 0; i < record->nsubmaps; i++) {
        committed += record->submaps[i].committed;
    }
    info_print(output, "<system type=\"current\" size=\"%zu\"/>\n", info_arena_bytes(record));
    info_print(output, "<system type=\"max\" size=\"%zu\"/>\n", record->peak_held);
    info_print(output, "<aspace type=\"total\" size=\"%zu\"/>\n", committed);
    info_print(output, "<aspace type=\"mprotect\" size=\"%zu\"/>\n", committed);
}

int cellar__info_print_xml(FILE *stream)
{
    struct cellar__stat_record record;
    struct info_totals totals;
    struct info_output output = {.stream = stream};
    cellar__stats_collect(&record);
    info_sum(&record, &totals);
    info_print(&output, "<malloc version=\"1\">\n<heap nr=\"0\">\n");
    info_print_sizes(&output, &record);
    info_print_totals(&output, &totals);
    info_print_system(&output, &record);
    info_print(&output, "</heap>\n");
    info_print_totals(&output, &totals);
    info_print(&output, "<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n", record.huge.nlive,
               record.huge.live_bytes);
    info_print_system(&output, &record);
    info_print(&output, "</malloc>\n");
    return output.failed ? -1 : 0;
}

bool cellar__info_knows_parameter(int parameter)
{
    switch (parameter) {
    case M_MXFAST:
    case M_NLBLKS:
    case M_GRAIN:
    case M_KEEP:
    case M_TRIM_THRESHOLD:
    case M_TOP_PAD:
    case M_MMAP_THRESHOLD:
    case M_MMAP_MAX:
    case M_CHECK_ACTION:
    case M_PERTURB:
    case M_ARENA_TEST:
    case M_ARENA_MAX:
        return true;
    default:
        return false;
    }
}
