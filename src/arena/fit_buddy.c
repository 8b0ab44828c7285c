/*
 * Binary buddy: free segments are blocks of a power of two quanta, each at a multiple of its size, on one list a size,
 * with a bitmap of the lists that are not empty. A block is split into halves until it is as small as the request, and
 * joins its buddy alone, the block whose base differs in the bit of their size: both are the arena's work
 * (arena/piece.h), because they are the same for every request.
 *
 * Source: Knowlton, "A Fast Storage Allocator" (CACM 1965); Knuth, volume 1, section 2.5, algorithms R and S.
 * Complexity: insert, remove and find O(1); a range is split and joined at most once for each doubling of the size.
 */
#include "arena/fit_list.h"
#include "base/bits.h"

static unsigned fit_buddy_list(const struct cellar__fit_state *state, uint64_t size)
{
    (void)state;
    return cellar__lg_floor(size);
}

static void fit_buddy_insert(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    unsigned list = fit_buddy_list(state, cellar__segment_size(seg));
    cellar__fit_list_push(&state->lists[list], seg);
    state->nonempty |= UINT64_C(1) << list;
}

static void fit_buddy_remove(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    unsigned list = fit_buddy_list(state, cellar__segment_size(seg));
    if (cellar__fit_list_remove(&state->lists[list], seg)) {
        state->nonempty &= ~(UINT64_C(1) << list);
    }
}

static struct cellar__segment *fit_buddy_find(struct cellar__fit_state *state, uint64_t size)
{
    unsigned own = cellar__lg_ceil(size);
    uint64_t serving = own > 63 ? 0 : state->nonempty >> own << own;
    return serving == 0 ? NULL : cellar__segment_get(state->lists[cellar__low_bit(serving)]);
}

static size_t fit_buddy_check(const struct cellar__fit_state *state)
{
    size_t count = cellar__fit_lists_check(state, fit_buddy_list);
    for (unsigned list = 0; count != SIZE_MAX && list < CELLAR_FIT_NLISTS; list++) {
        for (uint32_t ref = state->lists[list]; ref != 0; ref = cellar__segment_get(ref)->link[1]) {
            const struct cellar__segment *seg = cellar__segment_get(ref);
            uint64_t size = cellar__segment_size(seg);
            if (!cellar__is_pow2(size) || seg->base % size != 0) {
                return SIZE_MAX;
            }
        }
    }
    return count;
}

const struct cellar__fit cellar__fit_buddy = {
    .name = "buddy",
    .seg_size = sizeof(struct cellar__segment),
    .is_exact = true,
    .has_blocks = true,
    .insert = fit_buddy_insert,
    .remove = fit_buddy_remove,
    .find = fit_buddy_find,
    .check = fit_buddy_check,
};
