/*
 * buddy: blocks of a power of two, out of a space of integers, by a bitmap tree beside it.
 *
 * The space is cut into units, the smallest blocks. Unit 0 lies at base, a multiple of the largest block, so a place of
 * order k, which is 2^k units at a multiple of 2^k, is aligned to its size and has for buddy the one at its address XOR
 * its size. A tree of places lies over the units, out of line, its levels in arrays from the units upward. A node says
 * which is the largest block that is free inside its place:
 *
 *     order 3                  2 ----------------------+            the largest is of order 1: 2 = 1 + 1
 *     order 2      1 ----------+           2 ----------+
 *     order 1      0 ----+     1 ----+     2 ----+     0 ----+
 *     order 0      0     0     1     0     1     1     1     1
 *                 [out] [out] free  [out] [  free   ] [  out    ]
 *
 * 0 is none, k + 1 a node of order k that is free as a whole; the largest number that a field holds is a node that is
 * reserved as a whole. The fields are as wide as their values need (buddy_int.h), 5 bits a unit with all levels.
 *
 * Blocks are not marked. A block is a node that has nothing free although its halves are free: alloc sets the node to 0
 * and nothing below it, so free need not be told the size; it climbs from the unit to the first node that is not free as
 * a whole. To split and to coalesce there is nothing to do either: they are what the nodes above say after a change. Nodes
 * above the largest order never coalesce and serve the search alone, and so do those whose place reaches past the end
 * of the space, which need be no power of two.
 *
 * Invariants (cellar_buddy_check verifies them):
 *   B1  a node of order 1 or more says what its halves say: k + 1 when both are free as a whole, else the larger of their
 *       numbers, where reserved and past the end are 0. Or it is a block that is out (0) or reserved, and both halves are
 *       free as a whole. A node of order 0 is 0, 1 or reserved.
 *   B2  a block has at most max_order. (That it lies inside the space follows from B1.)
 *   B3  allocated, reserved and nout are the sums over the blocks.
 *   B4  the marks of the past cover the present: max_allocated, largest_order, extent.
 *   B5  extent is within the bound that bound.c proves for these marks.
 *
 * Search: from the root down to the request's order, to the lower half when that has room. So a request gets the lowest
 * place of its order that is free, which is what the bound rests on.
 *
 * Locks: none; the caller keeps threads apart. Out of memory: alloc and growing fail and change nothing; free, shrinking
 * and everything else need no memory.
 * Complexity: with k orders, alloc reads at most k nodes downward, and alloc, free and resize write at most k upward,
 * fewer when a node above does not change. init is linear in the metadata, reserve O(k) for each piece that it takes.
 * Source: Knowlton, "A Fast Storage Allocator", CACM 8(10), 1965; Knuth, volume 1, section 2.5. The tree in place of
 * lists, and a block's order found by climbing it, are known from allocators for embedded targets.
 */
#include "buddy/buddy_int.h"

size_t cellar_buddy_metadata_size(uint64_t size, unsigned lg_min)
{
    if (lg_min > 63 || size >> lg_min == 0 || size >> lg_min > SIZE_MAX / 2 ||
        cellar__lg_ceil(size >> lg_min) >= CELLAR_BUDDY_NORDERS) {
        return 0;
    }
    return cellar__buddy_tree_size((size_t)(size >> lg_min));
}

static bool buddy_attr_is_good(const struct cellar_buddy_attr *attr)
{
    if (attr->version != CELLAR_BUDDY_ATTR_VERSION || attr->lg_max > 63 || attr->lg_min > attr->lg_max) {
        return false;
    }
    size_t metadata_size = cellar_buddy_metadata_size(attr->size, attr->lg_min);
    return metadata_size != 0 && attr->metadata != NULL && attr->metadata_size >= metadata_size &&
           (attr->base & ((UINT64_C(1) << attr->lg_max) - 1)) == 0 &&
           attr->size - 1 <= UINT64_MAX - attr->base;
}

