#include "meta/meta.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/bits.h"
#include "meta/meta_int.h"
#include "os/os.h"
#include "submap/submap.h"

/* 31-bit refs of 8-byte units reach 16 GiB; segments keep a flag in the 32nd bit. */
#define META_REGION_MAX (((size_t)16 << 30) - ((size_t)1 << 20))
#define META_REGION_MIN ((size_t)1 << 20)

struct cellar__lock cellar__meta_lock = CELLAR_LOCK_INIT(CELLAR_RANK_META);
char *cellar__meta_base;

static struct cellar__submap meta_region;
static size_t meta_bump; /* bytes from the region's begin; under the lock */
static size_t meta_used;
static size_t meta_stretch_bytes;
static struct cellar__meta_lists meta_free;

/* A limited process gives metadata a thirty-second of its addresses: descriptors are 1 to 3% of a heap. */
static size_t meta_region_size(void)
{
    size_t limit = cellar__os_machine()->address_limit;
    size_t size =
        limit == SIZE_MAX ? META_REGION_MAX : cellar__clamp(limit / 32, META_REGION_MIN, META_REGION_MAX);
    return cellar__round_up(size, cellar__os_machine()->page_size);
}

static int meta_reserve(void)
{
    size_t page_size = cellar__os_machine()->page_size;
    struct cellar__submap whole;
    int status = cellar__submap_reserve(&whole, "cellar meta", meta_region_size() + 2 * page_size,
                                        META_REGION_MIN / 4, page_size, NULL);
    if (status != 0) {
        return status;
    }
    meta_region = (struct cellar__submap){.base = whole.base + page_size,
                                          .size = cellar__round_down(whole.size, page_size) - 2 * page_size,
                                          .name = whole.name};
    cellar__meta_base = meta_region.base - CELLAR_META_UNIT;
    return 0;
}

/* Under the lock, although it makes a system call: a second thread that begins is to wait for the first. */
int cellar__meta_init(void)
{
    cellar__lock_acquire(&cellar__meta_lock);
    int status = cellar__meta_base == NULL ? meta_reserve() : 0;
    cellar__lock_release(&cellar__meta_lock);
    return status;
}

static size_t meta_block_size(size_t size)
{
    if (size <= CELLAR_META_SMALL_MAX) {
        return cellar__round_up(size == 0 ? 1 : size, CELLAR_META_UNIT);
    }
    return (size_t)1 << cellar__lg_ceil(size);
}

size_t cellar__meta_small_size(size_t i)
{
    return i * CELLAR_META_UNIT;
}

size_t cellar__meta_large_size(size_t i)
{
    return (size_t)1 << i;
}

static struct cellar__meta_free **meta_list(size_t block_size)
{
    return block_size <= CELLAR_META_SMALL_MAX ? &meta_free.small[block_size / CELLAR_META_UNIT]
                                               : &meta_free.large[cellar__lg_floor(block_size)];
}

static void meta_push_locked(struct cellar__meta_free *block, size_t block_size)
{
    struct cellar__meta_free **list = meta_list(block_size);
    block->next = *list;
    *list = block;
}

/* Cut off the end of the first stretch that is long enough; NULL when none is. What is left of it is a stretch or a block. */
static void *meta_cut_locked(size_t block_size)
{
    for (struct cellar__meta_free **link = &meta_free.stretches; *link != NULL; link = &(*link)->next) {
        struct cellar__meta_free *stretch = *link;
        if (stretch->size < block_size) {
            continue;
        }
        stretch->size -= block_size;
        meta_stretch_bytes -= block_size;
        size_t rest = stretch->size;
        if (rest <= CELLAR_META_SMALL_MAX) {
            *link = stretch->next;
            meta_stretch_bytes -= rest;
        }
        if (rest != 0 && rest <= CELLAR_META_SMALL_MAX) {
            meta_push_locked(stretch, rest);
        }
        return (char *)stretch + rest;
    }
    return NULL;
}

/* From the free list, a stretch, or the bump pointer; *ret_stale says whether it has to be zeroed. */
static void *meta_take_locked(size_t block_size, bool *ret_stale)
{
    struct cellar__meta_free **list = meta_list(block_size);
    void *block = *list;
    *ret_stale = true;
    if (block != NULL) {
        *list = (*list)->next;
    } else if (meta_free.stretches != NULL) {
        block = meta_cut_locked(block_size);
    }
    if (block == NULL &&
        meta_bump + block_size <= __atomic_load_n(&meta_region.committed, __ATOMIC_ACQUIRE)) {
        block = meta_region.base + meta_bump;
        meta_bump += block_size;
        *ret_stale = false;
    }
    meta_used += block == NULL ? 0 : block_size;
    return block;
}

void *cellar__meta_alloc(size_t size)
{
    if (size > meta_region.size) {
        return NULL;
    }
    size_t block_size = meta_block_size(size);
    for (;;) {
        bool stale = false;
        cellar__lock_acquire(&cellar__meta_lock);
        void *block = meta_take_locked(block_size, &stale);
        size_t end = meta_bump + block_size;
        cellar__lock_release(&cellar__meta_lock);
        if (block != NULL) {
            return stale ? memset(block, 0, block_size) : block;
        }
        if (end > meta_region.size || cellar__submap_commit(&meta_region, end) != 0) {
            return NULL;
        }
    }
}

void cellar__meta_free(void *block, size_t size)
{
    if (block == NULL) {
        return;
    }
    CELLAR_ASSERT(cellar__submap_contains(&meta_region, block));
    size_t block_size = meta_block_size(size);
    cellar__lock_acquire(&cellar__meta_lock);
    meta_push_locked(block, block_size);
    meta_used -= block_size;
    cellar__lock_release(&cellar__meta_lock);
}

void cellar__meta_detach(struct cellar__meta_lists *ret_lists)
{
    cellar__lock_acquire(&cellar__meta_lock);
    *ret_lists = meta_free;
    meta_free = (struct cellar__meta_lists){0};
    meta_stretch_bytes = 0;
    cellar__lock_release(&cellar__meta_lock);
}

void cellar__meta_attach(struct cellar__meta_free *blocks, struct cellar__meta_free *stretches)
{
    struct cellar__meta_free *next;
    cellar__lock_acquire(&cellar__meta_lock);
    for (; blocks != NULL; blocks = next) {
        next = blocks->next;
        meta_push_locked(blocks, blocks->size);
    }
    for (; stretches != NULL; stretches = next) {
        next = stretches->next;
        stretches->next = meta_free.stretches;
        meta_free.stretches = stretches;
        meta_stretch_bytes += stretches->size;
    }
    cellar__lock_release(&cellar__meta_lock);
}

void cellar__meta_usage(struct cellar__meta_usage *ret_usage)
{
    cellar__lock_acquire(&cellar__meta_lock);
    *ret_usage = (struct cellar__meta_usage){
        .reserved = meta_region.size, .used = meta_used, .touched = meta_bump - meta_stretch_bytes};
    cellar__lock_release(&cellar__meta_lock);
}
