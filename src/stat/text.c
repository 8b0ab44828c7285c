#include "base/fmt.h"
#include "stat/record.h"

#define TEXT_LINE 160

struct text_out {
    const struct cellar__stat_sink *sink;
    int status;
};

static void text_line(struct text_out *out, const char *format, ...) CELLAR_PRINTF(2, 3);

static void text_line(struct text_out *out, const char *format, ...)
{
    char line[TEXT_LINE];
    struct cellar__fmt fmt;
    va_list args;
    cellar__fmt_init(&fmt, line, sizeof line);
    va_start(args, format);
    cellar__fmt_vprint(&fmt, format, args);
    va_end(args);
    if (out->status == 0) {
        out->status = out->sink->write(out->sink->ctx, line, fmt.length);
    }
}

static void text_zones(struct text_out *out, const struct cellar__stat_record *record)
{
    text_line(out, "%-14s %9s %10s %10s %10s %8s %10s %12s\n", "zone", "item", "live", "in buckets",
              "in slabs", "slabs", "slab KiB", "requests");
    for (size_t i = 0; i < record->nzones; i++) {
        const struct cellar__stat_zone *zone = &record->zones[i];
        if (zone->nrequests != 0 || zone->nslabs != 0) {
            text_line(out, "%-14s %9zu %10zu %10zu %10zu %8zu %10zu %12lu\n", zone->name, zone->item_size,
                      zone->nlive, zone->in_buckets, zone->in_slabs, zone->nslabs, zone->slab_bytes >> 10,
                      (unsigned long)zone->nrequests);
        }
    }
}

int cellar__stat_print_text(const struct cellar__stat_record *record, const struct cellar__stat_sink *sink)
{
    struct text_out out = {.sink = sink};
    struct cellar__stat_fragmentation ratios = cellar__stat_fragmentation(record);
    text_line(&out, "cellar %s: statistics of process %d (%s)\n", record->version, record->pid,
              record->program);
    text_zones(&out, record);
    text_line(&out, "huge: %zu live in %zu KiB, %zu cached in %zu KiB, %lu requests\n", record->huge.nlive,
              record->huge.live_bytes >> 10, record->huge.ncached, record->huge.cached_bytes >> 10,
              (unsigned long)record->huge.nrequests);
    text_line(&out, "arena %s (%s fit): %lu KiB out of %lu MiB, %zu segments, %zu free; dirty runs %zu KiB\n",
              record->arena.name, record->arena.fit, (unsigned long)(record->arena.allocated >> 10),
              (unsigned long)(record->arena.imported >> 20), record->arena.nsegments, record->arena.nfree,
              record->dirty_bytes >> 10);
    for (size_t i = 0; i < record->nsubmaps; i++) {
        text_line(&out, "submap %p: %zu MiB reserved, %zu KiB committed\n", record->submaps[i].base,
                  record->submaps[i].reserved >> 20, record->submaps[i].committed >> 10);
    }
    text_line(&out, "meta: %zu KiB; threads: %zu; peak RSS: %zu KiB\n", record->meta_used >> 10,
              record->nthreads, record->peak_rss >> 10);
    text_line(&out, "fragmentation: internal %.3f, external %.3f, slab %.3f, cached %.3f\n", ratios.internal,
              ratios.external, ratios.slab, ratios.cached);
    return out.status;
}
