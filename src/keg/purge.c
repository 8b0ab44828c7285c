/*
 * The memory of free items. A slab with a few items out holds all its pages; those on which no item is out go back to the
 * kernel when the slab has rested for a while, and read as zero when they are used again.
 *
 *   out    [ x . . . | . . . . | . x . . | . . . . ]      x: out, |: pages
 *   pages     kept      gone      kept      gone
 *
 * The slab is set aside meanwhile (frozen), so that nothing is taken from it while the kernel works with no lock held.
 * Items may come back to it. keg->purging names it: a rebuild leaves it aside, and the child of a fork takes it back.
 *
 * The keg's list of slabs is turned round while it is looked at, a few slabs in each hold of the lock.
 */
#include "base/bitmap.h"
#include "base/bits.h"
#include "keg/bins.h"
#include "keg/keg_int.h"
#include "os/os.h"

#define PURGE_STEP 32u /* slabs in one hold of the lock */

/* A slab has at most so many words of `out`. */
#define PURGE_MAX_WORDS 64u

/* Counts the visit. Whether the slab has rested for `rests` of them; *waits when it is on the way there. */
static bool purge_is_due(const struct cellar__keg *keg, struct cellar__slab *slab, unsigned rests,
                         bool *waits)
{
    bool is_partial = cellar__bins_index(keg, slab->nout) != CELLAR_KEG_NBINS;
    if (!is_partial || slab->is_frozen || slab->nrests == CELLAR_SLAB_PURGED) {
        return false;
    }
    slab->nrests++;
    *waits |= slab->nrests <= rests;
    return slab->nrests > rests;
}

/* The next slab that is due, set aside, its `out` mask copied; or NULL. At most PURGE_STEP and *left are looked at. */
static struct cellar__slab *purge_find_locked(struct cellar__keg *keg, unsigned rests, size_t *left,
                                              bool *waits, uint64_t *ret_out)
{
    for (size_t i = 0; i<PURGE_STEP && * left> 0 && !cellar__list_is_empty(&keg->all); i++, --*left) {
        struct cellar__slab *slab = CELLAR_CONTAINER(keg->all.next, struct cellar__slab, all);
        cellar__list_remove(&slab->all);
        cellar__list_append(&keg->all, &slab->all);
        if (!purge_is_due(keg, slab, rests, waits)) {
            continue;
        }
        --*left;
        cellar__bins_remove(keg, slab, cellar__bins_index(keg, slab->nout));
        slab->is_frozen = true;
        keg->purging = slab;
        for (uint32_t word = 0; word < keg->geometry.nwords; word++) {
            ret_out[word] = slab->out[word];
        }
        return slab;
    }
    return NULL;
}

/* The whole pages of items begin to end - 1, which are free. */
static void purge_items(const struct cellar__keg *keg, const struct cellar__slab *slab, uint32_t begin,
                        uint32_t end)
{
    size_t page_size = cellar__os_machine()->page_size;
    uintptr_t first = cellar__round_up((uintptr_t)cellar__slab_item(slab, &keg->geometry, begin), page_size);
    uintptr_t last = cellar__round_down((uintptr_t)cellar__slab_item(slab, &keg->geometry, end), page_size);
    if (first < last) {
        cellar__os_purge((void *)first, last - first); /* what the kernel refuses to take stays */
    }
}

static void purge_slab(const struct cellar__keg *keg, const struct cellar__slab *slab, const uint64_t *out)
{
    uint32_t begin = 0;
    for (uint32_t i = 0; i <= keg->geometry.nitems; i++) {
        if (i == keg->geometry.nitems || cellar__bitmap_test(out, i)) {
            purge_items(keg, slab, begin, i);
            begin = i + 1;
        }
    }
}

/* Takes the slab back. An item that came back meanwhile began a new rest. */
static void purge_end(struct cellar__keg *keg)
{
    struct cellar__slab *doomed = NULL;
    cellar__keg_lock(keg);
    struct cellar__slab *slab = keg->purging;
    keg->purging = NULL;
    slab->nrests = slab->nrests == 0 ? 0 : CELLAR_SLAB_PURGED;
    cellar__keg_thaw_locked(keg, slab, &doomed);
    cellar__lock_release(&keg->lock);
    cellar__keg_slabs_destroy(keg, doomed);
}

bool cellar__keg_purge(struct cellar__keg *keg, unsigned rests, size_t *max_slabs)
{
    uint64_t out[PURGE_MAX_WORDS] = {0};
    bool waits = false;
    if (keg->geometry.has_ready || keg->geometry.has_marks) {
        return false;
    }
    cellar__keg_lock(keg);
    size_t left = cellar__min(keg->nslabs, *max_slabs);
    cellar__lock_release(&keg->lock);
    *max_slabs -= left;
    while (left > 0) {
        size_t before = left;
        cellar__keg_lock(keg);
        struct cellar__slab *slab = purge_find_locked(keg, rests, &left, &waits, out);
        cellar__lock_release(&keg->lock);
        if (slab != NULL) {
            purge_slab(keg, slab, out);
            purge_end(keg);
        } else if (left == before) { /* the keg has no slabs any more */
            break;
        }
    }
    return waits;
}

void cellar__keg_forget_purge(struct cellar__keg *keg)
{
    if (keg->purging != NULL) {
        purge_end(keg);
    }
}
