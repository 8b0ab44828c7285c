/*
 * How free space comes into a policy's hands: whole, or in blocks.
 *
 * Most policies take a free segment as it is, and coalescing joins it with both neighbours. A policy of blocks wants
 * powers of two, each at a multiple of its size. A segment is cut into the largest such blocks from its base on, and a
 * block joins its buddy alone: the block of the same size whose base differs in the bit of that size.
 */
#include "arena/arena_int.h"
#include "base/assert.h"
#include "base/bits.h"

struct cellar__segment *cellar__arena_cut(struct cellar__arena *arena, struct cellar__segment *seg,
                                          uint64_t base)
{
    struct cellar__segment *rest = cellar__arena_take_tag(arena);
    rest->base = base;
    cellar__arena_link_after(seg, rest);
    return rest;
}

void cellar__arena_insert_free(struct cellar__arena *arena, struct cellar__segment *seg)
{
    seg->out = 0;
    arena->nfree++;
    if (CELLAR_UNLIKELY(arena->none_from != UINT64_MAX) && cellar__segment_size(seg) >= arena->none_from) {
        arena->none_from = UINT64_MAX;
    }
    arena->attr.fit->insert(&arena->fit, seg);
}

void cellar__arena_remove_free(struct cellar__arena *arena, struct cellar__segment *seg)
{
    CELLAR_ASSERT(!seg->out && !seg->last);
    arena->nfree--;
    arena->attr.fit->remove(&arena->fit, seg);
}

/* The largest block that begins where the segment does. */
static uint64_t piece_block_size(const struct cellar__segment *seg)
{
    uint64_t fitting = UINT64_C(1) << cellar__lg_floor(cellar__segment_size(seg));
    uint64_t aligned = seg->base & -seg->base;
    return aligned == 0 ? fitting : cellar__min(fitting, aligned);
}

static struct cellar__segment *piece_cut_block(struct cellar__arena *arena, struct cellar__segment *seg)
{
    uint64_t size = piece_block_size(seg);
    return size == cellar__segment_size(seg) ? NULL : cellar__arena_cut(arena, seg, seg->base + size);
}

void cellar__arena_insert_pieces(struct cellar__arena *arena, struct cellar__segment *seg)
{
    if (CELLAR_LIKELY(!arena->attr.fit->has_blocks)) {
        cellar__arena_insert_free(arena, seg);
        return;
    }
    do {
        struct cellar__segment *rest = piece_cut_block(arena, seg);
        cellar__arena_insert_free(arena, seg);
        seg = rest;
    } while (seg != NULL);
}

static bool piece_is_free(const struct cellar__segment *seg)
{
    return !seg->last && !seg->out;
}

/* Takes the free segment behind `low` into it; the policy holds neither after. */
static void piece_absorb_next(struct cellar__arena *arena, struct cellar__segment *next)
{
    cellar__arena_unlink(next);
    cellar__arena_drop_tag(arena, next);
}

/* The free buddy of a block, or NULL. */
static struct cellar__segment *piece_buddy(const struct cellar__segment *block)
{
    uint64_t size = cellar__segment_size(block);
    bool is_upper = (block->base & size) != 0;
    struct cellar__segment *other = is_upper ? cellar__segment_prev(block) : cellar__segment_next(block);
    bool is_buddy =
        piece_is_free(other) && other->base == (block->base ^ size) && cellar__segment_size(other) == size;
    return is_buddy ? other : NULL;
}

static struct cellar__segment *piece_join_buddies(struct cellar__arena *arena, struct cellar__segment *block)
{
    struct cellar__segment *other;
    while ((other = piece_buddy(block)) != NULL) {
        struct cellar__segment *low = other->base < block->base ? other : block;
        cellar__arena_remove_free(arena, other);
        piece_absorb_next(arena, low == other ? block : other);
        block = low;
    }
    cellar__arena_insert_free(arena, block);
    return block;
}

static struct cellar__segment *piece_join_neighbours(struct cellar__arena *arena, struct cellar__segment *seg)
{
    struct cellar__segment *next = cellar__segment_next(seg);
    struct cellar__segment *prev = cellar__segment_prev(seg);
    if (piece_is_free(next)) {
        cellar__arena_remove_free(arena, next);
        piece_absorb_next(arena, next);
    }
    if (piece_is_free(prev)) {
        cellar__arena_remove_free(arena, prev);
        piece_absorb_next(arena, seg);
        seg = prev;
    }
    cellar__arena_insert_free(arena, seg);
    return seg;
}

struct cellar__segment *cellar__arena_join_pieces(struct cellar__arena *arena, struct cellar__segment *seg)
{
    if (CELLAR_LIKELY(!arena->attr.fit->has_blocks)) {
        return piece_join_neighbours(arena, seg);
    }
    struct cellar__segment *rest;
    do {
        rest = piece_cut_block(arena, seg);
        if (rest != NULL) {
            rest->out = 1; /* no buddy to anybody yet */
        }
        seg = piece_join_buddies(arena, seg);
    } while (rest != NULL && (seg = rest));
    return seg;
}
