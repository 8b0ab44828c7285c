/*
 * arena: an allocator of ranges.
 *
 * An arena hands out ranges of an integer space that it was given in spans. It never looks into the space: the
 * boundary tags (arena/segment.h) lie in metadata, so the space may as well be file offsets. Which free range
 * serves a request is the affair of a fit policy (arena/fit.h), how long the range is that of a sizing policy
 * (arena/sizing.h). A range that comes back coalesces with its free neighbours at once. When nothing fits, the arena
 * imports a span from its source; an imported span that is free from end to end is released to it. Last of all it looks
 * at every free segment, for a policy that is fast may pass one over.
 *
 *            alloc, free, resize, split, merge              import, release
 *   user  <------------------------------>  arena  <------------------------------>  source
 *                                    |        |
 *                          hash of what is out   fit policy over what is free
 *
 * Invariants (cellar__arena_check verifies them):
 *   A1  the segments of a span follow one another without gap or overlap, from the span's base to its marker.
 *   A2  no two free segments are neighbours; under a policy of blocks, no two buddies are.
 *   A3  the hash holds exactly the segments that are out, the fit policy exactly those that are free.
 *   A4  every base and size is a multiple of the quantum; no segment is empty.
 *   A5  allocated + free = sum of the spans.
 *   A6  no imported span is free from end to end, unless its arena has no release.
 *   A7  no free segment is as large as what the last look at every segment failed to find.
 *   A8  see arena/quick.h: what is on a quick list counts as free in A5, and as out for the others.
 *
 * Locks: one per arena (CELLAR_RANK_ARENA), or none for an arena that one thread uses. It is not held while the source is
 * called, nor while tags are allocated: they are laid in store before the lock is taken (arena/tag.c).
 * Out of memory: alloc, resize and split fail with -ENOMEM and change nothing; free always succeeds.
 * Complexity: that of the fit policy, plus O(1), or O(log size) under a policy of blocks. The look at every segment is
 * O(n); so that requests which no segment serves do not repeat it, the arena remembers the smallest that failed.
 * Source: vmem (Bonwick and Adams, USENIX 2001); boundary tags (Knuth, volume 1, section 2.5).
 */
#ifndef CELLAR_ARENA_ARENA_H
#define CELLAR_ARENA_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cellar/arena.h>

#include "arena/fit.h"
#include "arena/hash.h"
#include "arena/quick.h"
#include "arena/sizing.h"
#include "os/lock.h"

struct cellar__arena_attr {
    const char *name; /* literal */
    uint64_t quantum; /* power of two; every base and size is a multiple */
    const struct cellar__fit *fit;
    enum cellar__sizing sizing;
    uint64_t unit;       /* of constant sizing: a multiple of the quantum */
    bool is_unlocked;    /* the owner sees to it that one thread at a time is inside */
    bool is_bounded;     /* never looks at every segment: fails instead */
    uint64_t limit;      /* the most that may be out; 0: no limit */
    uint64_t import_min; /* spans are asked for in multiples of this, a power of two; 0: of the quantum */
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
    bool is_plain;      /* sizes are multiples of the quantum and no more */
    bool has_quick;     /* a plain one whose policy is quick fit */
    bool is_segregated; /* the policy is segregated or quick fit, whose code the arena has inline */

    /* under the lock */
    CELLAR_LINE_ALIGNED struct cellar__lock lock;
    struct cellar__arena_hash hash;
    struct cellar__fit_state fit;
    struct cellar__quick quick;
    struct cellar__segment *head; /* the list's own marker, of no span */
    struct cellar__segment *spare;
    size_t nspare;
    size_t min_spare; /* constant: an operation may take so many */
    size_t nfree;     /* free segments */
    size_t nspans;
    void *chunks; /* tag memory, linked, for fini */
    size_t nchunks;
    uint64_t none_from; /* no free segment has this size; UINT64_MAX when that is not known of any */
    uint64_t total;
    uint64_t imported;
    uint64_t given;    /* the sum of all ranges that went out, ever, as rounded */
    uint64_t nallocs;  /* that succeeded, ever */
    uint64_t asked;    /* the sum of their sizes as asked for */
    uint64_t returned; /* the sum of all ranges that came back, ever */
    uint64_t nfrees;
    uint64_t nfails;
};

/* What a range must be like. Zeros: no matter. */
struct cellar__arena_request {
    uint64_t size;
    uint64_t align; /* power of two */
    uint64_t phase; /* base is phase more than a multiple of align; below align, a multiple of the quantum */
    uint64_t nocross; /* power of two: the range lies between two multiples of it; at least size */
    uint64_t min;     /* the range lies in [min, max) */
    uint64_t max;
    const struct cellar__fit *fit; /* instead of the arena's own: first, next, best or worst */
    bool high;                     /* at the highest address that serves */
    bool is_constrained;           /* more than size and align matters; the arena's to set */
};

