/* Spans: how ranges come into an arena and leave it as a whole. */
#include <errno.h>

#include "arena/arena_int.h"

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
    cellar__arena_insert_pieces(arena, seg);
    arena->total += size;
    arena->imported += imported ? size : 0;
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
    cellar__arena_leave(arena);
    return 0;
}

/* The first segment that is not free, from seg on, backwards or forwards. */
static const struct cellar__segment *span_end_of_free(const struct cellar__segment *seg, bool forwards)
{
    while (!seg->last && !seg->out) {
        seg = forwards ? cellar__segment_next(seg) : cellar__segment_prev(seg);
    }
    return seg;
}

bool cellar__arena_is_whole_import(const struct cellar__segment *seg)
{
    const struct cellar__segment *marker = span_end_of_free(seg, true);
    return marker->last && marker->out && span_end_of_free(seg, false)->last;
}

struct cellar__arena_range cellar__arena_remove_span(struct cellar__arena *arena, struct cellar__segment *seg)
{
    while (!cellar__segment_prev(seg)->last) {
        seg = cellar__segment_prev(seg);
    }
    struct cellar__arena_range span = {.base = seg->base};
    while (!seg->last) {
        struct cellar__segment *next = cellar__segment_next(seg);
        cellar__arena_remove_free(arena, seg);
        cellar__arena_unlink(seg);
        cellar__arena_drop_tag(arena, seg);
        seg = next;
    }
    span.size = cellar__segment_span_size(seg);
    arena->total -= span.size;
    arena->imported -= span.size;
    arena->nspans--;
    cellar__arena_unlink(seg);
    cellar__arena_drop_tag(arena, seg);
    return span;
}
