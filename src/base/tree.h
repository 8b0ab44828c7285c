/*
 * An intrusive ordered tree: a treap (Aragon and Seidel, "Randomized Search Trees", FOCS 1989).
 *
 * A node is ordered by a key that its owner computes, and heap-ordered by a priority that is the hash of the
 * node's address, so it costs two pointers and no stored balance. Expected depth is O(log n) whatever the
 * order of insertions. Keys are unique among the nodes of one tree and must not change while a node is in it.
 * Nothing allocates. The owner's lock protects the tree.
 */
#ifndef CELLAR_BASE_TREE_H
#define CELLAR_BASE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cellar__tree_node {
    struct cellar__tree_node *left;
    struct cellar__tree_node *right;
};

struct cellar__tree {
    struct cellar__tree_node *root;
    uint64_t (*key)(const struct cellar__tree_node *node);
    /* Brings what a node knows of all nodes below it up to date, by its own part and its children; NULL: none knows any. */
    void (*sum)(struct cellar__tree_node *node);
};

void cellar__tree_insert(struct cellar__tree *tree, struct cellar__tree_node *node);

/* The node must be in the tree. */
void cellar__tree_remove(struct cellar__tree *tree, struct cellar__tree_node *node);

/* The node's own part of the sum has changed; its key may have too, if the order of all keys is the same. */
void cellar__tree_change(struct cellar__tree *tree, struct cellar__tree_node *node);

/* The node with the lowest key, or NULL. */
struct cellar__tree_node *cellar__tree_first(const struct cellar__tree *tree);

/* The node with the highest key that is not above `key`, or NULL. */
struct cellar__tree_node *cellar__tree_find_at_most(const struct cellar__tree *tree, uint64_t key);

/* The node with the lowest key that is not below `key`, or NULL. */
struct cellar__tree_node *cellar__tree_find_at_least(const struct cellar__tree *tree, uint64_t key);

/* Number of nodes, or SIZE_MAX when the order of keys or of priorities is broken. For tests and checks. */
size_t cellar__tree_check(const struct cellar__tree *tree);

#endif
