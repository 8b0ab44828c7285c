/* Walking an arena, measuring it, and proving its invariants. */
#include "arena/arena_int.h"
#include "base/bits.h"

/* The first range at or behind the segment, or NULL at the end of all. */
static const struct cellar__segment *walk_range(const struct cellar__arena *arena,
                                                const struct cellar__segment *seg)
{
    while (seg != arena->head && seg->last) {
        seg = cellar__segment_next(seg);
    }
    return seg == arena->head ? NULL : seg;
}

/* Takes the lock with nothing quick, so that what is free is seen as free. */
static void walk_enter(struct cellar__arena *arena)
{
    cellar__arena_enter(arena);
    cellar__arena_join_all_quick(arena);
}

static const struct cellar__segment *walk_first(const struct cellar__arena *arena)
{
    return walk_range(arena, cellar__segment_next(arena->head));
}

static const struct cellar__segment *walk_next(const struct cellar__arena *arena,
                                               const struct cellar__segment *seg)
{
    return walk_range(arena, cellar__segment_next(seg));
}

static struct cellar_arena_range walk_show(const struct cellar__segment *seg)
{
    return (struct cellar_arena_range){.base = seg->base, .size = cellar__segment_size(seg), .out = seg->out};
}

void cellar__arena_walk(struct cellar__arena *arena,
                        void (*visit)(void *ctx, const struct cellar_arena_range *range), void *ctx)
{
    walk_enter(arena);
    for (const struct cellar__segment *seg = walk_first(arena); seg != NULL; seg = walk_next(arena, seg)) {
        struct cellar_arena_range range = walk_show(seg);
        visit(ctx, &range);
    }
    cellar__arena_leave(arena);
}

size_t cellar__arena_snapshot(struct cellar__arena *arena, struct cellar_arena_range *ranges, size_t capacity)
{
    size_t count = 0;
    walk_enter(arena);
    for (const struct cellar__segment *seg = walk_first(arena); seg != NULL; seg = walk_next(arena, seg)) {
        if (count < capacity) {
            ranges[count] = walk_show(seg);
        }
        count++;
    }
    cellar__arena_leave(arena);
    return count;
}

bool cellar__arena_range_of(struct cellar__arena *arena, uint64_t address,
                            struct cellar_arena_range *ret_range)
{
    walk_enter(arena);
    const struct cellar__segment *seg = walk_first(arena);
    while (seg != NULL && address - seg->base >= cellar__segment_size(seg)) {
        seg = walk_next(arena, seg);
    }
    if (seg != NULL) {
        *ret_range = walk_show(seg);
    }
    cellar__arena_leave(arena);
    return seg != NULL;
}

void cellar__arena_usage(struct cellar__arena *arena, struct cellar__arena_usage *ret_usage)
{
    walk_enter(arena);
    struct cellar__arena_usage usage = {.total = arena->total,
                                        .imported = arena->imported,
                                        .allocated = cellar__arena_allocated(arena),
                                        .limit = arena->attr.limit,
                                        .nfree = arena->nfree,
                                        .nspans = arena->nspans,
                                        .metadata = cellar__arena_metadata(arena),
                                        .nallocs = arena->nallocs,
                                        .nfrees = arena->nfrees,
                                        .nfails = arena->nfails,
                                        .asked = arena->asked,
                                        .given = arena->given};
    for (const struct cellar__segment *seg = walk_first(arena); seg != NULL; seg = walk_next(arena, seg)) {
        uint64_t size = seg->out ? 0 : cellar__segment_size(seg);
        usage.nsegments++;
        usage.largest_free = cellar__max(usage.largest_free, size);
        if (!cellar__segment_next(seg)->last) {
            usage.free_below += size;
            usage.largest_free_below = cellar__max(usage.largest_free_below, size);
        }
    }
    cellar__arena_leave(arena);
    *ret_usage = usage;
}

struct check_sums {
    uint64_t total;
    uint64_t allocated;
    size_t nout;
    size_t nfree;
    size_t nspans;
    size_t nquick;
};

/* A2, for the segment and the one behind it. */
static bool check_is_joined(const struct cellar__arena *arena, const struct cellar__segment *seg,
                            const struct cellar__segment *next)
{
    if (seg->out || next->last || next->out) {
        return true;
    }
    uint64_t size = cellar__segment_size(seg);
    return arena->attr.fit->has_blocks &&
           (cellar__segment_size(next) != size || next->base != (seg->base ^ size));
}

static const char *check_range(struct cellar__arena *arena, const struct cellar__segment *seg,
                               struct check_sums *sums)
{
    const struct cellar__segment *next = cellar__segment_next(seg);
    uint64_t size = cellar__segment_size(seg);
    if (next->base <= seg->base || next == arena->head) {
        return "A1";
    }
    if (!check_is_joined(arena, seg, next)) {
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
    if (!seg->out && size >= arena->none_from) {
        return "A7";
    }
    bool quick = seg->out && cellar__quick_has(seg);
    if (seg->out && !quick && cellar__arena_out_size(arena, seg) != size) {
        return "A3";
    }
    sums->allocated += seg->out && !quick ? size : 0;
    sums->nquick += quick;
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
    if (cellar__quick_check(&arena->quick, arena->fit.lg_quantum) != sums->nquick) {
        return "A8";
    }
    if (sums->total != arena->total || sums->allocated != cellar__arena_allocated(arena) ||
        sums->nspans != arena->nspans) {
        return "A5";
    }
    return NULL;
}

const char *cellar__arena_check(struct cellar__arena *arena)
{
    struct check_sums sums = {0};
    cellar__arena_enter(arena);
    const char *broken = check_segments(arena, &sums);
    if (broken == NULL) {
        broken = check_sums(arena, &sums);
    }
    cellar__arena_leave(arena);
    return broken;
}
