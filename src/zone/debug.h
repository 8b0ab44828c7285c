/*
 * debug: what is done in a zone that is debugged. No bucket is filled, so each free comes to its slab; a freed item is
 * filled with poison and marked in its slab (keg/mark.c), and looked at when it goes out again, in whatever mode.
 */
#ifndef CELLAR_ZONE_DEBUG_H
#define CELLAR_ZONE_DEBUG_H

#include "zone/user.h"

void cellar__debug_set(struct cellar_zone *zone, bool on);

/* Ends the program unless the item is out. */
void cellar__debug_check_free(const struct cellar_zone *zone, const void *item);

/* Runs fini, poisons the item and gives it to its slab. */
void cellar__debug_free(struct cellar_zone *zone, void *item);

/* The keg's unmark: ends the program when the item was written since it was poisoned. */
void cellar__debug_unmark(struct cellar__keg *keg, void *item);

#endif
