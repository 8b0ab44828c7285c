/*
 * heap: malloc's zones, and how everything starts.
 *
 * The first slow path of the process starts the heap: configuration, meta, windows, arena. Until it is done the page
 * map covers nothing and every cache is empty, so every call comes here. A start that fails for lack of memory is tried
 * again by the next call.
 *
 * The zone of a size class is made when the class is first used, and its record lies behind that of the class used before
 * it: a small program touches the pages of a few records, not of all. What works through the zones finds those that are
 * made by cellar__zone_get. They are made under cellar__threads_lock, so with that lock held no zone appears.
 */
#ifndef CELLAR_MALLOC_HEAP_H
#define CELLAR_MALLOC_HEAP_H

#include <stdbool.h>

#include "large/large.h"
#include "malloc/classes.h"
#include "zone/zone.h"

extern bool cellar__heap_is_started; /* atomic; only rises */

/* Starts the heap if need be. False when there is no memory for it. */
bool cellar__heap_start_slow(void);

CELLAR_INLINE bool cellar__heap_start(void)
{
    return CELLAR_LIKELY(__atomic_load_n(&cellar__heap_is_started, __ATOMIC_ACQUIRE)) ||
           cellar__heap_start_slow();
}

/* The zone of a size class, made now if need be. The heap is started. */
struct cellar__zone *cellar__heap_zone(unsigned class_id);

/* NULL for classes of runs. Makes the zone, as above. */
struct cellar__keg *cellar__heap_keg(unsigned class_id);

/* NULL for classes of slabs. Makes the zone, as above. */
struct cellar__large_source *cellar__heap_source(unsigned class_id);

/*
 * Gives back what the heap holds in vain: the calling thread's buckets and all depots go to their slabs, and dirty
 * runs and cached mappings to the kernel. Other threads keep their buckets. Returns the bytes that went back.
 */
size_t cellar__heap_trim(void);

#endif
