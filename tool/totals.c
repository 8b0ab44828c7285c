/* Sums over one record. */
#include "totals.h"

#include <string.h>

static uint64_t sum(uint64_t a, uint64_t b)
{
    uint64_t result;
    return __builtin_add_overflow(a, b, &result) ? UINT64_MAX : result;
}

static uint64_t product(uint64_t a, uint64_t b)
{
    uint64_t result;
    return __builtin_mul_overflow(a, b, &result) ? UINT64_MAX : result;
}

uint64_t cellar__zone_held_bytes(const struct record_zone *zone)
{
    uint64_t items = product(sum(zone->live, zone->in_buckets), zone->item_size);
    if (strcmp(zone->kind, "run") == 0 && items > zone->slab_bytes)
        return items;
    return zone->slab_bytes;
}

bool cellar__zone_is_used(const struct record_zone *zone)
{
    return zone->requests > 0 || cellar__zone_held_bytes(zone) > 0;
}

static void zone_totals_add(struct zone_totals *totals, const struct record_zone *zone)
{
    if (!cellar__zone_is_used(zone))
        return;
    if (totals->used == 0 || zone->item_size < totals->smallest)
        totals->smallest = zone->item_size;
    if (zone->item_size > totals->largest)
        totals->largest = zone->item_size;
    totals->used++;
    totals->requests = sum(totals->requests, zone->requests);
    totals->live = sum(totals->live, zone->live);
    totals->live_bytes = sum(totals->live_bytes, product(zone->live, zone->item_size));
    totals->in_buckets = sum(totals->in_buckets, zone->in_buckets);
    totals->bucket_bytes = sum(totals->bucket_bytes, product(zone->in_buckets, zone->item_size));
    totals->in_slabs = sum(totals->in_slabs, zone->in_slabs);
    totals->slab_free_bytes = sum(totals->slab_free_bytes, product(zone->in_slabs, zone->item_size));
    totals->slabs = sum(totals->slabs, zone->slabs);
    totals->held_bytes = sum(totals->held_bytes, cellar__zone_held_bytes(zone));
}

void cellar__totals_init(struct totals *totals, const struct record *record)
{
    memset(totals, 0, sizeof(*totals));
    for (size_t i = 0; i < record->nzones; i++) {
        const struct record_zone *zone = &record->zones[i];
        zone_totals_add(&totals->all, zone);
        zone_totals_add(strcmp(zone->kind, "run") == 0 ? &totals->runs : &totals->slabs, zone);
        totals->samples = sum(totals->samples, zone->samples);
    }
    totals->requests = sum(totals->all.requests, record->huge_requests);
    totals->live = sum(totals->all.live, record->huge_live);
    totals->live_bytes = sum(totals->all.live_bytes, record->huge_live_bytes);
    for (size_t i = 0; i < record->nsubmaps; i++) {
        totals->reserved = sum(totals->reserved, record->submaps[i].reserved);
        totals->committed = sum(totals->committed, record->submaps[i].committed);
    }
}
