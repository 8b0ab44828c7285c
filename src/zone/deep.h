/*
 * deep: previous buckets that hold more than the loaded one; of malloc's items beyond a KiB (zone->is_wide).
 *
 * A loaded bucket of large items holds few, since nobody can reach it while its thread sleeps. The previous bucket can be
 * reached by all: the janitor takes what no thread has touched for a while. So it may hold many more, and items go up and down
 * between the two by one exchange, past the depot, which takes and gives whole previous buckets.
 *
 *   loaded  <- some items ->  previous, deep  <- bucket ->  depot, wide  <- items ->  backend
 *                             \_______ counts as what waits (zone/exchange.h) ______/
 *
 * How deep it may be:
 *
 *   the only thread      as much as it comes to, up to 4 MiB of a class
 *   with others, few     as much as it has used: it grows when it was emptied since it was full last, and what lay there all the
 *                        time goes to the depot, and is room that it has no more; up to a quarter of that
 *   with others, many    as much as the loaded one; of items of which a thread keeps one (zone/single.h), some
 *   no share (ADR 0020)  nothing: items come from the depot and go there one by one
 *
 * Where no more memory may wait (arena/dirty.h), it and the depot hold no more than that may, or what the loaded one holds.
 *
 * A thread counts what it puts there for itself, and tells it to all when it is half a MiB, or its share of two.
 *
 * Locks: none; the cache and its record are the calling thread's own, unless it says otherwise. Who steals a previous bucket and
 * its owner agree by a fence that the former has the kernel make in all threads (ADR 0050). A longjmp out of a handler may
 * leave the count of what waits off by a bucket, which is lost as well.
 */
#ifndef CELLAR_ZONE_DEEP_H
#define CELLAR_ZONE_DEEP_H

#include <stdbool.h>

#include "zone/change.h"
#include "zone/thread.h"
#include "zone/zone.h"

/* Of cellar__deep_pop and cellar__deep_push, when there is a bucket that has it. */
void *cellar__deep_raise(struct cellar__zone *zone, struct cellar__thread *thread,
                         struct cellar__cache *cache);
bool cellar__deep_lower(const struct cellar__zone *zone, struct cellar__thread *thread,
                        struct cellar__cache *cache, void *item);

/* An item for a cache whose loaded bucket is empty or missing, and gets more. NULL: the previous bucket holds none. */
CELLAR_INLINE void *cellar__deep_pop(struct cellar__zone *zone, struct cellar__thread *thread,
                                     struct cellar__cache *cache)
{
    return cellar__change_has(cache, CELLAR_WANT_ITEMS) ? cellar__deep_raise(zone, thread, cache) : NULL;
}

/* The same, also from the depot. */
void *cellar__deep_alloc(struct cellar__zone *zone, struct cellar__thread *thread,
                         struct cellar__cache *cache);

/*
 * Takes an item for a cache whose loaded bucket is full or missing: what that held goes to the previous one. False: there is
 * no previous bucket, or it is full.
 */
CELLAR_INLINE bool cellar__deep_push(const struct cellar__zone *zone, struct cellar__thread *thread,
                                     struct cellar__cache *cache, void *item)
{
    return cellar__change_has(cache, CELLAR_WANT_ROOM) && cellar__deep_lower(zone, thread, cache, item);
}

/*
 * The same; a previous bucket that is full grows, or goes to the depot, and what may not wait to the backend. False: there
 * is no previous bucket to be had, or none of this is enough.
 */
bool cellar__deep_free(struct cellar__zone *zone, struct cellar__thread *thread, struct cellar__cache *cache,
                       void *item);

/* The previous bucket goes to the depot, if the zone is wide and there is one. */
void cellar__deep_shed(struct cellar__zone *zone, struct cellar__thread *thread);

/* The thread ends: others may have what is in its previous buckets. */
void cellar__deep_end(struct cellar__thread *thread);

/* In the child after fork, of another thread's record: what it held is lost, and waits no more. */
void cellar__deep_forget(struct cellar__thread *thread);

#endif
