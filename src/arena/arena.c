#include "arena/arena.h"

#include <errno.h>

#include "arena/arena_int.h"
#include "base/bits.h"

/* Takes [base, base + size) out of the free segment; what is left of it on both sides stays free. */
static void arena_carve(struct cellar__arena *arena, struct cellar__segment *seg, uint64_t base,
                        uint64_t size)
{
    struct cellar__segment *range = seg;
    uint64_t end = cellar__segment_next(seg)->base;
    cellar__arena_remove_free_slow(arena, seg);
    if (base != seg->base) {
        range = cellar__arena_cut(arena, seg, base);
        range->out = 1;
        cellar__arena_insert_pieces(arena, seg);
    }
    if (base + size != end) {
        cellar__arena_insert_pieces(arena, cellar__arena_cut(arena, range, base + size));
    }
    cellar__arena_insert_out(arena, range, size);
}

/* A free segment that holds an aligned range, whatever its base, has this size. False when that is beyond 64 bits. */
static bool arena_enough(const struct cellar__arena *arena, const struct cellar__arena_request *request,
                         uint64_t *ret_enough)
{
    if (arena->attr.fit->has_blocks) {
        *ret_enough = cellar__max(request->size, request->align);
        return true;
    }
    return !__builtin_add_overflow(request->size, request->align - arena->attr.quantum, ret_enough);
}

/* Takes a range out of the segment if one fits. */
static CELLAR_NOINLINE bool arena_take(struct cellar__arena *arena, struct cellar__segment *seg,
                                       const struct cellar__arena_request *request, uint64_t *ret_base)
{
    uint64_t base;
    if (seg == NULL || !cellar__arena_place(seg, request, &base)) {
        return false;
    }
    arena_carve(arena, seg, base, request->size);
    *ret_base = base;
    return true;
}

/* Of the free segments as they are, in the way that the policy or the request has it. */
static bool arena_try(struct cellar__arena *arena, const struct cellar__arena_request *request,
                      uint64_t enough, uint64_t *ret_base)
{
    bool by_scan = request->fit != NULL || request->high;
    struct cellar__segment *seg =
        by_scan ? cellar__arena_scan(arena, request) : arena->attr.fit->find(&arena->fit, enough);
    bool done = arena_take(arena, seg, request, ret_base);
    if (done && by_scan && request->fit == &cellar__fit_next) {
        arena->fit.rover = *ret_base + request->size;
    }
    return done;
}

/* The last resort: every segment, unless it is known that none serves. */
static bool arena_try_all(struct cellar__arena *arena, const struct cellar__arena_request *request,
                          uint64_t enough, uint64_t *ret_base)
{
    bool is_plain = enough == request->size && !request->is_constrained;
    bool nothing_new = is_plain && (arena->attr.fit->is_exact || request->size >= arena->none_from);
    if (nothing_new || arena->attr.is_bounded) {
        return false;
    }
    if (arena_take(arena, cellar__arena_scan(arena, request), request, ret_base)) {
        return true;
    }
    if (is_plain) {
        arena->none_from = request->size;
    }
    return false;
}

/* A span of this size, wherever it lies, holds such a range. False: none is to be imported for it. */
static bool arena_import_size(const struct cellar__arena *arena, const struct cellar__arena_request *request,
                              uint64_t enough, uint64_t *ret_size)
{
    const struct cellar__arena_attr *attr = &arena->attr;
    uint64_t size = enough;
    bool bounds = request->min != 0 || request->max != UINT64_MAX;
    if (attr->import_span == NULL || bounds) {
        return false;
    }
    if (attr->fit->has_blocks && __builtin_add_overflow(size, enough - attr->quantum, &size)) {
        return false;
    }
    if (request->nocross != 0 && __builtin_add_overflow(size, 2 * request->nocross, &size)) {
        return false;
    }
    return cellar__round_up_try(size, cellar__max(attr->import_min, attr->quantum), ret_size);
}

