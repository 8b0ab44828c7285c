#include "stat/record.h"

static double record_ratio(double part, double whole)
{
    double ratio = whole > 0 ? part / whole : 0;
    return ratio < 0 ? 0 : ratio > 1 ? 1 : ratio;
}

/* Requested and granted bytes of all zones: the samples of a zone stand for all its requests. */
static double record_internal(const struct cellar__stat_record *record)
{
    double requested = 0;
    double granted = 0;
    for (size_t i = 0; i < record->nzones; i++) {
        const struct cellar__stat_zone *zone = &record->zones[i];
        if (zone->nsamples == 0) {
            continue;
        }
        double mean = (double)zone->sampled_requested / (double)zone->nsamples;
        requested += mean * (double)zone->nrequests;
        granted += (double)zone->item_size * (double)zone->nrequests;
    }
    return granted > 0 ? record_ratio(granted - requested, granted) : 0;
}

struct cellar__stat_fragmentation cellar__stat_fragmentation(const struct cellar__stat_record *record)
{
    double used = 0;
    double cached = 0;
    double slabs = 0;
    for (size_t i = 0; i < record->nzones; i++) {
        const struct cellar__stat_zone *zone = &record->zones[i];
        cached += (double)zone->in_buckets * (double)zone->item_size;
        used += (double)(zone->nlive + zone->in_buckets) * (double)zone->item_size;
        slabs += (double)zone->slab_bytes;
    }
    double free_below = (double)record->arena.free_below_top;
    return (struct cellar__stat_fragmentation){
        .internal = record_internal(record),
        .external = record_ratio(free_below - (double)record->arena.largest_free_below_top, free_below),
        .slab = record_ratio(slabs - used, slabs),
        .cached = record_ratio(cached, slabs),
    };
}
