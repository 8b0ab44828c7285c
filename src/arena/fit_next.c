/*
 * Next fit: the first free segment that serves, at or above the end of the last one handed out, or else from the lowest
 * on. Requests go round the whole space, so what is cut off does not gather at its begin.
 * Source: Knuth, volume 1, section 2.5, exercise 6 (the roving pointer). A treap ordered by base.
 * Complexity: insert, remove and find expected O(log n) in the number of free segments.
 */
#include "arena/fit_address.h"

static struct cellar__segment *fit_next_find(struct cellar__fit_state *state, uint64_t size)
{
    struct cellar__segment *seg = cellar__fit_address_find(state->root, state->rover, size);
    if (seg == NULL) {
        seg = cellar__fit_address_find(state->root, 0, size);
    }
    if (seg != NULL) {
        state->rover = seg->base + size;
    }
    return seg;
}

const struct cellar__fit cellar__fit_next = {
    .name = "next",
    .seg_size = sizeof(struct cellar__segment_ranked),
    .is_exact = true,
    .insert = cellar__fit_address_insert,
    .remove = cellar__fit_address_remove,
    .resize = cellar__fit_address_resize,
    .find = fit_next_find,
    .check = cellar__fit_address_check,
};
