#include <string.h>

#include "base/fmt.h"
#include "stat/record.h"

/* Collects one piece of text at a time; the first error of the sink sticks. */
struct json_out {
    const struct cellar__stat_sink *sink;
    struct cellar__fmt fmt;
    char buffer[512];
    int status;
};

static void json_flush(struct json_out *out)
{
    if (out->status == 0 && out->fmt.length > 0) {
        out->status = out->sink->write(out->sink->ctx, out->buffer, out->fmt.length);
    }
    cellar__fmt_init(&out->fmt, out->buffer, sizeof out->buffer);
}

/* A member whose value is a whole number, with a comma behind it unless it is the last of its object. */
static void json_number(struct json_out *out, const char *key, uint64_t value, const char *end)
{
    cellar__fmt_print(&out->fmt, "\"%s\":%lu%s", key, (unsigned long)value, end);
    json_flush(out);
}

/* A string: quotes, backslashes and control characters are escaped, other bytes pass. */
static void json_string(struct json_out *out, const char *key, const char *value, const char *end)
{
    cellar__fmt_print(&out->fmt, "\"%s\":\"", key);
    json_flush(out);
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;
        if (c == '"' || c == '\\') {
            cellar__fmt_print(&out->fmt, "\\%c", c);
        } else if (c < 0x20) {
            cellar__fmt_print(&out->fmt, "\\u%04x", c);
        } else {
            cellar__fmt_print(&out->fmt, "%c", c);
        }
        json_flush(out);
    }
    cellar__fmt_print(&out->fmt, "\"%s", end);
    json_flush(out);
}

static void json_text(struct json_out *out, const char *text)
{
    cellar__fmt_print(&out->fmt, "%s", text);
    json_flush(out);
}

static void json_process(struct json_out *out, const struct cellar__stat_record *record)
{
    json_number(out, "cellar_stats", 1, ",");
    json_string(out, "version", record->version, ",");
    json_number(out, "pid", (uint64_t)record->pid, ",");
    json_number(out, "ppid", (uint64_t)record->ppid, ",");
    json_string(out, "exe", record->program, ",");
    json_string(out, "fit", record->arena.fit, ",");
    json_number(out, "page_size", record->page_size, ",");
    json_number(out, "granule", record->granule, ",");
    json_number(out, "peak_rss", record->peak_rss, ",");
    json_number(out, "wall_ns", record->wall_ns, ",");
    json_number(out, "user_ns", record->user_ns, ",");
    json_number(out, "sys_ns", record->system_ns, ",");
    json_number(out, "minor_faults", record->minor_faults, ",");
    json_number(out, "threads", record->nthreads, ",");
    json_number(out, "held", record->held, ",");
    json_number(out, "peak_held", record->peak_held, ",");
    json_number(out, "dirty", record->dirty_bytes, ",");
}

static void json_maps(struct json_out *out, const struct cellar__stat_record *record)
{
    json_text(out, "\"submaps\":[");
    for (size_t i = 0; i < record->nsubmaps; i++) {
        cellar__fmt_print(&out->fmt, "%s{\"base\":\"%p\",", i == 0 ? "" : ",", record->submaps[i].base);
        json_number(out, "reserved", record->submaps[i].reserved, ",");
        json_number(out, "committed", record->submaps[i].committed, "}");
    }
    json_text(out, "],\"page_map\":{");
    json_number(out, "reserved", record->page_map_reserved, "},\"meta\":{");
    json_number(out, "reserved", record->meta_reserved, ",");
    json_number(out, "used", record->meta_used, "},");
}

static void json_arena(struct json_out *out, const struct cellar__stat_arena *arena)
{
    json_text(out, "\"arenas\":[{");
    json_string(out, "name", arena->name, ",");
    json_string(out, "fit", arena->fit, ",");
    json_number(out, "quantum", arena->quantum, ",");
    json_number(out, "imported", arena->imported, ",");
    json_number(out, "allocated", arena->allocated, ",");
    json_number(out, "free", arena->imported - arena->allocated, ",");
    json_number(out, "free_below_top", arena->free_below_top, ",");
    json_number(out, "largest_free_below_top", arena->largest_free_below_top, ",");
    json_number(out, "segments", arena->nsegments, ",");
    json_number(out, "free_segments", arena->nfree, "}],");
}

static void json_zone(struct json_out *out, const struct cellar__stat_zone *zone)
{
    json_text(out, "{");
    json_string(out, "name", zone->name, ",");
    json_string(out, "kind", zone->kind, ",");
    json_number(out, "item_size", zone->item_size, ",");
    json_number(out, "requests", zone->nrequests, ",");
    json_number(out, "live", zone->nlive, ",");
    json_number(out, "in_buckets", zone->in_buckets, ",");
    json_number(out, "in_slabs", zone->in_slabs, ",");
    json_number(out, "slabs", zone->nslabs, ",");
    json_number(out, "slab_bytes", zone->slab_bytes, ",");
    json_number(out, "samples", zone->nsamples, ",");
    json_number(out, "sampled_requested", zone->sampled_requested, ",");
    json_number(out, "sampled_granted", zone->nsamples * zone->item_size, "}");
}

static void json_huge(struct json_out *out, const struct cellar__stat_record *record)
{
    json_text(out, "\"huge\":{");
    json_number(out, "requests", record->huge.nrequests, ",");
    json_number(out, "live", record->huge.nlive, ",");
    json_number(out, "live_bytes", record->huge.live_bytes, ",");
    json_number(out, "cached", record->huge.ncached, ",");
    json_number(out, "cached_bytes", record->huge.cached_bytes, "},");
}

int cellar__stat_print_json(const struct cellar__stat_record *record, const struct cellar__stat_sink *sink)
{
    struct json_out out = {.sink = sink};
    struct cellar__stat_fragmentation ratios = cellar__stat_fragmentation(record);
    cellar__fmt_init(&out.fmt, out.buffer, sizeof out.buffer);
    json_text(&out, "{");
    json_process(&out, record);
    json_maps(&out, record);
    json_arena(&out, &record->arena);
    json_text(&out, "\"zones\":[");
    for (size_t i = 0; i < record->nzones; i++) {
        json_text(&out, i == 0 ? "" : ",");
        json_zone(&out, &record->zones[i]);
    }
    json_text(&out, "],");
    json_huge(&out, record);
    cellar__fmt_print(&out.fmt, "\"fragmentation\":{\"internal\":%.4f,\"external\":%.4f,", ratios.internal,
                      ratios.external);
    cellar__fmt_print(&out.fmt, "\"slab\":%.4f,\"cached\":%.4f}}\n", ratios.slab, ratios.cached);
    json_flush(&out);
    return out.status;
}
