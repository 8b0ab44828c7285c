/*
 * Where in a segment a range may lie: alignment, phase, borders that it must not cross, bounds.
 * Source: the constraints of vmem_xalloc (Bonwick and Adams, "Magazines and Vmem", USENIX 2001, section 4.2).
 */
#include <errno.h>

#include "arena/arena_int.h"
#include "base/bits.h"

/* The lowest number from `low` on that is phase more than a multiple of align. False when it is beyond 64 bits. */
static bool place_up(uint64_t low, const struct cellar__arena_request *request, uint64_t *ret)
{
    uint64_t distance = (request->phase - low) & (request->align - 1);
    return !__builtin_add_overflow(low, distance, ret);
}

/* The highest such number up to `high`; false when there is none. */
static bool place_down(uint64_t high, const struct cellar__arena_request *request, uint64_t *ret)
{
    uint64_t distance = (high - request->phase) & (request->align - 1);
    return !__builtin_sub_overflow(high, distance, ret);
}

static bool place_crosses(uint64_t base, const struct cellar__arena_request *request)
{
    return request->nocross != 0 && ((base ^ (base + request->size - 1)) & ~(request->nocross - 1)) != 0;
}

/*
 * Borders and alignments repeat with the larger of both, and cellar__arena_complete has made sure that a range right
 * behind a border does not cross the next: so the second try succeeds, or only the end of the segment is in the way.
 */
static bool place_low(uint64_t low, uint64_t high, const struct cellar__arena_request *request,
                      uint64_t *ret_base)
{
    uint64_t base;
    if (!place_up(low, request, &base)) {
        return false;
    }
    if (place_crosses(base, request)) {
        uint64_t border = cellar__round_down(base, request->nocross) + request->nocross;
        if (border < base || !place_up(border, request, &base)) {
            return false;
        }
    }
    *ret_base = base;
    return base <= high && high - base >= request->size;
}

static bool place_high(uint64_t low, uint64_t high, const struct cellar__arena_request *request,
                       uint64_t *ret_base)
{
    uint64_t base;
    if (high < request->size || !place_down(high - request->size, request, &base)) {
        return false;
    }
    if (place_crosses(base, request)) {
        uint64_t border = cellar__round_down(base + request->size - 1, request->nocross);
        if (border < request->size || !place_down(border - request->size, request, &base)) {
            return false;
        }
    }
    *ret_base = base;
    return base >= low;
}

bool cellar__arena_place(const struct cellar__segment *seg, const struct cellar__arena_request *request,
                         uint64_t *ret_base)
{
    uint64_t low = cellar__max(seg->base, request->min);
    uint64_t high = cellar__min(cellar__segment_next(seg)->base, request->max);
    if (low >= high) {
        return false;
    }
    return request->high ? place_high(low, high, request, ret_base) : place_low(low, high, request, ret_base);
}

static bool place_is_sound(const struct cellar__arena *arena, const struct cellar__arena_request *request)
{
    uint64_t quantum = arena->attr.quantum;
    bool sound = request->size != 0 && cellar__is_pow2(request->align) && request->phase % quantum == 0 &&
                 (request->phase == 0 || request->phase < request->align) && request->min % quantum == 0 &&
                 request->max % quantum == 0;
    return sound && (request->nocross == 0 || cellar__is_pow2(request->nocross)) &&
           (request->max == 0 || request->min < request->max);
}

int cellar__arena_complete(const struct cellar__arena *arena, struct cellar__arena_request *request)
{
    request->align = request->align == 0 ? 1 : request->align;
    if (!place_is_sound(arena, request)) {
        return -EINVAL;
    }
    if (!cellar__sizing_round(&arena->attr, request->size, &request->size)) {
        return -ENOMEM;
    }
    request->is_constrained = request->phase != 0 || request->nocross != 0 || request->min != 0 ||
                              request->max != 0 || request->fit != NULL || request->high;
    request->align = cellar__max(request->align, arena->attr.quantum);
    request->max = request->max == 0 ? UINT64_MAX : request->max;
    /* The lowest place behind a border is its phase above it, where the phase counts from the border. */
    uint64_t behind = request->phase & (request->nocross - 1);
    bool crosses = request->nocross != 0 &&
                   (request->size > request->nocross || request->nocross - request->size < behind);
    return crosses ? -EINVAL : 0;
}
