/*
 * Allocation, under names of Cellar's own. libcellar gives each function the C library's name as well: cellar_malloc is
 * malloc, cellar_freezero is freezero, and so on, and a program on it calls whichever it likes. libcellar-api has the
 * names below only and leaves malloc to the C library.
 *
 * Common to all: any thread may call at any time, before main and after it, but not a signal handler. Sizes and
 * alignments are in bytes. A block is aligned to 16 at least, and a block of size 0 has an address of its own. A
 * function that returns a pointer returns NULL for failure, with errno ENOMEM, or EINVAL where stated; a size above
 * PTRDIFF_MAX fails. Functions that free leave errno alone. A block that none of these returned, or that is free, ends
 * the process with a message when it is noticed (option foreign_free has other answers for the former).
 *
 * In libcellar alone, with glibc's declarations in <malloc.h>: mallopt (1 for the parameters of that header, which steer
 * nothing here; 0 for others), mallinfo, mallinfo2, malloc_info, malloc_stats, each of them about this heap; and the
 * twenty replaceable operators new and delete of C++.
 */
#ifndef CELLAR_MALLOC_H
#define CELLAR_MALLOC_H

#include <malloc.h>
#include <stdlib.h>

#include <cellar/cellar.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A block of size bytes, contents indeterminate. */
CELLAR_API void *cellar_malloc(size_t size);

/* A block of count * size bytes, all zero. ENOMEM when the product wraps. */
CELLAR_API void *cellar_calloc(size_t count, size_t size);

/*
 * The block with its size changed and its contents kept up to the smaller size; the address may change. NULL as block:
 * malloc. On failure the block stays as it was. A size of 0 frees the block and returns NULL, unless the option
 * zero_realloc says otherwise.
 */
CELLAR_API void *cellar_realloc(void *block, size_t size);

/* realloc to count * size; ENOMEM, with the block as it was, when the product wraps. Source: OpenBSD. */
CELLAR_API void *cellar_reallocarray(void *block, size_t count, size_t size);

/* realloc, but on failure the block is freed. Source: FreeBSD. */
CELLAR_API void *cellar_reallocf(void *block, size_t size);

/*
 * reallocarray with secrets: bytes gained read as zero, bytes given up are cleared, also those of the old place. EINVAL
 * when old_count * size is more than the block holds. Source: OpenBSD.
 */
CELLAR_API void *cellar_recallocarray(void *block, size_t old_count, size_t count, size_t size);

/* Frees the block; NULL is ignored. */
CELLAR_API void cellar_free(void *block);

/* The same with what the program knows of the block (C23); it must be true. */
CELLAR_API void cellar_free_sized(void *block, size_t size);
CELLAR_API void cellar_free_aligned_sized(void *block, size_t align, size_t size);

/* Clears the first size bytes, which a compiler cannot leave out, and frees the block. Source: OpenBSD. */
CELLAR_API void cellar_freezero(void *block, size_t size);

/* A block at a multiple of align. EINVAL when align is no power of two; size need not be a multiple of it. */
CELLAR_API void *cellar_aligned_alloc(size_t align, size_t size);

/*
 * 0 with the block in *ret_block, or ENOMEM, or EINVAL when align is no power of two or no multiple of sizeof(void *);
 * *ret_block is untouched on failure, errno always.
 */
CELLAR_API int cellar_posix_memalign(void **ret_block, size_t align, size_t size);

/* As aligned_alloc, but any align is good: it is rounded up to a power of two. EINVAL above 2^63. Source: glibc. */
CELLAR_API void *cellar_memalign(size_t align, size_t size);

/* A block at the begin of a page; pvalloc also rounds the size up to whole pages. */
CELLAR_API void *cellar_valloc(size_t size);
CELLAR_API void *cellar_pvalloc(size_t size);

/* The bytes of a live block that may be used, all of them writable; 0 for NULL. Also named malloc_size. */
CELLAR_API size_t cellar_malloc_usable_size(const void *block);

/*
 * The usable size that a request of size bytes would get at least: one of more than a KiB may get a block that waits in a next size,
 * larger by a quarter at most. Source: macOS.
 */
CELLAR_API size_t cellar_malloc_good_size(size_t size);

/*
 * Gives back to the kernel what is free in the calling thread's buckets, the depots, the dirty runs and the cached
 * mappings. 1 when anything went back, else 0. pad is ignored. Source: glibc.
 */
CELLAR_API int cellar_malloc_trim(size_t pad);

/* In libcellar only, with no declaration in the headers of a glibc before C23. */
CELLAR_API void free_sized(void *block, size_t size);
CELLAR_API void free_aligned_sized(void *block, size_t align, size_t size);
CELLAR_API void *reallocf(void *block, size_t size);
CELLAR_API void *recallocarray(void *block, size_t old_count, size_t count, size_t size);
CELLAR_API void freezero(void *block, size_t size);
CELLAR_API void cfree(void *block);
CELLAR_API size_t malloc_size(const void *block);
CELLAR_API size_t malloc_good_size(size_t size);

#ifdef __cplusplus
}
#endif

#endif
