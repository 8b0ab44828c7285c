/*
 * malloc: the entry points. Policy only: errno, the limits of arguments, and the two fast paths, which ask one
 * question each (is the bucket empty, is it full) and leave everything else to malloc/block.c.
 *
 *   malloc  size -> cache of its class in this thread's record -> top of the loaded bucket
 *   free    address -> page map tag = offset of the zone's cache in this thread's record -> top of the loaded bucket
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <cellar/malloc.h>

#include "base/bits.h"
#include "malloc/block.h"
#include "malloc/classes.h"
#include "malloc/fork.h"
#include "malloc/heap.h"
#include "malloc/options.h"
#include "malloc/root.h"
#include "malloc/stats.h"
#include "os/os.h"
#include "os/panic.h"
#include "submap/page_map.h"
#include "zone/thread.h"

const char *cellar_version(void)
{
    return CELLAR_VERSION;
}

/* Here, because a static link takes from the archive the object that defines malloc, and what it refers to. */
__attribute__((constructor)) static void malloc_attach(void)
{
    cellar__fork_register();
    cellar__root_publish();
}

/* Runs after the program's own exit handlers: a preloaded library is initialised before the program. */
__attribute__((destructor)) static void malloc_detach(void)
{
    cellar__stats_at_exit();
}

static CELLAR_COLD void *malloc_fail(void)
{
    errno = ENOMEM;
    return NULL;
}

/* Larger classes first: their cache too answers by one pop, only the class takes more than a table to find. */
static CELLAR_NOINLINE void *malloc_slow(size_t size)
{
    if (size > CELLAR_THREAD_SMALL_MAX && size <= CELLAR_CLASS_MAX) {
        void *ready = cellar__cache_pop(&cellar__self->caches[cellar__class_of(size)]);
        if (CELLAR_LIKELY(ready != NULL)) {
            return ready;
        }
    }
    void *block = size > PTRDIFF_MAX ? NULL : cellar__block_alloc(size);
    return CELLAR_LIKELY(block != NULL) ? block : malloc_fail();
}

CELLAR_API void *malloc(size_t size)
{
    struct cellar__thread *thread = cellar__self;
    if (CELLAR_LIKELY(size <= CELLAR_THREAD_SMALL_MAX)) {
        void *block = cellar__cache_pop(thread->by_size[(size + 15) / 16]);
        if (CELLAR_LIKELY(block != NULL)) {
            return block;
        }
    }
    return malloc_slow(size);
}

static CELLAR_NOINLINE void malloc_free_slow(void *block)
{
    cellar__block_free(block);
}

CELLAR_API void free(void *block)
{
    size_t granule = ((uintptr_t)block - cellar__page_map.base) >> CELLAR_LG_GRANULE;
    if (CELLAR_LIKELY(granule < cellar__page_map.ngranules)) {
        uint16_t tag = cellar__page_map.tags[granule];
        struct cellar__cache *cache = (struct cellar__cache *)((char *)cellar__self + tag);
        if (CELLAR_LIKELY(cellar__cache_push(cache, block))) {
            return;
        }
    }
    malloc_free_slow(block);
}

CELLAR_API void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX) {
        return malloc_fail();
    }
    if (CELLAR_LIKELY(bytes <= CELLAR_THREAD_SMALL_MAX)) {
        void *block = cellar__cache_pop(cellar__self->by_size[(bytes + 15) / 16]);
        if (CELLAR_LIKELY(block != NULL)) {
            return memset(block, 0, bytes);
        }
    }
    void *block = cellar__block_alloc_zero(bytes);
    return block != NULL ? block : malloc_fail();
}

/* realloc(p, 0) by the option zero_realloc: the block to return; *ret_done says whether that was all. */
static void *malloc_zero_realloc(void *block, bool *ret_done)
{
    *ret_done = true;
    switch (cellar__options_get()->zero_realloc) {
    case CELLAR_ZERO_REALLOC_FREE:
        free(block);
        return NULL;
    case CELLAR_ZERO_REALLOC_ABORT:
        cellar__panic("realloc(%p, 0): stopped by the option zero_realloc:abort", block);
    default:
        *ret_done = false;
        return NULL;
    }
}

CELLAR_API void *realloc(void *block, size_t size)
{
    if (block == NULL) {
        return malloc(size);
    }
    if (size == 0) {
        bool done;
        void *result = malloc_zero_realloc(block, &done);
        if (done) {
            return result;
        }
        size = 1;
    }
    void *resized = size > PTRDIFF_MAX ? NULL : cellar__block_resize(block, size);
    return resized != NULL ? resized : malloc_fail();
}

/* A power-of-two alignment; NULL when memory is out. */
static void *malloc_aligned(size_t align, size_t size)
{
    if (size > PTRDIFF_MAX || align > PTRDIFF_MAX) {
        return NULL;
    }
    return align <= 16 ? cellar__block_alloc(size) : cellar__block_alloc_aligned(size, align);
}

CELLAR_API void *aligned_alloc(size_t align, size_t size)
{
    if (!cellar__is_pow2(align)) {
        errno = EINVAL;
        return NULL;
    }
    void *block = malloc_aligned(align, size);
    return block != NULL ? block : malloc_fail();
}

CELLAR_API void *memalign(size_t align, size_t size)
{
    return aligned_alloc(align, size);
}

CELLAR_API int posix_memalign(void **ret_block, size_t align, size_t size)
{
    if (!cellar__is_pow2(align) || align % sizeof(void *) != 0) {
        return EINVAL;
    }
    void *block = malloc_aligned(align, size);
    if (block == NULL) {
        return ENOMEM;
    }
    *ret_block = block;
    return 0;
}

CELLAR_API void *reallocarray(void *block, size_t count, size_t size)
{
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? malloc_fail() : realloc(block, bytes);
}

CELLAR_API void *valloc(size_t size)
{
    return aligned_alloc(cellar__os_machine()->page_size, size);
}

/* Whole pages, as glibc: the sum is checked before it is rounded. */
CELLAR_API void *pvalloc(size_t size)
{
    uint64_t rounded;
    size_t page_size = cellar__os_machine()->page_size;
    if (!cellar__round_up_try(size, page_size, &rounded)) {
        return malloc_fail();
    }
    return aligned_alloc(page_size, rounded);
}

/* The pad of glibc's top chunk means nothing here: what is free goes back whole. */
CELLAR_API int malloc_trim(size_t pad)
{
    (void)pad;
    return cellar__heap_start() && cellar__heap_trim() != 0;
}

CELLAR_API size_t malloc_usable_size(void *block)
{
    return block == NULL ? 0 : cellar__block_usable(block);
}
