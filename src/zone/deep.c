#include "zone/deep.h"

#include <string.h>

#include "base/bits.h"
#include "zone/capacity.h"
#include "zone/change.h"
#include "zone/exchange.h"
#include "zone/single.h"
#include "zone/zone_int.h"

#define DEEP_GROW_TURNS 16
#define DEEP_SINGLES 6 /* items of which a thread keeps one, at most, or a MiB, with other threads */
#define DEEP_TELL_BYTES ((ptrdiff_t)512 << 10)

/* How much the thread's previous buckets may hold now. */
static void deep_look(struct cellar__thread *thread)
{
    thread->is_deep = cellar__thread_count() == 1;
    thread->is_bounded = cellar__dirty_is_full();
}

static void deep_tell(struct cellar__thread *thread)
{
    cellar__dirty_count_waiting((size_t)thread->deep_bytes);
    thread->deep_bytes = 0;
}

/* The thread's previous buckets hold so many bytes more, or fewer. When it is much, it is told to all, and looked at. */
static void deep_count(struct cellar__thread *thread, ptrdiff_t more)
{
    thread->deep_bytes += more;
    if (CELLAR_UNLIKELY(thread->deep_bytes > DEEP_TELL_BYTES || thread->deep_bytes < -DEEP_TELL_BYTES)) {
        deep_tell(thread);
        deep_look(thread);
    }
}

/* ---- between the two buckets ---- */

/* How many items the loaded bucket, which is empty or missing, may have. */
static size_t deep_loaded_room(const struct cellar__cache *cache)
{
    const struct cellar__bucket *loaded = cache->loaded;
    return loaded == NULL ? 0 : cellar__min(cache->capacity, cellar__bucket_room(loaded->lg_size));
}

/* Has the loaded bucket hold so many items at most, which are no fewer than it holds. With the record detached. */
static void deep_bound(struct cellar__cache *cache, size_t capacity)
{
    cache->loaded->capacity = (uint16_t)capacity;
    cache->ceiling = cache->floor + capacity;
}

/* Moves the youngest items of the previous bucket to the loaded one, which is empty and has room for so many. */
static void deep_move_up(struct cellar__thread *thread, struct cellar__cache *cache,
                         struct cellar__bucket *previous, size_t n, size_t room)
{
    previous->count = (uint16_t)(previous->count - n);
    memcpy(cache->floor, previous->items + previous->count, n * sizeof *previous->items);
    cellar__thread_detach();
    deep_bound(cache, room);
    cache->nrequests += cache->loaded->count; /* which have left it */
    cache->loaded->count = (uint16_t)n;
    cache->top = cache->floor + n;
    cellar__thread_attach(thread);
}

/*
 * Moves the oldest items of the loaded bucket, which is full, onto the previous one. A longjmp on the way loses items, and
 * doubles none. Who only frees, and may be idle soon, keeps half.
 */
static void deep_move_down(struct cellar__thread *thread, struct cellar__cache *cache,
                           struct cellar__bucket *previous, size_t n)
{
    size_t left = (size_t)(cache->top - cache->floor) - n;
    memcpy(previous->items + previous->count, cache->floor, n * sizeof *previous->items);
    previous->count = (uint16_t)(previous->count + n);
    cellar__thread_detach();
    cache->top = cache->floor;
    CELLAR_SIGNAL_FENCE();
    memmove(cache->floor, cache->floor + n, left * sizeof *cache->floor);
    if (CELLAR_UNLIKELY(cellar__change_only_frees(cache))) {
        deep_bound(cache, cellar__max(deep_loaded_room(cache) / 2, left + 1));
    }
    cache->loaded->count = (uint16_t)left;
    cache->top = cache->floor + left;
    cellar__thread_attach(thread);
}

