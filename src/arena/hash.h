/*
 * The hash of an arena's allocated segments, by base. Private to the arena level.
 *
 * Linear hashing (Litwin, VLDB 1980): the table grows by one bucket at a time, splitting the bucket whose turn
 * it is, so no insertion is ever slow and nothing has to be done periodically. The buckets lie in a directory of
 * blocks that double, so they never move. When no memory is to be had for the next block the table stops growing
 * and chains get longer; nothing fails.
 *
 * The owner's lock protects the hash. Memory is prepared before that lock is taken: call wants_block, allocate
 * the block of that size, and hand it over with give_block under the lock.
 */
#ifndef CELLAR_ARENA_HASH_H
#define CELLAR_ARENA_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena/segment.h"
#include "base/attr.h"
#include "base/bits.h"

#define CELLAR_ARENA_HASH_LG_FIRST 4 /* the first block has 16 buckets; block i > 0 has 16 << (i - 1) */
#define CELLAR_ARENA_HASH_LOAD 1     /* segments a bucket before the next is split: 4 bytes a segment */
#define CELLAR_ARENA_HASH_NBLOCKS 27 /* 16 << 26 buckets: more than 31-bit refs can fill */

struct cellar__arena_hash {
    uintptr_t biased[CELLAR_ARENA_HASH_NBLOCKS];
    uint32_t *blocks[CELLAR_ARENA_HASH_NBLOCKS];
    uint32_t nblocks;
    uint32_t nbuckets;
    uint32_t mask; /* the least power of two that is not below nbuckets, less 1 */
    uint32_t nsegments;
    uint32_t wants_from; /* segments from which on the next block is wanted */
};

/* One bucket for each base. One multiplication mixes what the fold has brought into the lower half. */
CELLAR_INLINE uint32_t cellar__arena_hash_index(const struct cellar__arena_hash *hash, uint64_t base)
{
    uint32_t mixed = (uint32_t)(((base ^ base >> 32) * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
    uint32_t index = mixed & hash->mask;
    return index < hash->nbuckets ? index : index & hash->mask >> 1;
}

/*
 * Block 0 begins with bucket 0, every other with the bucket of a power of two; biased holds where bucket 0 would lie if
 * each block began there, as a number, for it is no address of the block.
 */
CELLAR_INLINE uint32_t *cellar__arena_hash_bucket(const struct cellar__arena_hash *hash, uint32_t index)
{
    unsigned lg = cellar__lg_floor(index | 1u << (CELLAR_ARENA_HASH_LG_FIRST - 1));
    uintptr_t begin = hash->biased[lg - (CELLAR_ARENA_HASH_LG_FIRST - 1)];
    return (uint32_t *)(begin + index * sizeof(uint32_t)); // NOLINT(performance-no-int-to-ptr)
}

/*
 * The link, a bucket or in a segment, that leads to the segment with that base: take it out by writing the segment's own
 * link there. A link to nothing (0) when there is none. Some block must have been given.
 */
CELLAR_INLINE uint32_t *cellar__arena_hash_link(const struct cellar__arena_hash *hash, uint64_t base)
{
    uint32_t *link = cellar__arena_hash_bucket(hash, cellar__arena_hash_index(hash, base));
    while (*link != 0) {
        struct cellar__segment *seg = cellar__segment_get(*link);
        if (CELLAR_LIKELY(seg->base == base)) {
            break;
        }
        link = &seg->link[0];
    }
    return link;
}

/* Adds a bucket, and moves there what now belongs to it. */
void cellar__arena_hash_split(struct cellar__arena_hash *hash);

/* Whether the hash would like to get a block, and bytes of it, or 0. */
CELLAR_INLINE bool cellar__arena_hash_wants(const struct cellar__arena_hash *hash)
{
    return hash->nsegments >= hash->wants_from;
}
size_t cellar__arena_hash_wants_block(const struct cellar__arena_hash *hash);
void cellar__arena_hash_give_block(struct cellar__arena_hash *hash, void *block);
void cellar__arena_hash_fini(struct cellar__arena_hash *hash);

CELLAR_INLINE void cellar__arena_hash_insert(struct cellar__arena_hash *hash, struct cellar__segment *seg)
{
    uint32_t *bucket = cellar__arena_hash_bucket(hash, cellar__arena_hash_index(hash, seg->base));
    seg->link[0] = *bucket;
    *bucket = cellar__meta_ref(seg);
    hash->nsegments++;
    if (CELLAR_UNLIKELY(hash->nsegments > CELLAR_ARENA_HASH_LOAD * (size_t)hash->nbuckets)) {
        cellar__arena_hash_split(hash);
    }
}

/* The segment with that base, or NULL. */
struct cellar__segment *cellar__arena_hash_find(const struct cellar__arena_hash *hash, uint64_t base);

/* The segment with that base, taken out, or NULL. */
struct cellar__segment *cellar__arena_hash_remove(struct cellar__arena_hash *hash, uint64_t base);

/* Bytes of the blocks. */
size_t cellar__arena_hash_metadata(const struct cellar__arena_hash *hash);

/* Whether every chain holds segments that belong there and their number is right. */
bool cellar__arena_hash_check(const struct cellar__arena_hash *hash);

#endif
