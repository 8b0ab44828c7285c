#include "arena/hash.h"

#include "base/assert.h"
#include "base/bits.h"
#include "base/hash.h"

#define HASH_LG_FIRST 4 /* the first block has 16 buckets; block i > 0 has 16 << (i - 1) */
#define HASH_LOAD 2     /* segments a bucket before the next bucket is split: 2 bytes a segment */

static size_t hash_block_buckets(uint32_t block)
{
    return (size_t)1 << (block == 0 ? HASH_LG_FIRST : HASH_LG_FIRST + block - 1);
}

/* Buckets that the blocks at hand can hold. */
static size_t hash_capacity(const struct cellar__arena_hash *hash)
{
    return hash->nblocks == 0 ? 0 : (size_t)1 << (HASH_LG_FIRST + hash->nblocks - 1);
}

static uint32_t *hash_bucket(const struct cellar__arena_hash *hash, size_t index)
{
    uint32_t block = index >> HASH_LG_FIRST == 0 ? 0 : cellar__lg_floor(index >> HASH_LG_FIRST) + 1;
    return &hash->blocks[block][block == 0 ? index : index - hash_block_buckets(block)];
}

static size_t hash_index(const struct cellar__arena_hash *hash, uint64_t base)
{
    uint64_t mixed = cellar__hash_mix(base);
    unsigned lg = cellar__lg_ceil(hash->nbuckets);
    size_t index = mixed & ((UINT64_C(1) << lg) - 1);
    return index < hash->nbuckets ? index : index & ((UINT64_C(1) << (lg - 1)) - 1);
}

size_t cellar__arena_hash_wants_block(const struct cellar__arena_hash *hash)
{
    bool full = hash->nblocks == 0 || (size_t)hash->nsegments + HASH_LOAD >= HASH_LOAD * hash_capacity(hash);
    return full && hash->nblocks < CELLAR_ARENA_HASH_NBLOCKS
               ? hash_block_buckets(hash->nblocks) * sizeof(uint32_t)
               : 0;
}

void cellar__arena_hash_give_block(struct cellar__arena_hash *hash, void *block)
{
    hash->blocks[hash->nblocks++] = block;
    if (hash->nblocks == 1) {
        hash->nbuckets = 1u << HASH_LG_FIRST;
    }
}

void cellar__arena_hash_fini(struct cellar__arena_hash *hash)
{
    for (uint32_t block = 0; block < hash->nblocks; block++) {
        cellar__meta_free(hash->blocks[block], hash_block_buckets(block) * sizeof(uint32_t));
    }
    *hash = (struct cellar__arena_hash){0};
}

/* Adds bucket `nbuckets` and moves there what of its elder's chain now belongs to it. */
static void hash_split(struct cellar__arena_hash *hash)
{
    size_t elder_index = hash->nbuckets - (UINT64_C(1) << cellar__lg_floor(hash->nbuckets));
    size_t new_index = hash->nbuckets++;
    uint32_t *elder = hash_bucket(hash, elder_index);
    uint32_t *young = hash_bucket(hash, new_index);
    uint32_t ref = *elder;
    *elder = 0;
    *young = 0;
    while (ref != 0) {
        struct cellar__segment *seg = cellar__segment_get(ref);
        uint32_t next = seg->link[0];
        uint32_t *bucket = hash_index(hash, seg->base) == new_index ? young : elder;
        seg->link[0] = *bucket;
        *bucket = ref;
        ref = next;
    }
}

void cellar__arena_hash_insert(struct cellar__arena_hash *hash, struct cellar__segment *seg)
{
    CELLAR_ASSERT(hash->nblocks > 0);
    uint32_t *bucket = hash_bucket(hash, hash_index(hash, seg->base));
    seg->link[0] = *bucket;
    *bucket = cellar__meta_ref(seg);
    hash->nsegments++;
    if (hash->nsegments > HASH_LOAD * (size_t)hash->nbuckets && hash->nbuckets < hash_capacity(hash)) {
        hash_split(hash);
    }
}

struct cellar__segment *cellar__arena_hash_find(const struct cellar__arena_hash *hash, uint64_t base)
{
    uint32_t ref = hash->nblocks == 0 ? 0 : *hash_bucket(hash, hash_index(hash, base));
    while (ref != 0 && cellar__segment_get(ref)->base != base) {
        ref = cellar__segment_get(ref)->link[0];
    }
    return ref == 0 ? NULL : cellar__segment_get(ref);
}

struct cellar__segment *cellar__arena_hash_remove(struct cellar__arena_hash *hash, uint64_t base)
{
    if (hash->nblocks == 0) {
        return NULL;
    }
    for (uint32_t *at = hash_bucket(hash, hash_index(hash, base)); *at != 0;) {
        struct cellar__segment *seg = cellar__segment_get(*at);
        if (seg->base == base) {
            *at = seg->link[0];
            hash->nsegments--;
            return seg;
        }
        at = &seg->link[0];
    }
    return NULL;
}

size_t cellar__arena_hash_metadata(const struct cellar__arena_hash *hash)
{
    return hash_capacity(hash) * sizeof(uint32_t);
}

bool cellar__arena_hash_check(const struct cellar__arena_hash *hash)
{
    size_t count = 0;
    for (size_t i = 0; i < hash->nbuckets; i++) {
        for (uint32_t ref = *hash_bucket(hash, i); ref != 0; ref = cellar__segment_get(ref)->link[0]) {
            const struct cellar__segment *seg = cellar__segment_get(ref);
            if (!seg->out || seg->last || hash_index(hash, seg->base) != i) {
                return false;
            }
            count++;
        }
    }
    return count == hash->nsegments;
}