/* Now and then the loaded bucket, empty or missing, becomes as large as the cache has earned. */
static CELLAR_NOINLINE void deep_grow(struct cellar__zone *zone, struct cellar__thread *thread,
                                      struct cellar__cache *cache)
{
    if (cache->loaded == NULL || cache->loaded->capacity < cellar__capacity_max(zone)) {
        cellar__zone_grow_loaded(zone, thread, cache);
    }
}

void *cellar__deep_raise(struct cellar__zone *zone, struct cellar__thread *thread,
                         struct cellar__cache *cache)
{
    cellar__lock_forget_held();
    struct cellar__bucket *previous = cellar__cache_take_previous(cache);
    if (CELLAR_UNLIKELY(previous == NULL)) {
        return NULL;
    }
    cellar__change_note(cache, CELLAR_WANT_ITEMS);
    if (CELLAR_UNLIKELY(++cache->nturns % DEEP_GROW_TURNS == 0)) {
        deep_grow(zone, thread, cache);
    }
    void *item = previous->items[--previous->count];
    cache->nrequests++;
    size_t room = deep_loaded_room(cache);
    size_t n = cellar__min(cache->streak == 1 ? room / 2 : room, previous->count);
    if (n != 0) {
        deep_move_up(thread, cache, previous, n, room);
    }
    cellar__cache_put_previous(cache, previous);
    deep_count(thread, -(ptrdiff_t)((n + 1) * zone->attr.size));
    return item;
}

/* The most items that the previous bucket may hold now. */
static size_t deep_max_items(const struct cellar__zone *zone, const struct cellar__thread *thread,
                             const struct cellar__cache *cache)
{
    size_t as_loaded = zone->is_single ? 0 : cache->capacity;
    if (!thread->is_bounded) {
        size_t few = cellar__clamp(CELLAR_SINGLE_BYTES / zone->attr.size, 2, DEEP_SINGLES);
        return thread->is_deep ? SIZE_MAX : zone->is_single ? few : as_loaded;
    }
    if (!thread->is_deep) {
        return as_loaded;
    }
    size_t bound = __atomic_load_n(&zone->depot.max_items, __ATOMIC_RELAXED); /* of both together */
    return cellar__max(as_loaded, bound - cellar__min(bound, cellar__depot_nitems(&zone->depot)));
}

/* How many items of n may join those in the previous bucket. */
static size_t deep_room(const struct cellar__zone *zone, const struct cellar__thread *thread,
                        const struct cellar__cache *cache, const struct cellar__bucket *previous, size_t n)
{
    size_t max_items = cellar__min(deep_max_items(zone, thread, cache), previous->capacity);
    return cellar__min(n, max_items - cellar__min(max_items, previous->count));
}

bool cellar__deep_lower(const struct cellar__zone *zone, struct cellar__thread *thread,
                        struct cellar__cache *cache, void *item)
{
    cellar__lock_forget_held();
    struct cellar__bucket *previous = cellar__cache_take_previous(cache);
    if (CELLAR_UNLIKELY(previous == NULL)) {
        return false;
    }
    size_t nloaded = (size_t)(cache->top - cache->floor);
    size_t wanted = cache->streak > 0 ? (nloaded + 1) / 2 : nloaded;
    size_t n = deep_room(zone, thread, cache, previous, cellar__max(wanted, 1));
    if (CELLAR_UNLIKELY(n == 0)) {
        cellar__cache_put_previous(cache, previous);
        return false;
    }
    cellar__zone_check_top(zone, cache->top, cache->floor, item);
    cellar__change_note(cache, CELLAR_WANT_ROOM);
    if (nloaded != 0) {
        deep_move_down(thread, cache, previous, n);
    }
    if (!cellar__cache_push(cache, item)) { /* there is no loaded bucket */
        cellar__zone_check_top(zone, previous->items + previous->count, previous->items, item);
        previous->items[previous->count++] = item;
    }
    cellar__cache_put_previous(cache, previous);
    deep_count(thread, (ptrdiff_t)(n * zone->attr.size));
    return true;
}

