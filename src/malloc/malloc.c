/*
 * malloc: the entry points of C. Policy only: errno and the limits of arguments. The two fast paths (malloc/fast.h) ask
 * one question each, is the bucket empty, is it full; everything else is left to malloc/block.c and malloc/info.c.
 *
 * The functions are named cellar_*; the aliases below each give it the names of the C libraries (malloc/names.h).
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cellar/malloc.h>

#include "base/bits.h"
#include "large/huge.h"
#include "malloc/block.h"
#include "malloc/classes.h"
#include "malloc/fast.h"
#include "malloc/foreign.h"
#include "malloc/heap.h"
#include "malloc/info.h"
#include "malloc/names.h"
#include "malloc/options.h"
#include "malloc/stats.h"
#include "os/os.h"
#include "os/panic.h"

const char *cellar_version(void)
{
    return CELLAR_VERSION;
}

static CELLAR_COLD void *malloc_fail(void)
{
    errno = ENOMEM;
    return NULL;
}

static CELLAR_NOINLINE void *malloc_slow(size_t size)
{
    void *block = size > CELLAR_CLASS_MAX ? cellar__huge_reuse(size) : NULL;
    if (block == NULL && size <= PTRDIFF_MAX) {
        block = cellar__block_alloc(size);
    }
    return CELLAR_LIKELY(block != NULL) ? block : malloc_fail();
}

static CELLAR_NOINLINE void *malloc_deep(size_t size, struct cellar__cache *cache)
{
    void *block = cellar__block_alloc_deep(cache);
    return CELLAR_LIKELY(block != NULL) ? block : malloc_slow(size);
}

/* Larger classes: their caches answer by one pop too. A small size whose bucket was empty asks in vain. */
static CELLAR_NOINLINE void *malloc_mid(size_t size)
{
    struct cellar__cache *cache = cellar__fast_cache_mid(size);
    void *block = cellar__cache_pop(cache);
    return CELLAR_LIKELY(block != NULL) ? block : malloc_deep(size, cache);
}

CELLAR_API void *cellar_malloc(size_t size)
{
    void *block = cellar__fast_alloc(size);
    return CELLAR_LIKELY(block != NULL) ? block : malloc_mid(size);
}
CELLAR_ALIAS(malloc, cellar_malloc);
CELLAR_GLIBC_ALIAS(__libc_malloc, cellar_malloc);

static CELLAR_NOINLINE void malloc_free_slow(void *block)
{
    if (!cellar__fast_free_far(block)) {
        cellar__block_free(block);
    }
}

CELLAR_API void cellar_free(void *block)
{
    if (CELLAR_UNLIKELY(!cellar__fast_free(block))) {
        malloc_free_slow(block);
    }
}
CELLAR_ALIAS(free, cellar_free);
CELLAR_ALIAS(cfree, cellar_free); /* the name of free in 4.2BSD and SunOS; old programs on Linux have it */
CELLAR_GLIBC_ALIAS(__libc_free, cellar_free);

/* C23: a promise of the size that nothing here depends on. */
CELLAR_API void cellar_free_sized(void *block, size_t size)
{
    (void)size;
    cellar_free(block);
}
CELLAR_ALIAS(free_sized, cellar_free_sized);

CELLAR_API void cellar_free_aligned_sized(void *block, size_t align, size_t size)
{
    (void)align;
    (void)size;
    cellar_free(block);
}
CELLAR_ALIAS(free_aligned_sized, cellar_free_aligned_sized);

static CELLAR_NOINLINE void *malloc_zero_slow(size_t bytes)
{
    void *block = bytes > PTRDIFF_MAX ? NULL : cellar__block_alloc_zero(bytes);
    return CELLAR_LIKELY(block != NULL) ? block : malloc_fail();
}

static CELLAR_NOINLINE void *malloc_zero_mid(size_t bytes)
{
    void *block = cellar__fast_alloc_slab(bytes);
    return CELLAR_LIKELY(block != NULL) ? memset(block, 0, bytes) : malloc_zero_slow(bytes);
}

/* A block of a small class, which has `bytes` rounded up to 16 at least: up to 64 of them by stores that overlap. */
CELLAR_INLINE void *malloc_clear(char *block, size_t bytes)
{
    if (bytes > 64) {
        return memset(block, 0, bytes);
    }
    size_t last = cellar__round_down(bytes - 1, 16);
    memset(block, 0, 16);
    memset(block + last, 0, 16);
    if (bytes > 32) {
        memset(block + 16, 0, 16);
        memset(block + last - 16, 0, 16);
    }
    return block;
}

CELLAR_API void *cellar_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (CELLAR_UNLIKELY(__builtin_mul_overflow(count, size, &bytes))) {
        return malloc_fail();
    }
    void *block = cellar__fast_alloc(bytes);
    return CELLAR_LIKELY(block != NULL) ? malloc_clear(block, bytes) : malloc_zero_mid(bytes);
}
CELLAR_ALIAS(calloc, cellar_calloc);
CELLAR_GLIBC_ALIAS(__libc_calloc, cellar_calloc);

