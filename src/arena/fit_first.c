/*
 * First fit by address: the lowest free segment that serves. A treap ordered by base in which each node knows the
 * largest size below it, so the search never enters a subtree in vain.
 * Source: Knuth, volume 1, section 2.5, algorithm A; the tree as in exercise 6.2.3-30.
 * Complexity: insert, remove and find expected O(log n) in the number of free segments.
 */
#include "arena/fit_tree.h"
#include "base/bits.h"

static struct cellar__segment_ranked *fit_first_ranked(struct cellar__segment *seg)
{
    return (struct cellar__segment_ranked *)
        seg; /* seg_size below makes every segment of the arena a ranked one */
}

static uint64_t fit_first_largest(uint32_t ref)
{
    return ref == 0 ? 0 : fit_first_ranked(cellar__segment_get(ref))->largest;
}

static uint64_t fit_first_compute(const struct cellar__segment *seg)
{
    uint64_t below = cellar__max(fit_first_largest(seg->link[0]), fit_first_largest(seg->link[1]));
    return cellar__max(cellar__segment_size(seg), below);
}

static bool fit_first_less(const struct cellar__segment *a, const struct cellar__segment *b)
{
    return a->base < b->base;
}

static void fit_first_update(struct cellar__segment *seg)
{
    fit_first_ranked(seg)->largest = fit_first_compute(seg);
}

static bool fit_first_is_current(const struct cellar__segment *seg)
{
    return ((const struct cellar__segment_ranked *)seg)->largest == fit_first_compute(seg);
}

static const struct fit_tree fit_first_tree = {
    .less = fit_first_less, .update = fit_first_update, .is_current = fit_first_is_current};

static void fit_first_insert(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    state->root = cellar__fit_tree_insert(&fit_first_tree, state->root, seg);
}

static void fit_first_remove(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    state->root = cellar__fit_tree_remove(&fit_first_tree, state->root, seg);
}

static struct cellar__segment *fit_first_find(struct cellar__fit_state *state, uint64_t size)
{
    uint32_t ref = state->root;
    if (fit_first_largest(ref) < size) {
        return NULL;
    }
    for (;;) {
        struct cellar__segment *seg = cellar__segment_get(ref);
        if (fit_first_largest(seg->link[0]) >= size) {
            ref = seg->link[0];
        } else if (cellar__segment_size(seg) >= size) {
            return seg;
        } else {
            ref = seg->link[1];
        }
    }
}

static size_t fit_first_check(const struct cellar__fit_state *state)
{
    return cellar__fit_tree_check(&fit_first_tree, state->root);
}

const struct cellar__fit cellar__fit_first = {
    .name = "first",
    .seg_size = sizeof(struct cellar__segment_ranked),
    .insert = fit_first_insert,
    .remove = fit_first_remove,
    .find = fit_first_find,
    .check = fit_first_check,
};