/* ---- with the depot ---- */

/* A bucket of the depot becomes the previous one, which is empty or missing. What it holds is counted, and stays so. */
static bool deep_refill(struct cellar__zone *zone, struct cellar__cache *cache)
{
    struct cellar__bucket *bucket = cellar__depot_get(&zone->depot);
    if (bucket == NULL) {
        return false;
    }
    cellar__bucket_put(cellar__cache_take_previous(cache));
    cache->net += bucket->count;
    cellar__cache_put_previous(cache, bucket);
    return true;
}

/* From the depot, for who has no share of the buckets (zone/capacity.h). */
static void *deep_take_one(struct cellar__zone *zone, struct cellar__cache *cache)
{
    struct cellar__bucket *bucket = cellar__exchange_get(zone);
    if (bucket == NULL) {
        return NULL;
    }
    void *item = bucket->items[--bucket->count];
    cellar__zone_hand_over(zone, bucket);
    cache->net++;
    cache->nrequests++;
    return item;
}

/* The same way back, into a bucket with room or a new one. */
static bool deep_give_one(struct cellar__zone *zone, struct cellar__cache *cache, void *item)
{
    struct cellar__bucket *bucket = cellar__exchange_get(zone);
    if (bucket != NULL && bucket->count == bucket->capacity) {
        cellar__zone_hand_over(zone, bucket);
        bucket = NULL;
    }
    if (bucket == NULL) {
        bucket = cellar__bucket_get(CELLAR_BUCKET_LG_MIN, cellar__bucket_room(CELLAR_BUCKET_LG_MIN));
    }
    if (bucket == NULL) {
        return false;
    }
    cellar__zone_check_top(zone, bucket->items + bucket->count, bucket->items, item);
    bucket->items[bucket->count++] = item;
    cellar__zone_hand_over(zone, bucket);
    cache->net--;
    return true;
}

void *cellar__deep_alloc(struct cellar__zone *zone, struct cellar__thread *thread,
                         struct cellar__cache *cache)
{
    void *item = cellar__deep_pop(zone, thread, cache);
    if (item != NULL) {
        return item;
    }
    if (CELLAR_UNLIKELY(cellar__capacity_max(zone) == 0)) {
        return deep_take_one(zone, cache);
    }
    return deep_refill(zone, cache) ? cellar__deep_pop(zone, thread, cache) : NULL;
}

/* A bucket of up to twice the room with what the full one held, or that one when memory is out. */
static struct cellar__bucket *deep_enlarge(const struct cellar__zone *zone, struct cellar__bucket *full)
{
    bool is_whole = full->capacity == cellar__bucket_room(full->lg_size);
    struct cellar__bucket *larger = cellar__bucket_get(full->lg_size + is_whole, zone->deep_items);
    if (larger == NULL) {
        return full;
    }
    memcpy(larger->items, full->items, full->count * sizeof *full->items);
    larger->count = full->count;
    full->count = 0;
    cellar__bucket_put(full);
    return larger;
}

static void deep_hand_over(struct cellar__zone *zone, struct cellar__cache *cache,
                           struct cellar__bucket *previous)
{
    cache->net -= previous->count;
    cellar__exchange_uncount(zone, previous);
    cellar__zone_hand_over(zone, previous);
}

/* Whether the cache may have a previous bucket that is not one of its loaded ones. */
static bool deep_may_have(const struct cellar__zone *zone, const struct cellar__thread *thread,
                          const struct cellar__cache *cache)
{
    bool is_for_few = zone->is_single && !thread->is_bounded && !cellar__change_only_frees(cache);
    return cache->capacity != 0 && (thread->is_deep || is_for_few);
}

