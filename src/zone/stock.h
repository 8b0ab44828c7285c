/* stock: the reserve of a zone, items that lie ready for when memory is out. */
#ifndef CELLAR_ZONE_STOCK_H
#define CELLAR_ZONE_STOCK_H

#include "zone/user.h"

/* Makes the reserve so large, and fills or empties it. 0, -EINVAL, -ENOMEM with the reserve as it was. */
int cellar__stock_set(struct cellar_zone *zone, size_t nitems);

/* An item of the reserve, or NULL. */
void *cellar__stock_take(struct cellar_zone *zone);

/* Keeps an item that the program has freed. False when the reserve is full. */
bool cellar__stock_put(struct cellar_zone *zone, void *item);

#endif
