/*
 * How free space comes into a policy's hands: whole, or in blocks.
 *
 * Most policies take a free segment as it is, and coalescing joins it with both neighbours. A policy of blocks wants
 * powers of two, each at a multiple of its size. A segment is cut into the largest such blocks from its base on, and a
 * block joins its buddy alone: the block of the same size whose base differs in the bit of that size.
 */
#include "arena/arena_int.h"
#include "base/bits.h"

void cellar__arena_remove_free_slow(struct cellar__arena *arena, struct cellar__segment *seg)
{
    cellar__arena_remove_free(arena, seg, cellar__segment_size(seg));
}

struct cellar__segment *cellar__arena_join_resizing(struct cellar__arena *arena, struct cellar__segment *seg,
                                                    uint64_t size)
{
    struct cellar__segment *next = cellar__segment_next(seg);
    struct cellar__segment *prev = cellar__segment_prev(seg);
    struct cellar__segment *grown = cellar__segment_is_free(prev) ? prev : next;
    if (!cellar__segment_is_free(grown)) {
        cellar__arena_insert_free(arena, seg, size);
        return seg;
    }
    if (grown == prev && cellar__segment_is_free(next)) {
        cellar__arena_remove_free_slow(arena, next);
        cellar__arena_dissolve(arena, next);
    }
    grown->base = cellar__min(grown->base, seg->base);
    cellar__arena_dissolve(arena, seg);
    arena->attr.fit->resize(&arena->fit, grown);
    if (cellar__segment_size(grown) >= arena->none_from) {
        arena->none_from = UINT64_MAX;
    }
    return grown;
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
    bool has_blocks = arena->attr.fit->has_blocks;
    for (struct cellar__segment *rest; seg != NULL; seg = rest) {
        rest = has_blocks ? piece_cut_block(arena, seg) : NULL;
        cellar__arena_insert_free(arena, seg, cellar__segment_size(seg));
    }
}

/* The free buddy of a block, or NULL. */
static struct cellar__segment *piece_buddy(const struct cellar__segment *block)
{
    uint64_t size = cellar__segment_size(block);
    bool is_upper = (block->base & size) != 0;
    struct cellar__segment *other = is_upper ? cellar__segment_prev(block) : cellar__segment_next(block);
    bool is_buddy = cellar__segment_is_free(other) && other->base == (block->base ^ size) &&
                    cellar__segment_size(other) == size;
    return is_buddy ? other : NULL;
}

static struct cellar__segment *piece_join_buddies(struct cellar__arena *arena, struct cellar__segment *block)
{
    struct cellar__segment *other;
    while ((other = piece_buddy(block)) != NULL) {
        struct cellar__segment *low = other->base < block->base ? other : block;
        cellar__arena_remove_free_slow(arena, other);
        cellar__arena_dissolve(arena, low == other ? block : other);
        block = low;
    }
    cellar__arena_insert_free(arena, block, cellar__segment_size(block));
    return block;
}

struct cellar__segment *cellar__arena_join_pieces(struct cellar__arena *arena, struct cellar__segment *seg)
{
    if (CELLAR_LIKELY(!arena->attr.fit->has_blocks)) {
        return cellar__arena_join_neighbours(arena, seg, cellar__segment_size(seg));
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
