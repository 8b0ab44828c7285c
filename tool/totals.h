/* Sums over the zones, arenas and submaps of one record. Sums stay at the largest value rather than wrap. */
#ifndef CELLAR_TOOL_TOTALS_H
#define CELLAR_TOOL_TOTALS_H

#include <stdbool.h>

#include "record.h"

struct zone_totals {
    size_t used; /* zones that were asked for anything or hold memory */
    uint64_t requests;
    uint64_t live;
    uint64_t live_bytes;
    uint64_t in_buckets;
    uint64_t bucket_bytes;
    uint64_t in_slabs;
    uint64_t slab_free_bytes;
    uint64_t slabs;
    uint64_t held_bytes;
    uint64_t smallest; /* item size; 0 when no zone is used */
    uint64_t largest;
};

struct totals {
    struct zone_totals all;   /* both kinds */
    struct zone_totals slabs; /* zones whose items are cut from slabs */
    struct zone_totals runs;  /* zones whose items are runs of the arena */
    uint64_t requests;        /* of all zones, and huge ones */
    uint64_t live;
    uint64_t live_bytes;
    uint64_t samples;  /* of requested sizes, in all zones */
    uint64_t reserved; /* of the submaps */
    uint64_t committed;
};

void cellar__totals_init(struct totals *totals, const struct record *record);

/* The memory a zone holds: its slabs, or its runs that are live or cached. */
uint64_t cellar__zone_held_bytes(const struct record_zone *zone);

/* Whether the zone was asked for anything or holds memory. */
bool cellar__zone_is_used(const struct record_zone *zone);

#endif
