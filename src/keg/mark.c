/*
 * Marks: one bit for a free item, set when the item was given back in a state that the next one to take it has to look at.
 * The zone level marks what it filled with poison; the keg only keeps the bit and hands the item to unmark.
 */
#include "base/bitmap.h"
#include "keg/keg_int.h"

size_t cellar__keg_count_marks(const struct cellar__keg *keg, struct cellar__slab *slab)
{
    return keg->geometry.has_marks
               ? cellar__bitmap_count(cellar__slab_marks(slab, &keg->geometry), keg->geometry.nitems)
               : 0;
}

static bool mark_clear(struct cellar__keg *keg, const void *item)
{
    cellar__keg_lock(keg);
    struct cellar__slab *slab = cellar__keg_slab_of(keg, item);
    uint32_t index = cellar__slab_index(slab, &keg->geometry, item);
    uint64_t *marks = cellar__slab_marks(slab, &keg->geometry);
    bool is_marked = cellar__bitmap_test(marks, index);
    if (is_marked) {
        cellar__bitmap_clear(marks, index);
        keg->nmarked--;
    }
    cellar__lock_release(&keg->lock);
    return is_marked;
}

void cellar__keg_unmark(struct cellar__keg *keg, void **items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        void *item = (void *)((uintptr_t)items[i] & ~(uintptr_t)1); /* the fresh mark of slab/slab.c */
        if (mark_clear(keg, item)) {
            keg->attr.unmark(keg, item);
        }
    }
}

enum cellar__item_fault cellar__keg_free_marked(struct cellar__keg *keg, void *item)
{
    struct cellar__slab *doomed = NULL;
    cellar__keg_lock(keg);
    struct cellar__slab *slab = cellar__keg_slab_of(keg, item);
    size_t nslabs = keg->nslabs;
    enum cellar__item_fault fault;
    cellar__keg_give_locked(keg, &item, 1, &doomed, &fault);
    if (fault == CELLAR_ITEM_OK && keg->nslabs == nslabs) { /* else the slab goes, and its marks with it */
        uint32_t index = cellar__slab_index(slab, &keg->geometry, item);
        cellar__bitmap_set(cellar__slab_marks(slab, &keg->geometry), index);
        keg->nmarked++;
    }
    if (fault == CELLAR_ITEM_OK && keg->geometry.has_ready) {
        cellar__bitmap_clear(cellar__slab_ready(slab, &keg->geometry),
                             cellar__slab_index(slab, &keg->geometry, item));
    }
    cellar__lock_release(&keg->lock);
    cellar__keg_slabs_destroy(keg, doomed);
    return fault;
}
