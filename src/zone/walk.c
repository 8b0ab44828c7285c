/*
 * A slab knows which items are out; which of these lie in buckets is known to the buckets alone. A walk first collects
 * what all caches, depots and reserves of the keg's zones hold, in a hash set of its own. Then it goes from slab to slab
 * by a list taken under the keg's lock, so that the callback can be called with no lock held.
 */
#include "zone/walk.h"
#include "zone/exchange.h"

#include <errno.h>
#include <string.h>

#include "base/bitmap.h"
#include "base/bits.h"
#include "base/hash.h"

typedef void (*walk_see)(void *ctx, void *const *items, size_t n);

/* ---- what is cached ---- */

/* A stranger's cache may be in the middle of an exchange: a count beyond all buckets is none. */
__attribute__((no_sanitize("thread"))) static void walk_cache(const struct cellar__cache *cache, walk_see see,
                                                              void *ctx)
{
    const struct cellar__bucket *previous = cellar__cache_previous(cache);
    size_t nloaded = (size_t)(cache->top - cache->floor);
    if (cache->loaded != NULL && nloaded <= cellar__bucket_room(CELLAR_BUCKET_LG_MAX)) {
        see(ctx, cache->floor, nloaded);
    }
    if (previous != NULL) {
        see(ctx, previous->items, previous->count);
    }
}

/* All buckets come out of the depot and go back. */
static void walk_depot(struct cellar__zone *base, walk_see see, void *ctx)
{
    struct cellar__bucket_stack seen = {0};
    struct cellar__bucket *bucket;
    while ((bucket = cellar__exchange_get(base)) != NULL) {
        see(ctx, bucket->items, bucket->count);
        cellar__bucket_push(&seen, bucket);
    }
    while ((bucket = cellar__bucket_pop(&seen)) != NULL) {
        struct cellar__zone_load load = {.loaded = bucket};
        cellar__zone_give_load(base, &load);
    }
}

/* Shows every free item that the zone holds. */
static void walk_cached(struct cellar_zone *zone, walk_see see, void *ctx)
{
    uint64_t mask = cellar__threads_acquire();
    CELLAR_LIST_EACH(node, cellar__thread_list())
    {
        struct cellar__thread *thread = CELLAR_CONTAINER(node, struct cellar__thread, all);
        walk_cache(cellar__thread_cache(thread, zone->base.id), see, ctx);
    }
    see(ctx, zone->stock, zone->nstock);
    cellar__threads_release(mask);
    walk_depot(&zone->base, see, ctx);
}

/* The same for all zones on its keg. No zone on it is made or destroyed meanwhile, since nobody uses it. */
static void walk_cached_on_keg(struct cellar_zone *zone, walk_see see, void *ctx)
{
    CELLAR_LIST_EACH(node, &zone->zone_keg->zones)
    {
        walk_cached(CELLAR_CONTAINER(node, struct cellar_zone, on_keg), see, ctx);
    }
}

/* ---- statistics ---- */

static void walk_count(void *ctx, void *const *items, size_t n)
{
    (void)items;
    *(size_t *)ctx += n;
}

struct walk_threads {
    unsigned id;
    size_t cached;
    uint64_t nrequests;
    uint64_t surplus;
};

__attribute__((no_sanitize("thread"))) static void walk_thread(void *ctx, struct cellar__thread *thread)
{
    struct walk_threads *sums = ctx;
    const struct cellar__cache *cache = cellar__thread_cache(thread, sums->id);
    size_t nitems = cellar__cache_nitems(cache);
    int64_t surplus = (int64_t)nitems - cache->net;
    sums->cached += nitems;
    sums->nrequests += cache->nrequests;
    sums->surplus += surplus > 0 ? (uint64_t)surplus : 0;
}

