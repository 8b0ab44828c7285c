#include "malloc/spare.h"

#include <stdbool.h>

#include "arena/budget.h"
#include "arena/dirty.h"
#include "base/bits.h"
#include "large/huge.h"
#include "large/large.h"
#include "malloc/classes.h"
#include "submap/page_map.h"
#include "zone/deep.h"
#include "zone/reclaim.h"
#include "zone/thread.h"
#include "zone/zone.h"

#define SPARE_MIN ((size_t)64 << 10) /* bytes of a depot */
#define SPARE_TRIES 8
#define SPARE_PAUSE_PART 128 /* one in so many of the heap's granules, after a look that found too little */
#define SPARE_OWN_FIRST (CELLAR_CLASS_SMALL_MAX / 16 + 1) /* classes beyond a KiB */

static size_t spare_taken; /* atomic; bytes of clean memory, since huge mappings wait */
static size_t spare_pause; /* atomic; granules of clean memory, until it is looked again */

/* What the calling thread's previous bucket holds goes to the depot; NULL is ignored. */
static void spare_shed(struct cellar__zone *zone)
{
    if (zone != NULL && !cellar__thread_is_empty(cellar__self)) {
        cellar__deep_shed(zone, cellar__self);
    }
}

/* Whether the depot has any, after the calling thread's previous bucket went there if it had none. */
static bool spare_find(struct cellar__zone *zone)
{
    if (cellar__depot_nitems(&zone->depot) == 0) {
        spare_shed(zone);
    }
    return cellar__depot_nitems(&zone->depot) != 0;
}

/* The smallest run that serves, of the classes that have one waiting. */
static bool spare_run(size_t ngranules)
{
    for (unsigned id = CELLAR_CLASS_NSLAB + 1; id < CELLAR_CLASS_END; id++) {
        struct cellar__zone *zone = cellar__zone_own((uint16_t)id);
        const struct cellar__large_source *runs = zone == NULL ? NULL : zone->attr.source;
        if (runs != NULL && runs->ngranules >= ngranules && spare_find(zone)) {
            cellar__zone_trim_depot(zone, 1);
            return true;
        }
    }
    return false;
}

/* Runs of all sizes that wide depots hold beyond their bound, where neighbours become one. */
static bool spare_runs_beyond(size_t ngranules)
{
    for (unsigned id = CELLAR_CLASS_NSLAB + 1; id < CELLAR_CLASS_END && !cellar__dirty_serves(ngranules);
         id++) {
        struct cellar__zone *zone = cellar__zone_own((uint16_t)id);
        size_t n = zone == NULL ? 0 : cellar__depot_nitems(&zone->depot);
        if (n != 0 && n > zone->depot.max_items) {
            cellar__zone_trim_depot(zone, n - zone->depot.max_items);
        }
    }
    return cellar__dirty_serves(ngranules);
}

/* The class whose depot holds the most bytes, if they are worth it. Not looked for again until a depot has got more. */
static struct cellar__zone *spare_richest_zone(void)
{
    static bool is_poor; /* atomic */
    struct cellar__zone *richest = NULL;
    size_t most = SPARE_MIN - 1;
    if (!cellar__depot_take_news() && __atomic_load_n(&is_poor, __ATOMIC_RELAXED)) {
        return NULL;
    }
    for (unsigned id = 1; id <= CELLAR_CLASS_NSLAB; id++) {
        struct cellar__zone *zone = cellar__zone_own((uint16_t)id);
        size_t bytes = zone == NULL ? 0 : cellar__depot_nitems(&zone->depot) * zone->attr.size;
        if (bytes > most) {
            most = bytes;
            richest = zone;
        }
    }
    __atomic_store_n(&is_poor, richest == NULL, __ATOMIC_RELAXED);
    return richest;
}

/* From the depots of slabs' items, the fullest first, after the calling thread's previous buckets went there. */
static void spare_depots(size_t ngranules)
{
    for (unsigned id = SPARE_OWN_FIRST; id <= CELLAR_CLASS_NSLAB; id++) {
        spare_shed(cellar__zone_own((uint16_t)id));
    }
    for (size_t i = 0; i < SPARE_TRIES && !cellar__dirty_serves(ngranules); i++) {
        struct cellar__zone *zone = spare_richest_zone();
        if (zone == NULL) {
            return;
        }
        cellar__zone_trim_depot(zone, ngranules * CELLAR_GRANULE / zone->attr.size);
    }
}

