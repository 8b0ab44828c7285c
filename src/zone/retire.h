/*
 * retire: free in a zone with an smr. The item goes to the smr as it is; once no reader can hold it, what is left of the
 * free is done: dtor, the bucket, the limit. Until then it counts as used.
 */
#ifndef CELLAR_ZONE_RETIRE_H
#define CELLAR_ZONE_RETIRE_H

#include "zone/user.h"

/*
 * Hands the item over; finish is called for it later, perhaps by another thread. Without memory for that, inside a
 * section, the item stays out for good, with a message.
 */
void cellar__retire_item(struct cellar_zone *zone, void *item, void (*finish)(void *item, void *zone));

/* Waits for readers and has everything finished that was freed so far. Does nothing inside a section. */
void cellar__retire_drain(struct cellar_zone *zone);

/* The same before the zone ends, and the smr is let go. Ends the process with a message inside a section. */
void cellar__retire_end(struct cellar_zone *zone);

#endif
