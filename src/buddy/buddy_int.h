/*
 * The bitmap tree of a buddy, and what its files share. src/buddy/buddy.c explains both.
 *
 * A node of order k stands for 2^k units, and its field is 2, 4 or 8 bits wide, so that no field crosses a byte:
 *
 *   order     width   values
 *   0 - 1     2       0 (none), 1 to k + 1, 3 (reserved)
 *   2 - 13    4       0 (none), 1 to k + 1, 15 (reserved)
 *   14 -      8       0 (none), 1 to k + 1, 255 (reserved)
 */
#ifndef CELLAR_BUDDY_BUDDY_INT_H
#define CELLAR_BUDDY_BUDDY_INT_H

#include <cellar/buddy.h>

#include "base/bits.h"

#if __STDC_HOSTED__
#include <errno.h>
#else
/* A freestanding compiler has no <errno.h>. */
enum { ENOMEM = 12, EBUSY = 16, EINVAL = 22 };
#endif

/* Nothing inside the node is free. A block that is out has it, and so has a node whose parts are all taken. */
#define CELLAR_BUDDY_NONE 0u

CELLAR_INLINE unsigned cellar__buddy_lg_width(unsigned order)
{
    return 1u + (order >= 2) + (order >= 14);
}

/* The value of a node that is reserved as a whole, and the mask of its field. */
CELLAR_INLINE unsigned cellar__buddy_hole(unsigned order)
{
    return (1u << (1u << cellar__buddy_lg_width(order))) - 1;
}

/* The value of a node that is free as a whole. */
CELLAR_INLINE unsigned cellar__buddy_whole(unsigned order)
{
    return order + 1;
}

/* Nodes of an order; the last may stand for less than 2^order units. */
CELLAR_INLINE size_t cellar__buddy_nnodes(size_t nunits, unsigned order)
{
    return ((nunits - 1) >> order) + 1;
}

CELLAR_INLINE unsigned cellar__buddy_get(const struct cellar_buddy *buddy, unsigned order, size_t index)
{
    unsigned lg_width = cellar__buddy_lg_width(order);
    unsigned lg_fields = 3 - lg_width; /* a byte */
    unsigned shift = (unsigned)(index & ((1u << lg_fields) - 1)) << lg_width;
    return (buddy->level[order][index >> lg_fields] >> shift) & cellar__buddy_hole(order);
}

/* Sets one field, and no other. */
CELLAR_INLINE void cellar__buddy_put(const struct cellar_buddy *buddy, unsigned order, size_t index,
                                     unsigned value)
{
    unsigned lg_width = cellar__buddy_lg_width(order);
    unsigned lg_fields = 3 - lg_width;
    unsigned shift = (unsigned)(index & ((1u << lg_fields) - 1)) << lg_width;
    uint8_t *byte = &buddy->level[order][index >> lg_fields];
    *byte = (uint8_t)((*byte & ~(cellar__buddy_hole(order) << shift)) | (value << shift));
}

/* 1 + the order of the largest free block inside the node, or 0. There need be no such node. */
CELLAR_INLINE unsigned cellar__buddy_room(const struct cellar_buddy *buddy, unsigned order, size_t index)
{
    if (index >= cellar__buddy_nnodes(buddy->nunits, order)) {
        return CELLAR_BUDDY_NONE;
    }
    unsigned value = cellar__buddy_get(buddy, order, index);
    return value == cellar__buddy_hole(order) ? CELLAR_BUDDY_NONE : value;
}

/* A block in units. */
struct cellar__buddy_place {
    size_t unit; /* where it begins */
    unsigned order;
    enum cellar_buddy_state state;
};

CELLAR_INLINE size_t cellar__buddy_place_end(const struct cellar__buddy_place *place)
{
    return place->unit + ((size_t)1 << place->order);
}

/* The same as the program sees it. */
CELLAR_INLINE struct cellar_buddy_block cellar__buddy_block(const struct cellar_buddy *buddy,
                                                            const struct cellar__buddy_place *place)
{
    return (struct cellar_buddy_block){
        .addr = buddy->base + ((uint64_t)place->unit << buddy->lg_min),
        .size = UINT64_C(1) << (place->order + buddy->lg_min),
        .state = place->state,
    };
}

/* tree.c. Lays the levels into the metadata, with all units free. */
void cellar__buddy_tree_init(struct cellar_buddy *buddy, uint8_t *metadata);

/* Bytes that the levels take. */
size_t cellar__buddy_tree_size(size_t nunits);

/* What the value of a node of order 1 or more is when its two halves say it. */
unsigned cellar__buddy_tree_sum(const struct cellar_buddy *buddy, unsigned order, size_t index);

/* Sets a node, and all nodes above it to what their halves say. */
void cellar__buddy_tree_set(struct cellar_buddy *buddy, unsigned order, size_t index, unsigned value);

/* The lowest free node of that order, which is at most max_order; false: there is none. */
bool cellar__buddy_tree_find(const struct cellar_buddy *buddy, unsigned order, size_t *ret_index);

/* The block that holds the unit. */
struct cellar__buddy_place cellar__buddy_tree_locate(const struct cellar_buddy *buddy, size_t unit);

/* bound.c. What there is to know of a buddy's past, in units. */
struct cellar__buddy_past {
    uint64_t live;     /* the most that was allocated at once */
    uint64_t reserved; /* and in how many holes */
    uint64_t nholes;
    unsigned order; /* of the largest block */
};

/* The extent cannot have been more; UINT64_MAX when 64 bits do not hold it. */
uint64_t cellar__buddy_bound_units(const struct cellar__buddy_past *past);

/* The same when blocks have changed their size in place. */
uint64_t cellar__buddy_bound_resized(const struct cellar__buddy_past *past);

/* Units as bytes, or UINT64_MAX. */
CELLAR_INLINE uint64_t cellar__buddy_bytes(uint64_t nunits, unsigned lg_min)
{
    return nunits > UINT64_MAX >> lg_min ? UINT64_MAX : nunits << lg_min;
}

#endif
