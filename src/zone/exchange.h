/*
 * exchange: buckets that a zone's caches leave to its depot, and take from it.
 *
 * A depot has a bound of its own. A wide one (is_wide) may go beyond it as long as memory may wait at all: what waits there counts
 * as dirty runs do, as does what lies in previous buckets (zone/deep.h), and together they may be so much that the heap is no larger than a quarter above what the program
 * lately used at its peak (arena/dirty.h). So who frees much and wants it again, of one size, meets it without a lock.
 *
 *   cache  -- bucket -->  depot  ~~ counted ~~>  dirty  --  full?  -->  the bucket's items go to the backend
 *
 * What nobody wants any more is swept out by the janitor, without which the depot's own bound holds, and other classes take what they
 * need (malloc/spare.h). So only malloc's zones are wide, of items larger than a KiB: smaller ones that are left would hold the
 * slabs of all others.
 *
 * Locks: none. A longjmp out of a handler may leave the count of what waits off by a bucket, which is lost as well.
 */
#ifndef CELLAR_ZONE_EXCHANGE_H
#define CELLAR_ZONE_EXCHANGE_H

#include <stdbool.h>

#include "arena/dirty.h"
#include "zone/zone.h"

/* For a depot whose own bound refused the bucket, whose items are bytes long together. */
bool cellar__exchange_put_beyond(struct cellar__zone *zone, struct cellar__bucket *bucket, size_t bytes);

/* Leaves a bucket that holds items to the depot. False, with the bucket still the caller's, when it is full. */
CELLAR_INLINE bool cellar__exchange_put(struct cellar__zone *zone, struct cellar__bucket *bucket)
{
    size_t bytes = bucket->count * zone->attr.size;
    if (zone->is_wide) {
        cellar__dirty_count_waiting(bytes); /* first: another thread may take the bucket at once */
    }
    return CELLAR_LIKELY(cellar__depot_put(&zone->depot, bucket, false)) ||
           (zone->is_wide && cellar__exchange_put_beyond(zone, bucket, bytes));
}

/* A bucket that holds items, or NULL. */
CELLAR_INLINE struct cellar__bucket *cellar__exchange_get(struct cellar__zone *zone)
{
    struct cellar__bucket *bucket = cellar__depot_get(&zone->depot);
    if (bucket != NULL && zone->is_wide) {
        cellar__dirty_count_waiting(-(bucket->count * zone->attr.size));
    }
    return bucket;
}

/* A previous bucket of the zone has left its cache. */
CELLAR_INLINE void cellar__exchange_uncount(const struct cellar__zone *zone,
                                            const struct cellar__bucket *previous)
{
    if (zone->is_wide && previous != NULL) {
        cellar__dirty_count_waiting(-(previous->count * zone->attr.size));
    }
}

/* Takes the previous bucket out of a cache of the zone, whatever it holds; NULL when there is none. */
CELLAR_INLINE struct cellar__bucket *cellar__exchange_take_previous(const struct cellar__zone *zone,
                                                                    struct cellar__cache *cache)
{
    struct cellar__bucket *previous = cellar__cache_take_previous(cache);
    cellar__exchange_uncount(zone, previous);
    return previous;
}

/* Gives one, or NULL, to the empty place. */
CELLAR_INLINE void cellar__exchange_put_previous(const struct cellar__zone *zone, struct cellar__cache *cache,
                                                 struct cellar__bucket *bucket)
{
    if (zone->is_wide && bucket != NULL) {
        cellar__dirty_count_waiting(bucket->count * zone->attr.size);
    }
    cellar__cache_put_previous(cache, bucket);
}

#endif
