#include "bucket/depot.h"

#include "base/bits.h"

static bool depot_news; /* atomic */

bool cellar__depot_take_news(void)
{
    return __atomic_exchange_n(&depot_news, false, __ATOMIC_RELAXED);
}

bool cellar__depot_put(struct cellar__depot *depot, struct cellar__bucket *bucket, bool beyond)
{
    uint32_t nitems = __atomic_add_fetch(&depot->nitems, bucket->count, __ATOMIC_RELAXED);
    uint32_t nbuckets = __atomic_add_fetch(&depot->nbuckets, 1, __ATOMIC_RELAXED);
    bool is_full =
        nitems > __atomic_load_n(&depot->max_items, __ATOMIC_RELAXED) || nbuckets > depot->max_buckets;
    if (is_full && !beyond) {
        __atomic_sub_fetch(&depot->nitems, bucket->count, __ATOMIC_RELAXED);
        __atomic_sub_fetch(&depot->nbuckets, 1, __ATOMIC_RELAXED);
        return false;
    }
    cellar__bucket_push(&depot->stack, bucket);
    if (!__atomic_load_n(&depot_news, __ATOMIC_RELAXED)) { /* else the line is left to all CPUs */
        __atomic_store_n(&depot_news, true, __ATOMIC_RELAXED);
    }
    return true;
}

struct cellar__bucket *cellar__depot_get(struct cellar__depot *depot)
{
    if (__atomic_load_n(&depot->nbuckets, __ATOMIC_RELAXED) == 0) {
        return NULL;
    }
    struct cellar__bucket *bucket = cellar__bucket_pop(&depot->stack);
    if (bucket != NULL) {
        uint32_t left = __atomic_sub_fetch(&depot->nitems, bucket->count, __ATOMIC_RELAXED);
        __atomic_sub_fetch(&depot->nbuckets, 1, __ATOMIC_RELAXED);
        if (left <
            __atomic_load_n(&depot->low_items, __ATOMIC_RELAXED)) { /* an estimate: a lost race is no harm */
            __atomic_store_n(&depot->low_items, left, __ATOMIC_RELAXED);
        }
    }
    return bucket;
}

size_t cellar__depot_idle(struct cellar__depot *depot)
{
    uint32_t nitems = __atomic_load_n(&depot->nitems, __ATOMIC_RELAXED);
    return cellar__min(__atomic_exchange_n(&depot->low_items, nitems, __ATOMIC_RELAXED), nitems);
}

size_t cellar__depot_nitems(const struct cellar__depot *depot)
{
    return __atomic_load_n(&depot->nitems, __ATOMIC_RELAXED);
}
