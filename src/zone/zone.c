#include "zone/zone.h"

#include <string.h>

#include "base/assert.h"
#include "base/bits.h"
#include "os/os.h"
#include "os/panic.h"
#include "zone/capacity.h"
#include "zone/change.h"
#include "zone/deep.h"
#include "zone/exchange.h"
#include "zone/single.h"
#include "zone/stash.h"
#include "zone/thread.h"
#include "zone/zone_int.h"

#define ZONE_GROW_TURNS 8

static bool zone_uncached;

static size_t zone_keg_import(void *source, void **items, size_t n)
{
    return cellar__keg_alloc(source, items, n);
}

static size_t zone_keg_release(void *source, void **items, size_t n, enum cellar__item_fault *ret_fault)
{
    return cellar__keg_free(source, items, n, ret_fault);
}

const struct cellar__zone_backend cellar__zone_keg_backend = {
    .kind = "slab", .import = zone_keg_import, .release = zone_keg_release};

void cellar__zone_fill(struct cellar__zone *zone, const struct cellar__zone_attr *attr)
{
    *zone = (struct cellar__zone){.attr = *attr};
    cellar__capacity_init(zone);
}

void cellar__zone_init(struct cellar__zone *zone, uint16_t id, const struct cellar__zone_attr *attr)
{
    CELLAR_ASSERT(id > 0 && id < CELLAR_THREAD_NOWN);
    cellar__zone_fill(zone, attr);
    zone->id = id;
    cellar__zone_set_entry(id, zone);
    __atomic_store_n(&zone->is_ready, true, __ATOMIC_RELEASE);
}

void cellar__zone_set_uncached(bool uncached)
{
    zone_uncached = uncached;
}

void cellar__zone_sample(struct cellar__zone *zone, size_t requested)
{
    uint64_t nsamples = __atomic_load_n(&zone->nsamples, __ATOMIC_RELAXED);
    uint64_t sum = __atomic_load_n(&zone->sampled_requested, __ATOMIC_RELAXED);
    __atomic_store_n(&zone->nsamples, nsamples + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&zone->sampled_requested, sum + requested, __ATOMIC_RELAXED);
}

_Noreturn void cellar__zone_panic(const struct cellar__zone *zone, const void *item,
                                  enum cellar__item_fault fault)
{
    switch (fault) {
    case CELLAR_ITEM_FREE:
        cellar__panic("double free of %p in zone %s: the item is free already", item, zone->attr.name);
    case CELLAR_ITEM_MISALIGNED:
        cellar__panic("invalid free of %p in zone %s: not the begin of an item", item, zone->attr.name);
    default:
        cellar__panic("invalid free of %p in zone %s: no item of this zone lies there", item,
                      zone->attr.name);
    }
}

void cellar__zone_release(struct cellar__zone *zone, void **items, size_t n)
{
    enum cellar__item_fault fault = CELLAR_ITEM_OK;
    size_t given = zone->attr.backend->release(zone->attr.source, items, n, &fault);
    if (CELLAR_UNLIKELY(fault != CELLAR_ITEM_OK)) {
        cellar__zone_panic(zone, items[given], fault);
    }
}

/* Empties a bucket into the backend. */
static void zone_drain_bucket(struct cellar__zone *zone, struct cellar__bucket *bucket)
{
    if (bucket->count != 0) { /* else a backend of runs would block signals for nothing */
        cellar__zone_release(zone, bucket->items, bucket->count);
        bucket->count = 0;
    }
}

void cellar__zone_empty_bucket(struct cellar__zone *zone, struct cellar__bucket *bucket)
{
    zone_drain_bucket(zone, bucket);
    cellar__stash_put(bucket);
}

/* Items came in address order and go out from the end: turn them round, so that the lowest goes out first. */
static void zone_reverse(void **items, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        void *item = items[i];
        items[i] = items[n - 1 - i];
        items[n - 1 - i] = item;
    }
}

/* A bucket of that capacity for the cache; NULL when it is 0 or memory is out. */
static struct cellar__bucket *zone_new_bucket(struct cellar__zone *zone, struct cellar__thread *thread,
                                              struct cellar__cache *cache, uint32_t capacity)
{
    struct cellar__bucket *bucket =
        capacity == 0 ? NULL : cellar__stash_get(cellar__bucket_lg_size(capacity), capacity);
    if (bucket != NULL) {
        cellar__capacity_set(zone, thread, cache, capacity);
    }
    return bucket;
}

