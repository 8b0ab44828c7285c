/*
 * capacity: how many items the buckets of a thread's cache hold.
 *
 * A zone has a bound in bytes for its buckets and one for its depot. Below it a cache earns its capacity by use, so that a
 * thread that allocates little keeps little. What all caches of a thread may hold together is bounded, and so is what all
 * threads keep: many keep less each.
 *
 * Locks: none; what is changed is the calling thread's own.
 */
#ifndef CELLAR_ZONE_CAPACITY_H
#define CELLAR_ZONE_CAPACITY_H

#include "bucket/cache.h"
#include "zone/thread.h"
#include "zone/zone.h"

#define CELLAR_CAPACITY_FEW_THREADS ((size_t)6) /* so many keep what they may */

/* Sets the bounds of the zone's buckets and depot, by the size of its items, and whether the depot is wide (zone/exchange.h). */
void cellar__capacity_init(struct cellar__zone *zone);

/* What is left of a bound when there are many threads. */
uint32_t cellar__capacity_share(uint32_t max_items, size_t nthreads);

/*
 * Items that a bucket may hold now. What all threads keep to themselves is bounded: beyond a few of them, and two a CPU,
 * each has its share of what those few may keep, and an item that is too large for that has no bucket (ADR 0020).
 */
CELLAR_INLINE uint32_t cellar__capacity_max(const struct cellar__zone *zone)
{
    uint32_t max_items = __atomic_load_n(&zone->max_items, __ATOMIC_RELAXED);
    size_t nthreads = cellar__thread_count();
    return CELLAR_LIKELY(nthreads <= CELLAR_CAPACITY_FEW_THREADS)
               ? max_items
               : cellar__capacity_share(max_items, nthreads);
}

/*
 * What the cache's next bucket is to hold: a few items at first, then twice as many as the one before, but by no more
 * than some KiB more, so that a thread that is soon idle keeps little (ADR 0023). 0: large items have no bucket until the
 * thread has asked for some. When the sum of all caches of the thread, which is the caller's, has come to its bound, the
 * capacity moves: a cache that comes here often takes from the others in turn (ADR 0027). Who comes for room gets no more than
 * it has, unless it only frees, and often (ADR 0040).
 */
uint32_t cellar__capacity_next(const struct cellar__zone *zone, struct cellar__thread *thread,
                               struct cellar__cache *cache);

/*
 * Items to take from the backend for an empty bucket: a part of what it holds, so that what is freed next has room in it
 * and fewer lie there unused; all of it for who only allocates here (ADR 0037), but not right after others had items for it
 * (ADR 0048). At least a cache line's worth, lest two threads share one.
 */
uint32_t cellar__capacity_import(const struct cellar__zone *zone, struct cellar__cache *cache,
                                 uint32_t capacity);

/* The part of cellar__capacity_set that is seldom needed. */
void cellar__capacity_change(const struct cellar__zone *zone, struct cellar__thread *thread,
                             struct cellar__cache *cache, uint32_t capacity);

/* The cache has a bucket of that capacity now. */
CELLAR_INLINE void cellar__capacity_set(const struct cellar__zone *zone, struct cellar__thread *thread,
                                        struct cellar__cache *cache, uint32_t capacity)
{
    if (CELLAR_UNLIKELY(capacity != cache->capacity)) {
        cellar__capacity_change(zone, thread, cache, capacity);
    }
}

#endif
