/*
 * bucket: an array of pointers to ready items of one zone.
 *
 * Items are pushed and popped at one end, so the item that was freed last, whose memory is warm, goes out first. A
 * free item itself is never touched. Buckets come in physical sizes of 64 bytes to 2 KiB (6 to 254 items); empty ones
 * wait in pools, one a size, and full ones in their zone's depot. Both are lock-free stacks, so that a thread that is
 * preempted in the middle of an exchange stalls nobody.
 *
 * Invariants:
 *   B1  count <= capacity <= cellar__bucket_room(lg_size).
 *   B2  a bucket is in one place: loaded or previous in one cache, on one stack, or in the hands of one thread.
 *   B3  a bucket's memory stays readable for ever (meta never unmaps), so that a pop may read the link of a bucket that
 *       another thread has just taken; the stack's tag makes such a pop fail.
 *
 * Source: magazines (Bonwick and Adams, USENIX 2001), by UMA's name; stacks as in Treiber, "Systems Programming:
 * Coping with Parallelism" (IBM 1986) with a version count against reuse.
 */
#ifndef CELLAR_BUCKET_BUCKET_H
#define CELLAR_BUCKET_BUCKET_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define CELLAR_BUCKET_LG_MIN 6
#define CELLAR_BUCKET_LG_MAX 11

struct cellar__bucket {
    uint32_t next; /* meta ref, while on a stack */
    uint16_t count;
    uint16_t capacity; /* items it may hold now, at most its room */
    uint16_t lg_size;  /* bytes of the whole bucket */
    uint16_t low; /* of a deep previous one: the fewest items since it was full last (zone/deep_room.c) */
    uint32_t unused;
    void *items[];
};

/* Items that a bucket of 2^lg_size bytes has room for. */
CELLAR_INLINE size_t cellar__bucket_room(unsigned lg_size)
{
    return (((size_t)1 << lg_size) - sizeof(struct cellar__bucket)) / sizeof(void *);
}

/* The smallest lg_size whose room is at least nitems, or CELLAR_BUCKET_LG_MAX. */
unsigned cellar__bucket_lg_size(size_t nitems);

/* A lock-free stack: the ref of the top bucket in the low half, a version in the high half. */
struct cellar__bucket_stack {
    uint64_t top;
};

void cellar__bucket_push(struct cellar__bucket_stack *stack, struct cellar__bucket *bucket);
struct cellar__bucket *cellar__bucket_pop(struct cellar__bucket_stack *stack);

/* An empty bucket from the pool or from meta, capacity set to at most `capacity`; NULL when memory is out. */
struct cellar__bucket *cellar__bucket_get(unsigned lg_size, size_t capacity);

/* An empty bucket, as one from the pool: its capacity set to at most `capacity`. */
void cellar__bucket_clear(struct cellar__bucket *bucket, size_t capacity);

/* Returns an empty bucket to its pool. NULL is ignored. */
void cellar__bucket_put(struct cellar__bucket *bucket);

/* Gives the empty buckets back to meta. With signals blocked. */
void cellar__bucket_trim(void);

#endif
