/*
 * Binary trees, in the way of the garbage collection benchmark of Ellis, Kovac and Boehm: while one tree of 2^16
 * nodes lives from the beginning to the end, balanced trees of 2^4, 2^6 and so on to 2^16 nodes are built and freed
 * at once, as many of each size as to make the same number of nodes, half of them from the root down, half from the
 * leaves up. Nodes have 32, 40 or 48 bytes in turn.
 *
 * An operation is a node built, visited and freed. The last tree is smaller if that makes the number asked for.
 */
#include "bench.h"
#include "check.h"
#include "result.h"

#include <stdbool.h>

enum {
    TREES_LG_NODES_MIN = 4,
    TREES_LG_NODES_MAX = 16,
    TREES_LG_NODES_STEP = 2,
};

static const char TREES_USAGE[] = "trees OPERATIONS";

struct trees_node {
    struct trees_node *left;
    struct trees_node *right;
    size_t nnodes; /* of this one's whole tree */
};

struct trees_maker {
    bool upward;  /* children before their parent */
    size_t nmade; /* nodes so far */
};

static struct trees_node *trees_node_alloc(struct trees_maker *maker, size_t nnodes)
{
    static const size_t sizes[] = {32, 40, 48};
    struct trees_node *node = bench_alloc(sizes[maker->nmade++ % (sizeof(sizes) / sizeof(*sizes))]);
    *node = (struct trees_node){.nnodes = nnodes};
    return node;
}

static struct trees_node *trees_build(struct trees_maker *maker, size_t nnodes)
{
    if (nnodes == 0)
        return NULL;
    size_t nleft = (nnodes - 1) / 2;
    struct trees_node *node = maker->upward ? NULL : trees_node_alloc(maker, nnodes);
    struct trees_node *left = trees_build(maker, nleft);
    struct trees_node *right = trees_build(maker, nnodes - 1 - nleft);
    if (node == NULL)
        node = trees_node_alloc(maker, nnodes);
    node->left = left;
    node->right = right;
    return node;
}

/* Frees the tree and counts its nodes, which must be as many as each says. */
static size_t trees_free(struct trees_node *node)
{
    if (node == NULL)
        return 0;
    size_t nnodes = 1 + trees_free(node->left) + trees_free(node->right);
    if (nnodes != node->nnodes)
        bench_content_fail(node);
    free(node);
    return nnodes;
}

/* Builds and frees as many trees of nnodes nodes as make 2^16 nodes, but no more than limit nodes. */
static size_t trees_run(struct trees_maker *maker, size_t nnodes, size_t limit)
{
    size_t end = (size_t)1 << TREES_LG_NODES_MAX;
    size_t done = 0;
    if (end > limit)
        end = limit;
    while (done < end) {
        maker->upward = !maker->upward;
        done += trees_free(trees_build(maker, nnodes < end - done ? nnodes : end - done));
    }
    return done;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s\n", TREES_USAGE);
        return 2;
    }
    size_t noperations = bench_number_get(argv[1], 1, SIZE_MAX / 2, TREES_USAGE);

    struct trees_maker maker = {0};
    struct trees_node *lasting = trees_build(&maker, (size_t)1 << TREES_LG_NODES_MAX);
    size_t lg_nnodes = TREES_LG_NODES_MIN;
    uint64_t start_ns = bench_clock_ns();
    for (size_t done = 0; done < noperations;) {
        done += trees_run(&maker, (size_t)1 << lg_nnodes, noperations - done);
        lg_nnodes = lg_nnodes < TREES_LG_NODES_MAX ? lg_nnodes + TREES_LG_NODES_STEP : TREES_LG_NODES_MIN;
    }
    uint64_t end_ns = bench_clock_ns();
    trees_free(lasting);
    bench_result_print((double)(end_ns - start_ns) / (double)noperations, noperations);
    return 0;
}
