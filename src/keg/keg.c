#include "keg/keg.h"

#include <errno.h>

#include "base/assert.h"
#include "base/bitmap.h"
#include "base/bits.h"
#include "keg/bins.h"
#include "keg/keg_int.h"
#include "meta/meta.h"
#include "os/os.h"

#define KEG_POPULATE_MIN 16 /* slabs, beside which one that is resident for nothing is little (ADR 0049) */

/* The colours are apart by cache lines, or by the alignment of items where that is more. */
static size_t keg_colour_step(const struct cellar__keg *keg)
{
    return cellar__max(keg->attr.align, CELLAR_CACHE_LINE);
}

static uint32_t keg_ncolours(const struct cellar__keg *keg)
{
    const struct cellar__geometry *geometry = &keg->geometry;
    size_t run = (size_t)geometry->ngranules << CELLAR_LG_GRANULE;
    size_t tail = run - (size_t)geometry->nitems * geometry->size;
    return geometry->nitems == 1 ? 1 : (uint32_t)(1 + tail / keg_colour_step(keg));
}

void cellar__keg_init(struct cellar__keg *keg, const struct cellar__keg_attr *attr)
{
    *keg = (struct cellar__keg){.attr = *attr};
    keg->geometry = cellar__geometry_make(attr->size, attr->init != NULL || attr->fini != NULL);
    keg->geometry.has_marks = attr->has_marks;
    keg->ncolours = attr->has_colours ? keg_ncolours(keg) : 1;
    keg->bin_reciprocal = (uint32_t)cellar__div_ceil(
        CELLAR_KEG_NBINS * (UINT64_C(1) << CELLAR_KEG_LG_BIN_UNIT), keg->geometry.nitems);
    cellar__lock_init(&keg->lock, CELLAR_RANK_KEG);
    cellar__list_init(&keg->all);
}

/* With signals blocked. */
static struct cellar__slab *keg_slab_make(struct cellar__keg *keg)
{
    struct cellar__slab *slab = cellar__meta_alloc(cellar__slab_header_size(&keg->geometry));
    if (slab == NULL) {
        return NULL;
    }
    slab->run = (struct cellar__run){.tag = keg->attr.tag, .kind = CELLAR_RUN_SLAB};
    slab->keg = keg;
    if (cellar__run_take(&slab->run, keg->geometry.ngranules, CELLAR_GRANULE) != 0) {
        cellar__meta_free(slab, cellar__slab_header_size(&keg->geometry));
        return NULL;
    }
    if (keg->ncolours > 1) {
        uint32_t colour = __atomic_fetch_add(&keg->next_colour, 1, __ATOMIC_RELAXED) % keg->ncolours;
        slab->colour = (uint16_t)(colour * keg_colour_step(keg) / CELLAR_SLAB_COLOUR_UNIT);
    }
    return slab;
}

/* Where a page has room for two items, one that is not written is rare. */
static CELLAR_COLD void keg_slab_populate(const struct cellar__keg *keg, const struct cellar__slab *slab)
{
    if (slab->run.is_zero && keg->geometry.size <= cellar__os_machine()->page_size / 2) {
        cellar__os_populate(slab->run.base, cellar__run_size(&slab->run));
    }
}

/* nslabs are those that the keg has. */
static struct cellar__slab *keg_slab_create(struct cellar__keg *keg, size_t nslabs)
{
    uint64_t mask = cellar__os_signals_block();
    struct cellar__slab *slab = keg_slab_make(keg);
    if (slab != NULL && nslabs >= KEG_POPULATE_MIN) {
        keg_slab_populate(keg, slab);
    }
    cellar__os_signals_restore(mask);
    return slab;
}

/* Calls fini for what init made ready, and gives the memory back. The slab is on no list any more. */
static void keg_slab_destroy(struct cellar__keg *keg, struct cellar__slab *slab)
{
    for (uint32_t i = 0; keg->attr.fini != NULL && i < keg->geometry.nitems; i++) {
        if (cellar__bitmap_test(cellar__slab_ready(slab, &keg->geometry), i)) {
            keg->attr.fini(cellar__slab_item(slab, &keg->geometry, i), keg->geometry.size, keg->attr.ctx);
        }
    }
    uint64_t mask = cellar__os_signals_block();
    cellar__run_give(&slab->run);
    cellar__meta_free(slab, cellar__slab_header_size(&keg->geometry));
    cellar__os_signals_restore(mask);
}

/* Destroys a chain of slabs linked by by_address.right. */
void cellar__keg_slabs_destroy(struct cellar__keg *keg, struct cellar__slab *slab)
{
    while (slab != NULL) {
        struct cellar__slab *next = (struct cellar__slab *)slab->by_address.right;
        keg_slab_destroy(keg, slab);
        slab = next;
    }
}

