/*
 * First fit by address: the lowest free segment that serves, from a treap ordered by base.
 * Source: Knuth, volume 1, section 2.5, algorithm A; the tree as in exercise 6.2.3-30.
 * Complexity: insert, remove and find expected O(log n) in the number of free segments.
 */
#include "arena/fit_order.h"

static void fit_first_insert(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    state->root = cellar__fit_tree_insert(&cellar__fit_by_address, state->root, seg);
}

static void fit_first_remove(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    state->root = cellar__fit_tree_remove(&cellar__fit_by_address, state->root, seg);
}

static struct cellar__segment *fit_first_find(struct cellar__fit_state *state, uint64_t size)
{
    return cellar__fit_find_from(state->root, 0, size);
}

static size_t fit_first_check(const struct cellar__fit_state *state)
{
    return cellar__fit_tree_check(&cellar__fit_by_address, state->root);
}

const struct cellar__fit cellar__fit_first = {
    .name = "first",
    .seg_size = sizeof(struct cellar__segment_ranked),
    .insert = fit_first_insert,
    .remove = fit_first_remove,
    .find = fit_first_find,
    .check = fit_first_check,
};
