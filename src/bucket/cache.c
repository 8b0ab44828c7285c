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

void cellar__cache_swap(struct cellar__cache *cache)
{
    struct cellar__bucket *previous = cache->previous;
    cache->previous = cellar__cache_unload(cache);
    cellar__cache_load(cache, previous);
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
    if (cache->previous == cache->loaded) {
        cache->previous = NULL;
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
    const struct cellar__bucket *previous = cache->previous;
    size_t loaded = (size_t)(cache->top - cache->floor);
    loaded =
        loaded <= cellar__bucket_room(CELLAR_BUCKET_LG_MAX) ? loaded : 0; /* read in the middle of a load */
    return loaded + (previous == NULL ? 0 : previous->count);
}
