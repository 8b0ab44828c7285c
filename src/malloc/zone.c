/*
 * zone: the entry points of include/cellar/zone.h. Policy only: the start of the heap, errno, arguments. The two fast
 * paths ask whether the zone's gate is shut and whether the bucket is empty or full; all else is the zone level's.
 */
#include <errno.h>

#include <cellar/zone.h>

#include "base/attr.h"
#include "malloc/heap.h"
#include "os/os.h"
#include "zone/debug.h"
#include "zone/item.h"
#include "zone/limit.h"
#include "zone/move.h"
#include "zone/pressure.h"
#include "zone/reclaim.h"
#include "zone/stock.h"
#include "zone/user.h"
#include "zone/walk.h"

static struct cellar_zone *zone_create(const struct cellar_zone_attr *attr, struct cellar_zone *primary,
                                       const struct cellar_zone_source *source)
{
    int error = ENOMEM;
    struct cellar_zone *zone =
        cellar__heap_start() ? cellar__user_create(attr, primary, source, &error) : NULL;
    if (zone == NULL) {
        errno = error;
    }
    return zone;
}

CELLAR_API struct cellar_zone *cellar_zone_create(const struct cellar_zone_attr *attr)
{
    return zone_create(attr, NULL, NULL);
}

CELLAR_API struct cellar_zone *cellar_zone_create_secondary(struct cellar_zone *primary,
                                                            const struct cellar_zone_attr *attr)
{
    return zone_create(attr, primary, NULL);
}

CELLAR_API struct cellar_zone *cellar_zone_create_cache(const struct cellar_zone_attr *attr,
                                                        const struct cellar_zone_source *source)
{
    return zone_create(attr, NULL, source);
}

CELLAR_API size_t cellar_zone_destroy(struct cellar_zone *zone)
{
    return cellar__user_destroy(zone);
}

