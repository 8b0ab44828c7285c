/* levels: base os */
#include "base/attr.h"
#include "base/tree.h"
#include "test.h"

enum { NODES = 400 };

struct item {
    uint64_t key;
    bool in;
    struct cellar__tree_node node;
};

static struct item items[NODES];

static uint64_t item_key(const struct cellar__tree_node *node)
{
    return CELLAR_CONTAINER(node, struct item, node)->key;
}

static struct cellar__tree_node *item_node(struct item *item)
{
    return item == NULL ? NULL : &item->node;
}

/* The naive answers: the best of all that are in. */
static struct item *model_at_most(uint64_t key)
{
    struct item *best = NULL;
    for (size_t i = 0; i < NODES; i++) {
        if (items[i].in && items[i].key <= key && (best == NULL || items[i].key > best->key)) {
            best = &items[i];
        }
    }
    return best;
}

static struct item *model_at_least(uint64_t key)
{
    struct item *best = NULL;
    for (size_t i = 0; i < NODES; i++) {
        if (items[i].in && items[i].key >= key && (best == NULL || items[i].key < best->key)) {
            best = &items[i];
        }
    }
    return best;
}

static size_t tree_depth(const struct cellar__tree_node *node)
{
    if (node == NULL) {
        return 0;
    }
    size_t left = tree_depth(node->left);
    size_t right = tree_depth(node->right);
    return 1 + (left > right ? left : right);
}

TEST(empty)
{
    struct cellar__tree tree = {.key = item_key};
    CHECK_PTR(cellar__tree_first(&tree), NULL);
    CHECK_PTR(cellar__tree_find_at_most(&tree, UINT64_MAX), NULL);
    CHECK_PTR(cellar__tree_find_at_least(&tree, 0), NULL);
    CHECK_EQ(cellar__tree_check(&tree), 0);
}

TEST(extreme_keys)
{
    struct cellar__tree tree = {.key = item_key};
    struct item low = {.key = 0}, high = {.key = UINT64_MAX};
    cellar__tree_insert(&tree, &high.node);
    cellar__tree_insert(&tree, &low.node);
    CHECK_EQ(cellar__tree_check(&tree), 2);
    CHECK_PTR(cellar__tree_first(&tree), &low.node);
    CHECK_PTR(cellar__tree_find_at_most(&tree, UINT64_MAX - 1), &low.node);
    CHECK_PTR(cellar__tree_find_at_least(&tree, 1), &high.node);
    cellar__tree_remove(&tree, &low.node);
    CHECK_PTR(cellar__tree_find_at_most(&tree, UINT64_MAX - 1), NULL);
}

TEST(random_operations_agree_with_a_scan)
{
    struct test_random random = {test_seed()};
    struct cellar__tree tree = {.key = item_key};
    size_t count = 0;
    for (size_t i = 0; i < NODES; i++) {
        items[i] = (struct item){.key = 3 * (i + 1)};
    }
    for (int step = 0; step < 20000; step++) {
        struct item *item = &items[test_random_below(&random, NODES)];
        uint64_t key = test_random_below(&random, 3 * NODES + 6);
        (item->in ? cellar__tree_remove : cellar__tree_insert)(&tree, &item->node);
        item->in = !item->in;
        count += item->in ? 1 : (size_t)-1;
        CHECK_PTR(cellar__tree_find_at_most(&tree, key), item_node(model_at_most(key)));
        CHECK_PTR(cellar__tree_find_at_least(&tree, key), item_node(model_at_least(key)));
        CHECK_PTR(cellar__tree_first(&tree), item_node(model_at_least(0)));
        CHECK_EQ(cellar__tree_check(&tree), count);
    }
}

TEST(sorted_insertion_stays_shallow)
{
    struct cellar__tree tree = {.key = item_key};
    for (size_t i = 0; i < NODES; i++) {
        items[i] = (struct item){.key = i};
        cellar__tree_insert(&tree, &items[i].node);
    }
    CHECK_EQ(cellar__tree_check(&tree), NODES);
    CHECK_LT(tree_depth(tree.root), 40); /* expected about 2 ln 400 = 12 on average, 22 at most */
}

/* Lifts a child over the root: still ordered by key. */
static void tree_rotate_root(struct cellar__tree *tree)
{
    struct cellar__tree_node *root = tree->root;
    if (root->left != NULL) {
        tree->root = root->left;
        root->left = tree->root->right;
        tree->root->right = root;
    } else {
        tree->root = root->right;
        root->right = tree->root->left;
        tree->root->left = root;
    }
}

TEST(check_sees_disorder)
{
    struct cellar__tree tree = {.key = item_key};
    for (size_t i = 0; i < 10; i++) {
        items[i] = (struct item){.key = 2 * i};
        cellar__tree_insert(&tree, &items[i].node);
    }
    CHECK_EQ(cellar__tree_check(&tree), 10);
    items[4].key = 100;
    CHECK_EQ(cellar__tree_check(&tree), SIZE_MAX);
    items[4].key = 8;
    tree_rotate_root(&tree);
    CHECK_EQ(cellar__tree_check(&tree), SIZE_MAX); /* the keys are in order, the priorities are not */
}

/* A node knows the largest weight of all below it. */
struct weighed {
    uint64_t key;
    uint64_t weight;
    uint64_t most;
    bool in;
    struct cellar__tree_node node;
};

static uint64_t weighed_key(const struct cellar__tree_node *node)
{
    return CELLAR_CONTAINER(node, struct weighed, node)->key;
}

static void weighed_sum(struct cellar__tree_node *node)
{
    struct weighed *weighed = CELLAR_CONTAINER(node, struct weighed, node);
    weighed->most = weighed->weight;
    struct cellar__tree_node *children[] = {node->left, node->right};
    for (size_t i = 0; i < CELLAR_COUNTOF(children); i++) {
        if (children[i] != NULL &&
            CELLAR_CONTAINER(children[i], struct weighed, node)->most > weighed->most) {
            weighed->most = CELLAR_CONTAINER(children[i], struct weighed, node)->most;
        }
    }
}

/* The largest weight in the subtree; each node's `most` is checked on the way. */
static uint64_t weighed_check(struct cellar__tree_node *node)
{
    if (node == NULL) {
        return 0;
    }
    struct weighed *weighed = CELLAR_CONTAINER(node, struct weighed, node);
    uint64_t left = weighed_check(node->left);
    uint64_t right = weighed_check(node->right);
    uint64_t most = left > right ? left : right;
    most = weighed->weight > most ? weighed->weight : most;
    CHECK_EQ(weighed->most, most);
    return most;
}

TEST(sums_follow_every_change)
{
    static struct weighed nodes[NODES];
    struct test_random random = {test_seed()};
    struct cellar__tree tree = {.key = weighed_key, .sum = weighed_sum};
    for (size_t i = 0; i < NODES; i++) {
        nodes[i] = (struct weighed){.key = 3 * (i + 1), .weight = test_random_below(&random, 1000)};
    }
    for (int step = 0; step < 20000; step++) {
        struct weighed *weighed = &nodes[test_random_below(&random, NODES)];
        if (weighed->in && test_random_below(&random, 2) == 0) {
            weighed->weight = test_random_below(&random, 1000);
            weighed->key += weighed->key % 3 == 0; /* the order stays */
            cellar__tree_change(&tree, &weighed->node);
        } else {
            (weighed->in ? cellar__tree_remove : cellar__tree_insert)(&tree, &weighed->node);
            weighed->in = !weighed->in;
        }
        weighed_check(tree.root);
        CHECK_LE(cellar__tree_check(&tree), NODES);
    }
}

TEST_MAIN()
