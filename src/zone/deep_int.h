/* What the files of deep share: deep.c passes items between the two buckets, deep_room.c gives the previous one its room. */
#ifndef CELLAR_ZONE_DEEP_INT_H
#define CELLAR_ZONE_DEEP_INT_H

#include "zone/deep.h"

/* The thread tells the others what its previous buckets hold more than it has told, and looks how much they may hold. */
void cellar__deep_tell(struct cellar__thread *thread);

/* They hold so many bytes more, or fewer. */
CELLAR_INLINE void cellar__deep_count(struct cellar__thread *thread, ptrdiff_t more)
{
    thread->deep_bytes += more;
    if (CELLAR_UNLIKELY(thread->deep_bytes > thread->tell_bytes ||
                        thread->deep_bytes < -thread->tell_bytes)) {
        cellar__deep_tell(thread);
    }
}

/* Of cellar__deep_max_items, where other threads or the heap bound it. */
size_t cellar__deep_bound(const struct cellar__zone *zone, const struct cellar__thread *thread,
                          const struct cellar__cache *cache);

/* The most items that the previous bucket may hold now, whatever its capacity. */
CELLAR_INLINE size_t cellar__deep_max_items(const struct cellar__zone *zone,
                                            const struct cellar__thread *thread,
                                            const struct cellar__cache *cache)
{
    return CELLAR_LIKELY(thread->is_deep && !thread->is_bounded) ? SIZE_MAX
                                                                 : cellar__deep_bound(zone, thread, cache);
}

#endif