static void keg_chain(struct cellar__slab **chain, struct cellar__slab *slab)
{
    slab->by_address.right = (struct cellar__tree_node *)*chain;
    *chain = slab;
}

static struct cellar__slab *keg_unchain(struct cellar__slab **chain)
{
    struct cellar__slab *slab = *chain;
    *chain = (struct cellar__slab *)slab->by_address.right;
    slab->by_address = (struct cellar__tree_node){0};
    return slab;
}

/* The slab to take from next, or NULL. An empty one leaves the list of empties. */
static struct cellar__slab *keg_pick_locked(struct cellar__keg *keg)
{
    struct cellar__slab *slab = cellar__bins_first(keg);
    if (slab == NULL && keg->empty != NULL) {
        slab = keg_unchain(&keg->empty);
        keg->nempty--;
    }
    return slab;
}

static size_t keg_take_locked(struct cellar__keg *keg, void **items, size_t n)
{
    size_t taken = 0;
    while (taken < n) {
        struct cellar__slab *slab = keg_pick_locked(keg);
        if (slab == NULL) {
            break;
        }
        unsigned bin = cellar__bins_index(keg, slab->nout);
        taken += cellar__slab_take(slab, &keg->geometry, items + taken, n - taken);
        cellar__bins_move(keg, slab, bin);
    }
    keg->nout += taken;
    return taken;
}

static void keg_insert_locked(struct cellar__keg *keg, struct cellar__slab *slab)
{
    cellar__list_append(&keg->all, &slab->all);
    keg->nslabs++;
    keg_chain(&keg->empty, slab);
    keg->nempty++;
}

/* Takes back an item whose init failed: it is neither out nor ready. */
static void keg_unready(struct cellar__keg *keg, void *item)
{
    struct cellar__slab *slab = (struct cellar__slab *)cellar__run_find(item);
    enum cellar__item_fault fault;
    cellar__keg_lock(keg);
    cellar__bitmap_clear(cellar__slab_ready(slab, &keg->geometry),
                         cellar__slab_index(slab, &keg->geometry, item));
    cellar__lock_release(&keg->lock);
    cellar__keg_free(keg, &item, 1, &fault);
}

/* Calls init for the items that come with the fresh mark, and removes marks and failures from the array. */
size_t cellar__keg_make_ready(struct cellar__keg *keg, void **items, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        void *item = (void *)((uintptr_t)items[i] & ~(uintptr_t)1);
        bool fresh = item != items[i];
        if (fresh && keg->attr.init != NULL && keg->attr.init(item, keg->geometry.size, keg->attr.ctx) != 0) {
            keg_unready(keg, item);
            continue;
        }
        items[kept++] = item;
    }
    return kept;
}

/* A slab that is on no list but `all` leaves the keg. */
static void keg_doom_locked(struct cellar__keg *keg, struct cellar__slab *slab, struct cellar__slab **doomed)
{
    if (CELLAR_UNLIKELY(keg->nmarked != 0)) {
        keg->nmarked -= cellar__keg_count_marks(keg, slab);
    }
    cellar__list_remove(&slab->all);
    keg->nslabs--;
    keg_chain(doomed, slab);
}

/* Moves the empty slabs above the bound to the chain of those to destroy. */
static void keg_trim_locked(struct cellar__keg *keg, size_t max_empty, struct cellar__slab **doomed)
{
    while (keg->nempty > max_empty) {
        struct cellar__slab *slab = keg_unchain(&keg->empty);
        keg->nempty--;
        keg_doom_locked(keg, slab, doomed);
    }
}

/* Takes with the help of a new slab, which is not kept when meanwhile other threads made or freed enough. */
static size_t keg_take_new(struct cellar__keg *keg, void **items, size_t n, size_t nslabs)
{
    struct cellar__slab *doomed = NULL;
    struct cellar__slab *slab = keg_slab_create(keg, nslabs);
    cellar__keg_lock(keg);
    if (slab != NULL) {
        keg_insert_locked(keg, slab);
    }
    size_t taken = keg_take_locked(keg, items, n);
    keg_trim_locked(keg, keg->attr.max_empty, &doomed);
    cellar__lock_release(&keg->lock);
    cellar__keg_slabs_destroy(keg, doomed);
    return taken;
}