void cellar__zone_hand_over(struct cellar__zone *zone, struct cellar__bucket *bucket)
{
    if (bucket == NULL || (bucket->count > 0 && cellar__exchange_put(zone, bucket))) {
        return;
    }
    cellar__zone_empty_bucket(zone, bucket);
}

/* The same for a bucket that was in the cache. */
static void zone_part(struct cellar__zone *zone, struct cellar__cache *cache, struct cellar__bucket *bucket)
{
    cache->net -= bucket == NULL ? 0 : bucket->count;
    cellar__zone_hand_over(zone, bucket);
}

/* A hook of the backend may have used this zone meanwhile: what is loaded by that, out of its place; mostly NULL. */
static CELLAR_COLD struct cellar__bucket *zone_unload_hooked(const struct cellar__zone *zone,
                                                             struct cellar__thread *thread,
                                                             struct cellar__cache *cache)
{
    return cellar__change_unload(zone, thread, cache);
}

CELLAR_INLINE struct cellar__bucket *
zone_displaced(const struct cellar__zone *zone, struct cellar__thread *thread, struct cellar__cache *cache)
{
    return CELLAR_LIKELY(cache->loaded == NULL) ? NULL : zone_unload_hooked(zone, thread, cache);
}

void cellar__zone_evict(struct cellar__zone *zone, struct cellar__thread *thread)
{
    struct cellar__cache *cache = cellar__thread_cache(thread, zone->id);
    zone_part(zone, cache, cellar__change_unload(zone, thread, cache));
}

/* A bucket for the loaded one, which is out. */
static void zone_load_fresh(struct cellar__zone *zone, struct cellar__thread *thread,
                            struct cellar__cache *cache, struct cellar__bucket *bucket)
{
    cellar__change_load(thread, cache, bucket);
    if (CELLAR_UNLIKELY(zone->is_single) && bucket != NULL) {
        cellar__single_bound(zone, thread);
    }
}

/* The empty bucket, or a larger one in its place when the cache has outgrown it. NULL: memory is out, or none is earned. */
static struct cellar__bucket *zone_grow_empty(struct cellar__zone *zone, struct cellar__thread *thread,
                                              struct cellar__cache *cache, struct cellar__bucket *bucket)
{
    uint32_t capacity = cellar__capacity_next(zone, thread, cache);
    if (bucket != NULL && capacity <= cellar__bucket_room(bucket->lg_size)) {
        cellar__capacity_set(zone, thread, cache, capacity);
        bucket->capacity = (uint16_t)capacity;
        return bucket;
    }
    struct cellar__bucket *larger = zone_new_bucket(zone, thread, cache, capacity);
    if (larger == NULL) {
        return bucket;
    }
    cellar__stash_put(bucket);
    return larger;
}

void cellar__zone_grow_loaded(struct cellar__zone *zone, struct cellar__thread *thread,
                              struct cellar__cache *cache)
{
    struct cellar__bucket *empty = cellar__change_unload(zone, thread, cache);
    zone_load_fresh(zone, thread, cache, zone_grow_empty(zone, thread, cache, empty));
}

void *cellar__zone_import_one(struct cellar__zone *zone)
{
    void *item;
    if (zone->attr.backend->import(zone->attr.source, &item, 1) == 0) {
        return NULL;
    }
    __atomic_add_fetch(&zone->retired_requests, 1, __ATOMIC_RELAXED);
    return item;
}

static void zone_import_bucket(struct cellar__zone *zone, struct cellar__cache *cache,
                               struct cellar__bucket *bucket)
{
    size_t n = cellar__capacity_import(zone, cache, bucket->capacity);
    bucket->count = (uint16_t)zone->attr.backend->import(zone->attr.source, bucket->items, n);
    zone_reverse(bucket->items, bucket->count);
}

/*
 * Turns the two buckets over, of which the loaded one is empty. A thread whose needs go on and off a full bucket would do
 * so again and again: after some turns what the full one holds goes into a larger one, which has room above it.
 */
