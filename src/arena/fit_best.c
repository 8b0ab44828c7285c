/*
 * Best fit: the smallest free segment that serves, and of several such the one at the lowest address. A treap
 * ordered by size and base. Source: Knuth, The Art of Computer Programming, volume 1, section 2.5.
 * Complexity: insert, remove and find expected O(log n) in the number of free segments.
 */
#include "arena/fit_tree.h"

static bool fit_best_less(const struct cellar__segment *a, const struct cellar__segment *b)
{
    uint64_t a_size = cellar__segment_size(a);
    uint64_t b_size = cellar__segment_size(b);
    return a_size != b_size ? a_size < b_size : a->base < b->base;
}

static void fit_best_update(struct cellar__segment *seg)
{
    (void)seg;
}

static bool fit_best_is_current(const struct cellar__segment *seg)
{
    return cellar__segment_size(seg) != 0;
}

static const struct fit_tree fit_best_tree = {
    .less = fit_best_less, .update = fit_best_update, .is_current = fit_best_is_current};

static void fit_best_insert(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    state->root = cellar__fit_tree_insert(&fit_best_tree, state->root, seg);
}

static void fit_best_remove(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    state->root = cellar__fit_tree_remove(&fit_best_tree, state->root, seg);
}

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

static size_t fit_best_check(const struct cellar__fit_state *state)
{
    return cellar__fit_tree_check(&fit_best_tree, state->root);
}

const struct cellar__fit cellar__fit_best = {
    .name = "best",
    .seg_size = sizeof(struct cellar__segment),
    .insert = fit_best_insert,
    .remove = fit_best_remove,
    .find = fit_best_find,
    .check = fit_best_check,
};
