/*
 * single: items so large that a thread keeps one of a zone, and of all such zones together no more than a bound.
 *
 * A sleeping thread's buckets are out of everybody's reach. Two buckets of some items each, in a dozen zones of items up
 * to a MiB, would hold ten MiB after a spike. So in these zones (is_single) a bucket holds one item, no cache has a previous
 * bucket, and the buckets that were loaded last stay as far as CELLAR_SINGLE_BYTES goes: a program that works with blocks
 * of one size, or of some, meets its own again without leaving the fast path. The others go to their depots.
 */
#ifndef CELLAR_ZONE_SINGLE_H
#define CELLAR_ZONE_SINGLE_H

#include "zone/thread.h"
#include "zone/zone.h"

#define CELLAR_SINGLE_MIN ((size_t)64 << 10) /* items larger than this */
#define CELLAR_SINGLE_BYTES ((size_t)1 << 20)

/*
 * The thread, which is the caller's, has loaded a bucket of this zone, which is_single: buckets of others beyond the bound
 * leave its caches. An item larger than the bound stays alone.
 */
void cellar__single_bound(struct cellar__zone *zone, struct cellar__thread *thread);

#endif