static void zone_turn(struct cellar__zone *zone, struct cellar__thread *thread, struct cellar__cache *cache,
                      struct cellar__bucket *full)
{
    struct cellar__bucket *larger = NULL;
    if (CELLAR_UNLIKELY(++cache->nturns >= ZONE_GROW_TURNS)) {
        cache->nturns = 0;
        uint32_t capacity = cellar__capacity_next(zone, thread, cache);
        larger = capacity > full->capacity ? zone_new_bucket(zone, thread, cache, capacity) : NULL;
    }
    if (CELLAR_LIKELY(larger == NULL)) {
        cellar__change_over(zone, thread, cache, full, CELLAR_WANT_ITEMS);
        return;
    }
    memcpy(larger->items, full->items, full->count * sizeof *full->items);
    larger->count = full->count;
    full->count = 0;
    cellar__cache_put_previous(cache, cellar__change_unload(zone, thread, cache));
    cellar__change_load(thread, cache, larger);
    cellar__stash_put(full);
}

/* First of all for a slow path, but of a wide zone, whose previous bucket was of no use (zone/deep.h). */
static struct cellar__bucket *zone_take_previous(const struct cellar__zone *zone, struct cellar__cache *cache,
                                                 enum cellar__want want)
{
    if (zone->is_wide) {
        cellar__change_note(cache, want);
        return NULL;
    }
    return cellar__change_take_previous(cache, want);
}

/* Puts a bucket with items in place of the loaded one, which is empty. False when there are none to be had. */
static bool zone_refill(struct cellar__zone *zone, struct cellar__thread *thread, struct cellar__cache *cache)
{
    struct cellar__bucket *previous = zone_take_previous(zone, cache, CELLAR_WANT_ITEMS);
    if (previous != NULL) {
        zone_turn(zone, thread, cache, previous);
        return true;
    }
    struct cellar__bucket *bucket = cellar__exchange_get(zone);
    struct cellar__bucket *empty = cellar__change_unload(zone, thread, cache);
    if (bucket != NULL) {
        cellar__change_feed(cache);
        cellar__stash_put(empty);
    } else {
        bucket = zone_grow_empty(zone, thread, cache, empty);
        if (bucket == NULL) {
            return false;
        }
        zone_import_bucket(zone, cache, bucket);
    }
    bool filled = bucket->count > 0;
    cache->net += bucket->count;
    struct cellar__bucket *displaced = zone_displaced(zone, thread, cache);
    zone_load_fresh(zone, thread, cache, bucket);
    zone_part(zone, cache, displaced);
    return filled;
}

/*
 * The thread gets a record and a chunk if need be, and its cache follows the drains that were asked for. NULL: no memory
 * for it, or the zone goes without.
 */
static CELLAR_NOINLINE struct cellar__cache *zone_cache_slow(struct cellar__zone *zone,
                                                             struct cellar__thread **ret_thread)
{
    struct cellar__thread *thread = cellar__thread_own();
    bool is_uncached = zone_uncached || __atomic_load_n(&zone->is_uncached, __ATOMIC_RELAXED);
    if (cellar__thread_is_empty(thread)) {
        return NULL;
    }
    struct cellar__cache *cache = cellar__thread_cache_own(thread, zone->id);
    uint32_t epoch = __atomic_load_n(&zone->drain_epoch, __ATOMIC_RELAXED);
    if (cache != NULL && cache->epoch != epoch) {
        cellar__zone_drain_to_backend(zone, thread, cache);
        cache->epoch = is_uncached ? 0 : epoch; /* of 0 comes here again */
    }
    *ret_thread = thread;
    return is_uncached ? NULL : cache;
}

/* The thread's cache of the zone, to change. Sets *thread to the thread's own record. */
CELLAR_INLINE struct cellar__cache *zone_cache(struct cellar__zone *zone, struct cellar__thread **thread)
{
    cellar__lock_forget_held();
    struct cellar__cache *cache = cellar__thread_cache(*thread, zone->id);
    bool is_ready =
        !cellar__thread_is_empty(*thread) && /* asked first, as the shared chunk may have no page yet */
        cache->epoch == __atomic_load_n(&zone->drain_epoch, __ATOMIC_RELAXED) && !zone_uncached;
    return CELLAR_LIKELY(is_ready) ? cache : zone_cache_slow(zone, thread);
}

void cellar__zone_count_net(struct cellar__zone *zone, int64_t nitems)
{
    struct cellar__thread *thread = cellar__self;
    struct cellar__cache *cache = cellar__thread_cache(thread, zone->id);
    if (!cellar__thread_is_empty(thread) && cellar__thread_has_chunk(thread, zone->id)) {
        cache->net += nitems;
    }
}

static CELLAR_NOINLINE void *zone_alloc_direct(struct cellar__zone *zone)
{
    void *item = cellar__zone_import_one(zone);
    cellar__zone_count_net(zone, item != NULL);
    return item;
}

