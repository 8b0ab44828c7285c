#include "zone/deep_int.h"

#include <string.h>

#include "base/bits.h"
#include "zone/capacity.h"
#include "zone/change.h"
#include "zone/zone_int.h"

#define DEEP_GROW_TURNS 16

/* Takes the previous bucket out; NULL: there is none. */
static CELLAR_NOINLINE struct cellar__bucket *deep_take(struct cellar__thread *thread,
                                                        struct cellar__cache *cache)
{
    struct cellar__bucket *previous;
    bool is_taken = false;
    if (CELLAR_LIKELY(thread->is_fenced)) {
        cellar__thread_detach();
        __atomic_store_n(&thread->is_taking, true, __ATOMIC_RELAXED);
        CELLAR_SIGNAL_FENCE();
        is_taken = cellar__cache_take_unmarked(cache, &previous);
        __atomic_store_n(&thread->is_taking, false, __ATOMIC_RELEASE);
        cellar__thread_attach(thread);
    }
    return CELLAR_LIKELY(is_taken) ? previous : cellar__cache_take_previous(cache);
}

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
    struct cellar__bucket *previous = deep_take(thread, cache);
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
    previous->low = (uint16_t)cellar__min(previous->low, previous->count);
    cellar__cache_put_previous(cache, previous);
    cellar__deep_count(thread, -(ptrdiff_t)((n + 1) * zone->attr.size));
    return item;
}

/* How many items of n may join those in the previous bucket. */
static size_t deep_room(const struct cellar__zone *zone, const struct cellar__thread *thread,
                        const struct cellar__cache *cache, const struct cellar__bucket *previous, size_t n)
{
    size_t max_items = cellar__min(cellar__deep_max_items(zone, thread, cache), previous->capacity);
    return cellar__min(n, max_items - cellar__min(max_items, previous->count));
}

bool cellar__deep_lower(const struct cellar__zone *zone, struct cellar__thread *thread,
                        struct cellar__cache *cache, void *item)
{
    cellar__lock_forget_held();
    struct cellar__bucket *previous = deep_take(thread, cache);
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
    cellar__deep_count(thread, (ptrdiff_t)(n * zone->attr.size));
    return true;
}
