/*
 * Arenas: allocators of ranges of any space of integers: memory, file offsets, device offsets, identifiers, ports.
 *
 * An arena hands out ranges [base, base + size) of the spans that it was given or that it imports from a source. All it
 * knows lies beside the space, in metadata of Cellar's own; the space itself is never touched. What comes back coalesces
 * with its free neighbours at once. Source: vmem (Bonwick and Adams, "Magazines and Vmem", USENIX 2001).
 *
 * Common to all functions: numbers are in the units of the space; in one of memory, bytes. A function that returns int
 * returns 0 or a negative errno value: -EINVAL for arguments that make no sense, -ENOMEM when no range serves, the limit
 * is reached or there is no memory for metadata. What fails changes nothing, and leaves what `ret_` points to as it was.
 * Any thread may call at any time, for an arena that is not CELLAR_ARENA_UNLOCKED; not a signal handler, which must not
 * leave a call by a longjmp either. The callbacks of
 * an arena are called with no lock held and may call any arena, this one too. After fork a child has the parent's arenas as
 * they were, and may use them.
 */
#ifndef CELLAR_ARENA_H
#define CELLAR_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cellar/cellar.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cellar_arena;

/*
 * Which free range serves a request. n is the number of free ranges.
 *
 *   segregated   of those that are sure to be long enough the shortest, to 1/32 of its size (two-level segregated fit:
 *                Masmano, Ripoll, Crespo and Real, ECRTS 2004). O(1)
 *   quick        the same, but that a range of less than 64 quanta which comes back waits, uncoalesced, for a request of its
 *                size (quick fit: Weinstock and Wulf, SIGPLAN Notices 1988). At most one range in 8, and 256 more, wait so;
 *                they are coalesced before a request fails or a span is imported. O(1)
 *   instant      by powers of two (vmem's instant fit). O(1)
 *   best         the shortest that serves. O(log n)
 *   first        the lowest (Knuth, The Art of Computer Programming, section 2.5). O(log n)
 *   next         the lowest above the one served last, and round the end. O(log n)
 *   worst        the longest. O(log n)
 *   buddy        binary buddy (Knowlton, CACM 1965): every range is a power of two at a multiple of its size. O(log size)
 *   fifo, lifo   the one that has been free longest, shortest. O(n)
 */
enum cellar_fit {
    CELLAR_FIT_DEFAULT, /* quick */
    CELLAR_FIT_INSTANT,
    CELLAR_FIT_SEGREGATED,
    CELLAR_FIT_QUICK,
    CELLAR_FIT_BEST,
    CELLAR_FIT_FIRST,
    CELLAR_FIT_NEXT,
    CELLAR_FIT_WORST,
    CELLAR_FIT_BUDDY,
    CELLAR_FIT_FIFO,
    CELLAR_FIT_LIFO,
};

/* How long the range is: the next multiple of the quantum, of `unit`, or the next power of two. */
enum cellar_sizing {
    CELLAR_SIZE_EXACT,
    CELLAR_SIZE_CONSTANT,
    CELLAR_SIZE_POW2,
};

enum cellar_arena_flags {
    CELLAR_ARENA_UNLOCKED = 1, /* no lock: the program sees to it that one thread at a time is inside */
    /*
     * Every operation in the time of its policy. Without this flag, a request that the policy finds nothing for, and that no
     * span can be imported for, looks at every free range: O(n), once for each size that fails. With it, quick fit lets
     * nothing wait.
     */
    CELLAR_ARENA_BOUNDED = 2,
};

#define CELLAR_ARENA_VERSION 1

/* What an arena is like. Zeros are defaults, but for version and name. The struct is copied, the name with it. */
struct cellar_arena_attr {
    uint32_t version; /* CELLAR_ARENA_VERSION */
    uint32_t flags;   /* of enum cellar_arena_flags */
    const char *name; /* up to 31 characters, for messages and statistics */
    uint64_t quantum; /* a power of two; every base and size is a multiple of it. 0: 1 */
    enum cellar_fit fit;
    enum cellar_sizing sizing;
    uint64_t unit;  /* of constant sizing: a multiple of the quantum */
    uint64_t limit; /* the most that may be out at once. 0: no limit */

    /*
     * Ranges of up to so much, at most 16 quanta, come from buckets of the calling thread, which takes no lock: 0, none. To
     * limit, usage, walk and find what lies in buckets is out. A free that names no range that is out is noticed when it
     * comes back from there, and ends the process with a message.
     */
    uint64_t cache_max;

    /* Where spans come from when nothing fits: another arena, which must outlive this one ... */
    struct cellar_arena *source;
    /*
     * ... or a pair of functions. import gets the least size that helps; it may give more. It returns 0 with base and size set,
     * both multiples of the quantum, or a negative errno value. release takes back a span, whole, that is free from end to
     * end; without it, imported spans stay. cellar_arena_map_pages and cellar_arena_unmap_pages are such a pair.
     */
    int (*import)(void *ctx, uint64_t size, uint64_t *ret_base, uint64_t *ret_size);
    void (*release)(void *ctx, uint64_t base, uint64_t size);
    /* Spans are asked for in multiples of this power of two. 0: of the quantum. */
    uint64_t import_quantum;
    /*
     * Called when a request of this size is about to fail. Returns whether it has freed anything, in which case the
     * request is tried once more.
     */
    bool (*reclaim)(void *ctx, uint64_t size);
    void *ctx;
};

/* An arena without a span. Its metadata: see struct cellar_arena_usage. */
CELLAR_API int cellar_arena_create(const struct cellar_arena_attr *attr, struct cellar_arena **ret_arena);

