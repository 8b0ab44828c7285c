/* The partial slabs of a keg by how full they are. Private to the keg level; called under the keg's lock. */
#ifndef CELLAR_KEG_BINS_H
#define CELLAR_KEG_BINS_H

#include "keg/keg.h"

/* The bin of a slab with nout items out, or CELLAR_KEG_NBINS when it is empty or full and belongs to none. */
unsigned cellar__bins_index(const struct cellar__keg *keg, uint32_t nout);

void cellar__bins_insert(struct cellar__keg *keg, struct cellar__slab *slab, unsigned bin);
void cellar__bins_remove(struct cellar__keg *keg, struct cellar__slab *slab, unsigned bin);

/* Moves the slab when its count no longer belongs to the bin it is in. */
void cellar__bins_move(struct cellar__keg *keg, struct cellar__slab *slab, unsigned from);

/* The lowest slab of the fullest bin, or NULL. */
struct cellar__slab *cellar__bins_first(struct cellar__keg *keg);

/* The number of slabs in all bins, or SIZE_MAX when a tree is broken or holds a slab of another bin. */
size_t cellar__bins_check(const struct cellar__keg *keg);

#endif
