#include "meta/meta.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/bits.h"
#include "os/os.h"
#include "submap/submap.h"

#define META_UNIT 64u
#define META_SMALL_MAX                                                                                       \
    4096u /* up to here a free list for each multiple of the unit, above for each power of two */
/* 31-bit refs of 8-byte units reach 16 GiB; segments keep a flag in the 32nd bit. */
#define META_REGION_MAX (((size_t)16 << 30) - ((size_t)1 << 20))
#define META_REGION_MIN ((size_t)1 << 20)

struct meta_free_block {
    struct meta_free_block *next;
};

struct cellar__lock cellar__meta_lock = CELLAR_LOCK_INIT(CELLAR_RANK_META);
char *cellar__meta_base;

static struct cellar__submap meta_region;
static size_t meta_bump; /* bytes from the region's begin; under the lock */
static size_t meta_used;
static struct meta_free_block *meta_small[META_SMALL_MAX / META_UNIT + 1];
static struct meta_free_block *meta_large[64];

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
    cellar__meta_base = meta_region.base - META_UNIT;
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
    if (size <= META_SMALL_MAX) {
        return cellar__round_up(size == 0 ? 1 : size, META_UNIT);
    }
    return (size_t)1 << cellar__lg_ceil(size);
}

static struct meta_free_block **meta_free_list(size_t block_size)
{
    return block_size <= META_SMALL_MAX ? &meta_small[block_size / META_UNIT]
                                        : &meta_large[cellar__lg_floor(block_size)];
}

/* Takes a block from its free list or from the bump pointer; *ret_stale says whether it has to be zeroed. */
static void *meta_take_locked(size_t block_size, bool *ret_stale)
{
    struct meta_free_block **list = meta_free_list(block_size);
    struct meta_free_block *block = *list;
    if (block != NULL) {
        *list = block->next;
        *ret_stale = true;
    } else if (meta_bump + block_size <= __atomic_load_n(&meta_region.committed, __ATOMIC_ACQUIRE)) {
        block = (void *)(meta_region.base + meta_bump);
        meta_bump += block_size;
        *ret_stale = false;
    } else {
        return NULL;
    }
    meta_used += block_size;
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
    struct meta_free_block *node = block;
    size_t block_size = meta_block_size(size);
    cellar__lock_acquire(&cellar__meta_lock);
    struct meta_free_block **list = meta_free_list(block_size);
    node->next = *list;
    *list = node;
    meta_used -= block_size;
    cellar__lock_release(&cellar__meta_lock);
}

void cellar__meta_usage(struct cellar__meta_usage *ret_usage)
{
    cellar__lock_acquire(&cellar__meta_lock);
    *ret_usage =
        (struct cellar__meta_usage){.reserved = meta_region.size, .used = meta_used, .touched = meta_bump};
    cellar__lock_release(&cellar__meta_lock);
}
