/* A range that is out becomes longer, shorter, two, or one with the next. */
#include <errno.h>

#include "arena/arena_int.h"

/* The segment that is out with that base and size, or NULL. */
static struct cellar__segment *resize_find_out(struct cellar__arena *arena, uint64_t base, uint64_t size)
{
    struct cellar__segment *seg = cellar__arena_hash_find(&arena->hash, base);
    bool is_out = seg != NULL && !cellar__quick_has(seg);
    return is_out && cellar__arena_size_matches(arena, size, cellar__segment_size(seg)) ? seg : NULL;
}

/* Ends the range at `end`, which lies in it: what is behind becomes free. */
static void resize_shrink(struct cellar__arena *arena, struct cellar__segment *seg, uint64_t end)
{
    cellar__arena_join_pieces(arena, cellar__arena_cut(arena, seg, end));
}

/* Whether the free segments right behind the range reach up to `end`. */
static bool resize_has_room(const struct cellar__segment *seg, uint64_t end)
{
    const struct cellar__segment *next = cellar__segment_next(seg);
    while (!next->last && !next->out && next->base < end) {
        next = cellar__segment_next(next);
    }
    return next->base >= end;
}

/* Ends the range at `end`, up to which there is room. */
static void resize_grow(struct cellar__arena *arena, struct cellar__segment *seg, uint64_t end)
{
    while (cellar__segment_next(seg)->base < end) {
        struct cellar__segment *next = cellar__segment_next(seg);
        cellar__arena_remove_free_slow(arena, next);
        cellar__arena_dissolve(arena, next);
    }
    if (cellar__segment_next(seg)->base != end) {
        cellar__arena_insert_pieces(arena, cellar__arena_cut(arena, seg, end));
    }
}

static int resize_locked(struct cellar__arena *arena, struct cellar__segment *seg, uint64_t new_size)
{
    uint64_t size = cellar__segment_size(seg);
    uint64_t end;
    if (new_size < size) {
        resize_shrink(arena, seg, seg->base + new_size);
    } else if (new_size > size) {
        bool allowed =
            arena->attr.limit == 0 || new_size - size <= arena->attr.limit - cellar__arena_allocated(arena);
        if (!allowed || __builtin_add_overflow(seg->base, new_size, &end) || !resize_has_room(seg, end)) {
            return -ENOMEM;
        }
        resize_grow(arena, seg, end);
    }
    cellar__arena_note_size(arena, seg, new_size);
    arena->given += new_size > size ? new_size - size : 0;
    arena->returned += new_size < size ? size - new_size : 0;
    return 0;
}

int cellar__arena_resize(struct cellar__arena *arena, uint64_t base, uint64_t size, uint64_t new_size)
{
    if (new_size == 0 || !cellar__sizing_round(&arena->attr, new_size, &new_size)) {
        return -EINVAL;
    }
    if (cellar__arena_lock(arena) != 0) {
        return -ENOMEM;
    }
    struct cellar__segment *seg = resize_find_out(arena, base, size);
    int status = seg == NULL ? -EINVAL : resize_locked(arena, seg, new_size);
    if (status == -ENOMEM && arena->quick.nsegments != 0) { /* what is in the way may be free */
        cellar__arena_join_all_quick(arena);
        status = cellar__arena_is_supplied(arena) ? resize_locked(arena, seg, new_size) : -ENOMEM;
    }
    cellar__arena_leave(arena);
    return status;
}

/* Under the lock, with a tag in store. */
static int resize_split_locked(struct cellar__arena *arena, uint64_t base, uint64_t size, uint64_t first)
{
    struct cellar__segment *seg = resize_find_out(arena, base, size);
    if (seg == NULL) {
        return -EINVAL;
    }
    struct cellar__segment *rest = cellar__arena_cut(arena, seg, base + first);
    uint64_t actual = rest->base - seg->base + cellar__segment_size(rest);
    cellar__arena_note_size(arena, seg, first);
    cellar__arena_insert_out(arena, rest, actual - first);
    return 0;
}

static bool resize_split_is_sound(const struct cellar__arena *arena, uint64_t size, uint64_t first)
{
    return first != 0 && first < size && first % arena->attr.quantum == 0 && size % arena->attr.quantum == 0;
}

int cellar__arena_split(struct cellar__arena *arena, uint64_t base, uint64_t size, uint64_t first)
{
    if (!resize_split_is_sound(arena, size, first)) {
        return -EINVAL;
    }
    if (cellar__arena_lock(arena) != 0) {
        return -ENOMEM;
    }
    int status = resize_split_locked(arena, base, size, first);
    cellar__arena_leave(arena);
    return status;
}

int cellar__arena_split_try(struct cellar__arena *arena, uint64_t base, uint64_t size, uint64_t first)
{
    if (!resize_split_is_sound(arena, size, first)) {
        return -EINVAL;
    }
    cellar__arena_enter(arena);
    bool has_tags = arena->nspare >= arena->min_spare; /* the hash does without what it would like to have */
    int status = has_tags ? resize_split_locked(arena, base, size, first) : -EAGAIN;
    cellar__arena_leave(arena);
    return status;
}

int cellar__arena_stock(struct cellar__arena *arena)
{
    if (cellar__arena_lock(arena) != 0) {
        return -ENOMEM;
    }
    cellar__arena_leave(arena);
    return 0;
}

int cellar__arena_merge(struct cellar__arena *arena, uint64_t base, uint64_t size, uint64_t next_size)
{
    cellar__arena_enter(arena);
    struct cellar__segment *seg = resize_find_out(arena, base, size);
    struct cellar__segment *next = resize_find_out(arena, base + size, next_size);
    bool follows = seg != NULL && next != NULL && cellar__segment_next(seg) == next;
    if (follows) {
        cellar__arena_hash_remove(&arena->hash, next->base);
        cellar__arena_dissolve(arena, next);
        cellar__arena_note_size(arena, seg, cellar__segment_size(seg));
    }
    cellar__arena_leave(arena);
    return follows ? 0 : -EINVAL;
}
