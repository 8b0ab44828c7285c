/* item: allocation and free of a zone's items the general way, with all that a zone can have. */
#ifndef CELLAR_ZONE_ITEM_H
#define CELLAR_ZONE_ITEM_H

#include "zone/limit.h"
#include "zone/user.h"

#define CELLAR_ITEM_FLAGS                                                                                    \
    (CELLAR_ZONE_ZERO | CELLAR_ZONE_NOFAIL | CELLAR_ZONE_NOWAIT | CELLAR_ZONE_USE_RESERVE)

/* An item, or NULL with the request's error. */
void *cellar__item_alloc(struct cellar_zone *zone, struct cellar__request *request);

/*
 * Up to n items; 0 with the request's error. NOFAIL means all of them.
 */
size_t cellar__item_alloc_batch(struct cellar_zone *zone, void **items, size_t n,
                                struct cellar__request *request);

/* The one place where it is decided what becomes of an item that the program frees. NULL is ignored. */
void cellar__item_free(struct cellar_zone *zone, void *item, void *arg);

void cellar__item_free_batch(struct cellar_zone *zone, void **items, size_t n, void *arg);

#endif
