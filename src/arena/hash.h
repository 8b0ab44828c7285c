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

#define CELLAR_ARENA_HASH_NBLOCKS 27 /* 16 << 26 buckets: more than 31-bit refs can fill */

struct cellar__arena_hash {
    uint32_t *blocks[CELLAR_ARENA_HASH_NBLOCKS];
    uint32_t nblocks;
    uint32_t nbuckets;
    uint32_t nsegments;
};

/* Bytes of the block that the hash would like to get now, or 0. */
size_t cellar__arena_hash_wants_block(const struct cellar__arena_hash *hash);
void cellar__arena_hash_give_block(struct cellar__arena_hash *hash, void *block);
void cellar__arena_hash_fini(struct cellar__arena_hash *hash);

void cellar__arena_hash_insert(struct cellar__arena_hash *hash, struct cellar__segment *seg);

/* The segment with that base, or NULL. */
struct cellar__segment *cellar__arena_hash_find(const struct cellar__arena_hash *hash, uint64_t base);

/* The segment with that base, taken out, or NULL. */
struct cellar__segment *cellar__arena_hash_remove(struct cellar__arena_hash *hash, uint64_t base);

/* Bytes of the blocks. */
size_t cellar__arena_hash_metadata(const struct cellar__arena_hash *hash);

/* Whether every chain holds segments that belong there and their number is right. */
bool cellar__arena_hash_check(const struct cellar__arena_hash *hash);

#endif
