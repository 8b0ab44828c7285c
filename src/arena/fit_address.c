#include "arena/fit_address.h"

#include "base/assert.h"
#include "base/bits.h"
#include "base/hash.h"

/*
 * Nodes on a way down. A treap of n nodes is deeper than 4.4 log2 n with a probability that vanishes as n grows; 2^31
 * refs make that 137.
 */
#define ADDRESS_DEPTH_MAX 256

struct address_way {
    struct cellar__segment_ranked *nodes[ADDRESS_DEPTH_MAX];
    size_t count;
};

static struct cellar__segment_ranked *address_node(uint32_t ref)
{
    return (struct cellar__segment_ranked *)cellar__segment_get(ref);
}

static uint64_t address_priority(uint32_t ref)
{
    return cellar__hash_mix(ref);
}

static uint64_t address_largest(uint32_t ref)
{
    return ref == 0 ? 0 : address_node(ref)->largest;
}

static uint64_t address_compute(const struct cellar__segment *seg)
{
    uint64_t below = cellar__max(address_largest(seg->link[0]), address_largest(seg->link[1]));
    return cellar__max(cellar__segment_size(seg), below);
}

static void address_go(struct address_way *way, struct cellar__segment_ranked *node)
{
    CELLAR_REQUIRE(way->count < ADDRESS_DEPTH_MAX);
    way->nodes[way->count++] = node;
}

/* Recomputes what the nodes of a way know, from its end to its begin. */
static void address_update(struct address_way *way)
{
    while (way->count > 0) {
        struct cellar__segment_ranked *node = way->nodes[--way->count];
        node->largest = address_compute(&node->segment);
    }
}

/* The same for a way whose nodes were right before: once one does not change, none before it does. */
static void address_update_changed(struct address_way *way)
{
    while (way->count > 0) {
        struct cellar__segment_ranked *node = way->nodes[--way->count];
        uint64_t largest = address_compute(&node->segment);
        if (largest == node->largest) {
            return;
        }
        node->largest = largest;
    }
}

void cellar__fit_address_resize(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    struct address_way way;
    way.count = 0; /* an initialiser would clear the nodes too */
    uint32_t ref = cellar__meta_ref(seg);
    for (uint32_t at = state->root; at != ref;) {
        struct cellar__segment_ranked *top = address_node(at);
        address_go(&way, top);
        at = top->segment.link[top->segment.base < seg->base];
    }
    address_go(&way, (struct cellar__segment_ranked *)seg);
    address_update_changed(&way);
}

/* Splits the subtree by address: *low gets the nodes below base, *high the others. */
static void address_split(uint32_t ref, uint64_t base, uint32_t *low, uint32_t *high)
{
    struct address_way way;
    way.count = 0; /* an initialiser would clear the nodes too */
    while (ref != 0) {
        struct cellar__segment_ranked *node = address_node(ref);
        bool is_low = node->segment.base < base;
        uint32_t *side = is_low ? low : high;
        *side = ref;
        side = &node->segment.link[is_low];
        ref = *side;
        *(is_low ? &low : &high) = side;
        address_go(&way, node);
    }
    *low = 0;
    *high = 0;
    address_update(&way);
}

void cellar__fit_address_insert(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    struct cellar__segment_ranked *ranked = (struct cellar__segment_ranked *)seg;
    uint64_t size = cellar__segment_size(seg);
    uint32_t ref = cellar__meta_ref(seg);
    uint64_t priority = address_priority(ref);
    uint32_t *at = &state->root;
    while (*at != 0 && address_priority(*at) >= priority) {
        struct cellar__segment_ranked *top = address_node(*at);
        top->largest = cellar__max(top->largest, size);
        at = &top->segment.link[top->segment.base < seg->base];
    }
    uint32_t below = *at;
    *at = ref;
    address_split(below, seg->base, &seg->link[0], &seg->link[1]);
    ranked->largest = address_compute(seg);
}

/* Hangs the two subtrees, low before high, at *at. */
static void address_merge(uint32_t *at, uint32_t low, uint32_t high)
{
    struct address_way way;
    way.count = 0; /* an initialiser would clear the nodes too */
    while (low != 0 && high != 0) {
        bool low_on_top = address_priority(low) > address_priority(high);
        struct cellar__segment_ranked *top = address_node(low_on_top ? low : high);
        *at = low_on_top ? low : high;
        at = &top->segment.link[low_on_top];
        *(low_on_top ? &low : &high) = *at;
        address_go(&way, top);
    }
    *at = low != 0 ? low : high;
    address_update(&way);
}

void cellar__fit_address_remove(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    struct address_way way;
    way.count = 0; /* an initialiser would clear the nodes too */
    uint32_t ref = cellar__meta_ref(seg);
    uint32_t *at = &state->root;
    while (*at != ref) {
        CELLAR_ASSERT(*at != 0);
        struct cellar__segment_ranked *top = address_node(*at);
        address_go(&way, top);
        at = &top->segment.link[top->segment.base < seg->base];
    }
    address_merge(at, seg->link[0], seg->link[1]);
    address_update_changed(&way);
}

/*
 * Expected O(log n): a subtree is left without a find only where `from` cuts through it, which is along one path; all
 * others are entered because they hold a segment that serves.
 */
struct cellar__segment *cellar__fit_address_find(uint32_t root, uint64_t from, uint64_t size)
{
    while (root != 0 && address_largest(root) >= size) {
        struct cellar__segment *seg = cellar__segment_get(root);
        if (seg->base >= from) {
            struct cellar__segment *lower = cellar__fit_address_find(seg->link[0], from, size);
            if (lower != NULL || cellar__segment_size(seg) >= size) {
                return lower != NULL ? lower : seg;
            }
        }
        root = seg->link[1];
    }
    return NULL;
}

static bool address_check_child(uint32_t parent, uint32_t child, bool is_left)
{
    bool is_lower = child != 0 && cellar__segment_get(child)->base < cellar__segment_get(parent)->base;
    return child == 0 || (is_lower == is_left && address_priority(parent) >= address_priority(child));
}

static size_t address_check_tree(uint32_t root)
{
    if (root == 0) {
        return 0;
    }
    const struct cellar__segment *seg = cellar__segment_get(root);
    if (!cellar__segment_is_free(seg) || address_largest(root) != address_compute(seg) ||
        !address_check_child(root, seg->link[0], true) || !address_check_child(root, seg->link[1], false)) {
        return SIZE_MAX;
    }
    size_t left = address_check_tree(seg->link[0]);
    size_t right = address_check_tree(seg->link[1]);
    return left == SIZE_MAX || right == SIZE_MAX ? SIZE_MAX : left + right + 1;
}

size_t cellar__fit_address_check(const struct cellar__fit_state *state)
{
    return address_check_tree(state->root);
}