/* Of a span that is free from seg on, the smallest segment that has a place; NULL when none has. */
static struct cellar__segment *arena_smallest_of_span(struct cellar__segment *seg,
                                                      const struct cellar__arena_request *request)
{
    struct cellar__segment *smallest = NULL;
    uint64_t base;
    for (; !seg->last; seg = cellar__segment_next(seg)) {
        bool smaller = smallest == NULL || cellar__segment_size(seg) < cellar__segment_size(smallest);
        if (smaller && cellar__arena_place(seg, request, &base)) {
            smallest = seg;
        }
    }
    return smallest;
}

static void arena_release_span(const struct cellar__arena *arena, const struct cellar_arena_range *span)
{
    arena->attr.release_span(arena->attr.source, span->base, span->size);
}

/*
 * Imports a span and takes the range out of it before anybody else can, so that no import stays unused. Called under
 * the lock, and returns under it but for -ENOMEM. A span that does not serve is released.
 */
static int arena_import(struct cellar__arena *arena, const struct cellar__arena_request *request,
                        uint64_t enough, uint64_t *ret_base)
{
    struct cellar_arena_range span = {0};
    uint64_t wanted;
    if (!arena_import_size(arena, request, enough, &wanted)) {
        return -ENOENT;
    }
    cellar__arena_leave(arena);
    int status = arena->attr.import_span(arena->attr.source, wanted, &span.base, &span.size);
    CELLAR_ASSERT(status != 0 || (span.size >= wanted && span.base % arena->attr.quantum == 0 &&
                                  span.size % arena->attr.quantum == 0));
    if (cellar__arena_lock(arena) != 0) {
        if (status == 0 && arena->attr.release_span != NULL) {
            arena_release_span(arena, &span);
        }
        return -ENOMEM;
    }
    if (status != 0) {
        return -ENOENT;
    }
    struct cellar__segment *seg = cellar__arena_insert_span(arena, span.base, span.size, true);
    if (arena_take(arena, arena_smallest_of_span(seg, request), request, ret_base)) {
        return 0;
    }
    if (arena->attr.release_span != NULL) {
        cellar__arena_remove_span(arena, seg);
        cellar__arena_leave(arena);
        arena_release_span(arena, &span);
        if (cellar__arena_lock(arena) != 0) {
            return -ENOMEM;
        }
    }
    return -ENOENT;
}

/* Counts a request that was served, and lets the lock go. */
CELLAR_INLINE int arena_end(struct cellar__arena *arena, uint64_t asked, uint64_t given)
{
    arena->nallocs++;
    arena->asked += asked;
    arena->given += given;
    cellar__arena_leave(arena);
    return 0;
}

static int arena_end_failed(struct cellar__arena *arena)
{
    arena->nfails++;
    cellar__arena_leave(arena);
    return -ENOMEM;
}

/* Under the lock; returns under it but for -ENOMEM. -ENOENT when no range serves. */
static int arena_serve(struct cellar__arena *arena, const struct cellar__arena_request *request,
                       uint64_t enough, uint64_t *ret_base)
{
    bool from_all = request->is_constrained && arena->quick.nsegments != 0;
    if (!from_all && arena_try(arena, request, enough, ret_base)) {
        return 0;
    }
    if (arena->quick.nsegments != 0) {
        cellar__arena_join_all_quick(arena);
        if (!cellar__arena_is_supplied(arena) && cellar__arena_supply(arena) != 0) {
            return -ENOMEM;
        }
        if (arena_try(arena, request, enough, ret_base)) {
            return 0;
        }
    }
    int status = arena_import(arena, request, enough, ret_base);
    if (status == -ENOENT && arena_try_all(arena, request, enough, ret_base)) {
        return 0;
    }
    return status;
}

int cellar__arena_xalloc(struct cellar__arena *arena, const struct cellar__arena_request *as_asked,
                         uint64_t *ret_base)
{
    struct cellar__arena_request request = *as_asked;
    uint64_t enough;
    int status = cellar__arena_complete(arena, &request);
    if (status != 0) {
        return status;
    }
    if (!arena_enough(arena, &request, &enough) || cellar__arena_lock(arena) != 0) {
        return -ENOMEM;
    }
    if (arena->attr.limit != 0 && request.size > arena->attr.limit - cellar__arena_allocated(arena)) {
        return arena_end_failed(arena);
    }
    status = arena_serve(arena, &request, enough, ret_base);
    if (status == -ENOMEM) {
        return status;
    }
    if (status != 0) {
        return arena_end_failed(arena);
    }
    return arena_end(arena, as_asked->size, request.size);
}

