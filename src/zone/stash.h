/*
 * stash: an empty bucket of each smaller size, at a thread's hand.
 *
 *   bucket emptied -- put --> [ 64 | 128 | 256 | 512 bytes ] -- get --> bucket to fill
 *                               full?  |          ^  empty?
 *                                      +-> pool --+        (bucket/bucket.h)
 *
 * A thread that takes buckets from a depot and leaves others there empties as many as it fills. Without the stash each of
 * these steps would write the line of the pools, which all threads write.
 *
 * Invariants:
 *   E1  a place is NULL or a bucket of its size, which nobody else has. It is exchanged, so that a signal handler that comes
 *       between finds it empty or full.
 *
 * Locks: none; the places are the calling thread's own. A thread whose record is detached, or that has none, goes to the pools.
 */
#ifndef CELLAR_ZONE_STASH_H
#define CELLAR_ZONE_STASH_H

#include "zone/thread.h"

/* An empty bucket, as cellar__bucket_get. */
struct cellar__bucket *cellar__stash_get(unsigned lg_size, size_t capacity);

/* Takes an empty bucket. NULL is ignored. */
void cellar__stash_put(struct cellar__bucket *bucket);

/* The thread ends: what it has goes to the pools. */
void cellar__stash_end(struct cellar__thread *thread);

#endif
