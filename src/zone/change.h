/*
 * change: how the buckets of a thread's cache change.
 *
 * An operation on a cache takes several stores. Each is done with the thread's record detached, so a signal handler's longjmp
 * out of it leaves nothing that a fast path could see; between two of them the cache is whole. All are for the thread itself.
 */
#ifndef CELLAR_ZONE_CHANGE_H
#define CELLAR_ZONE_CHANGE_H

#include "zone/thread.h"
#include "zone/zone.h"

/* What a slow path wants of a cache: it came to allocate, or to free. */
enum cellar__want { CELLAR_WANT_ITEMS, CELLAR_WANT_ROOM };

#define CELLAR_CHANGE_STEADY 17 /* slow paths in a row; no more are counted */
#define CELLAR_CHANGE_FED 2     /* imports, after a bucket that others had handed on */

/* The thread has come for items so often, and never for room meanwhile, that it is taken for one that only allocates here. */
CELLAR_INLINE bool cellar__change_only_allocates(const struct cellar__cache *cache)
{
    return cache->streak >= CELLAR_CHANGE_STEADY;
}

/* A bucket came from the depot. Who only allocates is taken to live on what others free, for so many imports. */
CELLAR_INLINE void cellar__change_feed(struct cellar__cache *cache)
{
    if (cellar__change_only_allocates(cache)) {
        cache->streak = CELLAR_CHANGE_STEADY + CELLAR_CHANGE_FED;
    }
}

/* Whether an import is one of those. */
CELLAR_INLINE bool cellar__change_take_fed(struct cellar__cache *cache)
{
    bool is_fed = cache->streak > CELLAR_CHANGE_STEADY;
    cache->streak = (int8_t)(cache->streak - is_fed);
    return is_fed;
}

CELLAR_INLINE bool cellar__change_only_frees(const struct cellar__cache *cache)
{
    return cache->streak == -CELLAR_CHANGE_STEADY;
}

/* For zones that do not count each request: what has left the loaded bucket counts before the bucket goes. */
CELLAR_INLINE void cellar__change_count(const struct cellar__zone *zone, struct cellar__cache *cache)
{
    cache->nrequests += zone->is_counted ? 0 : cellar__cache_nleft(cache);
}

/* Loads the bucket, or none; none is loaded. */
CELLAR_INLINE void cellar__change_load(struct cellar__thread *thread, struct cellar__cache *cache,
                                       struct cellar__bucket *bucket)
{
    cellar__thread_detach();
    cellar__cache_load(cache, bucket);
    cellar__thread_attach(thread);
}

/* Takes the loaded bucket out; NULL when there is none. */
CELLAR_INLINE struct cellar__bucket *cellar__change_unload(const struct cellar__zone *zone,
                                                           struct cellar__thread *thread,
                                                           struct cellar__cache *cache)
{
    cellar__change_count(zone, cache);
    cellar__thread_detach();
    struct cellar__bucket *bucket = cellar__cache_unload(cache);
    cellar__thread_attach(thread);
    return bucket;
}

/* Loads the bucket that was the previous one, and is out; the loaded one takes its place. */
CELLAR_INLINE void cellar__change_swap(const struct cellar__zone *zone, struct cellar__thread *thread,
                                       struct cellar__cache *cache, struct cellar__bucket *bucket)
{
    cellar__change_count(zone, cache);
    cellar__thread_detach();
    cellar__cache_swap(cache, bucket);
    cellar__thread_attach(thread);
}

/* First of all for a slow path: notes what it came for. */
void cellar__change_note(struct cellar__cache *cache, enum cellar__want want);

/* Whether the previous bucket has that; others may take it meanwhile, and the exchange that follows finds none. */
__attribute__((no_sanitize("thread"))) static inline bool
cellar__change_has(const struct cellar__cache *cache, enum cellar__want want)
{
    const struct cellar__bucket *previous = cellar__cache_previous(cache);
    return previous != NULL &&
           (want == CELLAR_WANT_ITEMS ? previous->count > 0 : previous->count < previous->capacity);
}

/* Notes it, and takes the previous bucket out when that has it. NULL: the slow path goes past both. */
struct cellar__bucket *cellar__change_take_previous(struct cellar__cache *cache, enum cellar__want want);

/*
 * Goes on with the previous bucket, which is out, after the loaded one was found empty or full. Where the want is another than
 * the last time, each bucket gets half of what there is, so that the next border is half a bucket away in both directions.
 * What was freed last stays on top.
 */
void cellar__change_over(const struct cellar__zone *zone, struct cellar__thread *thread,
                         struct cellar__cache *cache, struct cellar__bucket *previous,
                         enum cellar__want want);

#endif