/* Two threads may come at once: one zone stays, the other was never used. */
CELLAR_API struct cellar_zone *cellar_zone_static_make(struct cellar_zone_static *once)
{
    struct cellar_zone *none = NULL;
    struct cellar_zone *zone = cellar_zone_create(&once->attr);
    if (zone != NULL &&
        !__atomic_compare_exchange_n(&once->zone, &none, zone, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        cellar_zone_destroy(zone);
        zone = none;
    }
    return zone;
}

static CELLAR_NOINLINE void *zone_alloc_general(struct cellar_zone *zone, void *arg, unsigned flags,
                                                uint64_t timeout_ns)
{
    struct cellar__request request = {.arg = arg, .flags = flags, .timeout_ns = timeout_ns};
    void *item = cellar__item_alloc(zone, &request);
    if (item == NULL) {
        errno = request.error;
    }
    return item;
}

CELLAR_API void *cellar_zone_alloc(struct cellar_zone *zone, void *arg, unsigned flags)
{
    if (CELLAR_LIKELY((cellar__user_gate(&zone->alloc_gate) | flags) == 0)) {
        void *item = cellar__cache_pop_counted(cellar__user_cache(zone, cellar__self));
        if (CELLAR_LIKELY(item != NULL)) {
            return item;
        }
    }
    return zone_alloc_general(zone, arg, flags, UINT64_MAX);
}

CELLAR_API void *cellar_zone_alloc_timed(struct cellar_zone *zone, void *arg, unsigned flags,
                                         uint64_t timeout_ns)
{
    return zone_alloc_general(zone, arg, flags, timeout_ns);
}

static CELLAR_NOINLINE void zone_free_general(struct cellar_zone *zone, void *item, void *arg)
{
    cellar__item_free(zone, item, arg);
}

CELLAR_API void cellar_zone_free(struct cellar_zone *zone, void *item, void *arg)
{
    if (CELLAR_LIKELY(cellar__user_gate(&zone->free_gate) == 0) && cellar__user_owns(zone, item) &&
        CELLAR_LIKELY(cellar__cache_push(cellar__user_cache(zone, cellar__self), item))) {
        return;
    }
    zone_free_general(zone, item, arg);
}

CELLAR_API size_t cellar_zone_alloc_batch(struct cellar_zone *zone, void **items, size_t n, void *arg,
                                          unsigned flags)
{
    struct cellar__request request = {.arg = arg, .flags = flags, .timeout_ns = UINT64_MAX};
    size_t got = cellar__item_alloc_batch(zone, items, n, &request);
    if (got == 0 && n != 0) {
        errno = request.error;
    }
    return got;
}

CELLAR_API void cellar_zone_free_batch(struct cellar_zone *zone, void **items, size_t n, void *arg)
{
    cellar__item_free_batch(zone, items, n, arg);
}

CELLAR_API int cellar_zone_prealloc(struct cellar_zone *zone, size_t n)
{
    return zone->keg == NULL ? -ENOTSUP : cellar__keg_prealloc(zone->keg, n);
}

CELLAR_API int cellar_zone_set_max(struct cellar_zone *zone, size_t max_items)
{
    return cellar__limit_set(zone, max_items);
}

CELLAR_API void cellar_zone_set_max_cached(struct cellar_zone *zone, size_t max_cached)
{
    cellar__limit_set_cached(zone, max_cached);
}

CELLAR_API int cellar_zone_set_reserve(struct cellar_zone *zone, size_t nitems)
{
    return cellar__stock_set(zone, nitems);
}

CELLAR_API void cellar_zone_set_warning(struct cellar_zone *zone, const char *text)
{
    __atomic_store_n(&zone->warning, text, __ATOMIC_RELEASE);
}

CELLAR_API void cellar_zone_set_action(struct cellar_zone *zone,
                                       void (*action)(struct cellar_zone *zone, void *ctx))
{
    __atomic_store_n(&zone->action, action, __ATOMIC_RELEASE);
}

CELLAR_API bool cellar_zone_is_exhausted(const struct cellar_zone *zone)
{
    return cellar__limit_is_exhausted(zone);
}

CELLAR_API void cellar_zone_reclaim(struct cellar_zone *zone, enum cellar_zone_reclaim how)
{
    cellar__reclaim_zone(zone, how);
}

CELLAR_API void cellar_zone_reclaim_all(enum cellar_zone_reclaim how)
{
    cellar__reclaim_all(how);
}

CELLAR_API int cellar_zone_pressure_add(bool (*relieve)(void *ctx), void *ctx)
{
    return cellar__heap_start() ? cellar__pressure_add(relieve, ctx) : -ENOMEM;
}

CELLAR_API int cellar_zone_pressure_remove(bool (*relieve)(void *ctx), void *ctx)
{
    return cellar__pressure_remove(relieve, ctx);
}

CELLAR_API void cellar_zone_get_usage(struct cellar_zone *zone, struct cellar_zone_usage *ret_usage)
{
    cellar__walk_stats(zone, ret_usage);
}

CELLAR_API int cellar_zone_foreach(int (*visit)(struct cellar_zone *zone, void *ctx), void *ctx)
{
    int result = 0;
    struct cellar__zone *base;
    for (unsigned id = CELLAR_THREAD_NCACHES; result == 0 && (base = cellar__zone_pin_next(&id)) != NULL;) {
        result = visit(cellar__user_of(base), ctx);
        cellar__zone_unpin(base);
    }
    return result;
}

CELLAR_API int cellar_zone_walk(struct cellar_zone *zone,
                                int (*visit)(void *item, enum cellar_zone_state state, void *ctx), void *ctx)
{
    return cellar__walk_items(zone, visit, ctx);
}

CELLAR_API int cellar_zone_find_owner(const void *addr, struct cellar_zone_owner *ret_owner)
{
    return cellar__walk_find_owner(addr, ret_owner);
}

CELLAR_API int cellar_zone_set_debug(struct cellar_zone *zone, bool on)
{
    if (zone->keg == NULL) {
        return -ENOTSUP;
    }
    cellar__debug_set(zone, on);
    return 0;
}

CELLAR_API size_t cellar_zone_compact(struct cellar_zone *zone)
{
    return cellar__move_compact(zone);
}

CELLAR_API unsigned cellar_zone_cpu_count(void)
{
    return cellar__os_cpu_end();
}

CELLAR_API void *cellar_zone_cpu_item(const struct cellar_zone *zone, void *item, unsigned cpu)
{
    return (char *)item + cpu * zone->cpu_stride;
}

CELLAR_API void *cellar_zone_cpu_current(const struct cellar_zone *zone, void *item)
{
    return cellar_zone_cpu_item(zone, item, cellar__os_cpu());
}

CELLAR_API const char *cellar_zone_check(struct cellar_zone *zone)
{
    return zone->keg == NULL ? NULL : cellar__keg_check(zone->keg);
}
