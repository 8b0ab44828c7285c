/* What a previous bucket may hold, what comes of one that is full or empty, and the way past it. */
#include <string.h>

#include "base/bits.h"
#include "zone/capacity.h"
#include "zone/deep_int.h"
#include "zone/exchange.h"
#include "zone/reclaim.h"
#include "zone/single.h"
#include "zone/stash.h"
#include "zone/zone_int.h"

#define DEEP_SINGLES 6 /* items of which a thread keeps one, at most, or a MiB, with other threads */
#define DEEP_THREADS 16
#define DEEP_SHARE 4                           /* with others, this part of what one alone may hold */
#define DEEP_UNTOUCHED UINT16_MAX              /* low, when nothing has been taken since */
#define DEEP_TELL_BYTES ((ptrdiff_t)512 << 10) /* of a thread, when there are a few at most */
#define DEEP_TELL_THREADS 4 /* of all threads together no more than such as these, when there are more */

/* How much the thread's previous buckets may hold now. */
static void deep_look(struct cellar__thread *thread)
{
    size_t nthreads = cellar__thread_count();
    thread->is_alone = nthreads == 1;
    thread->is_deep = nthreads <= DEEP_THREADS;
    thread->is_bounded = cellar__dirty_is_full();
    thread->is_fenced = cellar__reclaim_is_fenced();
    thread->tell_bytes = nthreads <= DEEP_TELL_THREADS
                             ? DEEP_TELL_BYTES
                             : DEEP_TELL_THREADS * DEEP_TELL_BYTES / (ptrdiff_t)nthreads;
}

static void deep_tell(struct cellar__thread *thread)
{
    cellar__dirty_count_waiting((size_t)thread->deep_bytes);
    thread->deep_bytes = 0;
}

void cellar__deep_tell(struct cellar__thread *thread)
{
    deep_tell(thread);
    deep_look(thread);
}

/* Items that a previous bucket holds that is not deep, while memory may wait. */
static size_t deep_few(const struct cellar__zone *zone, const struct cellar__cache *cache)
{
    size_t nsingles = cellar__clamp(CELLAR_SINGLE_BYTES / zone->attr.size, 2, DEEP_SINGLES);
    return zone->is_single ? nsingles : cache->capacity;
}

size_t cellar__deep_bound(const struct cellar__zone *zone, const struct cellar__thread *thread,
                          const struct cellar__cache *cache)
{
    size_t as_loaded = zone->is_single ? 0 : cache->capacity;
    if (!thread->is_bounded) {
        return deep_few(zone, cache);
    }
    if (!thread->is_deep) {
        return as_loaded;
    }
    size_t bound = __atomic_load_n(&zone->depot.max_items, __ATOMIC_RELAXED); /* of both together */
    return cellar__max(as_loaded, bound - cellar__min(bound, cellar__depot_nitems(&zone->depot)));
}

/*
 * A bucket of the depot becomes the previous one, which is empty or missing. What it holds is counted, and stays so. It has to
 * earn more room here than a previous bucket has at first.
 */
