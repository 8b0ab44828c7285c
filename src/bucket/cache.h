/*
 * cache: one thread's two buckets of one zone.
 *
 *      floor            top            ceiling
 *        | item item item | room room room |        <- loaded
 *        | older items ...                 |        <- previous
 *
 * Allocation pops from the loaded bucket and asks one question: is it empty? Free pushes and asks: is it full? Only
 * then comes anything else: the two buckets change places or share what they have, or one is exchanged with the depot. Two
 * buckets, so that a thread that allocates and frees around a bucket's border does not go to the depot each time.
 *
 * A cache of zeros has an empty and full bucket of capacity zero: both questions lead to the slow path. That is how a
 * thread starts, how modes take over every operation, and why the fast paths need no other check.
 *
 * Invariants:
 *   C1  floor <= top <= ceiling; all three are NULL or point into loaded->items.
 *   C2  loaded->count is what it held when it was loaded; cellar__cache_unload sets it from top.
 *   C3  only the owner thread writes, but that others may take the previous bucket (C4); others may read for statistics
 *       and see a moment that never was.
 *   C4  previous is atomic. Who takes it out has it alone: the owner by an exchange, or another thread by
 *       cellar__cache_steal, for owners that have gone to sleep. The owner alone puts one in, so a bucket that it has
 *       looked at is what it takes, or none. Bit 0 marks one that such a thread has seen, and only such a one goes.
 *
 * load, unload and swap take several stores, and a signal handler's longjmp may leave them in the middle. The zone level
 * runs them while no fast path can see the cache, and cellar__cache_mend makes one that was left whole again.
 */
#ifndef CELLAR_BUCKET_CACHE_H
#define CELLAR_BUCKET_CACHE_H

#include <stdbool.h>

#include "bucket/bucket.h"

#define CELLAR_CACHE_SEEN ((uintptr_t)1) /* C4 */

struct cellar__cache {
    /* one cache line, owner thread */
    CELLAR_LINE_ALIGNED void **top;
    void **floor;
    void **ceiling;
    uint64_t nrequests; /* allocations that were counted: docs/stats.md */
    struct cellar__bucket *loaded;
    uintptr_t previous; /* a bucket; C4 */
    uint16_t capacity;  /* items the last new bucket was to hold; grows with use */
    uint8_t nturns;     /* slow paths since then that made no new bucket: the next one is earned by them */
    int8_t streak;      /* slow paths in a row for items; below 0, for room (zone/change.h) */
    uint32_t epoch;     /* of the zone's drains that this cache has followed */
    int64_t net;        /* items that came in by exchanges less those that went out so */
};

/* Pops an item, or NULL when the loaded bucket is empty. */
CELLAR_INLINE void *cellar__cache_pop(struct cellar__cache *cache)
{
    void **top = cache->top;
    if (CELLAR_UNLIKELY(top == cache->floor)) {
        return NULL;
    }
    CELLAR_SIGNAL_FENCE(); /* has the compiler forget top, so that the next line is one instruction, in memory */
    cache->top--;
    void *item = top[-1];
    if (item == NULL) {
        __builtin_unreachable(); /* no bucket holds NULL: spares the caller's test of the fast path */
    }
    return item;
}

/* The same in a cache whose zone counts each request. */
CELLAR_INLINE void *cellar__cache_pop_counted(struct cellar__cache *cache)
{
    void *item = cellar__cache_pop(cache);
    cache->nrequests += item != NULL;
    return item;
}

/*
 * Pushes an item. False when the loaded bucket is full, or when the item lies on its top already: the program freed it
 * twice in a row. An empty bucket has no top; what is compared then is the end of its header, which is no address.
 */
CELLAR_INLINE bool cellar__cache_push(struct cellar__cache *cache, void *item)
{
    void **top = cache->top;
    if (CELLAR_UNLIKELY(top == cache->ceiling) || CELLAR_UNLIKELY(top[-1] == item)) {
        return false;
    }
    *top = item;
    cache->top++;
    return true;
}

/* Makes the bucket the loaded one. NULL: back to capacity zero. The bucket loaded so far is unloaded already. */
void cellar__cache_load(struct cellar__cache *cache, struct cellar__bucket *bucket);

/* Takes the loaded bucket out, its count brought up to date. NULL when there is none. */
struct cellar__bucket *cellar__cache_unload(struct cellar__cache *cache);

/* The owner takes the previous bucket out. NULL: there is none. */
CELLAR_INLINE struct cellar__bucket *cellar__cache_take_previous(struct cellar__cache *cache)
{
    if (__atomic_load_n(&cache->previous, __ATOMIC_RELAXED) == 0) {
        return NULL;
    }
    uintptr_t previous = __atomic_exchange_n(&cache->previous, 0, __ATOMIC_ACQ_REL);
    return (struct cellar__bucket *)(previous & ~CELLAR_CACHE_SEEN);
}

/*
 * The same without a locked instruction, which would wait for all that the thread has written; false when the bucket is marked. For
 * owners of whom others know that they are here (zone/deep.c): the record is off its thread's pointer meanwhile, and who steals has all threads
 * fenced after it marked a bucket and before it looks for such owners and takes it. So it sees this one, or what this one did,
 * or this one sees the mark.
 */
CELLAR_INLINE bool cellar__cache_take_unmarked(struct cellar__cache *cache, struct cellar__bucket **ret)
{
    uintptr_t previous = __atomic_load_n(&cache->previous, __ATOMIC_RELAXED);
    bool is_unmarked = CELLAR_LIKELY((previous & CELLAR_CACHE_SEEN) == 0);
    if (is_unmarked) {
        __atomic_store_n(&cache->previous, 0, __ATOMIC_RELAXED);
        *ret = (struct cellar__bucket *)previous;
    }
    return is_unmarked;
}

/* The owner gives one, or NULL, to the empty place. */
CELLAR_INLINE void cellar__cache_put_previous(struct cellar__cache *cache, struct cellar__bucket *bucket)
{
    __atomic_store_n(&cache->previous, (uintptr_t)bucket, __ATOMIC_RELEASE);
}

/* Loads the bucket; the one that was loaded becomes the previous one, whose place is empty. */
void cellar__cache_swap(struct cellar__cache *cache, struct cellar__bucket *bucket);

/*
 * For another thread, while the cache exists: takes the previous bucket when it has lain there since the last call. Else
 * NULL; *ret_waits says whether there is one that may be taken next time.
 */
struct cellar__bucket *cellar__cache_steal(struct cellar__cache *cache, bool *ret_waits);

/* The previous bucket, to look at: others may take it at any time. */
CELLAR_INLINE struct cellar__bucket *cellar__cache_previous(const struct cellar__cache *cache)
{
    return (struct cellar__bucket *)(__atomic_load_n(&cache->previous, __ATOMIC_ACQUIRE) &
                                     ~CELLAR_CACHE_SEEN);
}

/* Restores C1 after an operation that never ended: a bucket that is not wholly in its place is dropped. */
void cellar__cache_mend(struct cellar__cache *cache);

/* Items that have left the loaded bucket since it was loaded, beyond those that came in. */
size_t cellar__cache_nleft(const struct cellar__cache *cache);

/* Items in both buckets, as far as a stranger can see. */
size_t cellar__cache_nitems(const struct cellar__cache *cache);

#endif