int cellar_buddy_init(struct cellar_buddy *buddy, const struct cellar_buddy_attr *attr)
{
    if (!buddy_attr_is_good(attr)) {
        return -EINVAL;
    }
    size_t nunits = (size_t)(attr->size >> attr->lg_min);
    unsigned root_order = cellar__lg_ceil(nunits);
    *buddy = (struct cellar_buddy){
        .base = attr->base,
        .nunits = nunits,
        .lg_min = (uint8_t)attr->lg_min,
        .lg_max = (uint8_t)attr->lg_max,
        .max_order = (uint8_t)cellar__min(attr->lg_max - attr->lg_min, root_order),
        .root_order = (uint8_t)root_order,
    };
    cellar__buddy_tree_init(buddy, attr->metadata);
    return 0;
}

/* The order that serves size, which is not 0. It may be more than max_order. */
static unsigned buddy_order(const struct cellar_buddy *buddy, uint64_t size)
{
    unsigned lg = cellar__lg_ceil(size);
    return lg > buddy->lg_min ? lg - buddy->lg_min : 0;
}

static uint64_t buddy_addr(const struct cellar_buddy *buddy, size_t unit)
{
    return buddy->base + ((uint64_t)unit << buddy->lg_min);
}

/* False, with *ret_unit untouched: the address is outside the space. */
static bool buddy_unit(const struct cellar_buddy *buddy, uint64_t addr, size_t *ret_unit)
{
    uint64_t unit = (addr - buddy->base) >> buddy->lg_min;
    if (addr < buddy->base || unit >= buddy->nunits) {
        return false;
    }
    *ret_unit = (size_t)unit;
    return true;
}

/* The block that is out and begins at addr; false: there is none. */
static bool buddy_find_out(const struct cellar_buddy *buddy, uint64_t addr,
                           struct cellar__buddy_place *ret_place)
{
    size_t unit;
    if (!buddy_unit(buddy, addr, &unit)) {
        return false;
    }
    *ret_place = cellar__buddy_tree_locate(buddy, unit);
    return ret_place->state == CELLAR_BUDDY_OUT && buddy_addr(buddy, ret_place->unit) == addr;
}

/* A block has become one of that order: the marks of the past follow. */
static void buddy_mark(struct cellar_buddy *buddy, const struct cellar__buddy_place *place,
                       uint64_t requested)
{
    size_t end = cellar__buddy_place_end(place);
    if (buddy->max_allocated < buddy->allocated) {
        buddy->max_allocated = buddy->allocated;
    }
    if (buddy->largest_order < place->order) {
        buddy->largest_order = (uint8_t)place->order;
    }
    if (buddy->extent < end) {
        buddy->extent = end;
    }
    buddy->requested += requested;
    buddy->granted += UINT64_C(1) << (place->order + buddy->lg_min);
}

int cellar_buddy_alloc(struct cellar_buddy *buddy, uint64_t size, uint64_t *ret_addr)
{
    size_t index;
    if (size == 0) {
        return -EINVAL;
    }
    unsigned order = buddy_order(buddy, size);
    if (order > buddy->max_order || !cellar__buddy_tree_find(buddy, order, &index)) {
        return -ENOMEM;
    }
    struct cellar__buddy_place place = {index << order, order, CELLAR_BUDDY_OUT};
    cellar__buddy_tree_set(buddy, order, index, CELLAR_BUDDY_NONE);
    buddy->nout++;
    buddy->allocated += (size_t)1 << order;
    buddy_mark(buddy, &place, size);
    *ret_addr = buddy_addr(buddy, place.unit);
    return 0;
}

static void buddy_free_place(struct cellar_buddy *buddy, const struct cellar__buddy_place *place)
{
    cellar__buddy_tree_set(buddy, place->order, place->unit >> place->order,
                           cellar__buddy_whole(place->order));
    buddy->nout--;
    buddy->allocated -= (size_t)1 << place->order;
}

int cellar_buddy_free(struct cellar_buddy *buddy, uint64_t addr)
{
    struct cellar__buddy_place place;
    if (!buddy_find_out(buddy, addr, &place)) {
        return -EINVAL;
    }
    buddy_free_place(buddy, &place);
    return 0;
}

int cellar_buddy_free_sized(struct cellar_buddy *buddy, uint64_t addr, uint64_t size)
{
    struct cellar__buddy_place place;
    if (size == 0 || !buddy_find_out(buddy, addr, &place) || buddy_order(buddy, size) != place.order) {
        return -EINVAL;
    }
    buddy_free_place(buddy, &place);
    return 0;
}

