#include "arena/fit_order.h"

#include "base/bits.h"

static bool order_size_less(const struct cellar__segment *a, const struct cellar__segment *b)
{
    uint64_t a_size = cellar__segment_size(a);
    uint64_t b_size = cellar__segment_size(b);
    return a_size != b_size ? a_size < b_size : a->base < b->base;
}

static void order_size_update(struct cellar__segment *seg)
{
    (void)seg;
}

static bool order_size_is_current(const struct cellar__segment *seg)
{
    return cellar__segment_size(seg) != 0;
}

static const struct fit_tree order_by_size = {
    .less = order_size_less, .update = order_size_update, .is_current = order_size_is_current};

void cellar__fit_by_size_insert(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    state->root = cellar__fit_tree_insert(&order_by_size, state->root, seg);
}

void cellar__fit_by_size_remove(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    state->root = cellar__fit_tree_remove(&order_by_size, state->root, seg);
}

size_t cellar__fit_by_size_check(const struct cellar__fit_state *state)
{
    return cellar__fit_tree_check(&order_by_size, state->root);
}

/* The policies by address say in their seg_size that every segment of their arena is a ranked one. */
static uint64_t order_largest(uint32_t ref)
{
    return ref == 0 ? 0 : ((struct cellar__segment_ranked *)cellar__segment_get(ref))->largest;
}

static uint64_t order_compute(const struct cellar__segment *seg)
{
    uint64_t below = cellar__max(order_largest(seg->link[0]), order_largest(seg->link[1]));
    return cellar__max(cellar__segment_size(seg), below);
}

static bool order_address_less(const struct cellar__segment *a, const struct cellar__segment *b)
{
    return a->base < b->base;
}

static void order_address_update(struct cellar__segment *seg)
{
    ((struct cellar__segment_ranked *)seg)->largest = order_compute(seg);
}

static bool order_address_is_current(const struct cellar__segment *seg)
{
    return ((const struct cellar__segment_ranked *)seg)->largest == order_compute(seg);
}

static const struct fit_tree order_by_address = {
    .less = order_address_less, .update = order_address_update, .is_current = order_address_is_current};

void cellar__fit_by_address_insert(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    state->root = cellar__fit_tree_insert(&order_by_address, state->root, seg);
}

void cellar__fit_by_address_remove(struct cellar__fit_state *state, struct cellar__segment *seg)
{
    state->root = cellar__fit_tree_remove(&order_by_address, state->root, seg);
}

size_t cellar__fit_by_address_check(const struct cellar__fit_state *state)
{
    return cellar__fit_tree_check(&order_by_address, state->root);
}

/*
 * Expected O(log n): a subtree is left without a find only where `from` cuts through it, which is along one path; all
 * others are entered because they hold a segment that serves.
 */
struct cellar__segment *cellar__fit_find_from(uint32_t root, uint64_t from, uint64_t size)
{
    while (order_largest(root) >= size && root != 0) {
        struct cellar__segment *seg = cellar__segment_get(root);
        if (seg->base >= from) {
            struct cellar__segment *lower = cellar__fit_find_from(seg->link[0], from, size);
            if (lower != NULL || cellar__segment_size(seg) >= size) {
                return lower != NULL ? lower : seg;
            }
        }
        root = seg->link[1];
    }
    return NULL;
}