/* The bucket in place of a previous one: itself when another would not hold more, or NULL when it is gone. */
static struct cellar__bucket *deep_replace(struct cellar__zone *zone, const struct cellar__thread *thread,
                                           struct cellar__cache *cache, struct cellar__bucket *previous)
{
    bool may_hold_more = previous->count < deep_max_items(zone, thread, cache);
    bool is_whole = previous->count == previous->capacity;
    if (thread->is_deep && (!may_hold_more || !is_whole)) {
        return previous;
    }
    if (thread->is_deep && previous->capacity < zone->deep_items) {
        return deep_enlarge(zone, previous);
    }
    deep_hand_over(zone, cache, previous);
    return NULL;
}

/* A previous bucket with more room. False: there may be none, or memory is out. */
static bool deep_make_room(struct cellar__zone *zone, struct cellar__thread *thread,
                           struct cellar__cache *cache)
{
    deep_look(thread);
    if (!deep_may_have(zone, thread, cache)) {
        return false;
    }
    struct cellar__bucket *previous = cellar__cache_take_previous(cache);
    if (previous != NULL) {
        previous = deep_replace(zone, thread, cache, previous);
    }
    if (previous == NULL) {
        previous = cellar__bucket_get(cellar__bucket_lg_size(cache->capacity), zone->deep_items);
    }
    cellar__cache_put_previous(cache, previous);
    return previous != NULL;
}

/* What may not wait goes to the backend, the oldest first: as many as are to come. False: none is there. */
static bool deep_give_back(struct cellar__zone *zone, struct cellar__thread *thread,
                           struct cellar__cache *cache)
{
    struct cellar__bucket *previous = cellar__cache_take_previous(cache);
    size_t nloaded = (size_t)(cache->top - cache->floor);
    size_t n = previous == NULL ? 0 : cellar__min(previous->count, cellar__max(nloaded, 1));
    if (n != 0) {
        cellar__zone_release(zone, previous->items, n);
        previous->count = (uint16_t)(previous->count - n);
        memmove(previous->items, previous->items + n, previous->count * sizeof *previous->items);
        cache->net -= n;
        deep_count(thread, -(ptrdiff_t)(n * zone->attr.size));
    }
    cellar__cache_put_previous(cache, previous);
    return n != 0;
}

bool cellar__deep_free(struct cellar__zone *zone, struct cellar__thread *thread, struct cellar__cache *cache,
                       void *item)
{
    if (cellar__deep_push(zone, thread, cache, item)) {
        return true;
    }
    if (CELLAR_UNLIKELY(cellar__capacity_max(zone) == 0)) {
        return deep_give_one(zone, cache, item);
    }
    if (!deep_make_room(zone, thread, cache)) {
        return false;
    }
    return cellar__deep_push(zone, thread, cache, item) ||
           (deep_give_back(zone, thread, cache) && cellar__deep_push(zone, thread, cache, item));
}

void cellar__deep_shed(struct cellar__zone *zone, struct cellar__thread *thread)
{
    struct cellar__cache *cache = &thread->caches[zone->id];
    struct cellar__bucket *previous = zone->is_wide ? cellar__cache_take_previous(cache) : NULL;
    if (previous != NULL) {
        deep_hand_over(zone, cache, previous);
    }
}

void cellar__deep_end(struct cellar__thread *thread)
{
    for (uint16_t id = CELLAR_THREAD_NOWN - 1; id > 0; id--) {
        if (cellar__cache_previous(&thread->caches[id]) != NULL) {
            cellar__deep_shed(cellar__zone_get(id), thread);
        }
    }
    deep_tell(thread);
    thread->is_deep = false;
}

void cellar__deep_forget(struct cellar__thread *thread)
{
    for (uint16_t id = CELLAR_THREAD_NOWN - 1; id > 0; id--) {
        const struct cellar__bucket *previous = cellar__cache_previous(&thread->caches[id]);
        if (previous != NULL) {
            cellar__exchange_uncount(cellar__zone_get(id), previous);
        }
    }
    deep_tell(thread);
}
