/* What an operation left half done that a signal handler's longjmp took away: a keg from its slabs and bitmasks. */
#include "base/bitmap.h"
#include "keg/bins.h"
#include "keg/keg_int.h"

static void rebuild_count_slab(const struct cellar__keg *keg, struct cellar__slab *slab)
{
    slab->nout = (uint16_t)cellar__bitmap_count(slab->out, keg->geometry.nitems);
    slab->first_word = 0;
    slab->is_frozen = slab == keg->purging;
    slab->by_address = (struct cellar__tree_node){0};
}

/* Into the tree of its eighth, or the chain of empty slabs, which may for a time be longer than its bound. */
static void rebuild_place_slab(struct cellar__keg *keg, struct cellar__slab *slab)
{
    unsigned bin = cellar__bins_index(keg, slab->nout);
    if (slab->is_frozen) {
        return;
    }
    if (slab->nout == 0) {
        slab->by_address.right = (struct cellar__tree_node *)keg->empty;
        keg->empty = slab;
        keg->nempty++;
    } else if (bin != CELLAR_KEG_NBINS) {
        cellar__bins_insert(keg, slab, bin);
    }
}

static CELLAR_COLD void rebuild_locked(struct cellar__keg *keg)
{
    cellar__list_mend(&keg->all);
    for (unsigned bin = 0; bin < CELLAR_KEG_NBINS; bin++) {
        keg->bins[bin] = NULL;
    }
    keg->nonempty_bins = 0;
    keg->empty = NULL;
    keg->nempty = 0;
    keg->nslabs = 0;
    keg->nout = 0;
    keg->nmarked = 0;
    CELLAR_LIST_EACH(node, &keg->all)
    {
        struct cellar__slab *slab = CELLAR_CONTAINER(node, struct cellar__slab, all);
        rebuild_count_slab(keg, slab);
        rebuild_place_slab(keg, slab);
        keg->nslabs++;
        keg->nout += slab->nout;
        keg->nmarked += cellar__keg_count_marks(keg, slab);
    }
}

void cellar__keg_lock(struct cellar__keg *keg)
{
    cellar__lock_acquire(&keg->lock);
    if (CELLAR_UNLIKELY(keg->lock.is_abandoned)) {
        rebuild_locked(keg);
        CELLAR_SIGNAL_FENCE();
        keg->lock.is_abandoned = false;
    }
}
