/*
 * arena: an allocator of ranges.
 *
 * An arena hands out ranges of an integer space that it was given in spans. It never looks into the space: the
 * boundary tags (arena/segment.h) lie in metadata, so the space may as well be file offsets. Which free range
 * serves a request is the affair of a fit policy (arena/fit.h). A range that comes back coalesces with its free
 * neighbours at once. When nothing fits, the arena imports a span from its source; an imported span that is free
 * from end to end is released to it.
 *
 *            alloc, free, resize, split                     import, release
 *   user  <------------------------------>  arena  <------------------------------>  source
 *                                    |        |
 *                          hash of what is out   fit policy over what is free
 *
 * Invariants (cellar__arena_check verifies them):
 *   A1  the segments of a span follow one another without gap or overlap, from the span's base to its marker.
 *   A2  no two free segments are neighbours.
 *   A3  the hash holds exactly the segments that are out, the fit policy exactly those that are free.
 *   A4  every base and size is a multiple of the quantum; no segment is empty.
 *   A5  allocated + free = sum of the spans.
 *   A6  no imported span is free from end to end, unless its arena has no release.
 *
 * Locks: one per arena (CELLAR_RANK_ARENA). It is not held while the source is called, nor while tags are
 * allocated: an operation needs at most ARENA_SPARES tags, and they are laid in store before the lock is taken.
 * Out of memory: alloc, resize and split fail with -ENOMEM and change nothing; free always succeeds.
 * Complexity: that of the fit policy, plus O(1).
 * Source: vmem (Bonwick and Adams, USENIX 2001); boundary tags (Knuth, volume 1, section 2.5).
 */
#ifndef CELLAR_ARENA_ARENA_H
#define CELLAR_ARENA_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena/fit.h"
#include "arena/hash.h"
#include "os/lock.h"

struct cellar__arena_attr {
    const char *name; /* literal */
    uint64_t quantum; /* power of two; every base and size is a multiple */
    const struct cellar__fit *fit;
    /*
     * Gives a span of at least `size`: 0 with both out-parameters set, to multiples of the quantum, or -ENOMEM.
     * NULL: no source.
     */
    int (*import_span)(void *source, uint64_t size, uint64_t *ret_base, uint64_t *ret_size);
    /* Takes a span back. NULL: imported spans stay. */
    void (*release_span)(void *source, uint64_t base, uint64_t size);
    void *source;
};

struct cellar__arena {
    /* constant */
    struct cellar__arena_attr attr;

    /* under the lock */
    CELLAR_LINE_ALIGNED struct cellar__lock lock;
    struct cellar__arena_hash hash;
    struct cellar__fit_state fit;
    struct cellar__segment *head; /* the list's own marker, of no span */
    struct cellar__segment *spare;
    size_t nspare;
    size_t nfree; /* free segments */
    size_t nspans;
    void *chunks; /* tag memory, linked, for fini */
    uint64_t total;
    uint64_t allocated;
};

/* 0 or -ENOMEM. */
int cellar__arena_init(struct cellar__arena *arena, const struct cellar__arena_attr *attr);

/* Frees the tags. Ranges that are still out simply end; imported spans are not released. */
void cellar__arena_fini(struct cellar__arena *arena);

/* Adds a span for good. The caller sees to it that it overlaps no other. 0, -EINVAL or -ENOMEM. */
int cellar__arena_add(struct cellar__arena *arena, uint64_t base, uint64_t size);

/* A range of size (rounded up to the quantum) at a multiple of align. 0, -EINVAL for size 0, or -ENOMEM. */
int cellar__arena_alloc(struct cellar__arena *arena, uint64_t size, uint64_t align, uint64_t *ret_base);

/* Frees a range; size as it was asked for. -EINVAL, changing nothing, when no such range is out. */
int cellar__arena_free(struct cellar__arena *arena, uint64_t base, uint64_t size);

/*
 * Grows into the free neighbour above, or shrinks, in place. 0, -EINVAL, or -ENOMEM when the neighbour is no help or,
 * even for shrinking, no tag can be had.
 */
int cellar__arena_resize(struct cellar__arena *arena, uint64_t base, uint64_t size, uint64_t new_size);

/* Makes two ranges of one that is out: [base, base + first) and the rest. 0, -EINVAL or -ENOMEM. */
int cellar__arena_split(struct cellar__arena *arena, uint64_t base, uint64_t size, uint64_t first);

/* One segment as walk shows it. */
struct cellar__arena_range {
    uint64_t base;
    uint64_t size;
    bool out;
};

/* Visits every range in order of spans and addresses, under the lock: visit must not call the arena. */
void cellar__arena_walk(struct cellar__arena *arena,
                        void (*visit)(void *ctx, const struct cellar__arena_range *range), void *ctx);

struct cellar__arena_usage {
    uint64_t total;              /* sum of the spans */
    uint64_t allocated;          /* handed out */
    uint64_t free_below;         /* free, but for the last segment of each span */
    uint64_t largest_free_below; /* the largest of those */
    size_t nsegments;
    size_t nfree;
    size_t nspans;
};

/* Walks all segments: O(n). */
void cellar__arena_usage(struct cellar__arena *arena, struct cellar__arena_usage *ret_usage);

/* NULL when every invariant holds, else the name of the first that does not ("A1" ...). O(n). */
const char *cellar__arena_check(struct cellar__arena *arena);

#endif
