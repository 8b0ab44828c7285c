#include "buddy/buddy_int.h"

static size_t tree_level_size(size_t nunits, unsigned order)
{
    unsigned lg_fields = 3 - cellar__buddy_lg_width(order);
    return ((cellar__buddy_nnodes(nunits, order) - 1) >> lg_fields) + 1;
}

size_t cellar__buddy_tree_size(size_t nunits)
{
    size_t size = 0;
    for (unsigned order = 0; order <= cellar__lg_ceil(nunits); order++) {
        size += tree_level_size(nunits, order);
    }
    return size;
}

unsigned cellar__buddy_tree_sum(const struct cellar_buddy *buddy, unsigned order, size_t index)
{
    unsigned low = cellar__buddy_room(buddy, order - 1, 2 * index);
    unsigned high = cellar__buddy_room(buddy, order - 1, 2 * index + 1);
    unsigned half = cellar__buddy_whole(order - 1);
    if (order <= buddy->max_order && low == half && high == half) {
        return cellar__buddy_whole(order);
    }
    return low > high ? low : high;
}

/* All nodes of a level free as a whole, but for the last, which may lack units; above max_order none is more than that. */
static void tree_fill(struct cellar_buddy *buddy, unsigned order)
{
    unsigned top = order < buddy->max_order ? order : buddy->max_order;
    unsigned pattern = cellar__buddy_whole(top);
    size_t size = tree_level_size(buddy->nunits, order);
    for (unsigned width = 1u << cellar__buddy_lg_width(order); width < 8; width *= 2) {
        pattern |= pattern << width;
    }
    for (size_t i = 0; i < size; i++) {
        buddy->level[order][i] = (uint8_t)pattern;
    }
    if (order > 0) {
        size_t last = cellar__buddy_nnodes(buddy->nunits, order) - 1;
        cellar__buddy_put(buddy, order, last, cellar__buddy_tree_sum(buddy, order, last));
    }
}

void cellar__buddy_tree_init(struct cellar_buddy *buddy, uint8_t *metadata)
{
    for (unsigned order = 0; order <= buddy->root_order; order++) {
        buddy->level[order] = metadata;
        metadata += tree_level_size(buddy->nunits, order);
        tree_fill(buddy, order);
    }
}

void cellar__buddy_tree_set(struct cellar_buddy *buddy, unsigned order, size_t index, unsigned value)
{
    cellar__buddy_put(buddy, order, index, value);
    while (order < buddy->root_order) {
        order++;
        index >>= 1;
        value = cellar__buddy_tree_sum(buddy, order, index);
        if (cellar__buddy_get(buddy, order, index) == value) {
            return; /* and so those above are right too */
        }
        cellar__buddy_put(buddy, order, index, value);
    }
}

bool cellar__buddy_tree_find(const struct cellar_buddy *buddy, unsigned order, size_t *ret_index)
{
    unsigned wanted = cellar__buddy_whole(order);
    size_t index = 0;
    if (cellar__buddy_room(buddy, buddy->root_order, 0) < wanted) {
        return false;
    }
    for (unsigned at = buddy->root_order; at > order; at--) {
        index *= 2;
        if (cellar__buddy_room(buddy, at - 1, index) < wanted) {
            index++; /* then it is in the upper half */
        }
    }
    *ret_index = index;
    return true;
}

/*
 * Upward from the unit for as long as nodes are free as a whole. By B1 the first that is not is the block, when it has
 * nothing free at all, or else has the block for a half.
 */
struct cellar__buddy_place cellar__buddy_tree_locate(const struct cellar_buddy *buddy, size_t unit)
{
    struct cellar__buddy_place place = {.state = CELLAR_BUDDY_FREE};
    unsigned order = 0;
    unsigned value = cellar__buddy_get(buddy, 0, unit);
    while (value == cellar__buddy_whole(order) && order < buddy->max_order) {
        order++;
        value = cellar__buddy_get(buddy, order, unit >> order);
    }
    if (value == CELLAR_BUDDY_NONE) {
        place.state = CELLAR_BUDDY_OUT;
    } else if (value == cellar__buddy_hole(order)) {
        place.state = CELLAR_BUDDY_RESERVED;
    } else if (value != cellar__buddy_whole(order) && order > 0) {
        order--;
    }
    place.order = order;
    place.unit = unit >> order << order;
    return place;
}
