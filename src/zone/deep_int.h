/* What the files of deep share: deep.c passes items between the two buckets, deep_room.c gives the previous one its room. */
#ifndef CELLAR_ZONE_DEEP_INT_H
#define CELLAR_ZONE_DEEP_INT_H

#include "zone/deep.h"

/* How much the thread's previous buckets may hold now. */
void cellar__deep_look(struct cellar__thread *thread);

/* They hold so many bytes more, or fewer. When it is much, it is told to all, and looked at. */
void cellar__deep_count(struct cellar__thread *thread, ptrdiff_t more);

/* Items that a previous bucket holds that is not deep, while memory may wait. */
size_t cellar__deep_few(const struct cellar__zone *zone, const struct cellar__cache *cache);

/* The most items that the previous bucket may hold now, whatever its capacity. */
size_t cellar__deep_max_items(const struct cellar__zone *zone, const struct cellar__thread *thread,
                              const struct cellar__cache *cache);

#endif
