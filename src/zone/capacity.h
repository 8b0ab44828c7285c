/*
 * capacity: how many items the buckets of a thread's cache hold.
 *
 * A zone has a bound in bytes for its buckets and one for its depot. Below it a cache earns its capacity by use, so that a thread that
 * allocates little keeps little; and what all threads keep together is bounded, so that many keep less each.
 */
#ifndef CELLAR_ZONE_CAPACITY_H
#define CELLAR_ZONE_CAPACITY_H

#include "bucket/cache.h"
#include "zone/zone.h"

/* Sets the bounds of the zone's buckets and depot, by the size of its items. */
void cellar__capacity_init(struct cellar__zone *zone);

/*
 * Items that a bucket may hold now. What all threads keep to themselves is bounded: beyond a few of them, and two a CPU,
 * a bucket's bytes are halved at each doubling, and an item that is too large for that has no bucket (ADR 0020).
 */
uint32_t cellar__capacity_max(const struct cellar__zone *zone);

/*
 * What the cache's next bucket is to hold: a few items at first, then twice as many as the one before, but by no more
 * than some KiB more, so that a thread that is soon idle keeps little (ADR 0023). 0: large items have no bucket until the
 * thread has asked for some.
 */
uint32_t cellar__capacity_next(const struct cellar__zone *zone, struct cellar__cache *cache);

#endif