/* Whether a block can become one of a higher order: it is the lower half at each step, and the upper half is free. */
static bool buddy_can_grow(const struct cellar_buddy *buddy, const struct cellar__buddy_place *place,
                           unsigned order)
{
    if (order > buddy->max_order || (place->unit & (((size_t)1 << order) - 1)) != 0) {
        return false;
    }
    for (unsigned at = place->order; at < order; at++) {
        if (cellar__buddy_room(buddy, at, (place->unit >> at) + 1) != cellar__buddy_whole(at)) {
            return false;
        }
    }
    return true;
}

int cellar_buddy_resize(struct cellar_buddy *buddy, uint64_t addr, uint64_t new_size)
{
    struct cellar__buddy_place place;
    if (new_size == 0 || !buddy_find_out(buddy, addr, &place)) {
        return -EINVAL;
    }
    unsigned order = buddy_order(buddy, new_size);
    if (order > place.order && !buddy_can_grow(buddy, &place, order)) {
        return -ENOMEM;
    }
    if (order != place.order) {
        /* What lies below the block to be is free as a whole, the old block included. */
        for (unsigned at = place.order; at < order; at++) {
            cellar__buddy_put(buddy, at, place.unit >> at, cellar__buddy_whole(at));
        }
        cellar__buddy_tree_set(buddy, order, place.unit >> order, CELLAR_BUDDY_NONE);
        buddy->allocated += ((size_t)1 << order) - ((size_t)1 << place.order);
        buddy->resized = true;
        place.order = order;
    }
    buddy_mark(buddy, &place, new_size);
    return 0;
}

/* The largest piece of the free place that begins at unit, ends at `end` or before, and is a block's place. */
static unsigned buddy_piece(const struct cellar__buddy_place *place, size_t unit, size_t end)
{
    unsigned order = place->order;
    while ((unit & (((size_t)1 << order) - 1)) != 0 || (size_t)1 << order > end - unit) {
        order--;
    }
    return order;
}

static bool buddy_is_out(const struct cellar_buddy *buddy, size_t unit, size_t end)
{
    while (unit < end) {
        struct cellar__buddy_place place = cellar__buddy_tree_locate(buddy, unit);
        if (place.state == CELLAR_BUDDY_OUT) {
            return true;
        }
        unit = cellar__buddy_place_end(&place);
    }
    return false;
}

/* Reserves what is free of the units; none of them is out. */
static void buddy_take(struct cellar_buddy *buddy, size_t unit, size_t end)
{
    size_t before = buddy->reserved;
    while (unit < end) {
        struct cellar__buddy_place place = cellar__buddy_tree_locate(buddy, unit);
        if (place.state == CELLAR_BUDDY_RESERVED) {
            unit = cellar__buddy_place_end(&place);
            continue;
        }
        unsigned order = buddy_piece(&place, unit, end);
        cellar__buddy_tree_set(buddy, order, unit >> order, cellar__buddy_hole(order));
        buddy->reserved += (size_t)1 << order;
        unit += (size_t)1 << order;
    }
    buddy->nholes += buddy->reserved != before;
}

int cellar_buddy_reserve(struct cellar_buddy *buddy, uint64_t addr, uint64_t size)
{
    size_t first;
    size_t last;
    if (size == 0 || size - 1 > UINT64_MAX - addr || !buddy_unit(buddy, addr, &first) ||
        !buddy_unit(buddy, addr + (size - 1), &last)) {
        return -EINVAL;
    }
    if (buddy_is_out(buddy, first, last + 1)) {
        return -EBUSY;
    }
    buddy_take(buddy, first, last + 1);
    return 0;
}

int cellar_buddy_find(const struct cellar_buddy *buddy, uint64_t addr, struct cellar_buddy_block *ret_block)
{
    size_t unit;
    if (!buddy_unit(buddy, addr, &unit)) {
        return -EINVAL;
    }
    struct cellar__buddy_place place = cellar__buddy_tree_locate(buddy, unit);
    *ret_block = cellar__buddy_block(buddy, &place);
    return 0;
}

int cellar_buddy_size_of(const struct cellar_buddy *buddy, uint64_t addr, uint64_t *ret_size)
{
    struct cellar__buddy_place place;
    if (!buddy_find_out(buddy, addr, &place)) {
        return -EINVAL;
    }
    *ret_size = UINT64_C(1) << (place.order + buddy->lg_min);
    return 0;
}