static CELLAR_NOINLINE void zone_free_direct(struct cellar__zone *zone, void *item)
{
    cellar__zone_release(zone, &item, 1);
    cellar__zone_count_net(zone, -1);
}

static void *zone_pop(const struct cellar__zone *zone, struct cellar__cache *cache)
{
    return zone->is_counted ? cellar__cache_pop_counted(cache) : cellar__cache_pop(cache);
}

void *cellar__zone_alloc_waiting(struct cellar__zone *zone)
{
    struct cellar__thread *thread = cellar__self;
    struct cellar__cache *cache = zone_cache(zone, &thread);
    if (CELLAR_UNLIKELY(cache == NULL)) {
        return NULL;
    }
    void *item = cellar__cache_pop(cache); /* no wide zone counts each request */
    return item != NULL ? item : cellar__deep_alloc(zone, thread, cache);
}

void *cellar__zone_alloc_slow(struct cellar__zone *zone, struct cellar__thread *thread)
{
    struct cellar__cache *cache = zone_cache(zone, &thread);
    if (CELLAR_UNLIKELY(cache == NULL)) {
        return zone_alloc_direct(zone);
    }
    if (zone->is_wide && cache->top == cache->floor) {
        void *item = cellar__deep_alloc(zone, thread, cache);
        if (item != NULL) {
            return item;
        }
    }
    if (cache->top == cache->floor && !zone_refill(zone, thread, cache)) {
        return zone_alloc_direct(zone);
    }
    return zone_pop(zone, cache);
}

/*
 * Makes room in the cache, whose loaded bucket is full or missing. Who only frees here keeps no second bucket: others wait for
 * what is in it. False when there is no memory for a bucket.
 */
static bool zone_make_room(struct cellar__zone *zone, struct cellar__thread *thread,
                           struct cellar__cache *cache)
{
    struct cellar__bucket *previous = zone_take_previous(zone, cache, CELLAR_WANT_ROOM);
    if (previous != NULL) {
        cellar__change_over(zone, thread, cache, previous, CELLAR_WANT_ROOM);
        return true;
    }
    bool keeps_one = zone->is_single || cellar__change_only_frees(cache);
    struct cellar__bucket *full =
        keeps_one ? cellar__change_unload(zone, thread, cache) : cellar__exchange_take_previous(zone, cache);
    struct cellar__bucket *empty = NULL;
    cache->net -= full == NULL ? 0 : full->count;
    if (full != NULL && (full->count == 0 || !cellar__exchange_put(zone, full))) {
        zone_drain_bucket(zone, full);
        empty = full;
    }
    empty = zone_grow_empty(zone, thread, cache, empty);
    struct cellar__bucket *displaced = cellar__exchange_take_previous(
        zone, cache); /* of who only frees, or a hook of the backend used this zone */
    cellar__exchange_put_previous(zone, cache, cellar__change_unload(zone, thread, cache));
    zone_load_fresh(zone, thread, cache, empty);
    zone_part(zone, cache, displaced);
    return empty != NULL;
}

void cellar__zone_check_top(const struct cellar__zone *zone, void *const *top, void *const *floor,
                            const void *item)
{
    if (CELLAR_UNLIKELY(top != floor && top[-1] == item)) {
        cellar__zone_panic(zone, item, CELLAR_ITEM_FREE);
    }
}

/* False when there is no room. */
static bool zone_push(struct cellar__zone *zone, struct cellar__cache *cache, void *item)
{
    cellar__zone_check_top(zone, cache->top, cache->floor, item);
    return cellar__cache_push(cache, item);
}

/*
 * The loaded bucket holds one item, the first that this thread has freed here. Where several share a cache line, somebody
 * else may have its neighbours: a line's worth from the backend goes above it, to be allocated before it (ADR 0018). Of malloc's
 * zones alone: to make items of a program's zone is up to its hooks, which a free does not call.
 */
static void zone_bury(struct cellar__zone *zone, struct cellar__thread *thread, struct cellar__cache *cache)
{
    struct cellar__bucket *bucket = cellar__change_unload(zone, thread, cache);
    void **items = bucket->items + bucket->count;
    size_t n = cellar__min(bucket->capacity - (size_t)bucket->count, CELLAR_CACHE_LINE / zone->attr.size);
    n = zone->attr.backend->import(zone->attr.source, items, n);
    zone_reverse(items, n);
    bucket->count = (uint16_t)(bucket->count + n);
    cache->net += n;
    struct cellar__bucket *displaced = zone_displaced(zone, thread, cache);
    cellar__change_load(thread, cache, bucket);
    zone_part(zone, cache, displaced);
}

