#include "zone/capacity.h"

#include "base/bits.h"
#include "os/os.h"
#include "zone/change.h"
#include "zone/single.h"
#include "zone/thread.h"

/*
 * Bounds of a bucket and of a depot, each in bytes. Small buckets are kind to the processor's cache: what a thread frees and
 * another one takes passes through them. But an item that goes past buckets and depot is the backend's work, which is dear,
 * so larger items get more bytes until there are enough of them.
 */
#define CAPACITY_BUCKET_BYTES ((size_t)14 << 10) /* 224 items of 64 bytes */
#define CAPACITY_BUCKET_ITEMS 16                 /* or so many, within */
#define CAPACITY_BUCKET_BYTES_MAX ((size_t)128 << 10)
#define CAPACITY_BUCKET_MIN_ITEMS 2
#define CAPACITY_SPARED_ITEMS 7 /* one in so many */
#define CAPACITY_DEPOT_BYTES ((size_t)512 << 10)
#define CAPACITY_DEPOT_ITEMS 128
#define CAPACITY_DEPOT_BYTES_MAX ((size_t)1 << 20)
#define CAPACITY_DEPOT_BYTES_SINGLE ((size_t)2 << 20) /* of what threads do not keep */
#define CAPACITY_DEPOT_MAX_BUCKETS 64
#define CAPACITY_DEEP_BYTES ((size_t)4 << 20)
#define CAPACITY_DEEP_MIN_ITEMS 6
#define CAPACITY_WIDE_MIN ((size_t)1 << 10) /* items larger than this; see zone/exchange.h */

/* What a thread has to earn below them. */
#define CAPACITY_FIRST_ITEMS 6 /* a bucket of 64 bytes */
#define CAPACITY_FIRST_BYTES ((size_t)1 << 10)
#define CAPACITY_STEP_BYTES ((size_t)4 << 10) /* by which a bucket outgrows the one before, or by an item */
#define CAPACITY_EARN_TURNS 16 /* until large items get a bucket, or a cache takes from others */
#define CAPACITY_THREAD_BYTES ((size_t)5 << 18) /* in all caches of a thread, a bucket each */
#define CAPACITY_MORE_BYTES ((size_t)5 << 19)   /* the same while there are at most so many: */
#define CAPACITY_MORE_THREADS 3                 /* two that work, and one that waits for them */

#define CAPACITY_SELDOM_BYTES ((size_t)2 << 10) /* of who only frees, less than so often: */
#define CAPACITY_OFTEN_TURNS 1024               /* within a tick of the coarse clock, so one in some 4 us */

#define CAPACITY_IMPORT_PARTS 8 /* the backend fills one of so many of an empty bucket */

/* A few items fewer when that halves the bucket's own memory. */
static size_t capacity_fit_room(size_t max_items)
{
    size_t half = cellar__bucket_room(cellar__bucket_lg_size(max_items) - 1);
    return max_items > half && max_items - half <= half / CAPACITY_SPARED_ITEMS ? half : max_items;
}

void cellar__capacity_init(struct cellar__zone *zone)
{
    size_t size = cellar__max(zone->attr.size, 1);
    size_t room = cellar__bucket_room(CELLAR_BUCKET_LG_MAX);
    size_t bucket_bytes =
        cellar__clamp(CAPACITY_BUCKET_ITEMS * size, CAPACITY_BUCKET_BYTES, CAPACITY_BUCKET_BYTES_MAX);
    size_t depot_bytes =
        cellar__clamp(CAPACITY_DEPOT_ITEMS * size, CAPACITY_DEPOT_BYTES, CAPACITY_DEPOT_BYTES_MAX);
    size_t max_items = capacity_fit_room(cellar__clamp(bucket_bytes / size, CAPACITY_BUCKET_MIN_ITEMS, room));
    zone->is_single = size > CELLAR_SINGLE_MIN;
    if (zone->is_single) {
        max_items = 1;
        depot_bytes = CAPACITY_DEPOT_BYTES_SINGLE;
    }
    zone->max_items = (uint16_t)max_items;
    zone->depot.max_items = (uint32_t)cellar__max(depot_bytes / size, max_items);
    zone->depot.max_buckets = CAPACITY_DEPOT_MAX_BUCKETS;
    zone->deep_items = (uint16_t)cellar__clamp(CAPACITY_DEEP_BYTES / size, CAPACITY_DEEP_MIN_ITEMS, room);
    zone->is_wide = zone->attr.is_swept && size > CAPACITY_WIDE_MIN;
}

uint32_t cellar__capacity_share(uint32_t max_items, size_t nthreads)
{
    size_t nfew = cellar__max(CELLAR_CAPACITY_FEW_THREADS, (size_t)2 * cellar__os_machine()->ncpus);
    return nthreads <= nfew ? max_items : (uint32_t)(max_items * nfew / nthreads);
}

/* Whether what the cache may hold counts in the thread's sum. */
static bool capacity_counts(const struct cellar__zone *zone)
{
    return zone->id < CELLAR_THREAD_NOWN && !zone->is_single;
}

void cellar__capacity_change(const struct cellar__zone *zone, struct cellar__thread *thread,
                             struct cellar__cache *cache, uint32_t capacity)
{
    if (capacity_counts(zone)) {
        thread->bucket_bytes += capacity * zone->attr.size - cache->capacity * zone->attr.size;
    }
    cache->capacity = (uint16_t)capacity;
    cache->nturns = 0;
}