static struct cellar__segment *arena_find(struct cellar__arena *arena, uint64_t size)
{
    if (CELLAR_LIKELY(arena->is_segregated)) {
        return cellar__segregated_find_sure(&arena->fit, size);
    }
    return arena->attr.fit->find(&arena->fit, size);
}

/* The same, where the segment keeps its place in the policy's hands, and the range has a new tag before it. */
static struct cellar__segment *arena_cut_front(struct cellar__arena *arena, struct cellar__segment *seg,
                                               uint64_t size)
{
    struct cellar__segment *range = cellar__arena_take_tag(arena);
    range->base = seg->base;
    cellar__arena_link_after(cellar__segment_prev(seg), range);
    seg->base += size;
    arena->attr.fit->resize(&arena->fit, seg);
    cellar__arena_insert_out(arena, range, size);
    return range;
}

/* The begin of a segment becomes the range. */
CELLAR_INLINE struct cellar__segment *arena_cut_range(struct cellar__arena *arena,
                                                      struct cellar__segment *seg, uint64_t size)
{
    uint64_t rest = cellar__segment_size(seg) - size;
    if (CELLAR_UNLIKELY(arena->attr.fit->resize != NULL) && rest != 0) {
        return arena_cut_front(arena, seg, size);
    }
    cellar__arena_remove_free(arena, seg, rest + size);
    if (rest != 0) {
        struct cellar__segment *tail = cellar__arena_cut(arena, seg, seg->base + size);
        cellar__arena_insert_free(arena, tail, rest);
    }
    cellar__arena_insert_out(arena, seg, size);
    return seg;
}

/* Without a quick segment: the begin of what the policy finds, or the general way. Called without the lock. */
static CELLAR_NOINLINE int arena_alloc_found(struct cellar__arena *arena, uint64_t asked, uint64_t *ret_base)
{
    uint64_t size = cellar__round_up(asked, arena->attr.quantum);
    bool ordinary =
        arena->is_plain && size - 1 < INT64_MAX && arena->attr.limit == 0; /* neither 0 nor wrapped */
    cellar__arena_enter(arena);
    struct cellar__segment *seg =
        ordinary && cellar__arena_is_supplied(arena) ? arena_find(arena, size) : NULL;
    if (CELLAR_UNLIKELY(seg == NULL)) {
        struct cellar__arena_request request = {.size = asked};
        cellar__arena_leave(arena);
        return cellar__arena_xalloc(arena, &request, ret_base);
    }
    seg = arena_cut_range(arena, seg, size);
    *ret_base = seg->base;
    return arena_end(arena, asked, size);
}

/* What most requests want, in as few instructions as there are: a quick segment. Only a plain arena has some. */
int cellar__arena_alloc_plain(struct cellar__arena *arena, uint64_t asked, uint64_t *ret_base)
{
    uint64_t nquanta = (asked + arena->attr.quantum - 1) >> arena->fit.lg_quantum; /* 0 also when it wraps */
    if (!cellar__quick_may_have(&arena->quick, nquanta) || arena->attr.limit != 0) {
        return arena_alloc_found(arena, asked, ret_base);
    }
    cellar__arena_enter(arena);
    struct cellar__segment *seg = cellar__quick_pop(&arena->quick, nquanta);
    if (CELLAR_UNLIKELY(seg == NULL)) { /* another thread was faster */
        cellar__arena_leave(arena);
        return arena_alloc_found(arena, asked, ret_base);
    }
    *ret_base = seg->base;
    return arena_end(arena, asked, nquanta << arena->fit.lg_quantum);
}

int cellar__arena_alloc(struct cellar__arena *arena, uint64_t size, uint64_t align, uint64_t *ret_base)
{
    struct cellar__arena_request request = {.size = size, .align = align};
    return align == 0 ? -EINVAL : cellar__arena_xalloc(arena, &request, ret_base);
}