/* realloc(p, 0) by the option zero_realloc: the block to return; *ret_done says whether that was all. */
static void *malloc_zero_realloc(void *block, bool *ret_done)
{
    *ret_done = true;
    switch (cellar__options_get()->zero_realloc) {
    case CELLAR_ZERO_REALLOC_FREE:
        cellar_free(block);
        return NULL;
    case CELLAR_ZERO_REALLOC_ABORT:
        cellar__panic("realloc(%p, 0): stopped by the option zero_realloc:abort", block);
    default:
        *ret_done = false;
        return NULL;
    }
}

static CELLAR_NOINLINE void *malloc_realloc_slow(void *block, size_t size)
{
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

CELLAR_API void *cellar_realloc(void *block, size_t size)
{
    if (block == NULL) { /* some programs have no other way to allocate */
        return cellar_malloc(size);
    }
    return CELLAR_LIKELY(cellar__fast_stays(block, size)) ? block : malloc_realloc_slow(block, size);
}
CELLAR_ALIAS(realloc, cellar_realloc);
CELLAR_GLIBC_ALIAS(__libc_realloc, cellar_realloc);

CELLAR_API void *cellar_reallocarray(void *block, size_t count, size_t size)
{
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? malloc_fail() : cellar_realloc(block, bytes);
}
CELLAR_ALIAS(reallocarray, cellar_reallocarray);
CELLAR_GLIBC_ALIAS(__libc_reallocarray, cellar_reallocarray);

/* FreeBSD's: a block that cannot be resized is freed. As realloc, a size of 0 frees it too. */
CELLAR_API void *cellar_reallocf(void *block, size_t size)
{
    void *resized = cellar_realloc(block, size);
    if (resized == NULL && size != 0) {
        cellar_free(block);
    }
    return resized;
}
CELLAR_ALIAS(reallocf, cellar_reallocf);

/* OpenBSD's: new bytes are zero, and no byte of the old block is left behind in memory that was given up. */
CELLAR_API void *cellar_recallocarray(void *block, size_t old_count, size_t count, size_t size)
{
    size_t old_bytes;
    size_t bytes;
    if (block == NULL) {
        return cellar_calloc(count, size);
    }
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return malloc_fail();
    }
    if (__builtin_mul_overflow(old_count, size, &old_bytes) || old_bytes > cellar_malloc_usable_size(block)) {
        errno = EINVAL;
        return NULL;
    }
    void *fresh = cellar_calloc(1, bytes);
    if (fresh != NULL) {
        memcpy(fresh, block, cellar__min(old_bytes, bytes));
        cellar_freezero(block, old_bytes);
    }
    return fresh;
}
CELLAR_ALIAS(recallocarray, cellar_recallocarray);

CELLAR_API void cellar_freezero(void *block, size_t size)
{
    if (block != NULL) {
        memset(block, 0, size);
        __asm__ volatile(""
                         :
                         : "r"(block)
                         : "memory"); /* the compiler is not to find that nobody reads the zeros */
        cellar_free(block);
    }
}
CELLAR_ALIAS(freezero, cellar_freezero);

/* A power-of-two alignment; NULL when memory is out. The class of a multiple of it is aligned to it (malloc/classes.c). */
static void *malloc_aligned(size_t align, size_t size)
{
    if (CELLAR_LIKELY(size - 1 < CELLAR_CLASS_SLAB_MAX && align <= CELLAR_CLASS_SLAB_MAX)) { /* not 0 */
        void *block = cellar__fast_alloc_either(cellar__round_up(size, align));
        if (CELLAR_LIKELY(block != NULL)) {
            return block;
        }
    }
    if (size > PTRDIFF_MAX || align > PTRDIFF_MAX) {
        return NULL;
    }
    return align <= 16 ? cellar__block_alloc(size) : cellar__block_alloc_aligned(size, align);
}

CELLAR_API void *cellar_aligned_alloc(size_t align, size_t size)
{
    if (!cellar__is_pow2(align)) {
        errno = EINVAL;
        return NULL;
    }
    void *block = malloc_aligned(align, size);
    return block != NULL ? block : malloc_fail();
}
CELLAR_ALIAS(aligned_alloc, cellar_aligned_alloc);

/* As in glibc, an alignment that is no power of two means the next one. */
CELLAR_API void *cellar_memalign(size_t align, size_t size)
{
    if (align > (size_t)1 << 63) {
        errno = EINVAL;
        return NULL;
    }
    return cellar_aligned_alloc((size_t)1 << cellar__lg_ceil(align == 0 ? 1 : align), size);
}
CELLAR_ALIAS(memalign, cellar_memalign);
CELLAR_GLIBC_ALIAS(__libc_memalign, cellar_memalign);

