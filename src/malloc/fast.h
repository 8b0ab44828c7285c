/*
 * fast: the two fast paths, for the entry points of C and of C++.
 *
 *   alloc  size -> cache of its class in this thread's record -> top of the loaded bucket
 *   free   address -> page map tag = offset of the zone's cache in this thread's record -> top of the loaded bucket
 *
 * Class i has cache i, and tables of offsets lead from a size to the cache: one by bytes for small sizes, so that nothing is
 * computed, others in steps. A request of no bytes comes to cache 0, which is never loaded.
 */
#ifndef CELLAR_MALLOC_FAST_H
#define CELLAR_MALLOC_FAST_H

#include "malloc/classes.h"
#include "submap/page_map.h"
#include "zone/thread.h"

/* From the size of a small class to the offset of its cache. */
#define CELLAR_FAST_SCALE (sizeof(struct cellar__cache) / 16)
#define CELLAR_FAST_LG_STEP 8 /* sizes of classes above CELLAR_CLASS_SMALL_MAX are multiples of 256 */
#define CELLAR_FAST_STEPS_MAX ((size_t)CELLAR_GRANULE)
#define CELLAR_FAST_NSTEPS (CELLAR_FAST_STEPS_MAX >> CELLAR_FAST_LG_STEP)
#define CELLAR_FAST_FIRST (1 + CELLAR_CLASS_SMALL_MAX / 16) /* the first class above the small ones */
#define CELLAR_FAST_NRUNS (CELLAR_CLASS_MAX >> CELLAR_LG_GRANULE)

/* Offsets of caches in a thread's record. */
struct cellar__fast_table {
    /* by size, up to CELLAR_CLASS_SMALL_MAX; 0 for no bytes */
    uint16_t small[CELLAR_CLASS_SMALL_MAX + 1];
    /* by (size - 1) / 256, up to a granule; 0 for the sizes above */
    uint16_t steps[CELLAR_FAST_NSTEPS];
    /* by (size - 1) / granule, for longer ones; nobody asks for the first */
    uint16_t runs[CELLAR_FAST_NRUNS];
    /* bytes, by id - CELLAR_FAST_FIRST, for classes above the small ones */
    uint32_t sizes[CELLAR_CLASS_END - CELLAR_FAST_FIRST];
};

extern CELLAR_HIDDEN const struct cellar__fast_table cellar__fast_table;

CELLAR_INLINE struct cellar__cache *cellar__fast_cache(size_t offset)
{
    return (struct cellar__cache *)((char *)cellar__self + offset);
}

/* cellar__class_of by look-up; size at most CELLAR_CLASS_MAX. */
CELLAR_INLINE unsigned cellar__fast_class(size_t size)
{
    size_t last = size - 1;
    if (size <= CELLAR_CLASS_SMALL_MAX) {
        return cellar__fast_table.small[size == 0 ? 1 : size] / (unsigned)sizeof(struct cellar__cache);
    }
    size_t offset = size <= CELLAR_FAST_STEPS_MAX ? cellar__fast_table.steps[last >> CELLAR_FAST_LG_STEP]
                                                  : cellar__fast_table.runs[last >> CELLAR_LG_GRANULE];
    return (unsigned)(offset / sizeof(struct cellar__cache));
}

/* A block of a small size from the thread's loaded bucket, or NULL: the slow path has to say. */
CELLAR_INLINE void *cellar__fast_alloc(size_t size)
{
    if (CELLAR_UNLIKELY(size > CELLAR_CLASS_SMALL_MAX)) {
        return NULL;
    }
    return cellar__cache_pop(cellar__fast_cache(cellar__fast_table.small[size]));
}

/* The same for larger sizes up to CELLAR_FAST_STEPS_MAX, from the size - 1. */
CELLAR_INLINE void *cellar__fast_alloc_step(size_t last)
{
    return cellar__cache_pop(cellar__fast_cache(cellar__fast_table.steps[last >> CELLAR_FAST_LG_STEP]));
}

