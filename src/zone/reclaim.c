#include "zone/reclaim.h"

/* The calling thread's buckets now, the others when they next come to a slow path. */
static void reclaim_caches(struct cellar_zone *zone)
{
    struct cellar__thread *thread = cellar__thread_own();
    cellar__zone_ask_drain(&zone->base);
    if (!cellar__thread_is_empty(thread) && cellar__thread_has_chunk(thread, zone->base.id)) {
        cellar__zone_drain_cache(&zone->base, cellar__user_cache(zone, thread));
    }
}

void cellar__reclaim_zone(struct cellar_zone *zone, enum cellar_zone_reclaim how)
{
    size_t nidle = cellar__depot_idle(&zone->base.depot);
    if (how == CELLAR_ZONE_TRIM) {
        cellar__zone_trim_depot(&zone->base, nidle);
        return;
    }
    if (how == CELLAR_ZONE_DRAIN_ALL) {
        reclaim_caches(zone);
    }
    cellar__zone_drain_depot(&zone->base);
    if (zone->keg != NULL) {
        cellar__keg_reclaim(zone->keg);
    }
}

void cellar__reclaim_all(enum cellar_zone_reclaim how)
{
    struct cellar__zone *base;
    for (unsigned id = CELLAR_THREAD_NCACHES; (base = cellar__zone_pin_next(&id)) != NULL;) {
        cellar__reclaim_zone(cellar__user_of(base), how);
        cellar__zone_unpin(base);
    }
}
