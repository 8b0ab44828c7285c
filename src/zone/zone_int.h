/* What the files of the zone level share of a zone. */
#ifndef CELLAR_ZONE_ZONE_INT_H
#define CELLAR_ZONE_ZONE_INT_H

#include "zone/zone.h"

/* The zone as it begins, but for its id. */
void cellar__zone_fill(struct cellar__zone *zone, const struct cellar__zone_attr *attr);

/* Gives a bucket's items to the backend and the bucket to its pool. */
void cellar__zone_empty_bucket(struct cellar__zone *zone, struct cellar__bucket *bucket);

/* Takes the loaded bucket out of the calling thread's cache and hands it over. */
void cellar__zone_evict(struct cellar__zone *zone, struct cellar__thread *thread);

/* Enters the zone in the table. Under cellar__threads_lock, or before there is a second thread. */
void cellar__zone_set_entry(unsigned id, struct cellar__zone *zone);

/* Leaves a bucket to the depot, or its items to the backend when the depot is full. NULL is ignored. */
void cellar__zone_hand_over(struct cellar__zone *zone, struct cellar__bucket *bucket);

/* Empties the calling thread's cache into the backend; its buckets go back to their pool. */
void cellar__zone_drain_to_backend(struct cellar__zone *zone, struct cellar__thread *thread,
                                   struct cellar__cache *cache);

/* The loaded bucket of the calling thread's cache, empty or missing, becomes as large as the cache has earned. */
void cellar__zone_grow_loaded(struct cellar__zone *zone, struct cellar__thread *thread,
                              struct cellar__cache *cache);

/* An item that lies on top already was freed twice: it must not go on to the backend. */
void cellar__zone_check_top(const struct cellar__zone *zone, void *const *top, void *const *floor,
                            const void *item);

#endif