/* The same for those of slab classes; NULL for others. */
CELLAR_INLINE void *cellar__fast_alloc_slab(size_t size)
{
    size_t last = size - 1; /* wraps for 0 */
    return CELLAR_LIKELY(last < CELLAR_CLASS_SLAB_MAX) ? cellar__fast_alloc_step(last) : NULL;
}

/*
 * The same for small sizes and those of slab classes, 1 to CELLAR_CLASS_SLAB_MAX, where either is as likely: no branch on it,
 * which the processor would guess wrong each other time.
 */
CELLAR_INLINE void *cellar__fast_alloc_either(size_t size)
{
    size_t is_small = -(size_t)(size <= CELLAR_CLASS_SMALL_MAX); /* all bits */
    size_t small = cellar__fast_table.small[size & is_small];
    return cellar__cache_pop(
        cellar__fast_cache(small | cellar__fast_table.steps[(size - 1) >> CELLAR_FAST_LG_STEP]));
}

/* The offset of the cache of a class above the small ones, or of cache 0: the size has none. No bytes come to the smallest. */
CELLAR_INLINE size_t cellar__fast_offset_mid(size_t size)
{
    size_t last = size - 1;
    if (CELLAR_LIKELY(last < CELLAR_FAST_STEPS_MAX)) {
        return cellar__fast_table.steps[last >> CELLAR_FAST_LG_STEP];
    }
    if (last < CELLAR_CLASS_MAX) {
        return cellar__fast_table.runs[last >> CELLAR_LG_GRANULE];
    }
    return size == 0 ? sizeof(struct cellar__cache) : 0;
}

CELLAR_INLINE struct cellar__cache *cellar__fast_cache_mid(size_t size)
{
    return cellar__fast_cache(cellar__fast_offset_mid(size));
}

/* The same for any size. */
CELLAR_INLINE void *cellar__fast_alloc_any(size_t size)
{
    void *block = cellar__fast_alloc(size);
    return block != NULL || size <= CELLAR_CLASS_SMALL_MAX ? block
                                                           : cellar__cache_pop(cellar__fast_cache_mid(size));
}

/* Bytes of a block whose granule has the tag; 0 for tag 0. */
CELLAR_INLINE size_t cellar__fast_size(size_t tag)
{
    return CELLAR_LIKELY(tag <= CELLAR_CLASS_SMALL_MAX * CELLAR_FAST_SCALE)
               ? tag / CELLAR_FAST_SCALE
               : cellar__fast_table.sizes[tag / sizeof(struct cellar__cache) - CELLAR_FAST_FIRST];
}

/* Bytes of the block; 0 when its tag does not say: huge, foreign, no block at all, or a page map that is not near. */
CELLAR_INLINE size_t cellar__fast_usable(const void *block)
{
    return cellar__fast_size(cellar__page_map_near_tag(block));
}

/* Whether a block of a slab class simply stays for a new size: at least half of it remains in use. False for size 0. */
CELLAR_INLINE bool cellar__fast_stays(const void *block, size_t size)
{
    size_t old_size = cellar__fast_usable(block);
    return size - 1 < old_size && size >= old_size / 2 && old_size <= CELLAR_CLASS_SLAB_MAX;
}

/* False: the slow path has to take the block. */
CELLAR_INLINE bool cellar__fast_free(void *block)
{
    size_t granule = (uintptr_t)block >> CELLAR_LG_GRANULE;
    if (CELLAR_UNLIKELY(granule >= cellar__page_map.near_end)) {
        return false;
    }
    return cellar__cache_push(cellar__fast_cache(cellar__page_map.near_tags[granule]), block);
}

/* The same where the page map knows addresses by their base only. */
CELLAR_INLINE bool cellar__fast_free_far(void *block)
{
    return cellar__page_map.near_end == 0 &&
           cellar__cache_push(cellar__fast_cache(cellar__page_map_tag(block)), block);
}

#endif
