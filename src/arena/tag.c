/* The arena's store of tags, filled from meta before the lock is taken so that nothing allocates under it. */
#include <errno.h>

#include "arena/arena_int.h"
#include "meta/meta.h"
#include "os/os.h"

/* Tags a chunk, less the chunk's own link: 1,536 bytes of 24-byte tags fill 24 lines without waste. */
#define TAG_CHUNK_NTAGS 64

#if CELLAR_DEBUG
__thread uint64_t cellar__segment_ntouches;
#endif

struct tag_chunk {
    struct tag_chunk *next;
};

/* What the arena is short of, and the memory for it. */
struct tag_supply {
    size_t chunk_size; /* 0: not wanted */
    size_t block_size;
    void *chunk;
    void *block;
};

static size_t tag_chunk_size(const struct cellar__arena *arena)
{
    return TAG_CHUNK_NTAGS * arena->attr.fit->seg_size;
}

/* The first tag's room holds the chunk's link. */
static void tag_add_chunk(struct cellar__arena *arena, struct tag_chunk *chunk)
{
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->nchunks++;
    for (size_t i = 1; i < TAG_CHUNK_NTAGS; i++) {
        cellar__arena_drop_tag(arena, (void *)((char *)chunk + i * arena->attr.fit->seg_size));
    }
}

static struct tag_supply tag_wanted(const struct cellar__arena *arena)
{
    return (struct tag_supply){.chunk_size = arena->nspare < arena->min_spare ? tag_chunk_size(arena) : 0,
                               .block_size = cellar__arena_hash_wants_block(&arena->hash)};
}

/* From meta, with signals blocked: a handler that leaves by a longjmp must not leave meta locked. */
static void tag_fetch(struct tag_supply *supply)
{
    uint64_t mask = cellar__os_signals_block();
    supply->chunk = supply->chunk_size != 0 ? cellar__meta_alloc(supply->chunk_size) : NULL;
    supply->block = supply->block_size != 0 ? cellar__meta_alloc(supply->block_size) : NULL;
    cellar__os_signals_restore(mask);
}

static void tag_accept(struct cellar__arena *arena, const struct tag_supply *supply)
{
    if (supply->chunk != NULL) {
        tag_add_chunk(arena, supply->chunk);
    }
    if (supply->block != NULL && cellar__arena_hash_wants_block(&arena->hash) == supply->block_size) {
        cellar__arena_hash_give_block(&arena->hash, supply->block);
    } else { /* another thread was faster */
        cellar__meta_free(supply->block, supply->block_size);
    }
}

CELLAR_NOINLINE int cellar__arena_supply(struct cellar__arena *arena)
{
    for (;;) {
        struct tag_supply supply = tag_wanted(arena);
        if (supply.chunk_size == 0 && supply.block_size == 0) {
            return 0;
        }
        cellar__arena_leave(arena);
        tag_fetch(&supply);
        cellar__arena_enter(arena);
        tag_accept(arena, &supply);
        bool needs_tags = supply.chunk_size != 0 && supply.chunk == NULL;
        if ((needs_tags && tag_wanted(arena).chunk_size != 0) || arena->hash.nblocks == 0) {
            cellar__arena_leave(arena);
            return -ENOMEM;
        }
        if (supply.block_size != 0 && supply.block == NULL && tag_wanted(arena).chunk_size == 0) {
            return 0; /* no memory for the hash to grow: it works as it is */
        }
    }
}

size_t cellar__arena_metadata(const struct cellar__arena *arena)
{
    return arena->nchunks * tag_chunk_size(arena) + cellar__arena_hash_metadata(&arena->hash) +
           arena->attr.fit->table_size;
}

void cellar__arena_free_tags(struct cellar__arena *arena)
{
    struct tag_chunk *chunk = arena->chunks;
    while (chunk != NULL) {
        struct tag_chunk *next = chunk->next;
        cellar__meta_free(chunk, tag_chunk_size(arena));
        chunk = next;
    }
}
