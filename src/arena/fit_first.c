/*
 * First fit by address: the lowest free segment that serves, from a treap ordered by base.
 * Source: Knuth, volume 1, section 2.5, algorithm A; the tree as in exercise 6.2.3-30.
 * Complexity: insert, remove and find expected O(log n) in the number of free segments.
 */
#include "arena/fit_address.h"

static struct cellar__segment *fit_first_find(struct cellar__fit_state *state, uint64_t size)
{
    return cellar__fit_address_find(state->root, 0, size);
}

const struct cellar__fit cellar__fit_first = {
    .name = "first",
    .seg_size = sizeof(struct cellar__segment_ranked),
    .is_exact = true,
    .insert = cellar__fit_address_insert,
    .remove = cellar__fit_address_remove,
    .resize = cellar__fit_address_resize,
    .find = fit_first_find,
    .check = cellar__fit_address_check,
};
