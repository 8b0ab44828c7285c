/*
 * Best fit: the smallest free segment that serves, and of several such the one at the lowest address. A treap
 * ordered by size and base. Source: Knuth, The Art of Computer Programming, volume 1, section 2.5.
 * Complexity: insert, remove and find expected O(log n) in the number of free segments.
 */
#include "arena/fit_order.h"

static struct cellar__segment *fit_best_find(struct cellar__fit_state *state, uint64_t size)
{
    struct cellar__segment *best = NULL;
    for (uint32_t ref = state->root; ref != 0;) {
        struct cellar__segment *seg = cellar__segment_get(ref);
        if (cellar__segment_size(seg) >= size) {
            best = seg;
            ref = seg->link[0];
        } else {
            ref = seg->link[1];
        }
    }
    return best;
}

const struct cellar__fit cellar__fit_best = {
    .name = "best",
    .seg_size = sizeof(struct cellar__segment),
    .is_exact = true,
    .insert = cellar__fit_by_size_insert,
    .remove = cellar__fit_by_size_remove,
    .find = fit_best_find,
    .check = cellar__fit_by_size_check,
};