/* 0 or -ENOMEM. */
int cellar__arena_init(struct cellar__arena *arena, const struct cellar__arena_attr *attr);

/* Gives imported spans back to the source, whatever is out in them; only fini may follow. */
void cellar__arena_release_spans(struct cellar__arena *arena);

/* Frees the tags. Ranges that are still out simply end; imported spans are not released. */
void cellar__arena_fini(struct cellar__arena *arena);

/* Adds a span for good. 0, -EINVAL, -EEXIST when it overlaps one that is there, or -ENOMEM. O(n). */
int cellar__arena_add(struct cellar__arena *arena, uint64_t base, uint64_t size);

/* A range of size at a multiple of the quantum: 0, -EINVAL for size 0, or -ENOMEM. */
int cellar__arena_alloc_plain(struct cellar__arena *arena, uint64_t size, uint64_t *ret_base);

/* A range of size (rounded up to the quantum) at a multiple of align. 0, -EINVAL for size 0, or -ENOMEM. */
int cellar__arena_alloc(struct cellar__arena *arena, uint64_t size, uint64_t align, uint64_t *ret_base);

/* A range as the request has it. 0, -EINVAL for a request that makes no sense, or -ENOMEM. */
int cellar__arena_xalloc(struct cellar__arena *arena, const struct cellar__arena_request *request,
                         uint64_t *ret_base);

/* Frees a range; size as it was asked for or as it is. -EINVAL, changing nothing, when no such range is out. */
int cellar__arena_free(struct cellar__arena *arena, uint64_t base, uint64_t size);

/*
 * Grows into the free neighbour above, or shrinks, in place. 0, -EINVAL, or -ENOMEM when the neighbour is no help or,
 * even for shrinking, no tag can be had.
 */
int cellar__arena_resize(struct cellar__arena *arena, uint64_t base, uint64_t size, uint64_t new_size);

/* 0, or -EBUSY when more is out. */
int cellar__arena_set_limit(struct cellar__arena *arena, uint64_t limit);

/* Makes two ranges of one that is out: [base, base + first) and the rest, both as they are. 0, -EINVAL or -ENOMEM. */
int cellar__arena_split(struct cellar__arena *arena, uint64_t base, uint64_t size, uint64_t first);

/* The same for a caller who holds a lock: -EAGAIN when tags are short, which stock, called without it, brings. */
int cellar__arena_split_try(struct cellar__arena *arena, uint64_t base, uint64_t size, uint64_t first);
int cellar__arena_stock(struct cellar__arena *arena); /* 0 or -ENOMEM */

/*
 * Makes one range of two that are out, of which the other follows. 0, or -EINVAL when there are no two such ranges in one
 * span. Takes no tag.
 */
int cellar__arena_merge(struct cellar__arena *arena, uint64_t base, uint64_t size, uint64_t next_size);

/* Visits every range in order of spans and addresses, under the lock: visit must not call the arena. */
void cellar__arena_walk(struct cellar__arena *arena,
                        void (*visit)(void *ctx, const struct cellar_arena_range *range), void *ctx);

/* Whether all of [base, base + size) lies in one span. O(n). */
bool cellar__arena_contains(struct cellar__arena *arena, uint64_t base, uint64_t size);

/* The range, out or free, that the address lies in. False when it lies in no span. O(n). */
bool cellar__arena_range_of(struct cellar__arena *arena, uint64_t address,
                            struct cellar_arena_range *ret_range);

/* Copies up to `capacity` ranges as the arena has them at one instant; returns how many there are. O(n). */
size_t cellar__arena_snapshot(struct cellar__arena *arena, struct cellar_arena_range *ranges,
                              size_t capacity);

struct cellar__arena_usage {
    uint64_t total;              /* sum of the spans */
    uint64_t imported;           /* of which came from the source */
    uint64_t allocated;          /* handed out */
    uint64_t largest_free;       /* the largest free segment */
    uint64_t limit;              /* 0: none */
    uint64_t free_below;         /* free, but for the last segment of each span */
    uint64_t largest_free_below; /* the largest of those */
    size_t nsegments;
    size_t nfree;
    size_t nspans;
    /* What a failed operation may change begins here. */
    size_t metadata; /* bytes of tags, of the hash and of the policy's tables, used or in store */
    uint64_t nallocs;
    uint64_t nfrees;
    uint64_t nfails;
    uint64_t asked;
    uint64_t given;
};

/* Walks all segments: O(n). */
void cellar__arena_usage(struct cellar__arena *arena, struct cellar__arena_usage *ret_usage);

/* NULL when every invariant holds, else the name of the first that does not ("A1" ...). O(n). */
const char *cellar__arena_check(struct cellar__arena *arena);

#endif
