/*
 * A treap of free segments, linked by refs: what best fit and first fit share. Private to the arena level.
 * link[0] is the left child, link[1] the right one; priorities are hashes of refs, so they cost no memory.
 * Expected depth O(log n) for any order of operations. Recursion is as deep as the tree.
 */
#ifndef CELLAR_ARENA_FIT_TREE_H
#define CELLAR_ARENA_FIT_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "arena/fit.h"

struct fit_tree {
    bool (*less)(const struct cellar__segment *a, const struct cellar__segment *b);
    /* Recomputes what a node knows of its subtree, from itself and its children. */
    void (*update)(struct cellar__segment *seg);
    /* For check: whether the node's knowledge is right. */
    bool (*is_current)(const struct cellar__segment *seg);
};

/* Both return the ref of the new root. */
uint32_t cellar__fit_tree_insert(const struct fit_tree *tree, uint32_t root, struct cellar__segment *seg);
uint32_t cellar__fit_tree_remove(const struct fit_tree *tree, uint32_t root, struct cellar__segment *seg);

/* The number of nodes, or SIZE_MAX when order, priorities or knowledge is broken. */
size_t cellar__fit_tree_check(const struct fit_tree *tree, uint32_t root);

#endif