CELLAR_API int cellar_posix_memalign(void **ret_block, size_t align, size_t size)
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
CELLAR_ALIAS(posix_memalign, cellar_posix_memalign);
CELLAR_GLIBC_ALIAS(__posix_memalign, cellar_posix_memalign);

CELLAR_API void *cellar_valloc(size_t size)
{
    return cellar_aligned_alloc(cellar__os_machine()->page_size, size);
}
CELLAR_ALIAS(valloc, cellar_valloc);
CELLAR_GLIBC_ALIAS(__libc_valloc, cellar_valloc);

/* Whole pages, as glibc: the sum is checked before it is rounded. */
CELLAR_API void *cellar_pvalloc(size_t size)
{
    uint64_t rounded;
    size_t page_size = cellar__os_machine()->page_size;
    if (!cellar__round_up_try(size, page_size, &rounded)) {
        return malloc_fail();
    }
    return cellar_aligned_alloc(page_size, rounded);
}
CELLAR_ALIAS(pvalloc, cellar_pvalloc);
CELLAR_GLIBC_ALIAS(__libc_pvalloc, cellar_pvalloc);

static CELLAR_NOINLINE size_t malloc_usable_slow(const void *block)
{
    size_t size = block == NULL ? 0 : cellar__block_usable(block);
    return size != 0 || block == NULL ? size : cellar__foreign_usable(block);
}

CELLAR_API size_t cellar_malloc_usable_size(const void *block)
{
    size_t size = cellar__fast_usable(block);
    return CELLAR_LIKELY(size != 0) ? size : malloc_usable_slow(block);
}
/* <malloc.h> has the parameter without const, so the alias is declared by hand. */
#if CELLAR_OVERRIDE
CELLAR_API size_t malloc_usable_size(void *block)
{
    return cellar_malloc_usable_size(block);
}
#endif
CELLAR_ALIAS(malloc_size, cellar_malloc_usable_size); /* macOS and FreeBSD */

CELLAR_API size_t cellar_malloc_good_size(size_t size)
{
    return size <= CELLAR_CLASS_MAX ? cellar__class_size(cellar__class_of(size))
                                    : cellar__huge_good_size(size);
}
CELLAR_ALIAS(malloc_good_size, cellar_malloc_good_size);

/* The pad of glibc's top chunk means nothing here: what is free goes back whole. */
CELLAR_API int cellar_malloc_trim(size_t pad)
{
    (void)pad;
    return cellar__heap_start() && cellar__heap_trim() != 0;
}
CELLAR_ALIAS(malloc_trim, cellar_malloc_trim);

#if CELLAR_OVERRIDE

/* The parameters of <malloc.h> steer structures that this heap does not have: those it knows are accepted. */
static int malloc_set_parameter(int parameter, int value)
{
    (void)value;
    return cellar__info_knows_parameter(parameter);
}
CELLAR_ALIAS(mallopt, malloc_set_parameter);
CELLAR_GLIBC_ALIAS(__libc_mallopt, malloc_set_parameter);

static struct mallinfo2 malloc_wide_info(void)
{
    return cellar__info_mallinfo();
}
CELLAR_ALIAS(mallinfo2, malloc_wide_info);
CELLAR_GLIBC_ALIAS(__libc_mallinfo2, malloc_wide_info);

static int malloc_to_int(size_t value)
{
    return value > INT_MAX ? INT_MAX : (int)value;
}

/* The same in fields too narrow for it: what does not fit is the largest number, not a remainder. */
static struct mallinfo malloc_narrow_info(void)
{
    struct mallinfo2 wide = cellar__info_mallinfo();
    return (struct mallinfo){
        .arena = malloc_to_int(wide.arena),
        .ordblks = malloc_to_int(wide.ordblks),
        .smblks = malloc_to_int(wide.smblks),
        .hblks = malloc_to_int(wide.hblks),
        .hblkhd = malloc_to_int(wide.hblkhd),
        .fsmblks = malloc_to_int(wide.fsmblks),
        .uordblks = malloc_to_int(wide.uordblks),
        .fordblks = malloc_to_int(wide.fordblks),
        .keepcost = malloc_to_int(wide.keepcost),
    };
}
CELLAR_ALIAS(mallinfo, malloc_narrow_info);
CELLAR_GLIBC_ALIAS(__libc_mallinfo, malloc_narrow_info);

CELLAR_API int malloc_info(int options, FILE *stream)
{
    if (options != 0) {
        errno = EINVAL;
        return -1;
    }
    return cellar__info_print_xml(stream);
}

CELLAR_API void malloc_stats(void)
{
    cellar_stats_print(STDERR_FILENO, CELLAR_STATS_TEXT);
}

#endif
