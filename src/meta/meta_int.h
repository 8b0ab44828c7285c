/* What the files of the meta level share. */
#ifndef CELLAR_META_META_INT_H
#define CELLAR_META_META_INT_H

#include <stddef.h>

#define CELLAR_META_UNIT 64u
#define CELLAR_META_SMALL_MAX                                                                                \
    4096u /* up to here a free list for each multiple of the unit, above for each power of two */
#define CELLAR_META_NSMALL (CELLAR_META_SMALL_MAX / CELLAR_META_UNIT + 1)
#define CELLAR_META_NLARGE 35 /* by the lg of the size, which is at most that of 16 GiB */

/* The begin of a free block, and of a stretch: free memory of any size above CELLAR_META_SMALL_MAX. */
struct cellar__meta_free {
    struct cellar__meta_free *next;
    size_t size; /* bytes; of a stretch, or while a purge has the block */
};

/* Those of the level are under cellar__meta_lock. */
struct cellar__meta_lists {
    struct cellar__meta_free *small[CELLAR_META_NSMALL];
    struct cellar__meta_free *large[CELLAR_META_NLARGE];
    struct cellar__meta_free *stretches;
};

/* All that is free and was handed out before, now with the caller. */
void cellar__meta_detach(struct cellar__meta_lists *ret_lists);

/* Gives a chain of blocks back to the lists of their sizes, and one of stretches. */
void cellar__meta_attach(struct cellar__meta_free *blocks, struct cellar__meta_free *stretches);

/* The size of all blocks on the list, bytes. */
size_t cellar__meta_small_size(size_t i);
size_t cellar__meta_large_size(size_t i);

#endif
