/* Walking an arena, measuring it, and proving its invariants. */
#include "arena/arena_int.h"
#include "base/bits.h"

void cellar__arena_walk(struct cellar__arena *arena,
                        void (*visit)(void *ctx, const struct cellar__arena_range *range), void *ctx)
{
    cellar__lock_acquire(&arena->lock);
    for (const struct cellar__segment *seg = cellar__segment_next(arena->head); seg != arena->head;
         seg = cellar__segment_next(seg)) {
        if (!seg->last) {
            struct cellar__arena_range range = {
                .base = seg->base, .size = cellar__segment_size(seg), .out = seg->out};
            visit(ctx, &range);
        }
    }
    cellar__lock_release(&arena->lock);
}

void cellar__arena_usage(struct cellar__arena *arena, struct cellar__arena_usage *ret_usage)
{
    struct cellar__arena_usage usage = {0};
    cellar__lock_acquire(&arena->lock);
    for (const struct cellar__segment *seg = cellar__segment_next(arena->head); seg != arena->head;
         seg = cellar__segment_next(seg)) {
        usage.nsegments += !seg->last;
        if (!seg->last && !seg->out && !cellar__segment_next(seg)->last) {
            uint64_t size = cellar__segment_size(seg);
            usage.free_below += size;
            usage.largest_free_below = cellar__max(usage.largest_free_below, size);
        }
    }
    usage.total = arena->total;
    usage.allocated = arena->allocated;
    usage.nfree = arena->nfree;
    usage.nspans = arena->nspans;
    cellar__lock_release(&arena->lock);
    *ret_usage = usage;
}

struct check_sums {
    uint64_t total;
    uint64_t allocated;
    size_t nout;
    size_t nfree;
    size_t nspans;
};

static const char *check_range(struct cellar__arena *arena, const struct cellar__segment *seg,
                               struct check_sums *sums)
{
    const struct cellar__segment *next = cellar__segment_next(seg);
    uint64_t size = cellar__segment_size(seg);
    if (next->base <= seg->base || next == arena->head) {
        return "A1";
    }
    if (!seg->out && !next->last && !next->out) {
        return "A2";
    }
    if (seg->out && cellar__arena_hash_find(&arena->hash, seg->base) != seg) {
        return "A3";
    }
    if (seg->base % arena->attr.quantum != 0 || size % arena->attr.quantum != 0) {
        return "A4";
    }
    if (!seg->out && arena->attr.release_span != NULL && cellar__arena_is_whole_import(seg)) {
        return "A6";
    }
    sums->allocated += seg->out ? size : 0;
    sums->nout += seg->out;
    sums->nfree += !seg->out;
    return NULL;
}

static const char *check_segments(struct cellar__arena *arena, struct check_sums *sums)
{
    uint64_t span_begin = cellar__segment_next(arena->head)->base;
    for (const struct cellar__segment *seg = cellar__segment_next(arena->head); seg != arena->head;
         seg = cellar__segment_next(seg)) {
        if (cellar__segment_prev(cellar__segment_next(seg)) != seg) {
            return "A1";
        }
        if (!seg->last) {
            const char *broken = check_range(arena, seg, sums);
            if (broken != NULL) {
                return broken;
            }
            continue;
        }
        if (seg->base - span_begin != cellar__segment_span_size(seg)) {
            return "A1";
        }
        sums->total += cellar__segment_span_size(seg);
        sums->nspans++;
        span_begin = cellar__segment_next(seg)->base;
    }
    return NULL;
}

static const char *check_sums(struct cellar__arena *arena, const struct check_sums *sums)
{
    if (!cellar__arena_hash_check(&arena->hash) || sums->nout != arena->hash.nsegments ||
        sums->nfree != arena->nfree || arena->attr.fit->check(&arena->fit) != sums->nfree) {
        return "A3";
    }
    if (sums->total != arena->total || sums->allocated != arena->allocated || sums->nspans != arena->nspans) {
        return "A5";
    }
    return NULL;
}

const char *cellar__arena_check(struct cellar__arena *arena)
{
    struct check_sums sums = {0};
    cellar__lock_acquire(&arena->lock);
    const char *broken = check_segments(arena, &sums);
    if (broken == NULL) {
        broken = check_sums(arena, &sums);
    }
    cellar__lock_release(&arena->lock);
    return broken;
}
