/* Spans: how ranges come into an arena and leave it as a whole. */
#include <errno.h>

#include "arena/arena_int.h"

struct cellar__segment *cellar__arena_insert_span(struct cellar__arena *arena, uint64_t base, uint64_t size,
                                                  bool imported)
{
    struct cellar__segment *seg = cellar__arena_take_tag(arena);
    struct cellar__segment *marker = cellar__arena_take_tag(arena);
    seg->base = base;
    cellar__arena_link_after(cellar__segment_prev(arena->head), seg);
    marker->base = base + size;
    cellar__arena_link_after(seg, marker);
    marker->last = 1;
    marker->out = imported;
    cellar__segment_set_span_size(marker, size);
    cellar__arena_insert_pieces(arena, seg);
    arena->total += size;
    arena->imported += imported ? size : 0;
    arena->nspans++;
    return seg;
}

/* Whether any span has a number in [base, end). */
static bool span_overlaps(const struct cellar__arena *arena, uint64_t base, uint64_t end)
{
    for (const struct cellar__segment *seg = cellar__segment_next(arena->head); seg != arena->head;
         seg = cellar__segment_next(seg)) {
        if (seg->last && base < seg->base && seg->base - cellar__segment_span_size(seg) < end) {
            return true;
        }
    }
    return false;
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
    int status = span_overlaps(arena, base, end) ? -EEXIST : 0;
    if (status == 0) {
        cellar__arena_insert_span(arena, base, size, false);
    }
    cellar__arena_leave(arena);
    return status;
}

/* The first segment that is not free, from seg on, backwards or forwards. */
static const struct cellar__segment *span_end_of_free(const struct cellar__segment *seg, bool forwards)
{
    while (!seg->last && !seg->out) {
        seg = forwards ? cellar__segment_next(seg) : cellar__segment_prev(seg);
    }
    return seg;
}

bool cellar__arena_contains(struct cellar__arena *arena, uint64_t base, uint64_t size)
{
    bool contains = false;
    cellar__arena_enter(arena);
    for (const struct cellar__segment *seg = cellar__segment_next(arena->head);
         seg != arena->head && !contains; seg = cellar__segment_next(seg)) {
        uint64_t span_size = seg->last ? cellar__segment_span_size(seg) : 0;
        uint64_t distance = base - (seg->base - span_size);
        contains = distance < span_size && size <= span_size - distance;
    }
    cellar__arena_leave(arena);
    return contains;
}

bool cellar__arena_is_whole_import(const struct cellar__segment *seg)
{
    const struct cellar__segment *marker = span_end_of_free(seg, true);
    return marker->last && marker->out && span_end_of_free(seg, false)->last;
}

struct cellar_arena_range cellar__arena_remove_span(struct cellar__arena *arena, struct cellar__segment *seg)
{
    while (!cellar__segment_prev(seg)->last) {
        seg = cellar__segment_prev(seg);
    }
    struct cellar_arena_range span = {.base = seg->base};
    while (!seg->last) {
        struct cellar__segment *next = cellar__segment_next(seg);
        cellar__arena_remove_free_slow(arena, seg);
        cellar__arena_dissolve(arena, seg);
        seg = next;
    }
    span.size = cellar__segment_span_size(seg);
    arena->total -= span.size;
    arena->imported -= span.size;
    arena->nspans--;
    cellar__arena_dissolve(arena, seg);
    return span;
}

void cellar__arena_release_spans(struct cellar__arena *arena)
{
    if (arena->attr.release_span == NULL) {
        return;
    }
    for (const struct cellar__segment *seg = cellar__segment_next(arena->head); seg != arena->head;
         seg = cellar__segment_next(seg)) {
        if (seg->last && seg->out) {
            uint64_t size = cellar__segment_span_size(seg);
            arena->attr.release_span(arena->attr.source, seg->base - size, size);
        }
    }
}
