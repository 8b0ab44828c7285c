/* What the files of the arena share. All functions are called under the arena's lock unless they say otherwise. */
#ifndef CELLAR_ARENA_ARENA_INT_H
#define CELLAR_ARENA_ARENA_INT_H

#include "arena/arena.h"
#include "arena/fit_segregated.h"
#include "base/assert.h"

/*
 * The most tags one operation needs. An import takes a segment and a marker (2), of which the allocation that asked for
 * it at once splits off a head and a tail (2).
 */
#define CELLAR_ARENA_SPARES 4

/*
 * The same under a policy of blocks. Any range of a space of 64 bits falls into at most 126 blocks: two of each size
 * below 2^63. An import takes those and a marker, and its allocation cuts one of them into at most as many again.
 */
#define CELLAR_ARENA_BLOCK_SPARES 256

/* The lock alone: for what needs no tag. */
CELLAR_INLINE void cellar__arena_enter(struct cellar__arena *arena)
{
    if (CELLAR_LIKELY(!arena->attr.is_unlocked)) {
        cellar__lock_acquire(&arena->lock);
    }
}

CELLAR_INLINE void cellar__arena_leave(struct cellar__arena *arena)
{
    if (CELLAR_LIKELY(!arena->attr.is_unlocked)) {
        cellar__lock_release(&arena->lock);
    }
}

/* What is out. */
CELLAR_INLINE uint64_t cellar__arena_allocated(const struct cellar__arena *arena)
{
    return arena->given - arena->returned;
}

/* Fills the store of tags and the hash. Called and returns under the lock; for -ENOMEM without it. */
int cellar__arena_supply(struct cellar__arena *arena);

CELLAR_INLINE bool cellar__arena_is_supplied(const struct cellar__arena *arena)
{
    return arena->nspare >= arena->min_spare && !cellar__arena_hash_wants(&arena->hash);
}

/* Takes the lock with enough tags in store and room in the hash. 0 or -ENOMEM, not locked. Called without it. */
CELLAR_INLINE int cellar__arena_lock(struct cellar__arena *arena)
{
    cellar__arena_enter(arena);
    return CELLAR_LIKELY(cellar__arena_is_supplied(arena)) ? 0 : cellar__arena_supply(arena);
}

/* Its links and flags are for the caller to set, all of them. */
CELLAR_INLINE struct cellar__segment *cellar__arena_take_tag(struct cellar__arena *arena)
{
    struct cellar__segment *seg = arena->spare;
    CELLAR_ASSERT(seg != NULL);
    arena->spare = seg->link[0] == 0 ? NULL : cellar__segment_get(seg->link[0]);
    arena->nspare--;
    return seg;
}

/* All of them, at the end of the arena. */
void cellar__arena_free_tags(struct cellar__arena *arena);

/* Bytes of tags, hash and tables. */
size_t cellar__arena_metadata(const struct cellar__arena *arena);

CELLAR_INLINE void cellar__arena_drop_tag(struct cellar__arena *arena, struct cellar__segment *seg)
{
    seg->link[0] = cellar__meta_ref(arena->spare);
    arena->spare = seg;
    arena->nspare++;
}

/* Puts seg into the list of segments behind `where`; its flags are clear after. */
CELLAR_INLINE void cellar__arena_link_after(struct cellar__segment *where, struct cellar__segment *seg)
{
    uint32_t ref = cellar__meta_ref(seg) & INT32_MAX; /* meta's region keeps refs inside 31 bits */
    cellar__segment_next(where)->prev = ref;
    *seg = (struct cellar__segment){
        .base = seg->base, .next = where->next, .prev = cellar__meta_ref(where) & INT32_MAX};
    where->next = ref;
}

CELLAR_INLINE void cellar__arena_unlink(struct cellar__segment *seg)
{
    cellar__segment_prev(seg)->next = seg->next;
    cellar__segment_next(seg)->prev = seg->prev;
}

/* Cuts [base, ...) off the end of seg, which is in neither hash nor fit, and returns the new segment. */
CELLAR_INLINE struct cellar__segment *cellar__arena_cut(struct cellar__arena *arena,
                                                        struct cellar__segment *seg, uint64_t base)
{
    struct cellar__segment *rest = cellar__arena_take_tag(arena);
    rest->base = base;
    cellar__arena_link_after(seg, rest);
    return rest;
}

/* A segment of that size into the policy's hands as it is, and out of them. */
CELLAR_INLINE void cellar__arena_insert_free(struct cellar__arena *arena, struct cellar__segment *seg,
                                             uint64_t size)
{
    seg->out = 0;
    arena->nfree++;
    if (CELLAR_UNLIKELY(size >= arena->none_from)) {
        arena->none_from = UINT64_MAX;
    }
    if (CELLAR_LIKELY(arena->is_segregated)) {
        cellar__segregated_insert(&arena->fit, seg, size);
    } else {
        arena->attr.fit->insert(&arena->fit, seg);
    }
}

CELLAR_INLINE void cellar__arena_remove_free(struct cellar__arena *arena, struct cellar__segment *seg,
                                             uint64_t size)
{
    CELLAR_ASSERT(!seg->out && !seg->last);
    arena->nfree--;
    if (CELLAR_LIKELY(arena->is_segregated)) {
        cellar__segregated_remove(&arena->fit, seg, size);
    } else {
        arena->attr.fit->remove(&arena->fit, seg);
    }
}

/* The same by its own size, not inline: for what is seldom enough that the room for its code counts more. */
void cellar__arena_remove_free_slow(struct cellar__arena *arena, struct cellar__segment *seg);

