#include "zone/item.h"

#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "os/panic.h"
#include "zone/debug.h"
#include "zone/pressure.h"
#include "zone/retire.h"
#include "zone/stock.h"

static void item_check_flags(const struct cellar_zone *zone, unsigned flags)
{
    if ((flags & ~CELLAR_ITEM_FLAGS) != 0) {
        cellar__panic("zone %s: allocation with unknown flags 0x%x", zone->base.attr.name, flags);
    }
    if ((flags & CELLAR_ZONE_ZERO) != 0 && zone->attr.init != NULL) {
        cellar__panic("zone %s: ZERO would undo what init has made", zone->base.attr.name);
    }
}

/* Notes the failure; does not return when the request may not fail. */
static void item_fail(struct cellar_zone *zone, const struct cellar__request *request)
{
    __atomic_add_fetch(&zone->nfails, 1, __ATOMIC_RELAXED);
    if ((request->flags & CELLAR_ZONE_NOFAIL) != 0) {
        cellar__panic("zone %s: an allocation that must not fail has failed: %s", zone->base.attr.name,
                      request->error == ENOMEM      ? "out of memory"
                      : request->error == EAGAIN    ? "the limit is reached"
                      : request->error == ETIMEDOUT ? "no item was freed in time"
                                                    : "the constructor refuses");
    }
}

static void *item_pop(struct cellar_zone *zone)
{
    struct cellar__thread *thread = cellar__self;
    void *item = cellar__cache_pop_counted(cellar__user_cache(zone, thread));
    return item != NULL ? item : cellar__zone_alloc_slow(&zone->base, thread);
}

/* A free item from where there is one. */
static void *item_get(struct cellar_zone *zone, struct cellar__request *request)
{
    void *item = item_pop(zone);
    if (CELLAR_UNLIKELY(item == NULL) &&
        (zone->keg != NULL ? cellar__pressure_relieve() : cellar__pressure_call())) {
        item = item_pop(zone);
    }
    if (item == NULL && zone->attr.smr != NULL) {
        cellar__retire_drain(zone);
        item = item_pop(zone);
    }
    if (item == NULL && (request->flags & CELLAR_ZONE_USE_RESERVE) != 0) {
        item = cellar__stock_take(zone);
        __atomic_add_fetch(&zone->base.retired_requests, item != NULL, __ATOMIC_RELAXED);
    }
    if (item == NULL) {
        request->error = ENOMEM;
    }
    return item;
}

/* Where a free item goes. */
static void item_put(struct cellar_zone *zone, void *item)
{
    struct cellar__thread *thread = cellar__self;
    if (CELLAR_UNLIKELY((cellar__user_gate(&zone->free_gate) & CELLAR_GATE_STOCK) != 0) &&
        cellar__stock_put(zone, item)) {
        return;
    }
    if (!cellar__cache_push(cellar__user_cache(zone, thread), item)) {
        cellar__zone_free_slow(&zone->base, thread, item);
    }
}

/* Makes an item what the program asked for. False with the item free again. */
static bool item_construct(struct cellar_zone *zone, void *item, struct cellar__request *request)
{
    if ((request->flags & CELLAR_ZONE_ZERO) != 0) {
        memset(item, 0, zone->size);
    }
    if (zone->attr.ctor == NULL) {
        return true;
    }
    int error = zone->attr.ctor(item, zone->size, request->arg, zone->attr.ctx, request->flags);
    if (error != 0) {
        request->error = error;
        item_put(zone, item);
    }
    return error == 0;
}

static bool item_is_counted(const struct cellar_zone *zone)
{
    return (cellar__user_gate(&zone->alloc_gate) & CELLAR_GATE_LIMIT) != 0;
}

/* Up to n items against the limit. What only readers hold comes back before it is met: no reader wakes a sleeper. */
static size_t item_count(struct cellar_zone *zone, size_t n, struct cellar__request *request)
{
    if (zone->attr.smr != NULL && cellar__limit_is_exhausted(zone)) {
        cellar__retire_drain(zone);
    }
    return cellar__limit_take(zone, n, request);
}

void *cellar__item_alloc(struct cellar_zone *zone, struct cellar__request *request)
{
    item_check_flags(zone, request->flags);
    bool is_counted = item_is_counted(zone);
    void *item = NULL;
    if (!is_counted || item_count(zone, 1, request) != 0) {
        item = item_get(zone, request);
        if (item != NULL && !item_construct(zone, item, request)) {
            item = NULL;
        }
        if (item == NULL && is_counted) {
            cellar__limit_give(zone, 1);
        }
    }
    if (item == NULL) {
        item_fail(zone, request);
    }
    return item;
}

