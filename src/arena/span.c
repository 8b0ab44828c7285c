/* Spans: how ranges come into an arena and leave it as a whole. */
#include <errno.h>

#include "arena/arena_int.h"
#include "base/assert.h"

struct cellar__segment *cellar__arena_insert_span(struct cellar__arena *arena, uint64_t base, uint64_t size,
                                                  bool imported)
{
    struct cellar__segment *seg = cellar__arena_take_tag(arena);
    struct cellar__segment *marker = cellar__arena_take_tag(arena);
    seg->base = base;
    marker->base = base + size;
    marker->last = 1;
    marker->out = imported;
    cellar__segment_set_span_size(marker, size);
    cellar__arena_link_after(cellar__segment_prev(arena->head), seg);
    cellar__arena_link_after(seg, marker);
    cellar__arena_insert_free(arena, seg);
    arena->total += size;
    arena->nspans++;
    return seg;
}

int cellar__arena_add(struct cellar__arena *arena, uint64_t base, uint64_t size)
{
    uint64_t quantum = arena->attr.quantum;
    uint64_t end;
    if (size == 0 || base % quantum != 0 || size % quantum != 0 || __builtin_add_overflow(base, size, &end)) {
        return -EINVAL;
    }
    if (cellar__arena_lock(arena) != 0) {
        return -ENOMEM;
    }
    cellar__arena_insert_span(arena, base, size, false);
    cellar__lock_release(&arena->lock);
    return 0;
}

bool cellar__arena_is_whole_import(const struct cellar__segment *seg)
{
    const struct cellar__segment *marker = cellar__segment_next(seg);
    return cellar__segment_prev(seg)->last && marker->last && marker->out;
}

void cellar__arena_remove_span(struct cellar__arena *arena, struct cellar__segment *seg)
{
    struct cellar__segment *marker = cellar__segment_next(seg);
    CELLAR_ASSERT(cellar__arena_is_whole_import(seg));
    cellar__arena_remove_free(arena, seg);
    arena->total -= cellar__segment_span_size(marker);
    arena->nspans--;
    cellar__arena_unlink(seg);
    cellar__arena_unlink(marker);
    cellar__arena_drop_tag(arena, seg);
    cellar__arena_drop_tag(arena, marker);
}
