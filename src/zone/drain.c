/* What caches and depots of a zone give back: when a thread ends, when nobody wants it, and when a drain is asked for. */
#include <string.h>

#include "base/bits.h"
#include "zone/change.h"
#include "zone/exchange.h"
#include "zone/zone_int.h"

void cellar__zone_settle_cache(const struct cellar__zone *zone, struct cellar__cache *cache)
{
    cellar__change_count(zone, cache);
    cache->loaded->count = (uint16_t)(cache->top - cache->floor);
}

/* Takes the buckets out of a cache that no fast path uses. */
static struct cellar__zone_load drain_take(const struct cellar__zone *zone, struct cellar__cache *cache)
{
    struct cellar__zone_load load = {.previous = cellar__exchange_take_previous(zone, cache)};
    cellar__change_count(zone, cache);
    load.loaded = cellar__cache_unload(cache);
    return load;
}

static int64_t drain_nitems(const struct cellar__zone_load *load)
{
    return (load->loaded == NULL ? 0 : load->loaded->count) +
           (load->previous == NULL ? 0 : load->previous->count);
}

void cellar__zone_drain_cache(struct cellar__zone *zone, struct cellar__cache *cache)
{
    struct cellar__zone_load load = drain_take(zone, cache);
    cache->net -= drain_nitems(&load);
    cellar__zone_give_load(zone, &load);
    __atomic_add_fetch(&zone->retired_requests, cache->nrequests, __ATOMIC_RELAXED);
    cache->nrequests = 0;
}

void cellar__zone_drain_to_backend(struct cellar__zone *zone, struct cellar__thread *thread,
                                   struct cellar__cache *cache)
{
    struct cellar__bucket *buckets[2] = {cellar__exchange_take_previous(zone, cache),
                                         cellar__change_unload(zone, thread, cache)};
    for (size_t i = 0; i < CELLAR_COUNTOF(buckets); i++) {
        if (buckets[i] != NULL) {
            cache->net -= buckets[i]->count;
            cellar__zone_empty_bucket(zone, buckets[i]);
        }
    }
}

void cellar__zone_drain_own(struct cellar__zone *zone)
{
    struct cellar__thread *thread = cellar__self;
    if (!cellar__thread_is_empty(thread) && cellar__thread_has_chunk(thread, zone->id)) {
        cellar__zone_drain_to_backend(zone, thread, cellar__thread_cache(thread, zone->id));
    }
}

bool cellar__zone_take_load(struct cellar__zone *zone, struct cellar__cache *cache,
                            struct cellar__zone_load *ret_load)
{
    *ret_load = drain_take(zone, cache);
    int64_t surplus = drain_nitems(ret_load) - cache->net;
    __atomic_add_fetch(&zone->retired_requests, cache->nrequests, __ATOMIC_RELAXED);
    __atomic_add_fetch(&zone->retired_surplus, surplus > 0 ? (uint64_t)surplus : 0, __ATOMIC_RELAXED);
    *cache = (struct cellar__cache){0};
    return ret_load->loaded != NULL || ret_load->previous != NULL;
}

void cellar__zone_give_load(struct cellar__zone *zone, struct cellar__zone_load *load)
{
    cellar__zone_hand_over(zone, load->loaded);
    cellar__zone_hand_over(zone, load->previous);
}

void cellar__zone_trim_depot(struct cellar__zone *zone, size_t nitems)
{
    struct cellar__bucket *bucket;
    while (nitems != 0 && (bucket = cellar__exchange_get(zone)) != NULL) {
        size_t n = cellar__min(bucket->count, nitems);
        cellar__zone_release(zone, bucket->items, n); /* the oldest */
        nitems -= n;
        bucket->count = (uint16_t)(bucket->count - n);
        memmove(bucket->items, bucket->items + n, bucket->count * sizeof *bucket->items);
        cellar__zone_hand_over(zone, bucket);
    }
}

void cellar__zone_trim_idle(struct cellar__zone *zone)
{
    size_t nidle = cellar__depot_idle(&zone->depot);
    if (nidle != 0) {
        cellar__zone_trim_depot(zone, nidle);
        cellar__depot_idle(&zone->depot); /* the trim was no use of the depot */
    }
}

void cellar__zone_drain_depot(struct cellar__zone *zone)
{
    cellar__zone_trim_depot(zone, SIZE_MAX);
}

void cellar__zone_ask_drain(struct cellar__zone *zone)
{
    __atomic_add_fetch(&zone->drain_epoch, 2, __ATOMIC_RELAXED);
}

void cellar__zone_set_max_cached(struct cellar__zone *zone, size_t n)
{
    size_t max_items = cellar__clamp(n / 2, 1, cellar__bucket_room(CELLAR_BUCKET_LG_MAX));
    __atomic_store_n(&zone->max_items, (uint16_t)max_items, __ATOMIC_RELAXED);
    __atomic_store_n(&zone->depot.max_items, (uint32_t)cellar__min(n, UINT32_MAX / 2), __ATOMIC_RELAXED);
    size_t nitems = cellar__depot_nitems(&zone->depot);
    cellar__zone_trim_depot(zone, nitems > n ? nitems - n : 0);
}