void cellar__zone_free_slow(struct cellar__zone *zone, struct cellar__thread *thread, void *item)
{
    struct cellar__cache *cache = zone_cache(zone, &thread);
    if (CELLAR_UNLIKELY(cache == NULL)) {
        zone_free_direct(zone, item);
        return;
    }
    if (zone_push(zone, cache, item) || (zone->is_wide && cellar__deep_free(zone, thread, cache, item))) {
        return;
    }
    bool is_first = cache->loaded == NULL;
    if (!zone_make_room(zone, thread, cache) || !zone_push(zone, cache, item)) {
        zone_free_direct(zone, item);
    } else if (is_first && zone->id < CELLAR_THREAD_NOWN && zone->attr.size < CELLAR_CACHE_LINE) {
        zone_bury(zone, thread, cache);
    }
}

void cellar__zone_free_past(struct cellar__zone *zone, struct cellar__thread *thread, void *item)
{
    struct cellar__cache *cache = zone_cache(zone, &thread);
    if (cache != NULL) {
        cellar__zone_check_top(zone, cache->top, cache->floor, item);
    }
    zone_free_direct(zone, item);
}

/* Pops up to n items of the loaded bucket. */
static size_t zone_pop_many(const struct cellar__zone *zone, struct cellar__cache *cache, void **items,
                            size_t n)
{
    size_t k = cellar__min((size_t)(cache->top - cache->floor), n);
    if (k != 0) {
        memcpy(items, cache->top - k, k * sizeof *items);
        cache->top -= k;
        cache->nrequests += zone->is_counted ? k : 0;
    }
    return k;
}

/* Up to n items of a bucket from the depot; what is left of it goes back there. None: the depot is empty. */
static size_t zone_depot_many(struct cellar__zone *zone, void **items, size_t n)
{
    struct cellar__bucket *bucket = cellar__exchange_get(zone);
    if (bucket == NULL) {
        return 0;
    }
    size_t k = cellar__min(bucket->count, n);
    bucket->count = (uint16_t)(bucket->count - k);
    memcpy(items, bucket->items + bucket->count, k * sizeof *items);
    cellar__zone_hand_over(zone, bucket);
    return k;
}

size_t cellar__zone_alloc_many(struct cellar__zone *zone, void **items, size_t n)
{
    struct cellar__thread *thread = cellar__self;
    struct cellar__cache *cache = zone_cache(zone, &thread);
    size_t got = cache == NULL ? 0 : zone_pop_many(zone, cache, items, n);
    struct cellar__bucket *previous = got < n && cache != NULL && !zone->is_wide
                                          ? cellar__change_take_previous(cache, CELLAR_WANT_ITEMS)
                                          : NULL;
    if (previous != NULL) {
        cellar__change_swap(zone, thread, cache, previous);
        got += zone_pop_many(zone, cache, items + got, n - got);
    }
    size_t popped = got;
    for (size_t k = 1; got < n && k != 0; got += k) {
        k = zone_depot_many(zone, items + got, n - got);
    }
    for (size_t k = 1; got < n && k != 0; got += k) {
        k = zone->attr.backend->import(zone->attr.source, items + got, n - got);
    }
    __atomic_add_fetch(&zone->retired_requests, got - popped, __ATOMIC_RELAXED);
    cellar__zone_count_net(zone, (int64_t)(got - popped));
    return got;
}

void *cellar__zone_alloc(struct cellar__zone *zone)
{
    struct cellar__thread *thread = cellar__self;
    void *item = zone_pop(zone, cellar__thread_cache(thread, zone->id));
    if (item == NULL) {
        item = cellar__zone_alloc_slow(zone, thread);
    }
    if (item != NULL && zone->attr.ctor != NULL &&
        zone->attr.ctor(item, zone->attr.size, zone->attr.ctx) != 0) {
        cellar__zone_free_slow(zone, cellar__self, item);
        return NULL;
    }
    return item;
}

void cellar__zone_free(struct cellar__zone *zone, void *item)
{
    struct cellar__thread *thread = cellar__self;
    if (zone->attr.dtor != NULL) {
        zone->attr.dtor(item, zone->attr.size, zone->attr.ctx);
    }
    if (!cellar__cache_push(cellar__thread_cache(thread, zone->id), item)) {
        cellar__zone_free_slow(zone, thread, item);
    }
}
