/*
 * Instant fit: segregated lists, one for each power of two of the size in quanta, and a bitmap of those that are
 * not empty. Source: vmem's VM_INSTANTFIT (Bonwick and Adams, "Magazines and Vmem", USENIX 2001).
 *
 * A segment on a list above the request's own always fits, so that step is one bit scan. A segment on the
 * request's own list may fit: the first FIT_TRIES of them are looked at before going up, which spares large
 * segments. What lies behind them on that list is passed over.
 *
 * Complexity: O(1) each.
 */
#include "arena/fit_list.h"
#include "base/bits.h"

#define FIT_TRIES 8

static unsigned fit_instant_list(const struct cellar__fit_state *state, uint64_t size)
{
    return cellar__lg_floor(size >> state->lg_quantum);
}

static void fit_instant_insert(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    unsigned list = fit_instant_list(state, cellar__segment_size(seg));
    cellar__fit_list_push(&state->lists[list], seg);
    state->nonempty |= UINT64_C(1) << list;
}

static void fit_instant_remove(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    unsigned list = fit_instant_list(state, cellar__segment_size(seg));
    if (cellar__fit_list_remove(&state->lists[list], seg)) {
        state->nonempty &= ~(UINT64_C(1) << list);
    }
}

static struct cellar__segment *fit_instant_find(struct cellar__fit_state *state, uint64_t size)
{
    unsigned own = fit_instant_list(state, size);
    struct cellar__segment *seg = cellar__fit_list_search(state->lists[own], size, FIT_TRIES);
    if (seg != NULL) {
        return seg;
    }
    uint64_t above = own == 63 ? 0 : state->nonempty >> (own + 1) << (own + 1);
    return above == 0 ? NULL : cellar__segment_get(state->lists[cellar__low_bit(above)]);
}

static size_t fit_instant_check(const struct cellar__fit_state *state)
{
    return cellar__fit_lists_check(state, fit_instant_list);
}

const struct cellar__fit cellar__fit_instant = {
    .name = "instant",
    .seg_size = sizeof(struct cellar__segment),
    .insert = fit_instant_insert,
    .remove = fit_instant_remove,
    .find = fit_instant_find,
    .check = fit_instant_check,
};
