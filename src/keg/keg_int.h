/* What the files of the keg level share. Functions with _locked are called under the keg's lock. */
#ifndef CELLAR_KEG_KEG_INT_H
#define CELLAR_KEG_KEG_INT_H

#include "keg/keg.h"

/* The slab of this keg that the address lies in, or NULL. */
CELLAR_INLINE struct cellar__slab *cellar__keg_slab_of(const struct cellar__keg *keg, const void *addr)
{
    struct cellar__run *run = cellar__run_find(addr);
    bool is_ours = run != NULL && run->kind == CELLAR_RUN_SLAB && ((struct cellar__slab *)run)->keg == keg;
    return is_ours ? (struct cellar__slab *)run : NULL;
}

/*
 * Gives items back to the slab of the first one, up to the first that lies elsewhere or may not be given back: their
 * number, with the reason in *ret_fault. A slab that goes joins the chain `doomed` (through by_address.right).
 */
size_t cellar__keg_give_locked(struct cellar__keg *keg, void **items, size_t n, struct cellar__slab **doomed,
                               enum cellar__item_fault *ret_fault);

/* A slab that became empty stays up to the bound; beyond it, it joins the chain of those to destroy. */
void cellar__keg_retire_locked(struct cellar__keg *keg, struct cellar__slab *slab,
                               struct cellar__slab **doomed);

/* Takes back a slab that was set aside, unless the keg was rebuilt meanwhile. An empty one may join the chain `doomed`. */
void cellar__keg_thaw_locked(struct cellar__keg *keg, struct cellar__slab *slab,
                             struct cellar__slab **doomed);

/* Destroys a chain of slabs. Unlocked. */
void cellar__keg_slabs_destroy(struct cellar__keg *keg, struct cellar__slab *slab);

/* Calls init for the items that come with the fresh mark, and removes marks and failures from the array. Unlocked. */
size_t cellar__keg_make_ready(struct cellar__keg *keg, void **items, size_t n);

/* Marks of one slab; 0 in a keg without. */
size_t cellar__keg_count_marks(const struct cellar__keg *keg, struct cellar__slab *slab);

/* Takes the marks off items that are out, and shows each marked one to unmark. Unlocked. */
void cellar__keg_unmark(struct cellar__keg *keg, void **items, size_t n);

#endif
