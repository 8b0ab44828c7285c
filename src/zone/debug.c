#include "zone/debug.h"

#include <string.h>

#include "os/panic.h"

#define DEBUG_POISON 0x5a

void cellar__debug_set(struct cellar_zone *zone, bool on)
{
    cellar__user_shut_free(zone, CELLAR_GATE_DEBUG, on);
    cellar__user_set_caching(zone);
    struct cellar__thread *thread = cellar__thread_own();
    if (on && !cellar__thread_is_empty(thread) && cellar__thread_has_chunk(thread, zone->base.id)) {
        cellar__zone_drain_cache(&zone->base, cellar__thread_cache(thread, zone->base.id));
        cellar__zone_drain_depot(&zone->base);
    }
}

void cellar__debug_check_free(const struct cellar_zone *zone, const void *item)
{
    enum cellar__item_fault fault = cellar__keg_find(zone->keg, item);
    if (fault != CELLAR_ITEM_OK) {
        cellar__zone_panic(&zone->base, item, fault);
    }
}

void cellar__debug_free(struct cellar_zone *zone, void *item)
{
    const struct cellar__keg_attr *keg = &zone->keg->attr;
    if (zone->is_secondary && zone->attr.fini != NULL) {
        zone->attr.fini(item, zone->size, zone->attr.ctx);
    }
    if (keg->fini != NULL) {
        keg->fini(item, zone->size, keg->ctx);
    }
    memset(item, DEBUG_POISON, zone->size);
    enum cellar__item_fault fault = cellar__keg_free_marked(zone->keg, item);
    if (fault != CELLAR_ITEM_OK) {
        cellar__zone_panic(&zone->base, item, fault);
    }
    cellar__zone_count_net(&zone->base, -1);
    __atomic_sub_fetch(&zone->nheld, 1, __ATOMIC_RELAXED);
}

void cellar__debug_unmark(struct cellar__keg *keg, void *item)
{
    const unsigned char *bytes = item;
    for (size_t i = 0; i < keg->geometry.size; i++) {
        if (bytes[i] != DEBUG_POISON) {
            struct cellar__slab *slab;
            const struct cellar_zone *zone = cellar__user_find(item, &slab);
            cellar__panic("item %p of zone %s was written at offset %zu after it was freed", item,
                          zone == NULL ? "?" : zone->base.attr.name, i);
        }
    }
}
