/*
 * depot: where threads exchange whole buckets of one zone, by pointer and without a lock.
 * The bound is on items and approximate by the buckets that are on their way in at one moment.
 */
#ifndef CELLAR_BUCKET_DEPOT_H
#define CELLAR_BUCKET_DEPOT_H

#include <stdbool.h>

#include "bucket/bucket.h"

struct cellar__depot {
    struct cellar__bucket_stack stack;
    uint32_t nitems; /* atomic */
    uint32_t nbuckets;
    uint32_t low_items;   /* the fewest since the last trim */
    uint32_t max_items;   /* atomic; changed by who owns the depot */
    uint32_t max_buckets; /* constant */
};

/* Leaves a bucket that holds items. False, with the bucket still the caller's, when the depot is full and it is not to go beyond. */
bool cellar__depot_put(struct cellar__depot *depot, struct cellar__bucket *bucket, bool beyond);

/* A bucket that holds items, or NULL. */
struct cellar__bucket *cellar__depot_get(struct cellar__depot *depot);

/* Starts a new interval for low_items. The items that lay unused all through the one before. */
size_t cellar__depot_idle(struct cellar__depot *depot);

size_t cellar__depot_nitems(const struct cellar__depot *depot);

/* Whether a bucket was left to any depot since the last call. */
bool cellar__depot_take_news(void);

#endif
