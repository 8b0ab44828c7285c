#include "arena/fit_tree.h"

#include "base/assert.h"
#include "base/hash.h"

static uint64_t fit_tree_priority(uint32_t ref)
{
    return cellar__hash_mix(ref);
}

static uint32_t fit_tree_merge(const struct fit_tree *tree, uint32_t low, uint32_t high)
{
    if (low == 0 || high == 0) {
        return low != 0 ? low : high;
    }
    bool low_on_top = fit_tree_priority(low) > fit_tree_priority(high);
    uint32_t top = low_on_top ? low : high;
    struct cellar__segment *seg = cellar__segment_get(top);
    if (low_on_top) {
        seg->link[1] = fit_tree_merge(tree, seg->link[1], high);
    } else {
        seg->link[0] = fit_tree_merge(tree, low, seg->link[0]);
    }
    tree->update(seg);
    return top;
}

/* Splits the subtree: *low gets the nodes that are less than the pivot, *high the others. */
static void fit_tree_split(const struct fit_tree *tree, uint32_t ref, const struct cellar__segment *pivot,
                           uint32_t *low, uint32_t *high)
{
    if (ref == 0) {
        *low = 0;
        *high = 0;
        return;
    }
    struct cellar__segment *seg = cellar__segment_get(ref);
    uint32_t middle;
    if (tree->less(seg, pivot)) {
        fit_tree_split(tree, seg->link[1], pivot, &middle, high);
        seg->link[1] = middle;
        *low = ref;
    } else {
        fit_tree_split(tree, seg->link[0], pivot, low, &middle);
        seg->link[0] = middle;
        *high = ref;
    }
    tree->update(seg);
}

uint32_t cellar__fit_tree_insert(const struct fit_tree *tree, uint32_t root, struct cellar__segment *seg)
{
    uint32_t ref = cellar__meta_ref(seg);
    if (root == 0 || fit_tree_priority(ref) > fit_tree_priority(root)) {
        uint32_t low;
        uint32_t high;
        fit_tree_split(tree, root, seg, &low, &high);
        seg->link[0] = low;
        seg->link[1] = high;
        tree->update(seg);
        return ref;
    }
    struct cellar__segment *top = cellar__segment_get(root);
    unsigned side = tree->less(top, seg) ? 1 : 0;
    top->link[side] = cellar__fit_tree_insert(tree, top->link[side], seg);
    tree->update(top);
    return root;
}

uint32_t cellar__fit_tree_remove(const struct fit_tree *tree, uint32_t root, struct cellar__segment *seg)
{
    CELLAR_ASSERT(root != 0);
    if (root == cellar__meta_ref(seg)) {
        return fit_tree_merge(tree, seg->link[0], seg->link[1]);
    }
    struct cellar__segment *top = cellar__segment_get(root);
    unsigned side = tree->less(top, seg) ? 1 : 0;
    top->link[side] = cellar__fit_tree_remove(tree, top->link[side], seg);
    tree->update(top);
    return root;
}

static bool fit_tree_check_child(const struct fit_tree *tree, uint32_t parent, uint32_t child, bool is_left)
{
    if (child == 0) {
        return true;
    }
    const struct cellar__segment *top = cellar__segment_get(parent);
    const struct cellar__segment *seg = cellar__segment_get(child);
    bool ordered = is_left ? tree->less(seg, top) : tree->less(top, seg);
    return ordered && fit_tree_priority(parent) >= fit_tree_priority(child);
}

size_t cellar__fit_tree_check(const struct fit_tree *tree, uint32_t root)
{
    if (root == 0) {
        return 0;
    }
    const struct cellar__segment *seg = cellar__segment_get(root);
    if (seg->out || seg->last || !tree->is_current(seg) ||
        !fit_tree_check_child(tree, root, seg->link[0], true) ||
        !fit_tree_check_child(tree, root, seg->link[1], false)) {
        return SIZE_MAX;
    }
    size_t left = cellar__fit_tree_check(tree, seg->link[0]);
    size_t right = cellar__fit_tree_check(tree, seg->link[1]);
    return left == SIZE_MAX || right == SIZE_MAX ? SIZE_MAX : left + right + 1;
}
