/*
 * fast: the two fast paths, for the entry points of C and of C++.
 *
 *   alloc  size -> cache of its class in this thread's record -> top of the loaded bucket
 *   free   address -> page map tag = offset of the zone's cache in this thread's record -> top of the loaded bucket
 */
#ifndef CELLAR_MALLOC_FAST_H
#define CELLAR_MALLOC_FAST_H

#include "submap/page_map.h"
#include "zone/thread.h"

/* A block of a small size from the thread's loaded bucket, or NULL: the slow path has to say. */
CELLAR_INLINE void *cellar__fast_alloc(size_t size)
{
    if (CELLAR_UNLIKELY(size > CELLAR_THREAD_SMALL_MAX)) {
        return NULL;
    }
    return cellar__cache_pop(cellar__self->by_size[(size + 15) / 16]);
}

/* False: the slow path has to take the block. */
CELLAR_INLINE bool cellar__fast_free(void *block)
{
    size_t granule = ((uintptr_t)block - cellar__page_map.base) >> CELLAR_LG_GRANULE;
    if (CELLAR_UNLIKELY(granule >= cellar__page_map.ngranules)) {
        return false;
    }
    uint16_t tag = cellar__page_map.tags[granule];
    return cellar__cache_push((struct cellar__cache *)((char *)cellar__self + tag), block);
}

#endif
