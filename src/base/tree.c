#include "base/tree.h"

#include "base/assert.h"
#include "base/hash.h"

static uint64_t tree_priority(const struct cellar__tree_node *node)
{
    return cellar__hash_mix((uintptr_t)node);
}

/* Splits the subtree by key: *low gets the nodes below it, *high the others. Iterative: each step hangs one
 * node onto the open end of its side. */
static void tree_split(const struct cellar__tree *tree, struct cellar__tree_node *node, uint64_t key,
                       struct cellar__tree_node **low, struct cellar__tree_node **high)
{
    while (node != NULL) {
        if (tree->key(node) < key) {
            *low = node;
            low = &node->right;
            node = node->right;
        } else {
            *high = node;
            high = &node->left;
            node = node->left;
        }
    }
    *low = NULL;
    *high = NULL;
}

/*
 * Whose children have changed by an insertion or a removal at the key lies on the way that a search for it takes: below a node
 * of that key, on both sides. Recursive, as depth is logarithmic but for a vanishing probability.
 */
static void tree_sum_way(const struct cellar__tree *tree, struct cellar__tree_node *node, uint64_t key)
{
    if (node == NULL) {
        return;
    }
    uint64_t node_key = tree->key(node);
    if (node_key >= key) {
        tree_sum_way(tree, node->left, key);
    }
    if (node_key <= key) {
        tree_sum_way(tree, node->right, key);
    }
    tree->sum(node);
}

static void tree_sum(const struct cellar__tree *tree, uint64_t key)
{
    if (tree->sum != NULL) {
        tree_sum_way(tree, tree->root, key);
    }
}

/* Recursive, as tree_sum_way. */
static void tree_sum_up(const struct cellar__tree *tree, struct cellar__tree_node *from, uint64_t key)
{
    uint64_t from_key = tree->key(from);
    if (from_key != key) {
        tree_sum_up(tree, key < from_key ? from->left : from->right, key);
    }
    tree->sum(from);
}

void cellar__tree_change(struct cellar__tree *tree, struct cellar__tree_node *node)
{
    if (tree->sum != NULL) {
        tree_sum_up(tree, tree->root, tree->key(node));
    }
}

void cellar__tree_insert(struct cellar__tree *tree, struct cellar__tree_node *node)
{
    uint64_t key = tree->key(node);
    uint64_t priority = tree_priority(node);
    struct cellar__tree_node **at = &tree->root;
    while (*at != NULL && tree_priority(*at) >= priority) {
        CELLAR_ASSERT(tree->key(*at) != key);
        at = tree->key(*at) < key ? &(*at)->right : &(*at)->left;
    }
    struct cellar__tree_node *below = *at;
    *at = node;
    tree_split(tree, below, key, &node->left, &node->right);
    tree_sum(tree, key);
}

void cellar__tree_remove(struct cellar__tree *tree, struct cellar__tree_node *node)
{
    uint64_t key = tree->key(node);
    struct cellar__tree_node **at = &tree->root;
    while (*at != node) {
        CELLAR_ASSERT(*at != NULL);
        at = tree->key(*at) < key ? &(*at)->right : &(*at)->left;
    }
    struct cellar__tree_node *low = node->left;
    struct cellar__tree_node *high = node->right;
    while (low != NULL && high != NULL) {
        if (tree_priority(low) >= tree_priority(high)) {
            *at = low;
            at = &low->right;
            low = low->right;
        } else {
            *at = high;
            at = &high->left;
            high = high->left;
        }
    }
    *at = low != NULL ? low : high;
    node->left = NULL;
    node->right = NULL;
    tree_sum(tree, key);
}

struct cellar__tree_node *cellar__tree_first(const struct cellar__tree *tree)
{
    struct cellar__tree_node *node = tree->root;
    while (node != NULL && node->left != NULL) {
        node = node->left;
    }
    return node;
}

struct cellar__tree_node *cellar__tree_find_at_most(const struct cellar__tree *tree, uint64_t key)
{
    struct cellar__tree_node *best = NULL;
    for (struct cellar__tree_node *node = tree->root; node != NULL;) {
        if (tree->key(node) <= key) {
            best = node;
            node = node->right;
        } else {
            node = node->left;
        }
    }
    return best;
}

struct cellar__tree_node *cellar__tree_find_at_least(const struct cellar__tree *tree, uint64_t key)
{
    struct cellar__tree_node *best = NULL;
    for (struct cellar__tree_node *node = tree->root; node != NULL;) {
        if (tree->key(node) >= key) {
            best = node;
            node = node->left;
        } else {
            node = node->right;
        }
    }
    return best;
}

/* Recursive: the depth of a treap is logarithmic but for a vanishing probability, and this runs in checks. */
static size_t tree_check_node(const struct cellar__tree *tree, const struct cellar__tree_node *node,
                              uint64_t low, uint64_t high, uint64_t max_priority)
{
    if (node == NULL) {
        return 0;
    }
    uint64_t key = tree->key(node);
    uint64_t priority = tree_priority(node);
    if (key < low || key > high || priority > max_priority) {
        return SIZE_MAX;
    }
    size_t left = 0;
    size_t right = 0;
    if (node->left != NULL) {
        left = key == 0 ? SIZE_MAX : tree_check_node(tree, node->left, low, key - 1, priority);
    }
    if (node->right != NULL) {
        right = key == UINT64_MAX ? SIZE_MAX : tree_check_node(tree, node->right, key + 1, high, priority);
    }
    return left == SIZE_MAX || right == SIZE_MAX ? SIZE_MAX : left + right + 1;
}

size_t cellar__tree_check(const struct cellar__tree *tree)
{
    return tree_check_node(tree, tree->root, 0, UINT64_MAX, UINT64_MAX);
}