static void walk_threads(struct cellar_zone *zone, struct walk_threads *ret_sums)
{
    *ret_sums = (struct walk_threads){.id = zone->base.id};
    uint64_t mask = cellar__threads_acquire();
    CELLAR_LIST_EACH(node, cellar__thread_list())
    {
        walk_thread(ret_sums, CELLAR_CONTAINER(node, struct cellar__thread, all));
    }
    ret_sums->cached += zone->nstock;
    cellar__threads_release(mask);
    ret_sums->cached += cellar__depot_nitems(&zone->base.depot);
    ret_sums->nrequests += __atomic_load_n(&zone->base.retired_requests, __ATOMIC_RELAXED);
    ret_sums->surplus += __atomic_load_n(&zone->base.retired_surplus, __ATOMIC_RELAXED);
}

static size_t walk_less(size_t whole, size_t part)
{
    return whole > part ? whole - part : 0; /* other threads run on: figures taken in turn may not add up */
}

size_t cellar__walk_used(struct cellar_zone *zone)
{
    struct walk_threads sums;
    walk_threads(zone, &sums);
    return walk_less(__atomic_load_n(&zone->nheld, __ATOMIC_RELAXED), sums.cached);
}

void cellar__walk_stats(struct cellar_zone *zone, struct cellar_zone_usage *ret_usage)
{
    struct walk_threads sums;
    struct cellar__keg_usage keg = {0};
    walk_threads(zone, &sums);
    if (zone->keg != NULL) {
        cellar__keg_usage(zone->keg, &keg);
    }
    *ret_usage = (struct cellar_zone_usage){
        .size = zone->size,
        .max_items = __atomic_load_n(&zone->max_items, __ATOMIC_RELAXED),
        .used = walk_less(__atomic_load_n(&zone->nheld, __ATOMIC_RELAXED), sums.cached),
        .cached = sums.cached,
        .free = keg.nitems - keg.nout,
        .slab_bytes = keg.slab_bytes,
        .requests = sums.nrequests,
        .fails = __atomic_load_n(&zone->nfails, __ATOMIC_RELAXED),
        .sleeps = __atomic_load_n(&zone->nsleeps, __ATOMIC_RELAXED),
        .cross_frees = sums.surplus,
        .moved = __atomic_load_n(&zone->nmoved, __ATOMIC_RELAXED),
    };
    memcpy(ret_usage->name, zone->base.attr.name, sizeof ret_usage->name);
}

/* ---- owner ---- */

struct walk_wanted {
    void *item;
    bool found;
};

static void walk_look_for(void *ctx, void *const *items, size_t n)
{
    struct walk_wanted *wanted = ctx;
    for (size_t i = 0; i < n; i++) {
        wanted->found |= items[i] == wanted->item;
    }
}

int cellar__walk_find_owner(const void *addr, struct cellar_zone_owner *ret_owner)
{
    struct cellar__slab *slab;
    struct cellar_zone *zone = cellar__user_find(addr, &slab);
    if (zone == NULL) {
        return -ENOENT;
    }
    const struct cellar__geometry *geometry = &zone->keg->geometry;
    uint32_t index = cellar__slab_index(slab, geometry, addr);
    char *item = cellar__slab_item(slab, geometry, index);
    if (index >= geometry->nitems || (const char *)addr < item ||
        (const char *)addr - item >= geometry->size) {
        return -ENOENT;
    }
    struct walk_wanted wanted = {.item = item};
    cellar__keg_lock(zone->keg);
    bool is_out = cellar__slab_is_out(slab, index);
    cellar__lock_release(&zone->keg->lock);
    if (is_out) {
        walk_cached_on_keg(zone, walk_look_for, &wanted);
    }
    *ret_owner = (struct cellar_zone_owner){
        .zone = zone,
        .item = item,
        .index = index,
        .state = !is_out        ? CELLAR_ZONE_FREE
                 : wanted.found ? CELLAR_ZONE_CACHED
                                : CELLAR_ZONE_LIVE,
    };
    return 0;
}

/* ---- walk ---- */