static bool deep_refill(struct cellar__zone *zone, struct cellar__cache *cache)
{
    struct cellar__bucket *bucket = cellar__depot_get(&zone->depot);
    if (bucket == NULL) {
        return false;
    }
    cellar__stash_put(cellar__cache_take_previous(cache));
    cache->net += bucket->count;
    bucket->low = DEEP_UNTOUCHED;
    size_t few = cellar__min(deep_few(zone, cache), cellar__bucket_room(bucket->lg_size));
    bucket->capacity = (uint16_t)cellar__max(bucket->count, few);
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

/* The thread has left the item there before. Should nobody have taken it since, it is freed twice. */
static CELLAR_NOINLINE void deep_check_given(struct cellar__zone *zone, const void *item)
{
    struct cellar__bucket *bucket = cellar__exchange_get(zone);
    if (bucket != NULL) {
        cellar__zone_check_top(zone, bucket->items + bucket->count, bucket->items, item);
        cellar__zone_hand_over(zone, bucket);
    }
}

/* The same way back, in a bucket of its own: to take one that is there, and leave it again, is twice the work. */
static bool deep_give_one(struct cellar__zone *zone, struct cellar__thread *thread,
                          struct cellar__cache *cache, void *item)
{
    if (CELLAR_UNLIKELY(thread->given == item)) {
        deep_check_given(zone, item);
    }
    struct cellar__bucket *bucket = cellar__stash_get(CELLAR_BUCKET_LG_MIN, 1);
    if (bucket == NULL) {
        return false;
    }
    bucket->items[bucket->count++] = item;
    cellar__zone_hand_over(zone, bucket);
    thread->given = item;
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

/* The full bucket with so much capacity, or as its memory has room for, or one of twice the room; itself when memory is out. */
static struct cellar__bucket *deep_enlarge(struct cellar__bucket *full, size_t capacity)
{
    size_t room = cellar__bucket_room(full->lg_size);
    if (full->capacity < room) {
        full->capacity = (uint16_t)cellar__min(capacity, room);
        return full;
    }
    struct cellar__bucket *larger = cellar__stash_get(full->lg_size + 1u, capacity);
    if (larger == NULL) {
        return full;
    }
    memcpy(larger->items, full->items, full->count * sizeof *full->items);
    larger->count = full->count;
    full->count = 0;
    cellar__stash_put(full);
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
    bool holds_some = thread->is_deep || (zone->is_single && !thread->is_bounded);
    return cache->capacity != 0 && (thread->is_alone || (holds_some && !cellar__change_only_frees(cache)));
}

/*
 * The capacity that the place of a previous bucket, which is full, has earned. With others it grows when all that was in it has
 * been used since it was full last, and loses what lay there all the time, which would serve them.
 */
static size_t deep_capacity(const struct cellar__zone *zone, const struct cellar__thread *thread,
                            const struct cellar__cache *cache, const struct cellar__bucket *previous)
{
    size_t few = deep_few(zone, cache);
    size_t capacity = previous->capacity;
    if (thread->is_alone) {
        return zone->deep_items;
    }
    if (!thread->is_deep || thread->is_bounded) {
        return few;
    }
    if (previous->low == 0) {
        capacity *= 2;
    } else if (previous->low != DEEP_UNTOUCHED) {
        capacity -= previous->low;
    }
    return cellar__clamp(capacity, few, cellar__max(zone->deep_items / DEEP_SHARE, few));
}

/* An empty one. NULL: memory is out. */
static struct cellar__bucket *deep_new(size_t capacity)
{
    struct cellar__bucket *bucket = cellar__stash_get(cellar__bucket_lg_size(capacity), capacity);
    if (bucket != NULL) {
        bucket->low = DEEP_UNTOUCHED;
    }
    return bucket;
}

/* The bucket in place of a previous one: itself when another would not hold more. NULL: memory is out. */
static struct cellar__bucket *deep_replace(struct cellar__zone *zone, const struct cellar__thread *thread,
                                           struct cellar__cache *cache, struct cellar__bucket *previous)
{
    bool is_whole = previous->count == previous->capacity;
    if (thread->is_alone && (!is_whole || previous->count >= cellar__deep_max_items(zone, thread, cache))) {
        return previous;
    }
    size_t capacity = deep_capacity(zone, thread, cache, previous);
    if (is_whole && capacity > previous->capacity) {
        previous = deep_enlarge(previous, capacity);
        previous->low = DEEP_UNTOUCHED;
        return previous;
    }
    deep_hand_over(zone, cache, previous);
    return deep_new(capacity);
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
        previous = deep_new(deep_few(zone, cache));
    }
    cellar__cache_put_previous(cache, previous); /* NULL: memory is out */
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
        cellar__deep_count(thread, -(ptrdiff_t)(n * zone->attr.size));
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
        return deep_give_one(zone, thread, cache, item);
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
    thread->is_alone = false;
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