/* Out of the hash and into the policy's hands. Returns the imported span that is free by that from end to end. */
static struct cellar_arena_range arena_join(struct cellar__arena *arena, uint32_t *link,
                                            struct cellar__segment *seg, uint64_t size)
{
    struct cellar_arena_range none = {0};
    *link = seg->link[0];
    arena->hash.nsegments--;
    seg = CELLAR_LIKELY(!arena->attr.fit->has_blocks) ? cellar__arena_join_neighbours(arena, seg, size)
                                                      : cellar__arena_join_pieces(arena, seg);
    bool is_whole = arena->attr.release_span != NULL && cellar__arena_is_whole_import(seg);
    return CELLAR_UNLIKELY(is_whole) ? cellar__arena_remove_span(arena, seg) : none;
}

struct cellar_arena_range cellar__arena_join_quick(struct cellar__arena *arena, size_t most)
{
    struct cellar_arena_range span = {0};
    for (; most > 0 && span.size == 0; most--) {
        struct cellar__segment *seg = cellar__quick_pop_any(&arena->quick);
        if (seg == NULL) {
            break;
        }
        uint32_t *link = cellar__arena_hash_link(&arena->hash, seg->base);
        span = arena_join(arena, link, seg, cellar__segment_size(seg));
    }
    return span;
}

void cellar__arena_join_all_quick(struct cellar__arena *arena)
{
    while (arena->quick.nsegments != 0) {
        struct cellar_arena_range span = cellar__arena_join_quick(arena, SIZE_MAX);
        if (span.size != 0) {
            cellar__arena_leave(arena);
            arena_release_span(arena, &span);
            cellar__arena_enter(arena);
        }
    }
}

/* Ends a free that has taken the range from the program: the lock goes, then the span that is free by it. */
static void arena_leave_span(struct cellar__arena *arena, const struct cellar_arena_range *span)
{
    cellar__arena_leave(arena);
    if (CELLAR_UNLIKELY(span->size != 0)) {
        arena_release_span(arena, span);
    }
}

static CELLAR_NOINLINE int arena_free_joining(struct cellar__arena *arena, uint32_t *link,
                                              struct cellar__segment *seg, uint64_t size)
{
    struct cellar_arena_range span = arena_join(arena, link, seg, size);
    arena_leave_span(arena, &span);
    return 0;
}

/* There are too many quick segments: two go. */
static CELLAR_NOINLINE int arena_free_crowded(struct cellar__arena *arena)
{
    struct cellar_arena_range span = cellar__arena_join_quick(arena, 2);
    arena_leave_span(arena, &span);
    return 0;
}

int cellar__arena_free(struct cellar__arena *arena, uint64_t base, uint64_t size)
{
    cellar__arena_enter(arena);
    uint32_t *link = cellar__arena_hash_link(&arena->hash, base);
    struct cellar__segment *seg = *link == 0 ? NULL : cellar__segment_get(*link);
    uint64_t actual = seg == NULL || cellar__quick_has(seg) ? 0 : cellar__arena_out_size(arena, seg);
    if (CELLAR_UNLIKELY(actual == 0 || !cellar__arena_size_matches(arena, size, actual))) {
        cellar__arena_leave(arena);
        return -EINVAL;
    }
    arena->returned += actual;
    arena->nfrees++;
    uint64_t nquanta = actual >> arena->fit.lg_quantum;
    if (!arena->has_quick || nquanta >= CELLAR_QUICK_NLISTS) {
        return arena_free_joining(arena, link, seg, actual);
    }
    cellar__quick_push(&arena->quick, seg, nquanta);
    uint32_t most = CELLAR_QUICK_MIN + arena->hash.nsegments / CELLAR_QUICK_SHARE;
    if (CELLAR_UNLIKELY(arena->quick.nsegments > most)) {
        return arena_free_crowded(arena);
    }
    cellar__arena_leave(arena);
    return 0;
}

int cellar__arena_set_limit(struct cellar__arena *arena, uint64_t limit)
{
    cellar__arena_enter(arena);
    bool fits = limit == 0 || limit >= cellar__arena_allocated(arena);
    if (fits) {
        arena->attr.limit = limit;
    }
    cellar__arena_leave(arena);
    return fits ? 0 : -EBUSY;
}
