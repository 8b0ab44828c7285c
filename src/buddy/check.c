/* Walking a buddy, measuring it, and proving its invariants. */
#include "buddy/buddy_int.h"

void cellar_buddy_walk(const struct cellar_buddy *buddy,
                       void (*visit)(void *ctx, const struct cellar_buddy_block *block), void *ctx)
{
    for (size_t unit = 0; unit < buddy->nunits;) {
        struct cellar__buddy_place place = cellar__buddy_tree_locate(buddy, unit);
        struct cellar_buddy_block block = cellar__buddy_block(buddy, &place);
        if (place.unit == unit) { /* else it joined with one that visit has freed */
            visit(ctx, &block);
        }
        unit = cellar__buddy_place_end(&place);
    }
}

static uint64_t check_bound(const struct cellar_buddy *buddy)
{
    struct cellar__buddy_past past = {
        .live = buddy->max_allocated,
        .reserved = buddy->reserved,
        .nholes = buddy->nholes,
        .order = buddy->largest_order,
    };
    return buddy->resized ? cellar__buddy_bound_resized(&past) : cellar__buddy_bound_units(&past);
}

void cellar_buddy_get_usage(const struct cellar_buddy *buddy, struct cellar_buddy_usage *ret_usage)
{
    unsigned lg_min = buddy->lg_min;
    unsigned room = cellar__buddy_room(buddy, buddy->root_order, 0);
    size_t nfree = buddy->nunits - buddy->allocated - buddy->reserved;
    *ret_usage = (struct cellar_buddy_usage){
        .size = (uint64_t)buddy->nunits << lg_min,
        .allocated = (uint64_t)buddy->allocated << lg_min,
        .free = (uint64_t)nfree << lg_min,
        .reserved = (uint64_t)buddy->reserved << lg_min,
        .largest_free = room > 0 ? UINT64_C(1) << (room - 1 + lg_min) : 0,
        .nout = buddy->nout,
        .requested = buddy->requested,
        .granted = buddy->granted,
        .max_allocated = (uint64_t)buddy->max_allocated << lg_min,
        .largest = buddy->max_allocated > 0 ? UINT64_C(1) << (buddy->largest_order + lg_min) : 0,
        .extent = (uint64_t)buddy->extent << lg_min,
        .bound = cellar__buddy_bytes(check_bound(buddy), lg_min),
    };
}

void cellar_buddy_orders(const struct cellar_buddy *buddy, struct cellar_buddy_order *ret_orders)
{
    for (unsigned i = 0; i <= (unsigned)(buddy->lg_max - buddy->lg_min); i++) {
        ret_orders[i] = (struct cellar_buddy_order){0};
    }
    for (size_t unit = 0; unit < buddy->nunits;) {
        struct cellar__buddy_place place = cellar__buddy_tree_locate(buddy, unit);
        ret_orders[place.order].nout += place.state == CELLAR_BUDDY_OUT;
        ret_orders[place.order].nfree += place.state == CELLAR_BUDDY_FREE;
        unit = cellar__buddy_place_end(&place);
    }
}

static const char *check_node(const struct cellar_buddy *buddy, unsigned order, size_t index)
{
    unsigned value = cellar__buddy_get(buddy, order, index);
    bool taken = value == CELLAR_BUDDY_NONE || value == cellar__buddy_hole(order);
    if (order == 0) {
        return taken || value == cellar__buddy_whole(0) ? NULL : "B1";
    }
    unsigned half = cellar__buddy_whole(order - 1);
    if (value == cellar__buddy_tree_sum(buddy, order, index)) {
        return NULL;
    }
    if (!taken || cellar__buddy_room(buddy, order - 1, 2 * index) != half ||
        cellar__buddy_room(buddy, order - 1, 2 * index + 1) != half) {
        return "B1";
    }
    return order <= buddy->max_order ? NULL : "B2";
}

static const char *check_tree(const struct cellar_buddy *buddy)
{
    for (unsigned order = 0; order <= buddy->root_order; order++) {
        size_t nnodes = cellar__buddy_nnodes(buddy->nunits, order);
        for (size_t index = 0; index < nnodes; index++) {
            const char *broken = check_node(buddy, order, index);
            if (broken != NULL) {
                return broken;
            }
        }
    }
    return NULL;
}

/* The sums over the blocks of a sound tree. */
static const char *check_blocks(const struct cellar_buddy *buddy)
{
    size_t allocated = 0;
    size_t reserved = 0;
    size_t nout = 0;
    bool marked = true;
    for (size_t unit = 0; unit < buddy->nunits;) {
        struct cellar__buddy_place place = cellar__buddy_tree_locate(buddy, unit);
        unit = cellar__buddy_place_end(&place);
        if (place.state == CELLAR_BUDDY_OUT) {
            nout++;
            allocated += (size_t)1 << place.order;
            marked = marked && place.order <= buddy->largest_order && unit <= buddy->extent;
        } else if (place.state == CELLAR_BUDDY_RESERVED) {
            reserved += (size_t)1 << place.order;
        }
    }
    if (allocated != buddy->allocated || reserved != buddy->reserved || nout != buddy->nout) {
        return "B3";
    }
    return marked && buddy->allocated <= buddy->max_allocated ? NULL : "B4";
}

const char *cellar_buddy_check(const struct cellar_buddy *buddy)
{
    const char *broken = check_tree(buddy);
    if (broken == NULL) {
        broken = check_blocks(buddy);
    }
    if (broken == NULL && buddy->extent > check_bound(buddy)) {
        broken = "B5";
    }
    return broken;
}
