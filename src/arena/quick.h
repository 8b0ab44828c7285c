/*
 * quick: lists of small ranges that are free but not coalesced, one for each size: what quick fit adds to segregated
 * fit. A program that frees a range soon asks for one of that size, and gets it from its list without a look at its
 * neighbours or the hash. Private to the arena level.
 *
 * A quick segment looks like one that is out, to its neighbours and in the hash; link[1] tells it apart, and leads to
 * the next of its list. There are few: beyond one for each QUICK_SHARE ranges, every free coalesces two. Before a
 * request fails, imports, or looks at every segment, and before anybody sees the map, all are coalesced.
 *
 * Invariant (cellar__arena_check verifies it):
 *   A8  every segment on list i is out, in the hash, has i quanta and the mark; no other has the mark.
 *
 * Source: Weinstock and Wulf, "QuickFit: An Efficient Algorithm for Heap Storage Allocation" (SIGPLAN Notices 1988).
 * Complexity: O(1), but for the coalescing of all, which is O(quick segments).
 */
#ifndef CELLAR_ARENA_QUICK_H
#define CELLAR_ARENA_QUICK_H

#include <stdbool.h>
#include <stdint.h>

#include "arena/segment.h"

#define CELLAR_QUICK_NLISTS 64 /* sizes of 1 to 63 quanta */
#define CELLAR_QUICK_MIN 256u  /* so many may be quick in any arena */
#define CELLAR_QUICK_SHARE 8u
#define CELLAR_QUICK_MARK (UINT32_C(1) << 31) /* refs have 31 bits */

struct cellar__arena;

struct cellar__quick {
    uint32_t lists[CELLAR_QUICK_NLISTS];
    uint32_t nsegments;
    uint32_t turn; /* the list that is to give next when there are too many */
};

CELLAR_INLINE bool cellar__quick_has(const struct cellar__segment *seg)
{
    return (seg->link[1] & CELLAR_QUICK_MARK) != 0;
}

CELLAR_INLINE void cellar__quick_push(struct cellar__quick *quick, struct cellar__segment *seg,
                                      uint64_t nquanta)
{
    seg->link[1] = quick->lists[nquanta] | CELLAR_QUICK_MARK;
    __atomic_store_n(&quick->lists[nquanta], cellar__meta_ref(seg), __ATOMIC_RELAXED);
    quick->nsegments++;
}

/* A guess, for a look without the lock. */
CELLAR_INLINE bool cellar__quick_may_have(const struct cellar__quick *quick, uint64_t nquanta)
{
    return nquanta < CELLAR_QUICK_NLISTS && __atomic_load_n(&quick->lists[nquanta], __ATOMIC_RELAXED) != 0;
}

/* A segment of that size, or NULL. */
CELLAR_INLINE struct cellar__segment *cellar__quick_pop(struct cellar__quick *quick, uint64_t nquanta)
{
    if (nquanta >= CELLAR_QUICK_NLISTS || quick->lists[nquanta] == 0) {
        return NULL;
    }
    struct cellar__segment *seg = cellar__segment_get(quick->lists[nquanta]);
    __atomic_store_n(&quick->lists[nquanta], seg->link[1] & ~CELLAR_QUICK_MARK, __ATOMIC_RELAXED);
    seg->link[1] = (uint32_t)nquanta;
    quick->nsegments--;
    return seg;
}

/* One from the list whose turn it is, or NULL when all are empty. */
struct cellar__segment *cellar__quick_pop_any(struct cellar__quick *quick);

/* The number of segments on the lists, or SIZE_MAX when A8 is broken. */
size_t cellar__quick_check(const struct cellar__quick *quick, unsigned lg_quantum);

#endif
