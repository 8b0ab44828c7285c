#include "zone/reclaim.h"

#include "base/bits.h"
#include "zone/exchange.h"
#include "zone/zone_int.h"

#define RECLAIM_MAX_THREADS 256 /* 96 cache lines each, read under the lock */

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
    if (how == CELLAR_ZONE_TRIM) {
        cellar__zone_trim_idle(&zone->base);
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

/* Buckets that were taken, by zone; of threads on the list, under its lock. */
static bool reclaim_steal(struct cellar__bucket_stack *stacks, uint16_t end)
{
    bool waits = false;
    if (cellar__thread_count() > RECLAIM_MAX_THREADS) {
        return false;
    }
    CELLAR_LIST_EACH(node, cellar__thread_list())
    {
        struct cellar__thread *thread = CELLAR_CONTAINER(node, struct cellar__thread, all);
        for (uint16_t id = 1; id < end; id++) {
            bool waits_here;
            struct cellar__bucket *bucket = cellar__cache_steal(&thread->caches[id], &waits_here);
            waits |= waits_here;
            if (bucket != NULL) {
                cellar__bucket_push(&stacks[id], bucket);
            }
        }
    }
    return waits;
}

bool cellar__reclaim_sleepers(void)
{
    struct cellar__bucket_stack stacks[CELLAR_THREAD_NOWN] = {{0}};
    uint16_t end = (uint16_t)cellar__min(cellar__zone_id_end(), CELLAR_THREAD_NOWN);
    uint64_t mask = cellar__threads_acquire();
    bool waits = reclaim_steal(stacks, end);
    cellar__threads_release(mask);
    for (uint16_t id = 1; id < end; id++) {
        for (struct cellar__bucket *bucket; (bucket = cellar__bucket_pop(&stacks[id])) != NULL;) {
            cellar__exchange_uncount(cellar__zone_get(id), bucket);
            cellar__zone_empty_bucket(cellar__zone_get(id), bucket);
        }
    }
    return waits;
}
