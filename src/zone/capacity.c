#include "zone/capacity.h"

#include "base/bits.h"
#include "os/os.h"
#include "zone/single.h"
#include "zone/thread.h"

/*
 * Bounds of a bucket and of a depot, each in bytes. Small buckets are kind to the processor's cache: what a thread frees and
 * another one takes passes through them. But an item that goes past buckets and depot is the backend's work, which is dear,
 * so items of some KiB get more bytes until there are enough of them.
 */
#define CAPACITY_BUCKET_BYTES ((size_t)16 << 10) /* 254 items of 64 bytes, 16 of 1 KiB */
#define CAPACITY_BUCKET_ITEMS 8
#define CAPACITY_BUCKET_BYTES_MAX ((size_t)64 << 10) /* 8 items of 8 KiB, 4 of 16 KiB */
#define CAPACITY_BUCKET_MIN_ITEMS 2
#define CAPACITY_FEW_ITEMS 7 /* one in so many */
#define CAPACITY_DEPOT_BYTES ((size_t)512 << 10)
#define CAPACITY_DEPOT_ITEMS 128
#define CAPACITY_DEPOT_BYTES_MAX ((size_t)1 << 20)
#define CAPACITY_DEPOT_BYTES_SINGLE ((size_t)2 << 20) /* of what threads do not keep */
#define CAPACITY_DEPOT_MAX_BUCKETS 64

/* What a thread has to earn below them. */
#define CAPACITY_FEW_THREADS ((size_t)6)
#define CAPACITY_FIRST_ITEMS 6 /* a bucket of 64 bytes */
#define CAPACITY_FIRST_BYTES ((size_t)1 << 10)
#define CAPACITY_STEP_BYTES ((size_t)4 << 10) /* by which a bucket outgrows the one before, or by an item */
#define CAPACITY_EARN_TURNS 16                /* until large items get a bucket */

/* A few items fewer when that halves the bucket's own memory. */
static size_t capacity_fit_room(size_t max_items)
{
    size_t half = cellar__bucket_room(cellar__bucket_lg_size(max_items) - 1);
    return max_items > half && max_items - half <= half / CAPACITY_FEW_ITEMS ? half : max_items;
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
}

uint32_t cellar__capacity_max(const struct cellar__zone *zone)
{
    uint32_t max_items = __atomic_load_n(&zone->max_items, __ATOMIC_RELAXED);
    size_t nthreads = cellar__thread_count();
    if (CELLAR_LIKELY(nthreads <= CAPACITY_FEW_THREADS)) {
        return max_items;
    }
    size_t nfew = cellar__max(CAPACITY_FEW_THREADS, (size_t)2 * cellar__os_machine()->ncpus);
    return nthreads <= nfew ? max_items : max_items >> cellar__lg_ceil(cellar__div_ceil(nthreads, nfew));
}

uint32_t cellar__capacity_next(const struct cellar__zone *zone, struct cellar__cache *cache)
{
    uint32_t max_items = cellar__capacity_max(zone);
    if (CELLAR_LIKELY(cache->capacity >= max_items && cache->capacity != 0)) {
        return max_items;
    }
    size_t size = cellar__max(zone->attr.size, 1);
    size_t capacity = cellar__clamp(CAPACITY_FIRST_BYTES / size, 1, CAPACITY_FIRST_ITEMS);
    if (cache->capacity != 0) {
        capacity = cache->capacity + cellar__clamp(CAPACITY_STEP_BYTES / size, 1, cache->capacity + 2);
    } else if (size > CAPACITY_FIRST_BYTES && ++cache->nturns < CAPACITY_EARN_TURNS) {
        return 0;
    }
    return (uint32_t)cellar__min(capacity, max_items);
}
