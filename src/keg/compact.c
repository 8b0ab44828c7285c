/*
 * What compaction asks of a keg: to set the sparsest slab aside, to give items from the others only, and to take the slab
 * back or let it go. While it is set aside (frozen) nothing is taken from it, and items may still come back to it.
 */
#include "base/bitmap.h"
#include "keg/bins.h"
#include "keg/keg_int.h"

void cellar__keg_compact_begin(struct cellar__keg *keg)
{
    cellar__keg_lock(keg);
    CELLAR_LIST_EACH(node, &keg->all)
    {
        CELLAR_CONTAINER(node, struct cellar__slab, all)->is_passed = false;
    }
    cellar__lock_release(&keg->lock);
}

/* The partial slab with the fewest items out that was not passed yet, and the free items of all partial slabs. */
static struct cellar__slab *compact_find_locked(struct cellar__keg *keg, size_t *ret_nfree)
{
    struct cellar__slab *sparsest = NULL;
    *ret_nfree = 0;
    CELLAR_LIST_EACH(node, &keg->all)
    {
        struct cellar__slab *slab = CELLAR_CONTAINER(node, struct cellar__slab, all);
        if (slab->is_frozen || cellar__bins_index(keg, slab->nout) == CELLAR_KEG_NBINS) {
            continue;
        }
        *ret_nfree += keg->geometry.nitems - slab->nout;
        if (!slab->is_passed && (sparsest == NULL || slab->nout < sparsest->nout)) {
            sparsest = slab;
        }
    }
    return sparsest;
}

struct cellar__slab *cellar__keg_freeze(struct cellar__keg *keg, uint64_t *ret_out)
{
    size_t nfree;
    cellar__keg_lock(keg);
    struct cellar__slab *slab = compact_find_locked(keg, &nfree);
    if (slab != NULL && nfree - (keg->geometry.nitems - slab->nout) >= slab->nout) {
        cellar__bins_remove(keg, slab, cellar__bins_index(keg, slab->nout));
        slab->is_frozen = true;
        slab->is_passed = true;
        for (uint32_t i = 0; i < keg->geometry.nwords; i++) {
            ret_out[i] = slab->out[i];
        }
    } else {
        slab = NULL;
    }
    cellar__lock_release(&keg->lock);
    return slab;
}

void *cellar__keg_alloc_dense(struct cellar__keg *keg)
{
    void *item = NULL;
    cellar__keg_lock(keg);
    struct cellar__slab *slab = cellar__bins_first(keg);
    size_t taken = 0;
    if (slab != NULL) {
        unsigned bin = cellar__bins_index(keg, slab->nout);
        taken = cellar__slab_take(slab, &keg->geometry, &item, 1);
        cellar__bins_move(keg, slab, bin);
        keg->nout += taken;
    }
    cellar__lock_release(&keg->lock);
    if (taken != 0) {
        cellar__keg_unmark(keg, &item, taken);
        taken = keg->geometry.has_ready ? cellar__keg_make_ready(keg, &item, taken) : taken;
    }
    return taken == 0 ? NULL : item;
}

void cellar__keg_thaw_locked(struct cellar__keg *keg, struct cellar__slab *slab, struct cellar__slab **doomed)
{
    unsigned bin = cellar__bins_index(keg, slab->nout);
    if (!slab->is_frozen) {
        return;
    }
    slab->is_frozen = false;
    if (slab->nout == 0) {
        cellar__keg_retire_locked(keg, slab, doomed);
    } else if (bin != CELLAR_KEG_NBINS) {
        cellar__bins_insert(keg, slab, bin);
    }
}

size_t cellar__keg_thaw(struct cellar__keg *keg, struct cellar__slab *slab)
{
    struct cellar__slab *doomed = NULL;
    cellar__keg_lock(keg);
    cellar__keg_thaw_locked(keg, slab, &doomed);
    cellar__lock_release(&keg->lock);
    size_t size = doomed == NULL ? 0 : cellar__run_size(&doomed->run);
    cellar__keg_slabs_destroy(keg, doomed);
    return size;
}