/* An open hash set of pointers, at most half full. */
struct walk_set {
    void **slots;
    size_t nslots; /* a power of two */
};

static void **walk_slot(const struct walk_set *set, const void *item)
{
    size_t at = cellar__hash_mix((uintptr_t)item) & (set->nslots - 1);
    while (set->slots[at] != NULL && set->slots[at] != item) {
        at = (at + 1) & (set->nslots - 1);
    }
    return &set->slots[at];
}

static void walk_set_add(void *ctx, void *const *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *walk_slot(ctx, items[i]) = items[i];
    }
}

static int walk_set_make(struct cellar_zone *zone, struct walk_set *ret_set)
{
    size_t nitems = 0;
    walk_cached_on_keg(zone, walk_count, &nitems);
    ret_set->nslots = (size_t)1 << cellar__lg_ceil(2 * nitems + 2);
    ret_set->slots = cellar__user_meta_alloc(ret_set->nslots * sizeof *ret_set->slots);
    if (ret_set->slots == NULL) {
        return -ENOMEM;
    }
    walk_cached_on_keg(zone, walk_set_add, ret_set);
    return 0;
}

struct walk_slabs {
    struct cellar__slab **slabs;
    size_t nslabs;
    size_t room;
};

static void walk_note_slab(void *ctx, const struct cellar__slab *slab)
{
    struct walk_slabs *list = ctx;
    if (list->nslabs < list->room) {
        list->slabs[list->nslabs++] = (struct cellar__slab *)slab;
    }
}

/* One slab that was there when the walk began: its header may be another's by now, its address tells. */
static int walk_slab(struct cellar__keg *keg, const struct walk_set *set, struct cellar__slab *slab,
                     int (*visit)(void *item, enum cellar_zone_state state, void *ctx), void *ctx)
{
    uint64_t out[64]; /* a granule has at most 4,096 items */
    for (uint32_t i = 0; i < keg->geometry.nitems; i++) {
        cellar__keg_lock(keg);
        memcpy(out, slab->out, keg->geometry.nwords * sizeof *out);
        bool is_here = cellar__run_find(slab->run.base) == &slab->run && slab->keg == keg;
        void *item = cellar__slab_item(slab, &keg->geometry, i);
        cellar__lock_release(&keg->lock);
        if (!is_here) {
            return 0;
        }
        enum cellar_zone_state state = CELLAR_ZONE_FREE;
        if (cellar__bitmap_test(out, i)) {
            state = *walk_slot(set, item) != NULL ? CELLAR_ZONE_CACHED : CELLAR_ZONE_LIVE;
        }
        int result = visit(item, state, ctx);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

static int walk_slabs(struct cellar__keg *keg, const struct walk_set *set,
                      int (*visit)(void *item, enum cellar_zone_state state, void *ctx), void *ctx)
{
    struct cellar__keg_usage usage;
    cellar__keg_usage(keg, &usage);
    struct walk_slabs list = {.room = usage.nslabs};
    list.slabs = cellar__user_meta_alloc(list.room * sizeof *list.slabs);
    if (list.slabs == NULL) {
        return -ENOMEM;
    }
    cellar__keg_walk(keg, walk_note_slab, &list);
    int result = 0;
    for (size_t i = 0; i < list.nslabs && result == 0; i++) {
        result = walk_slab(keg, set, list.slabs[i], visit, ctx);
    }
    cellar__user_meta_free(list.slabs, list.room * sizeof *list.slabs);
    return result;
}

int cellar__walk_items(struct cellar_zone *zone,
                       int (*visit)(void *item, enum cellar_zone_state state, void *ctx), void *ctx)
{
    struct walk_set set;
    if (zone->keg == NULL) {
        return -ENOTSUP;
    }
    int status = walk_set_make(zone, &set);
    if (status != 0) {
        return status;
    }
    int result = walk_slabs(zone->keg, &set, visit, ctx);
    cellar__user_meta_free(set.slots, set.nslots * sizeof *set.slots);
    return result;
}
