#include "zone/reclaim.h"

#include "os/thread.h"

#include "base/bits.h"
#include "zone/exchange.h"
#include "zone/park.h"
#include "zone/zone_int.h"

bool cellar__reclaim_has_fence;

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

/* Takes previous buckets of the thread, by zone. Whether any may go at the next look. */
static bool reclaim_steal_of(struct cellar__thread *thread, struct cellar__bucket_stack *stacks, uint16_t end)
{
    bool waits = false;
    if (__atomic_load_n(&thread->is_taking, __ATOMIC_ACQUIRE)) {
        return true;
    }
    for (uint16_t id = 1; id < end; id++) {
        bool waits_here;
        struct cellar__bucket *bucket = cellar__cache_steal(&thread->caches[id], &waits_here);
        waits |= waits_here;
        if (bucket != NULL) {
            cellar__bucket_push(&stacks[id], bucket);
        }
    }
    return waits;
}

/* The same of the next threads on the list, under its lock. Whether any may go later, as far as the last lap could see. */
static bool reclaim_steal(struct cellar__bucket_stack *stacks, uint16_t end)
{
    static size_t nquiet; /* threads in a row that had none; under the lock */
    const struct cellar__thread *first = NULL;
    bool waits = false;
    for (size_t i = 0; i < CELLAR_RECLAIM_AT_ONCE; i++) {
        struct cellar__thread *thread = cellar__thread_turn();
        if (thread == NULL || thread == first) { /* these are all */
            return waits;
        }
        first = first == NULL ? thread : first;
        bool waits_here = reclaim_steal_of(thread, stacks, end);
        waits |= waits_here;
        nquiet = waits_here ? 0 : nquiet + 1;
    }
    return nquiet < cellar__thread_count() + CELLAR_PARK_NPLACES;
}

bool cellar__reclaim_fence(void)
{
    bool is_fenced = cellar__os_fence_threads();
    if (is_fenced && !cellar__reclaim_is_fenced()) {
        __atomic_store_n(&cellar__reclaim_has_fence, true, __ATOMIC_RELEASE);
    }
    return is_fenced || !cellar__reclaim_is_fenced();
}

bool cellar__reclaim_sleepers(void)
{
    struct cellar__bucket_stack stacks[CELLAR_THREAD_NOWN] = {{0}};
    uint16_t end = (uint16_t)cellar__min(cellar__zone_id_end(), CELLAR_THREAD_NOWN);
    uint64_t mask = cellar__threads_acquire();
    bool waits =
        !cellar__reclaim_fence() || reclaim_steal(stacks, end); /* behind the marks of the last look */
    cellar__threads_release(mask);
    for (uint16_t id = 1; id < end; id++) {
        for (struct cellar__bucket *bucket; (bucket = cellar__bucket_pop(&stacks[id])) != NULL;) {
            cellar__exchange_uncount(cellar__zone_get(id), bucket);
            cellar__zone_empty_bucket(cellar__zone_get(id), bucket);
        }
    }
    return waits;
}