/* Few items are as much as a slab here, and those that the thread keeps lie in as many slabs. */
static void spare_own(size_t ngranules)
{
    const struct cellar__thread *thread = cellar__self;
    for (unsigned id = CELLAR_CLASS_NSLAB; id >= SPARE_OWN_FIRST && !cellar__dirty_serves(ngranules); id--) {
        struct cellar__zone *zone = cellar__zone_own((uint16_t)id);
        if (zone == NULL) {
            continue;
        }
        if (cellar__cache_nitems(&thread->caches[id]) != 0) {
            cellar__zone_drain_own(zone);
        }
        cellar__zone_drain_depot(zone);
    }
}

/*
 * Huge mappings serve no run; but as much clean memory as they hold takes their place in what is resident. Who grows by that
 * much pays for twice the pages at worst, when the mappings are wanted again.
 */
static void spare_huge(size_t ngranules)
{
    if (!cellar__huge_waits()) {
        __atomic_store_n(&spare_taken, 0, __ATOMIC_RELAXED);
        return;
    }
    size_t taken = __atomic_add_fetch(&spare_taken, ngranules << CELLAR_LG_GRANULE, __ATOMIC_RELAXED);
    if (taken >= cellar__huge_waiting_bytes()) {
        __atomic_store_n(&spare_taken, 0, __ATOMIC_RELAXED);
        cellar__huge_purge_all();
    }
}

/* Whether to look at what waits: a heap that grows would find nothing each time. */
static bool spare_looks(size_t ngranules)
{
    size_t pause = __atomic_load_n(&spare_pause, __ATOMIC_RELAXED);
    if (pause != 0) { /* an estimate: a lost race is no harm */
        __atomic_store_n(&spare_pause, pause - cellar__min(pause, ngranules), __ATOMIC_RELAXED);
    }
    return pause == 0;
}

/* Whether a run serves after that. */
static bool spare_look(size_t ngranules)
{
    if (spare_run(ngranules) || spare_runs_beyond(ngranules)) {
        return true;
    }
    spare_depots(ngranules);
    spare_own(ngranules);
    return cellar__dirty_serves(ngranules);
}

void cellar__spare(size_t ngranules, bool is_last)
{
    if (is_last || spare_looks(ngranules)) {
        if (spare_look(ngranules)) {
            return;
        }
        size_t held = cellar__budget_held() >> CELLAR_LG_GRANULE;
        __atomic_store_n(&spare_pause, held / SPARE_PAUSE_PART, __ATOMIC_RELAXED);
    }
    spare_huge(ngranules);
}

/* The previous buckets of all threads: seen by the calls of one lap, taken by those of the next. */
static void spare_others(void)
{
    size_t ncalls = cellar__thread_count() / CELLAR_RECLAIM_AT_ONCE + 1;
    for (size_t i = 0; i < 2 * ncalls; i++) {
        cellar__reclaim_sleepers();
    }
}

void cellar__spare_bytes(size_t bytes)
{
    if (bytes == SIZE_MAX) {
        spare_others();
    }
    size_t before = cellar__dirty_bytes();
    size_t wanted = before + cellar__min(bytes, SIZE_MAX - before);
    for (unsigned id = CELLAR_CLASS_END - 1; id >= SPARE_OWN_FIRST; id--) {
        struct cellar__zone *zone = cellar__zone_own((uint16_t)id);
        size_t kept = zone == NULL || bytes == SIZE_MAX ? 0 : zone->depot.max_items;
        spare_shed(zone);
        for (size_t n; zone != NULL && (n = cellar__depot_nitems(&zone->depot)) > kept;) {
            size_t dirty = cellar__dirty_bytes();
            if (dirty >= wanted) {
                return;
            }
            cellar__zone_trim_depot(zone, cellar__min(n - kept, 1 + (wanted - dirty) / zone->attr.size));
        }
    }
}
