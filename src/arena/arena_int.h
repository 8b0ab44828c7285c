/* What the files of the arena share. All functions are called under the arena's lock unless they say otherwise. */
#ifndef CELLAR_ARENA_ARENA_INT_H
#define CELLAR_ARENA_ARENA_INT_H

#include "arena/arena.h"

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

/* Takes the lock with enough tags in store and room in the hash. 0 or -ENOMEM, not locked. Called without it. */
int cellar__arena_lock(struct cellar__arena *arena);

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

struct cellar__segment *cellar__arena_take_tag(struct cellar__arena *arena);

/* Bytes of tags, hash and tables. */
size_t cellar__arena_metadata(const struct cellar__arena *arena);

CELLAR_INLINE void cellar__arena_drop_tag(struct cellar__arena *arena, struct cellar__segment *seg)
{
    seg->link[0] = cellar__meta_ref(arena->spare);
    arena->spare = seg;
    arena->nspare++;
}

/* Puts seg into the list of segments behind `where`. */
CELLAR_INLINE void cellar__arena_link_after(struct cellar__segment *where, struct cellar__segment *seg)
{
    uint32_t ref = cellar__meta_ref(seg) & INT32_MAX; /* meta's region keeps refs inside 31 bits */
    seg->next = where->next;
    seg->prev = cellar__meta_ref(where) & INT32_MAX;
    cellar__segment_next(where)->prev = ref;
    where->next = ref;
}

CELLAR_INLINE void cellar__arena_unlink(struct cellar__segment *seg)
{
    cellar__segment_prev(seg)->next = seg->next;
    cellar__segment_next(seg)->prev = seg->prev;
}

/* Cuts [base, ...) off the end of seg, which is in neither hash nor fit, and returns the new segment. */
struct cellar__segment *cellar__arena_cut(struct cellar__arena *arena, struct cellar__segment *seg,
                                          uint64_t base);

/* A segment into the policy's hands as it is, and out of them. */
void cellar__arena_insert_free(struct cellar__arena *arena, struct cellar__segment *seg);
void cellar__arena_remove_free(struct cellar__arena *arena, struct cellar__segment *seg);

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
struct cellar__arena_range cellar__arena_remove_span(struct cellar__arena *arena,
                                                     struct cellar__segment *seg);

/* Whether this free segment is part of an imported span that is free from end to end. */
bool cellar__arena_is_whole_import(const struct cellar__segment *seg);

/* Adds a span as free space; the first segment of it. */
struct cellar__segment *cellar__arena_insert_span(struct cellar__arena *arena, uint64_t base, uint64_t size,
                                                  bool imported);

#endif
