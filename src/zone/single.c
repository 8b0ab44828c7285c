#include "zone/single.h"

#include <string.h>

#include "zone/zone_int.h"

/*
 * Only what the owner alone reads is written. Should a longjmp leave it half done, a zone may be missing from the list,
 * and its bucket beyond the bound, until that zone loads another.
 */
void cellar__single_bound(struct cellar__zone *zone, struct cellar__thread *thread)
{
    uint8_t before[CELLAR_THREAD_NSINGLES];
    size_t bytes = zone->attr.size;
    size_t nkept = 0;
    if (zone->id >= CELLAR_THREAD_NOWN) { /* a zone of the program: its drains are asked for otherwise */
        return;
    }
    memcpy(before, thread->singles, sizeof before);
    thread->singles[nkept++] = (uint8_t)zone->id;
    for (size_t i = 0; i < CELLAR_THREAD_NSINGLES && before[i] != 0; i++) {
        struct cellar__cache *cache = &thread->caches[before[i]];
        if (before[i] == zone->id || cache->loaded == NULL) {
            continue;
        }
        struct cellar__zone *other = cellar__zone_get(before[i]);
        if (nkept < CELLAR_THREAD_NSINGLES && bytes + other->attr.size <= CELLAR_SINGLE_BYTES) {
            bytes += other->attr.size;
            thread->singles[nkept++] = before[i];
        } else {
            cellar__zone_evict(other, thread);
        }
    }
    memset(thread->singles + nkept, 0, CELLAR_THREAD_NSINGLES - nkept);
}
