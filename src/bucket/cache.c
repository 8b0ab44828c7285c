#include "bucket/cache.h"

void cellar__cache_load(struct cellar__cache *cache, struct cellar__bucket *bucket)
{
    cache->loaded = bucket;
    cache->floor = bucket == NULL ? NULL : bucket->items;
    cache->ceiling = bucket == NULL ? NULL : bucket->items + bucket->capacity;
    cache->top = bucket == NULL ? NULL : bucket->items + bucket->count;
}

struct cellar__bucket *cellar__cache_unload(struct cellar__cache *cache)
{
    struct cellar__bucket *bucket = cache->loaded;
    if (bucket != NULL) {
        bucket->count = (uint16_t)(cache->top - cache->floor);
    }
    cellar__cache_load(cache, NULL);
    return bucket;
}

void cellar__cache_swap(struct cellar__cache *cache, struct cellar__bucket *bucket)
{
    cellar__cache_put_previous(cache, cellar__cache_unload(cache));
    cellar__cache_load(cache, bucket);
}

struct cellar__bucket *cellar__cache_steal(struct cellar__cache *cache, bool *ret_waits)
{
    uintptr_t previous = __atomic_load_n(&cache->previous, __ATOMIC_RELAXED);
    uintptr_t next = (previous & CELLAR_CACHE_SEEN) != 0 ? 0 : previous | CELLAR_CACHE_SEEN;
    bool changed = previous != 0 && __atomic_compare_exchange_n(&cache->previous, &previous, next, false,
                                                                __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    *ret_waits = previous != 0 && !(changed && next == 0);
    return changed && next == 0 ? (struct cellar__bucket *)(previous & ~CELLAR_CACHE_SEEN) : NULL;
}

static bool cache_is_whole(const struct cellar__cache *cache)
{
    const struct cellar__bucket *loaded = cache->loaded;
    return loaded != NULL && cache->floor == loaded->items &&
           cache->ceiling == loaded->items + loaded->capacity && cache->floor <= cache->top &&
           cache->top <= cache->ceiling;
}

void cellar__cache_mend(struct cellar__cache *cache)
{
    if (!cache_is_whole(cache)) {
        cellar__cache_load(cache, NULL);
    }
    if (cellar__cache_previous(cache) == cache->loaded) {
        cellar__cache_put_previous(cache, NULL);
    }
}

__attribute__((no_sanitize("thread"))) size_t cellar__cache_nleft(const struct cellar__cache *cache)
{
    const struct cellar__bucket *loaded = cache->loaded;
    size_t before = loaded == NULL ? 0 : loaded->count;
    size_t now = (size_t)(cache->top - cache->floor);
    return now < before ? before - now : 0;
}

__attribute__((no_sanitize("thread"))) size_t cellar__cache_nitems(const struct cellar__cache *cache)
{
    const struct cellar__bucket *previous = cellar__cache_previous(cache);
    size_t loaded = (size_t)(cache->top - cache->floor);
    loaded =
        loaded <= cellar__bucket_room(CELLAR_BUCKET_LG_MAX) ? loaded : 0; /* read in the middle of a load */
    return loaded + (previous == NULL ? 0 : previous->count);
}
