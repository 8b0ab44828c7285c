/*
 * The sparsest slab is set aside, so that nobody takes from it; each of its items is offered a place in another slab, and
 * if the program moves them all, the slab goes. One item that stays keeps its slab, so at the first that does the slab
 * is taken back. A pass ends when the others have no room for the items of the sparsest slab left.
 *
 * Source: the move callbacks of illumos kmem, with its answers; asked for by the program, not by a thread of ours.
 */
#include "zone/move.h"

#include "arena/dirty.h"
#include "base/bitmap.h"
#include "os/os.h"
#include "zone/reclaim.h"

static void move_give(struct cellar_zone *zone, void *item)
{
    enum cellar__item_fault fault;
    cellar__keg_free(zone->keg, &item, 1, &fault);
    if (fault != CELLAR_ITEM_OK) {
        cellar__zone_panic(&zone->base, item, fault);
    }
}

/* False when the item stays. */
static bool move_item(struct cellar_zone *zone, void *item)
{
    void *to = cellar__keg_alloc_dense(zone->keg);
    if (to == NULL) {
        return false;
    }
    if (zone->attr.move(item, to, zone->size, zone->attr.ctx) != CELLAR_ZONE_MOVE_YES) {
        move_give(zone, to);
        return false;
    }
    move_give(zone, item);
    __atomic_add_fetch(&zone->nmoved, 1, __ATOMIC_RELAXED);
    return true;
}

static void move_slab(struct cellar_zone *zone, struct cellar__slab *slab, const uint64_t *out)
{
    const struct cellar__geometry *geometry = &zone->keg->geometry;
    for (uint32_t i = 0; i < geometry->nitems; i++) {
        if (cellar__bitmap_test(out, i) && !move_item(zone, cellar__slab_item(slab, geometry, i))) {
            return;
        }
    }
}

size_t cellar__move_compact(struct cellar_zone *zone)
{
    uint64_t out[64]; /* a granule has at most 4,096 items */
    struct cellar__slab *slab;
    size_t size = 0;
    if (zone->attr.move == NULL) {
        return 0;
    }
    cellar__reclaim_zone(zone, CELLAR_ZONE_DRAIN_ALL); /* what lies in buckets cannot be moved */
    cellar__keg_compact_begin(zone->keg);
    while ((slab = cellar__keg_freeze(zone->keg, out)) != NULL) {
        move_slab(zone, slab, out);
        size += cellar__keg_thaw(zone->keg, slab);
    }
    uint64_t mask = cellar__os_signals_block();
    cellar__dirty_purge_all();
    cellar__os_signals_restore(mask);
    return size;
}