/* A range as the arena has it. */
struct cellar_arena_range {
    uint64_t base;
    uint64_t size;
    bool out; /* handed out; else free */
};

/*
 * Ends the arena; nobody may be using it. Imported spans go back to the source. Ranges that are still out are shown to
 * `left`, one after the other, which must not use this arena, or counted on stderr in one line when it is NULL. Returns how many there were. NULL as arena: 0.
 */
CELLAR_API size_t cellar_arena_destroy(struct cellar_arena *arena,
                                       void (*left)(void *ctx, const struct cellar_arena_range *range),
                                       void *ctx);

/* Adds a span of at least a quantum, for good. -EEXIST when it overlaps one that the arena has. O(spans and ranges). */
CELLAR_API int cellar_arena_add(struct cellar_arena *arena, uint64_t base, uint64_t size);

/* A range of at least size. */
CELLAR_API int cellar_arena_alloc(struct cellar_arena *arena, uint64_t size, uint64_t *ret_base);

/* What else a range must be like. Zeros: no matter. Numbers but size are multiples of the quantum. */
struct cellar_arena_request {
    uint64_t size;
    uint64_t align;   /* a power of two */
    uint64_t phase;   /* base is phase above a multiple of align; less than align */
    uint64_t nocross; /* a power of two: the range crosses no multiple of it */
    uint64_t min;     /* the range lies in [min, max) */
    uint64_t max;     /* 0: no bound */
    enum cellar_fit
        fit;   /* first, next, best or worst fit for this request, whatever the arena's policy is: O(n) */
    bool high; /* at the highest address that serves: O(n) */
};

/* A range as the request has it. With a phase, nocross, min or max: O(n) when the policy's first choice has no place. */
CELLAR_API int cellar_arena_xalloc(struct cellar_arena *arena, const struct cellar_arena_request *request,
                                   uint64_t *ret_base);

/* Frees a range; size as it was asked for. -EINVAL when no such range is out: a double free, a wrong base or size. */
CELLAR_API int cellar_arena_free(struct cellar_arena *arena, uint64_t base, uint64_t size);

/* Grows into what is free behind the range, or shrinks, where it lies. */
CELLAR_API int cellar_arena_resize(struct cellar_arena *arena, uint64_t base, uint64_t size,
                                   uint64_t new_size);

/* Makes two ranges of one: [base, base + first) and the rest, each to be freed by itself. */
CELLAR_API int cellar_arena_split(struct cellar_arena *arena, uint64_t base, uint64_t size, uint64_t first);

/* Changes the limit; 0: none. -EBUSY when more is out already. */
CELLAR_API int cellar_arena_set_limit(struct cellar_arena *arena, uint64_t limit);

/* Whether all of [base, base + size) lies in one span. O(n). */
CELLAR_API bool cellar_arena_contains(struct cellar_arena *arena, uint64_t base, uint64_t size);

/* The range, out or free, that the address lies in. -ENOENT when it lies in no span. O(n). */
CELLAR_API int cellar_arena_find(struct cellar_arena *arena, uint64_t address,
                                 struct cellar_arena_range *ret_range);

/*
 * Copies up to `capacity` ranges, span by span and in order of address, as they are at one instant. Returns how many
 * there are. O(n), under the lock.
 */
CELLAR_API size_t cellar_arena_snapshot(struct cellar_arena *arena, struct cellar_arena_range *ranges,
                                        size_t capacity);

/*
 * Shows every range, as they were at one instant; visit may use the arena. visit returns whether to go on. -ENOMEM when
 * there is no memory for the copy.
 */
CELLAR_API int cellar_arena_walk(struct cellar_arena *arena,
                                 bool (*visit)(void *ctx, const struct cellar_arena_range *range), void *ctx);

struct cellar_arena_usage {
    uint64_t total;     /* all spans */
    uint64_t imported;  /* of which came from the source */
    uint64_t allocated; /* out */
    uint64_t
        largest_free; /* the longest free range: external fragmentation is 1 - largest_free / (total - allocated) */
    uint64_t limit; /* 0: none */
    uint64_t nranges;
    uint64_t nfree; /* of which are free */
    uint64_t nspans;
    uint64_t
        metadata; /* bytes of memory: tags of 24 (first, next: 32) a range, 4 more a range that is out, tables, stores */
    uint64_t nallocs; /* since the arena began */
    uint64_t nfrees;
    uint64_t nfails;
    uint64_t asked; /* the sum of all requests that were served, as asked for */
    uint64_t given; /* and as rounded: internal fragmentation is 1 - asked / given */
};

/* O(n), under the lock. */
CELLAR_API void cellar_arena_get_usage(struct cellar_arena *arena, struct cellar_arena_usage *ret_usage);

/* The name, which lives as long as the arena. */
CELLAR_API const char *cellar_arena_name(const struct cellar_arena *arena);

/* NULL when all invariants of the arena hold, else the name of one that does not, as in docs/design/arena.md. O(n). */
CELLAR_API const char *cellar_arena_check(struct cellar_arena *arena);

/*
 * A source of memory: import and release for an arena of addresses. Pages read as zero; the quantum may be anything up to
 * a page. ctx is not used.
 */
CELLAR_API int cellar_arena_map_pages(void *ctx, uint64_t size, uint64_t *ret_base, uint64_t *ret_size);
CELLAR_API void cellar_arena_unmap_pages(void *ctx, uint64_t base, uint64_t size);

#ifdef __cplusplus
}
#endif

#endif
