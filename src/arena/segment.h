/*
 * segment: the boundary tag of a range, kept away from the range itself.
 *
 * All segments of an arena form one circular list in which the segments of a span follow one another by
 * address and end in a marker (`last`). A segment's size is the distance to its successor, so splitting and
 * coalescing move one base:
 *
 *     head -> [free][out][out][free] last -> [out][free] last -> head
 *              \------ a span ------/          \- a span -/
 *
 * 24 bytes: links are meta refs of 31 bits, which leaves a bit beside each for a flag.
 */
#ifndef CELLAR_ARENA_SEGMENT_H
#define CELLAR_ARENA_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "meta/meta.h"

struct cellar__segment {
    uint64_t base;
    uint32_t prev : 31;
    uint32_t out : 1; /* a range: it is allocated; a marker: its span was imported */
    uint32_t next : 31;
    uint32_t last : 1; /* a marker: its base is the end of the span before it */
    /*
     * out:    link[0] is the next in the hash chain, link[1] the size in quanta, or 0 when that takes more than 31 bits;
     *         of a quick segment (arena/quick.h) the next of its list, with a mark
     * free:   both belong to the fit policy
     * marker: together the size of the span
     */
    uint32_t link[2];
};

/* Policies that keep more than two links say so in their seg_size and use the bytes behind the segment. */
struct cellar__segment_ranked {
    struct cellar__segment segment;
    uint64_t largest; /* of the free sizes in the subtree */
};

#if CELLAR_DEBUG
/* Times that a link to a segment was followed, by the calling thread: what proves the bounds of the policies. */
extern __thread uint64_t cellar__segment_ntouches;
#define CELLAR_SEGMENT_TOUCH() (cellar__segment_ntouches++)
#else
#define CELLAR_SEGMENT_TOUCH() ((void)0)
#endif

CELLAR_INLINE struct cellar__segment *cellar__segment_get(uint32_t ref)
{
    CELLAR_SEGMENT_TOUCH();
    return cellar__meta_ptr(ref);
}

CELLAR_INLINE struct cellar__segment *cellar__segment_next(const struct cellar__segment *seg)
{
    return cellar__segment_get(seg->next);
}

CELLAR_INLINE struct cellar__segment *cellar__segment_prev(const struct cellar__segment *seg)
{
    return cellar__segment_get(seg->prev);
}

CELLAR_INLINE uint64_t cellar__segment_size(const struct cellar__segment *seg)
{
    return cellar__segment_next(seg)->base - seg->base;
}

CELLAR_INLINE bool cellar__segment_is_free(const struct cellar__segment *seg)
{
    return !seg->last && !seg->out;
}

CELLAR_INLINE uint64_t cellar__segment_span_size(const struct cellar__segment *marker)
{
    return (uint64_t)marker->link[1] << 32 | marker->link[0];
}

CELLAR_INLINE void cellar__segment_set_span_size(struct cellar__segment *marker, uint64_t size)
{
    marker->link[0] = (uint32_t)size;
    marker->link[1] = (uint32_t)(size >> 32);
}

#endif