/* A range of that size is out: notes the size, for what has been in the hash before. */
CELLAR_INLINE void cellar__arena_note_size(const struct cellar__arena *arena, struct cellar__segment *seg,
                                           uint64_t size)
{
    uint64_t nquanta = size >> arena->fit.lg_quantum;
    seg->link[1] = nquanta < CELLAR_QUICK_MARK ? (uint32_t)nquanta : 0;
}

CELLAR_INLINE void cellar__arena_insert_out(struct cellar__arena *arena, struct cellar__segment *seg,
                                            uint64_t size)
{
    seg->out = 1;
    cellar__arena_note_size(arena, seg, size);
    cellar__arena_hash_insert(&arena->hash, seg);
}

/* The size of a range that is out, from its own tag if it is there. */
CELLAR_INLINE uint64_t cellar__arena_out_size(const struct cellar__arena *arena,
                                              const struct cellar__segment *seg)
{
    uint64_t nquanta = seg->link[1];
    return CELLAR_LIKELY(nquanta != 0) ? nquanta << arena->fit.lg_quantum : cellar__segment_size(seg);
}

/* Whether a range of the actual size, not 0, may be called one of `size`: as it is, or as it was asked for. */
CELLAR_INLINE bool cellar__arena_size_matches(const struct cellar__arena *arena, uint64_t size,
                                              uint64_t actual)
{
    return CELLAR_LIKELY(cellar__round_up(size, arena->attr.quantum) == actual) ||
           cellar__sizing_matches(&arena->attr, size, actual);
}

/* The segment goes; what was its space belongs to the one before it. */
CELLAR_INLINE void cellar__arena_dissolve(struct cellar__arena *arena, struct cellar__segment *seg)
{
    cellar__arena_unlink(seg);
    cellar__arena_drop_tag(arena, seg);
}

/* join_neighbours for a policy in whose hands a segment may grow. */
struct cellar__segment *cellar__arena_join_resizing(struct cellar__arena *arena, struct cellar__segment *seg,
                                                    uint64_t size);

/*
 * A segment of that size, in neither hash nor fit, becomes free and one with its free neighbours: not under a policy of
 * blocks. The free segment.
 */
CELLAR_INLINE struct cellar__segment *
cellar__arena_join_neighbours(struct cellar__arena *arena, struct cellar__segment *seg, uint64_t size)
{
    struct cellar__segment *next = cellar__segment_next(seg);
    struct cellar__segment *prev = cellar__segment_prev(seg);
    if (CELLAR_UNLIKELY(arena->attr.fit->resize != NULL)) {
        return cellar__arena_join_resizing(arena, seg, size);
    }
    if (cellar__segment_is_free(next)) {
        uint64_t next_size = cellar__segment_size(next);
        cellar__arena_remove_free(arena, next, next_size);
        cellar__arena_dissolve(arena, next);
        size += next_size;
    }
    if (cellar__segment_is_free(prev)) {
        uint64_t prev_size = seg->base - prev->base;
        cellar__arena_remove_free(arena, prev, prev_size);
        cellar__arena_dissolve(arena, seg);
        size += prev_size;
        seg = prev;
    }
    cellar__arena_insert_free(arena, seg, size);
    return seg;
}

/*
 * A segment that is in neither hash nor fit becomes free: whole or, under a policy of blocks, cut into the largest that
 * it holds. insert does not look at the neighbours; join coalesces with them, and returns a segment of the free space
 * that it is part of now.
 */
void cellar__arena_insert_pieces(struct cellar__arena *arena, struct cellar__segment *seg);
struct cellar__segment *cellar__arena_join_pieces(struct cellar__arena *arena, struct cellar__segment *seg);

/*
 * Whether a range as the request has it fits into the segment, and the lowest (or highest) base of one. The request is
 * complete (cellar__arena_complete).
 */
bool cellar__arena_place(const struct cellar__segment *seg, const struct cellar__arena_request *request,
                         uint64_t *ret_base);

/*
 * Of all free segments in which such a range has a place, the one that the request's policy (or the arena's) would
 * take, or the highest; NULL when there is none. O(n).
 */
struct cellar__segment *cellar__arena_scan(const struct cellar__arena *arena,
                                           const struct cellar__arena_request *request);

/* Rounds the request's size and fills in what it leaves open. 0, -EINVAL, or -ENOMEM for a size beyond 64 bits. */
int cellar__arena_complete(const struct cellar__arena *arena, struct cellar__arena_request *request);

/* Takes a whole span that is free, of which seg is a part, out of the arena: its base and size. */
struct cellar_arena_range cellar__arena_remove_span(struct cellar__arena *arena, struct cellar__segment *seg);

/*
 * Coalesces up to `most` quick segments; stops early when that frees an imported span from end to end, which is
 * removed from the arena and returned: for the caller to release without the lock. Else the size is 0.
 */
struct cellar_arena_range cellar__arena_join_quick(struct cellar__arena *arena, size_t most);

/* All of them, spans released. Under the lock, which is dropped for each span. */
void cellar__arena_join_all_quick(struct cellar__arena *arena);

/* Whether this free segment is part of an imported span that is free from end to end. */
bool cellar__arena_is_whole_import(const struct cellar__segment *seg);

/* Adds a span as free space; the first segment of it. */
struct cellar__segment *cellar__arena_insert_span(struct cellar__arena *arena, uint64_t base, uint64_t size,
                                                  bool imported);

#endif
