/* reclaim: giving free items back to slabs, and empty slabs to the heap. */
#ifndef CELLAR_ZONE_RECLAIM_H
#define CELLAR_ZONE_RECLAIM_H

#include "zone/user.h"

void cellar__reclaim_zone(struct cellar_zone *zone, enum cellar_zone_reclaim how);

/* Every zone of the program. */
void cellar__reclaim_all(enum cellar_zone_reclaim how);

#define CELLAR_RECLAIM_AT_ONCE ((size_t)256) /* threads: 96 cache lines each, read under the lock */

/* Atomic; only rises. */
extern CELLAR_HIDDEN bool cellar__reclaim_has_fence;

/*
 * Whether who steals has all threads fenced each time (os/thread.h), so that owners may take their previous buckets out without a
 * locked instruction. Not where the kernel cannot do it.
 */
CELLAR_INLINE bool cellar__reclaim_is_fenced(void)
{
    return __atomic_load_n(&cellar__reclaim_has_fence, __ATOMIC_ACQUIRE);
}

/*
 * Fences all threads, and says from now on that it is done, if the kernel can. False: it was done before, so that owners count
 * on it, and this time the kernel refuses.
 */
bool cellar__reclaim_fence(void);

/*
 * The zones of malloc: previous buckets that no thread has touched since it was looked at last go to the backends. A call looks
 * at so many threads, the next one at those behind them. Whether there are any that may go at a later call.
 */
bool cellar__reclaim_sleepers(void);

#endif
