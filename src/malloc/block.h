/* block: what malloc's entry points are made of. No errno here; NULL is out of memory. */
#ifndef CELLAR_MALLOC_BLOCK_H
#define CELLAR_MALLOC_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

struct cellar__cache;

/* The slow path of malloc. */
void *cellar__block_alloc(size_t size);
void *cellar__block_alloc_zero(size_t size);

/* Of the previous bucket of a cache beyond the small classes, whose loaded bucket is empty; or NULL: cellar__block_alloc has to say. */
void *cellar__block_alloc_deep(struct cellar__cache *cache);

/* align is a power of two. */
void *cellar__block_alloc_aligned(size_t size, size_t align);

/* The slow path of free; NULL is ignored. */
void cellar__block_free(void *block);

/* Bytes the program may use; 0 when the address is in no live block that Cellar knows. */
size_t cellar__block_usable(const void *block);

/* As realloc with a block and a size above 0. */
void *cellar__block_resize(void *block, size_t size);

#endif
