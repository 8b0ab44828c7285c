#include "zone/capacity.h"

#include "base/bits.h"
#include "os/os.h"
#include "zone/thread.h"

#define CAPACITY_FEW_THREADS ((size_t)6)
#define CAPACITY_FIRST_ITEMS 6 /* a bucket of 64 bytes */
#define CAPACITY_FIRST_BYTES ((size_t)1 << 10)
#define CAPACITY_STEP_BYTES ((size_t)4 << 10) /* by which a bucket outgrows the one before, or by an item */
#define CAPACITY_EARN_TURNS 16                /* until large items get a bucket */

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