/* Who both allocates and frees here may have more while there are few threads. */
static size_t capacity_thread_bytes(const struct cellar__cache *cache)
{
    bool is_one_way = cellar__change_only_allocates(cache) || cellar__change_only_frees(cache);
    return cellar__thread_count() <= CAPACITY_MORE_THREADS && !is_one_way ? CAPACITY_MORE_BYTES
                                                                          : CAPACITY_THREAD_BYTES;
}

/* Half of what a cache may hold goes to another, unless that is little. */
static void capacity_halve(struct cellar__thread *thread, uint16_t id)
{
    struct cellar__cache *cache = &thread->caches[id];
    const struct cellar__zone *zone = cache->capacity > 1 ? cellar__zone_get(id) : NULL;
    if (zone != NULL && capacity_counts(zone) && cache->capacity * zone->attr.size > CAPACITY_STEP_BYTES) {
        cellar__capacity_set(zone, thread, cache, cache->capacity / 2);
    }
}

/* Makes room for so many bytes more in the thread's sum, at the cost of the next caches in turn. False: too little. */
static bool capacity_make_room(struct cellar__thread *thread, const struct cellar__zone *zone, size_t bytes,
                               size_t bound)
{
    for (unsigned i = 0; i < CELLAR_THREAD_NOWN && thread->bucket_bytes + bytes > bound; i++) {
        thread->hand = (uint16_t)(thread->hand + 1 < CELLAR_THREAD_NOWN ? thread->hand + 1 : 1);
        if (thread->hand != zone->id) {
            capacity_halve(thread, thread->hand);
        }
    }
    return thread->bucket_bytes + bytes <= bound;
}

/* What it wants, or what it has when the thread's sum does not allow more, or not yet. A first bucket is always granted. */
static uint32_t capacity_allow(const struct cellar__zone *zone, struct cellar__thread *thread,
                               struct cellar__cache *cache, uint32_t wanted)
{
    size_t more = (wanted - cache->capacity) * zone->attr.size;
    size_t bound = capacity_thread_bytes(cache);
    if (!capacity_counts(zone) || cache->capacity == 0 || thread->bucket_bytes + more <= bound) {
        return wanted;
    }
    if (++cache->nturns < CAPACITY_EARN_TURNS) {
        return cache->capacity;
    }
    cache->nturns = 0;
    return capacity_make_room(thread, zone, more, bound) ? wanted : cache->capacity;
}

/* Counts a turn of a thread that only frees here. Whether turns are so many that a slow path less in some is worth memory. */
static bool capacity_comes_often(struct cellar__thread *thread)
{
    uint64_t now_ns = cellar__os_now_ns();
    if (thread->tick_ns != now_ns) {
        thread->tick_ns = now_ns;
        thread->tick_turns = 0;
    }
    thread->tick_turns++;
    return thread->tick_turns >= CAPACITY_OFTEN_TURNS;
}

/*
 * Who comes for room has freed more than it takes: in a larger bucket that would lie until somebody here asks for it. But who
 * frees alone hands it on; when it does so often, by larger buckets.
 */
static bool capacity_may_grow(struct cellar__thread *thread, const struct cellar__cache *cache, size_t size)
{
    if (cache->streak >= 0) {
        return true;
    }
    return cellar__change_only_frees(cache) &&
           (cache->capacity * size < CAPACITY_SELDOM_BYTES || capacity_comes_often(thread));
}

/* Of a cache that has less than the bound. */
static CELLAR_NOINLINE uint32_t capacity_grow(const struct cellar__zone *zone, struct cellar__thread *thread,
                                              struct cellar__cache *cache, uint32_t max_items)
{
    size_t size = cellar__max(zone->attr.size, 1);
    size_t capacity = cellar__clamp(CAPACITY_FIRST_BYTES / size, 1, CAPACITY_FIRST_ITEMS);
    if (cache->capacity != 0) {
        if (!capacity_may_grow(thread, cache, size)) {
            return cache->capacity;
        }
        capacity = cache->capacity + cellar__clamp(CAPACITY_STEP_BYTES / size, 1, cache->capacity + 2);
    } else if (size > CAPACITY_FIRST_BYTES && ++cache->nturns < CAPACITY_EARN_TURNS) {
        return 0;
    }
    return capacity_allow(zone, thread, cache, (uint32_t)cellar__min(capacity, max_items));
}

uint32_t cellar__capacity_next(const struct cellar__zone *zone, struct cellar__thread *thread,
                               struct cellar__cache *cache)
{
    uint32_t max_items = cellar__capacity_max(zone);
    return CELLAR_LIKELY(cache->capacity >= max_items && cache->capacity != 0)
               ? max_items
               : capacity_grow(zone, thread, cache, max_items);
}

uint32_t cellar__capacity_import(const struct cellar__zone *zone, struct cellar__cache *cache,
                                 uint32_t capacity)
{
    if (cellar__change_only_allocates(cache) && !cellar__change_take_fed(cache)) {
        return capacity;
    }
    size_t line = cellar__div_ceil(CELLAR_CACHE_LINE, cellar__max(zone->attr.size, 1));
    size_t part = cellar__div_ceil(capacity, CAPACITY_IMPORT_PARTS);
    return (uint32_t)cellar__min(cellar__max(part, line), capacity);
}
