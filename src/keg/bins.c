#include "keg/bins.h"

#include "base/bits.h"

static struct cellar__slab *bins_slab(struct cellar__tree_node *node)
{
    return CELLAR_CONTAINER(node, struct cellar__slab, by_address);
}

static uint64_t bins_key(const struct cellar__tree_node *node)
{
    return (uintptr_t)CELLAR_CONTAINER(node, const struct cellar__slab, by_address)->run.base;
}

void cellar__bins_insert(struct cellar__keg *keg, struct cellar__slab *slab, unsigned bin)
{
    struct cellar__tree tree = {.root = keg->bins[bin], .key = bins_key};
    cellar__tree_insert(&tree, &slab->by_address);
    keg->bins[bin] = tree.root;
    keg->nonempty_bins |= 1u << bin;
}

void cellar__bins_remove(struct cellar__keg *keg, struct cellar__slab *slab, unsigned bin)
{
    struct cellar__tree tree = {.root = keg->bins[bin], .key = bins_key};
    cellar__tree_remove(&tree, &slab->by_address);
    keg->bins[bin] = tree.root;
    if (tree.root == NULL) {
        keg->nonempty_bins &= ~(1u << bin);
    }
}

void cellar__bins_change(struct cellar__keg *keg, struct cellar__slab *slab, unsigned from, unsigned to)
{
    if (slab->is_frozen) {
        return;
    }
    if (from != CELLAR_KEG_NBINS) {
        cellar__bins_remove(keg, slab, from);
    }
    if (to != CELLAR_KEG_NBINS) {
        cellar__bins_insert(keg, slab, to);
    }
}

struct cellar__slab *cellar__bins_first(struct cellar__keg *keg)
{
    if (keg->nonempty_bins == 0) {
        return NULL;
    }
    struct cellar__tree tree = {.root = keg->bins[cellar__lg_floor(keg->nonempty_bins)], .key = bins_key};
    return bins_slab(cellar__tree_first(&tree));
}

/* Recursive as the tree is deep; counts the nodes whose slab belongs to the bin. */
static size_t bins_count(const struct cellar__keg *keg, struct cellar__tree_node *node, unsigned bin)
{
    if (node == NULL) {
        return 0;
    }
    size_t here = cellar__bins_index(keg, bins_slab(node)->nout) == bin;
    return here + bins_count(keg, node->left, bin) + bins_count(keg, node->right, bin);
}

size_t cellar__bins_check(const struct cellar__keg *keg)
{
    size_t count = 0;
    for (unsigned bin = 0; bin < CELLAR_KEG_NBINS; bin++) {
        struct cellar__tree tree = {.root = keg->bins[bin], .key = bins_key};
        size_t nodes = cellar__tree_check(&tree);
        if (nodes == SIZE_MAX || nodes != bins_count(keg, tree.root, bin) ||
            (nodes != 0) != ((keg->nonempty_bins >> bin & 1) != 0)) {
            return SIZE_MAX;
        }
        count += nodes;
    }
    return count;
}
