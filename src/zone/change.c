#include "zone/change.h"

#include <string.h>

#include "base/bits.h"

void cellar__change_note(struct cellar__cache *cache, enum cellar__want want)
{
    int8_t streak = cache->streak;
    if (want == CELLAR_WANT_ITEMS) {
        cache->streak = (int8_t)(streak < 0 ? 1 : streak + (streak < CELLAR_CHANGE_STEADY));
    } else {
        cache->streak = (int8_t)(streak > 0 ? -1 : streak - (streak > -CELLAR_CHANGE_STEADY));
    }
}

struct cellar__bucket *cellar__change_take_previous(struct cellar__cache *cache, enum cellar__want want)
{
    cellar__change_note(cache, want);
    return cellar__change_has(cache, want) ? cellar__cache_take_previous(cache) : NULL;
}

/* Moves the lower, older half of the loaded bucket onto the previous one, as far as that has room. */
static void change_lower(struct cellar__bucket *loaded, struct cellar__bucket *previous)
{
    size_t n = cellar__min((loaded->count + 1u) / 2, (size_t)previous->capacity - previous->count);
    memcpy(previous->items + previous->count, loaded->items, n * sizeof *loaded->items);
    previous->count = (uint16_t)(previous->count + n);
    loaded->count = (uint16_t)(loaded->count - n);
    memmove(loaded->items, loaded->items + n, loaded->count * sizeof *loaded->items);
}

/* Moves the upper, younger half of the previous bucket to the loaded one, which is empty, as far as that has room. */
static void change_raise(struct cellar__bucket *loaded, struct cellar__bucket *previous)
{
    size_t n = cellar__min((previous->count + 1u) / 2, loaded->capacity);
    previous->count = (uint16_t)(previous->count - n);
    loaded->count = (uint16_t)n;
    memcpy(loaded->items, previous->items + previous->count, n * sizeof *loaded->items);
}

/* Who comes for the same again wants all of the previous bucket; but its items, older ones, stay below those of a full one. */
static bool change_swaps(const struct cellar__cache *cache, const struct cellar__bucket *previous,
                         enum cellar__want want)
{
    bool has_turned = cache->streak == (want == CELLAR_WANT_ROOM ? -1 : 1);
    return cache->loaded == NULL || (!has_turned && (want == CELLAR_WANT_ITEMS || previous->count == 0));
}

void cellar__change_over(const struct cellar__zone *zone, struct cellar__thread *thread,
                         struct cellar__cache *cache, struct cellar__bucket *previous, enum cellar__want want)
{
    if (change_swaps(cache, previous, want)) {
        cellar__change_swap(zone, thread, cache, previous);
        return;
    }
    cellar__change_count(zone, cache);
    cellar__thread_detach();
    struct cellar__bucket *loaded = cellar__cache_unload(cache);
    if (want == CELLAR_WANT_ROOM) {
        change_lower(loaded, previous);
    } else {
        change_raise(loaded, previous);
    }
    cellar__cache_put_previous(cache, previous);
    cellar__cache_load(cache, loaded);
    cellar__thread_attach(thread);
}