size_t cellar__keg_alloc(struct cellar__keg *keg, void **items, size_t n)
{
    cellar__keg_lock(keg);
    size_t taken = keg_take_locked(keg, items, n);
    size_t nslabs = keg->nslabs;
    cellar__lock_release(&keg->lock);
    if (taken == 0 && n > 0) {
        taken = keg_take_new(keg, items, n, nslabs);
    }
    if (CELLAR_UNLIKELY(__atomic_load_n(&keg->nmarked, __ATOMIC_RELAXED) != 0)) {
        cellar__keg_unmark(keg, items, taken);
    }
    return keg->geometry.has_ready ? cellar__keg_make_ready(keg, items, taken) : taken;
}

/* A slab that became empty stays up to the bound; beyond it, it joins the chain of those to destroy. */
void cellar__keg_retire_locked(struct cellar__keg *keg, struct cellar__slab *slab,
                               struct cellar__slab **doomed)
{
    if (keg->nempty < keg->attr.max_empty) {
        keg_chain(&keg->empty, slab);
        keg->nempty++;
        return;
    }
    keg_doom_locked(keg, slab, doomed);
}

size_t cellar__keg_give_locked(struct cellar__keg *keg, void **items, size_t n, struct cellar__slab **doomed,
                               enum cellar__item_fault *ret_fault)
{
    struct cellar__slab *slab = cellar__keg_slab_of(keg, items[0]);
    if (slab == NULL) {
        *ret_fault = CELLAR_ITEM_NOT_HERE;
        return 0;
    }
    unsigned bin = cellar__bins_index(keg, slab->nout);
    size_t given = cellar__slab_give(slab, &keg->geometry, items, n, ret_fault);
    keg->nout -= given;
    cellar__bins_move(keg, slab, bin);
    if (given != 0 && slab->nout == 0 && !slab->is_frozen) {
        cellar__keg_retire_locked(keg, slab, doomed);
    }
    return given;
}

size_t cellar__keg_free(struct cellar__keg *keg, void **items, size_t n, enum cellar__item_fault *ret_fault)
{
    struct cellar__slab *doomed = NULL;
    size_t given = 0;
    *ret_fault = CELLAR_ITEM_OK;
    cellar__keg_lock(keg);
    while (given < n && *ret_fault == CELLAR_ITEM_OK) {
        given += cellar__keg_give_locked(keg, items + given, n - given, &doomed, ret_fault);
    }
    cellar__lock_release(&keg->lock);
    cellar__keg_slabs_destroy(keg, doomed);
    return given;
}

enum cellar__item_fault cellar__keg_find(struct cellar__keg *keg, const void *item)
{
    enum cellar__item_fault fault = CELLAR_ITEM_OK;
    cellar__keg_lock(keg);
    struct cellar__slab *slab = cellar__keg_slab_of(keg, item);
    if (slab == NULL) {
        fault = CELLAR_ITEM_NOT_HERE;
    } else {
        uint32_t index = cellar__slab_index(slab, &keg->geometry, item);
        bool is_begin =
            index < keg->geometry.nitems && cellar__slab_item(slab, &keg->geometry, index) == item;
        if (!is_begin) {
            fault = CELLAR_ITEM_MISALIGNED;
        } else if (!cellar__slab_is_out(slab, index)) {
            fault = CELLAR_ITEM_FREE;
        }
    }
    cellar__lock_release(&keg->lock);
    return fault;
}

int cellar__keg_prealloc(struct cellar__keg *keg, size_t n)
{
    for (;;) {
        cellar__keg_lock(keg);
        size_t nslabs = keg->nslabs;
        size_t nfree = nslabs * keg->geometry.nitems - keg->nout;
        cellar__lock_release(&keg->lock);
        if (nfree >= n) {
            return 0;
        }
        struct cellar__slab *slab = keg_slab_create(keg, nslabs);
        if (slab == NULL) {
            return -ENOMEM;
        }
        cellar__keg_lock(keg);
        keg->attr.max_empty++;
        keg_insert_locked(keg, slab);
        cellar__lock_release(&keg->lock);
    }
}

void cellar__keg_reclaim(struct cellar__keg *keg)
{
    struct cellar__slab *doomed = NULL;
    cellar__keg_lock(keg);
    keg_trim_locked(keg, 0, &doomed);
    cellar__lock_release(&keg->lock);
    cellar__keg_slabs_destroy(keg, doomed);
}

void cellar__keg_fini(struct cellar__keg *keg)
{
    struct cellar__list *node;
    while ((node = cellar__list_pop(&keg->all)) != NULL) {
        keg_slab_destroy(keg, CELLAR_CONTAINER(node, struct cellar__slab, all));
    }
    struct cellar__keg_attr attr = keg->attr;
    cellar__keg_init(keg, &attr);
}
