/* The partial slabs of a keg by how full they are. Private to the keg level; called under the keg's lock. */
#ifndef CELLAR_KEG_BINS_H
#define CELLAR_KEG_BINS_H

#include "keg/keg.h"

/* The bin of a slab with nout items out, or CELLAR_KEG_NBINS when it is empty or full and belongs to none. */
CELLAR_INLINE unsigned cellar__bins_index(const struct cellar__keg *keg, uint32_t nout)
{
    if (nout == 0 || nout == keg->geometry.nitems) {
        return CELLAR_KEG_NBINS;
    }
    /*
     * nout * 8 / nitems. Exact: the product exceeds the true quotient, scaled, by less than nout < 2^12, and the quotient
     * is below the next integer by at least 1 / nitems, scaled 2^28 / nitems >= 2^16.
     */
    return (unsigned)(((uint64_t)nout * keg->bin_reciprocal) >> CELLAR_KEG_LG_BIN_UNIT);
}

void cellar__bins_insert(struct cellar__keg *keg, struct cellar__slab *slab, unsigned bin);
void cellar__bins_remove(struct cellar__keg *keg, struct cellar__slab *slab, unsigned bin);

/* Moves a slab that is not set aside from one bin to another, or to or from none. */
void cellar__bins_change(struct cellar__keg *keg, struct cellar__slab *slab, unsigned from, unsigned to);

/* The same when its count no longer belongs to the bin it is in. */
CELLAR_INLINE void cellar__bins_move(struct cellar__keg *keg, struct cellar__slab *slab, unsigned from)
{
    unsigned to = cellar__bins_index(keg, slab->nout);
    if (CELLAR_UNLIKELY(to != from)) {
        cellar__bins_change(keg, slab, from, to);
    }
}

/* The lowest slab of the fullest bin, or NULL. */
struct cellar__slab *cellar__bins_first(struct cellar__keg *keg);

/* The number of slabs in all bins, or SIZE_MAX when a tree is broken or holds a slab of another bin. */
size_t cellar__bins_check(const struct cellar__keg *keg);

#endif
