#include "arena/hash.h"

#include "base/assert.h"
#include "base/bits.h"

#define HASH_LG_FIRST CELLAR_ARENA_HASH_LG_FIRST
#define HASH_LOAD CELLAR_ARENA_HASH_LOAD

static size_t hash_block_buckets(uint32_t block)
{
    return (size_t)1 << (block == 0 ? HASH_LG_FIRST : HASH_LG_FIRST + block - 1);
}

/* Buckets that the blocks at hand can hold. */
static size_t hash_capacity(const struct cellar__arena_hash *hash)
{
    return hash->nblocks == 0 ? 0 : (size_t)1 << (HASH_LG_FIRST + hash->nblocks - 1);
}

size_t cellar__arena_hash_wants_block(const struct cellar__arena_hash *hash)
{
    return cellar__arena_hash_wants(hash) ? hash_block_buckets(hash->nblocks) * sizeof(uint32_t) : 0;
}

void cellar__arena_hash_give_block(struct cellar__arena_hash *hash, void *block)
{
    size_t first = hash->nblocks == 0 ? 0 : hash_block_buckets(hash->nblocks);
    hash->biased[hash->nblocks] = (uintptr_t)block - first * sizeof(uint32_t);
    hash->blocks[hash->nblocks++] = block;
    if (hash->nblocks == 1) {
        hash->nbuckets = 1u << HASH_LG_FIRST;
        hash->mask = hash->nbuckets - 1;
    }
    bool is_last = hash->nblocks == CELLAR_ARENA_HASH_NBLOCKS;
    hash->wants_from = is_last ? UINT32_MAX : (uint32_t)(HASH_LOAD * hash_capacity(hash) - HASH_LOAD);
}

void cellar__arena_hash_fini(struct cellar__arena_hash *hash)
{
    for (uint32_t block = 0; block < hash->nblocks; block++) {
        cellar__meta_free(hash->blocks[block], hash_block_buckets(block) * sizeof(uint32_t));
    }
    *hash = (struct cellar__arena_hash){0};
}

/* The new bucket is number nbuckets; what belongs there was in the chain of its elder. */
void cellar__arena_hash_split(struct cellar__arena_hash *hash)
{
    if (hash->nbuckets >= hash_capacity(hash)) { /* no memory for the next block: chains get longer */
        return;
    }
    uint32_t elder_index = hash->nbuckets - (1u << cellar__lg_floor(hash->nbuckets));
    uint32_t new_index = hash->nbuckets++;
    hash->mask |= hash->nbuckets - 1;
    uint32_t *elder = cellar__arena_hash_bucket(hash, elder_index);
    uint32_t *young = cellar__arena_hash_bucket(hash, new_index);
    uint32_t ref = *elder;
    *elder = 0;
    *young = 0;
    while (ref != 0) {
        struct cellar__segment *seg = cellar__segment_get(ref);
        uint32_t next = seg->link[0];
        uint32_t *bucket = cellar__arena_hash_index(hash, seg->base) == new_index ? young : elder;
        seg->link[0] = *bucket;
        *bucket = ref;
        ref = next;
    }
}

struct cellar__segment *cellar__arena_hash_find(const struct cellar__arena_hash *hash, uint64_t base)
{
    uint32_t ref = hash->nblocks == 0 ? 0 : *cellar__arena_hash_link(hash, base);
    return ref == 0 ? NULL : cellar__segment_get(ref);
}

struct cellar__segment *cellar__arena_hash_remove(struct cellar__arena_hash *hash, uint64_t base)
{
    uint32_t *link = hash->nblocks == 0 ? NULL : cellar__arena_hash_link(hash, base);
    if (link == NULL || *link == 0) {
        return NULL;
    }
    struct cellar__segment *seg = cellar__segment_get(*link);
    *link = seg->link[0];
    hash->nsegments--;
    return seg;
}

size_t cellar__arena_hash_metadata(const struct cellar__arena_hash *hash)
{
    return hash_capacity(hash) * sizeof(uint32_t);
}

bool cellar__arena_hash_check(const struct cellar__arena_hash *hash)
{
    size_t count = 0;
    for (uint32_t i = 0; i < hash->nbuckets; i++) {
        for (uint32_t ref = *cellar__arena_hash_bucket(hash, i); ref != 0;
             ref = cellar__segment_get(ref)->link[0]) {
            const struct cellar__segment *seg = cellar__segment_get(ref);
            if (!seg->out || seg->last || cellar__arena_hash_index(hash, seg->base) != i) {
                return false;
            }
            count++;
        }
    }
    return count == hash->nsegments;
}