/* Constructs n items. How many there are; at the first that fails the rest goes back. */
static size_t item_construct_batch(struct cellar_zone *zone, void **items, size_t n,
                                   struct cellar__request *request)
{
    for (size_t i = 0; i < n; i++) {
        if (!item_construct(zone, items[i], request)) {
            for (size_t rest = i + 1; rest < n; rest++) {
                item_put(zone, items[rest]);
            }
            return i;
        }
    }
    return n;
}

/* One go: as many as limit, memory and ctor allow. */
static size_t item_alloc_some(struct cellar_zone *zone, void **items, size_t n,
                              struct cellar__request *request)
{
    bool is_counted = item_is_counted(zone);
    size_t allowed = is_counted ? item_count(zone, n, request) : n;
    size_t got = allowed == 0 ? 0 : cellar__zone_alloc_many(&zone->base, items, allowed);
    if (allowed != 0 && got == 0) {
        items[0] = item_get(zone, request);
        got = items[0] != NULL;
    }
    if (got != 0 && (zone->attr.ctor != NULL || (request->flags & CELLAR_ZONE_ZERO) != 0)) {
        got = item_construct_batch(zone, items, got, request);
    }
    if (is_counted && got < allowed) {
        cellar__limit_give(zone, allowed - got);
    }
    return got;
}

size_t cellar__item_alloc_batch(struct cellar_zone *zone, void **items, size_t n,
                                struct cellar__request *request)
{
    item_check_flags(zone, request->flags);
    size_t got = 0;
    size_t k = n == 0 ? 0 : item_alloc_some(zone, items, n, request);
    got += k;
    while ((request->flags & CELLAR_ZONE_NOFAIL) != 0 && k != 0 && got < n) {
        k = item_alloc_some(zone, items + got, n - got, request);
        got += k;
    }
    if (n != 0 && k == 0) {
        item_fail(zone, request);
    }
    return got;
}

static _Noreturn void item_panic_foreign(const struct cellar_zone *zone, const void *item)
{
    struct cellar__slab *slab;
    const struct cellar_zone *other = cellar__user_find(item, &slab);
    if (other != NULL) {
        cellar__panic("invalid free of %p in zone %s: it lies in zone %s", item, zone->base.attr.name,
                      other->base.attr.name);
    }
    cellar__zone_panic(&zone->base, item, CELLAR_ITEM_NOT_HERE);
}

/* The end of a free, after which the item may go out again. */
static void item_finish(struct cellar_zone *zone, void *item, void *arg)
{
    uint32_t gate = cellar__user_gate(&zone->free_gate);
    if (zone->attr.dtor != NULL) {
        zone->attr.dtor(item, zone->size, arg, zone->attr.ctx);
    }
    if ((gate & CELLAR_GATE_DEBUG) != 0) {
        cellar__debug_free(zone, item);
    } else {
        item_put(zone, item);
    }
    if ((gate & CELLAR_GATE_LIMIT) != 0) {
        cellar__limit_give(zone, 1);
    }
}

static void item_finish_retired(void *item, void *zone)
{
    item_finish(zone, item, NULL);
}

void cellar__item_free(struct cellar_zone *zone, void *item, void *arg)
{
    uint32_t gate = cellar__user_gate(&zone->free_gate);
    if (item == NULL) {
        return;
    }
    if ((gate & CELLAR_GATE_NO_KEG) == 0 && !cellar__user_owns(zone, item)) {
        item_panic_foreign(zone, item);
    }
    if ((gate & CELLAR_GATE_DEBUG) != 0) {
        cellar__debug_check_free(zone, item);
    }
    if ((gate & CELLAR_GATE_SMR) != 0) {
        cellar__retire_item(zone, item, item_finish_retired);
    } else {
        item_finish(zone, item, arg);
    }
}

void cellar__item_free_batch(struct cellar_zone *zone, void **items, size_t n, void *arg)
{
    bool is_plain = cellar__user_gate(&zone->free_gate) == 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_plain || !cellar__user_owns(zone, items[i]) ||
            !cellar__cache_push(cellar__user_cache(zone, cellar__self), items[i])) {
            cellar__item_free(zone, items[i], arg);
        }
    }
}
