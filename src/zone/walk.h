/* walk: what lies where. Exact when no other thread uses the zone meanwhile. */
#ifndef CELLAR_ZONE_WALK_H
#define CELLAR_ZONE_WALK_H

#include "zone/user.h"

/* As cellar_zone_walk, cellar_zone_find_owner and cellar_zone_get_usage. */
int cellar__walk_items(struct cellar_zone *zone,
                       int (*visit)(void *item, enum cellar_zone_state state, void *ctx), void *ctx);
int cellar__walk_find_owner(const void *addr, struct cellar_zone_owner *ret_owner);
void cellar__walk_stats(struct cellar_zone *zone, struct cellar_zone_usage *ret_usage);

/* Items with the program. */
size_t cellar__walk_used(struct cellar_zone *zone);

#endif
