#include "arena/arena.h"

#include <errno.h>

#include "arena/arena_int.h"
#include "base/assert.h"
#include "base/bits.h"

int cellar__arena_init(struct cellar__arena *arena, const struct cellar__arena_attr *attr)
{
    CELLAR_ASSERT(cellar__is_pow2(attr->quantum));
    CELLAR_ASSERT(attr->sizing != CELLAR_SIZING_CONSTANT ||
                  (attr->unit != 0 && attr->unit % attr->quantum == 0));
    *arena = (struct cellar__arena){.attr = *attr, .fit.quantum = attr->quantum, .none_from = UINT64_MAX};
    cellar__lock_init(&arena->lock, CELLAR_RANK_ARENA);
    if (attr->fit->init != NULL && attr->fit->init(&arena->fit) != 0) {
        return -ENOMEM;
    }
    if (cellar__arena_lock(arena) != 0) {
        cellar__arena_fini(arena);
        return -ENOMEM;
    }
    arena->head = cellar__arena_take_tag(arena);
    arena->head->last = 1;
    arena->head->prev = cellar__meta_ref(arena->head) & INT32_MAX;
    arena->head->next = arena->head->prev;
    cellar__arena_leave(arena);
    return 0;
}

/* Takes [base, base + size) out of the free segment; what is left of it on both sides stays free. */
static void arena_carve(struct cellar__arena *arena, struct cellar__segment *seg, uint64_t base,
                        uint64_t size)
{
    struct cellar__segment *range = seg;
    uint64_t end = cellar__segment_next(seg)->base;
    cellar__arena_remove_free(arena, seg);
    if (base != seg->base) {
        range = cellar__arena_cut(arena, seg, base);
        range->out = 1;
        cellar__arena_insert_pieces(arena, seg);
    }
    if (base + size != end) {
        cellar__arena_insert_pieces(arena, cellar__arena_cut(arena, range, base + size));
    }
    range->out = 1;
    cellar__arena_hash_insert(&arena->hash, range);
    arena->allocated += size;
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
static bool arena_take(struct cellar__arena *arena, struct cellar__segment *seg,
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

static void arena_release_span(const struct cellar__arena *arena, const struct cellar__arena_range *span)
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
    struct cellar__arena_range span = {0};
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

/* Counts, and lets the lock go. */
static int arena_end(struct cellar__arena *arena, uint64_t asked, uint64_t given)
{
    if (given != 0) {
        arena->nallocs++;
        arena->asked += asked;
        arena->given += given;
    } else {
        arena->nfails++;
    }
    cellar__arena_leave(arena);
    return given != 0 ? 0 : -ENOMEM;
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
    if (arena->attr.limit != 0 && request.size > arena->attr.limit - arena->allocated) {
        return arena_end(arena, 0, 0);
    }
    bool done = arena_try(arena, &request, enough, ret_base);
    if (!done) {
        status = arena_import(arena, &request, enough, ret_base);
        if (status == -ENOMEM) {
            return status;
        }
        done = status == 0 || arena_try_all(arena, &request, enough, ret_base);
    }
    return arena_end(arena, as_asked->size, done ? request.size : 0);
}

int cellar__arena_alloc(struct cellar__arena *arena, uint64_t size, uint64_t align, uint64_t *ret_base)
{
    struct cellar__arena_request request = {.size = size, .align = align};
    return align == 0 ? -EINVAL : cellar__arena_xalloc(arena, &request, ret_base);
}

/* The segment that is out with that base and that size, as it is or as it was asked for; or NULL. */
static struct cellar__segment *arena_find_out(struct cellar__arena *arena, uint64_t base, uint64_t size)
{
    struct cellar__segment *seg = cellar__arena_hash_find(&arena->hash, base);
    uint64_t rounded;
    if (seg == NULL || size == 0) {
        return NULL;
    }
    uint64_t actual = cellar__segment_size(seg);
    bool matches = (cellar__round_up_try(size, arena->attr.quantum, &rounded) && rounded == actual) ||
                   (cellar__sizing_round(&arena->attr, size, &rounded) && rounded == actual);
    return matches ? seg : NULL;
}

int cellar__arena_free(struct cellar__arena *arena, uint64_t base, uint64_t size)
{
    struct cellar__arena_range span = {0};
    cellar__arena_enter(arena);
    struct cellar__segment *seg = arena_find_out(arena, base, size);
    if (seg == NULL) {
        cellar__arena_leave(arena);
        return -EINVAL;
    }
    cellar__arena_hash_remove(&arena->hash, base);
    arena->allocated -= cellar__segment_size(seg);
    arena->nfrees++;
    seg = cellar__arena_join_pieces(arena, seg);
    if (arena->attr.release_span != NULL && cellar__arena_is_whole_import(seg)) {
        span = cellar__arena_remove_span(arena, seg);
    }
    cellar__arena_leave(arena);
    if (span.size != 0) {
        arena_release_span(arena, &span);
    }
    return 0;
}

/* Ends the range at `end`, which lies in it: what is behind becomes free. */
static void arena_shrink(struct cellar__arena *arena, struct cellar__segment *seg, uint64_t end)
{
    cellar__arena_join_pieces(arena, cellar__arena_cut(arena, seg, end));
}

/* Whether the free segments right behind the range reach up to `end`. */
static bool arena_has_room(const struct cellar__segment *seg, uint64_t end)
{
    const struct cellar__segment *next = cellar__segment_next(seg);
    while (!next->last && !next->out && next->base < end) {
        next = cellar__segment_next(next);
    }
    return next->base >= end;
}

/* Ends the range at `end`, up to which there is room. */
static void arena_grow(struct cellar__arena *arena, struct cellar__segment *seg, uint64_t end)
{
    while (cellar__segment_next(seg)->base < end) {
        struct cellar__segment *next = cellar__segment_next(seg);
        cellar__arena_remove_free(arena, next);
        cellar__arena_unlink(next);
        cellar__arena_drop_tag(arena, next);
    }
    if (cellar__segment_next(seg)->base != end) {
        cellar__arena_insert_pieces(arena, cellar__arena_cut(arena, seg, end));
    }
}

static int arena_resize_locked(struct cellar__arena *arena, struct cellar__segment *seg, uint64_t new_size)
{
    uint64_t size = cellar__segment_size(seg);
    uint64_t end;
    if (new_size < size) {
        arena_shrink(arena, seg, seg->base + new_size);
    } else if (new_size > size) {
        bool allowed = arena->attr.limit == 0 || new_size - size <= arena->attr.limit - arena->allocated;
        if (!allowed || __builtin_add_overflow(seg->base, new_size, &end) || !arena_has_room(seg, end)) {
            return -ENOMEM;
        }
        arena_grow(arena, seg, end);
    }
    arena->allocated += new_size - size;
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
    struct cellar__segment *seg = arena_find_out(arena, base, size);
    int status = seg == NULL ? -EINVAL : arena_resize_locked(arena, seg, new_size);
    cellar__arena_leave(arena);
    return status;
}

int cellar__arena_split(struct cellar__arena *arena, uint64_t base, uint64_t size, uint64_t first)
{
    if (first == 0 || first >= size || first % arena->attr.quantum != 0 || size % arena->attr.quantum != 0) {
        return -EINVAL;
    }
    if (cellar__arena_lock(arena) != 0) {
        return -ENOMEM;
    }
    struct cellar__segment *seg = arena_find_out(arena, base, size);
    if (seg != NULL) {
        struct cellar__segment *rest = cellar__arena_cut(arena, seg, base + first);
        rest->out = 1;
        cellar__arena_hash_insert(&arena->hash, rest);
    }
    cellar__arena_leave(arena);
    return seg == NULL ? -EINVAL : 0;
}
