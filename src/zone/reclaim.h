/* reclaim: giving free items back to slabs, and empty slabs to the heap. */
#ifndef CELLAR_ZONE_RECLAIM_H
#define CELLAR_ZONE_RECLAIM_H

#include "zone/user.h"

void cellar__reclaim_zone(struct cellar_zone *zone, enum cellar_zone_reclaim how);

/* Every zone of the program. */
void cellar__reclaim_all(enum cellar_zone_reclaim how);

/*
 * The zones of malloc: previous buckets that no thread has touched since the last call go to the backends; those of more
 * than some hundred threads stay, which is little each. Whether there are any that may go at the next call.
 */
bool cellar__reclaim_sleepers(void);

#endif
