/*
 * First fit by age, the oldest first: the segment that has been free longest and serves, so that a freed range has time
 * to coalesce before it is cut again. One list with both ends known: new segments go to its tail.
 * Source: Wilson, Johnstone, Neely and Boles, "Dynamic Storage Allocation: A Survey" (IWMM 1995), section 3.4.
 * Complexity: insert and remove O(1); find O(n) in the number of free segments.
 */
#include "arena/fit_list.h"

enum { FIFO_HEAD, FIFO_TAIL };

static void fit_fifo_insert(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    uint32_t ref = cellar__meta_ref(seg);
    uint32_t tail = state->lists[FIFO_TAIL];
    seg->link[0] = tail;
    seg->link[1] = 0;
    *(tail != 0 ? &cellar__segment_get(tail)->link[1] : &state->lists[FIFO_HEAD]) = ref;
    state->lists[FIFO_TAIL] = ref;
}

static void fit_fifo_remove(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    if (seg->link[1] == 0) {
        state->lists[FIFO_TAIL] = seg->link[0];
    }
    cellar__fit_list_remove(&state->lists[FIFO_HEAD], seg);
}

static struct cellar__segment *fit_fifo_find(struct cellar__fit_state *state, uint64_t size)
{
    return cellar__fit_list_search(state->lists[FIFO_HEAD], size, SIZE_MAX);
}

static size_t fit_fifo_check(const struct cellar__fit_state *state)
{
    uint32_t last = 0;
    for (uint32_t ref = state->lists[FIFO_HEAD]; ref != 0; ref = cellar__segment_get(ref)->link[1]) {
        last = ref;
    }
    return last != state->lists[FIFO_TAIL]
               ? SIZE_MAX
               : cellar__fit_list_check(state, state->lists[FIFO_HEAD], 0, cellar__fit_list_only);
}

const struct cellar__fit cellar__fit_fifo = {
    .name = "fifo",
    .seg_size = sizeof(struct cellar__segment),
    .is_exact = true,
    .insert = fit_fifo_insert,
    .remove = fit_fifo_remove,
    .find = fit_fifo_find,
    .check = fit_fifo_check,
};
