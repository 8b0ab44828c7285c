/* The arena's store of tags, filled from meta before the lock is taken so that nothing allocates under it. */
#include <errno.h>

#include "arena/arena_int.h"
#include "base/assert.h"
#include "meta/meta.h"

/* Tags a chunk, less the chunk's own link: 1,536 bytes of 24-byte tags fill 24 lines without waste. */
#define TAG_CHUNK_NTAGS 64

struct tag_chunk {
    struct tag_chunk *next;
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
    for (size_t i = 1; i < TAG_CHUNK_NTAGS; i++) {
        cellar__arena_drop_tag(arena, (void *)((char *)chunk + i * arena->attr.fit->seg_size));
    }
}

int cellar__arena_lock(struct cellar__arena *arena)
{
    cellar__lock_acquire(&arena->lock);
    for (;;) {
        size_t wanted = cellar__arena_hash_wants_block(&arena->hash);
        bool short_of_tags = arena->nspare < CELLAR_ARENA_SPARES;
        bool hash_is_empty = arena->hash.nblocks == 0;
        if (CELLAR_LIKELY(!short_of_tags && wanted == 0)) {
            return 0;
        }
        cellar__lock_release(&arena->lock);
        void *chunk = short_of_tags ? cellar__meta_alloc(tag_chunk_size(arena)) : NULL;
        void *block = wanted != 0 ? cellar__meta_alloc(wanted) : NULL;
        if ((short_of_tags && chunk == NULL) || (hash_is_empty && block == NULL)) {
            cellar__meta_free(block, wanted);
            cellar__meta_free(chunk, tag_chunk_size(arena));
            return -ENOMEM;
        }
        cellar__lock_acquire(&arena->lock);
        if (chunk != NULL) {
            tag_add_chunk(arena, chunk);
        }
        if (block != NULL && cellar__arena_hash_wants_block(&arena->hash) == wanted) {
            cellar__arena_hash_give_block(&arena->hash, block);
        } else if (block != NULL) { /* another thread was faster */
            cellar__meta_free(block, wanted);
        } else if (arena->nspare >=
                   CELLAR_ARENA_SPARES) { /* no memory for the hash to grow: it works as it is */
            return 0;
        }
    }
}

struct cellar__segment *cellar__arena_take_tag(struct cellar__arena *arena)
{
    struct cellar__segment *seg = arena->spare;
    CELLAR_ASSERT(seg != NULL);
    arena->spare = seg->link[0] == 0 ? NULL : cellar__segment_get(seg->link[0]);
    arena->nspare--;
    *seg = (struct cellar__segment){0};
    return seg;
}

void cellar__arena_drop_tag(struct cellar__arena *arena, struct cellar__segment *seg)
{
    seg->link[0] = cellar__meta_ref(arena->spare);
    arena->spare = seg;
    arena->nspare++;
}

void cellar__arena_fini(struct cellar__arena *arena)
{
    struct tag_chunk *chunk = arena->chunks;
    while (chunk != NULL) {
        struct tag_chunk *next = chunk->next;
        cellar__meta_free(chunk, tag_chunk_size(arena));
        chunk = next;
    }
    cellar__arena_hash_fini(&arena->hash);
    if (arena->attr.fit->fini != NULL) {
        arena->attr.fit->fini(&arena->fit);
    }
    *arena = (struct cellar__arena){.attr = arena->attr};
}
