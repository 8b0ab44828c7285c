#include "slab/slab.h"

#include "base/assert.h"
#include "base/bitmap.h"
#include "base/bits.h"

bool cellar__slab_is_out(const struct cellar__slab *slab, uint32_t index)
{
    return cellar__bitmap_test(slab->out, index);
}

/* Marks the items of one word ready, whose bits are in `taken`; those that were not get their address's lowest bit set. */
static void slab_mark_ready(uint64_t *ready, uint64_t taken, void **items)
{
    for (uint64_t left = taken; left != 0; left &= left - 1, items++) {
        bool fresh = (*ready & left & -left) == 0;
        *items = (void *)((uintptr_t)*items | fresh); // NOLINT(performance-no-int-to-ptr)
    }
    *ready |= taken;
}

/* Takes up to n of the items of one word that are not out, whose bits are in `free`; how many. */
static size_t slab_take_word(struct cellar__slab *slab, const struct cellar__geometry *geometry,
                             uint32_t word, uint64_t free, void **items, size_t n)
{
    char *first = cellar__slab_item(slab, geometry, word * CELLAR_BITMAP_WORD_BITS);
    uint64_t left = free;
    size_t taken = 0;
    do {
        items[taken++] = first + (size_t)(unsigned)__builtin_ctzll(left) * geometry->size;
        left &= left - 1;
    } while (left != 0 && taken < n);
    slab->out[word] |= free ^ left;
    if (geometry->has_ready) {
        slab_mark_ready(cellar__slab_ready(slab, geometry) + word, free ^ left, items);
    }
    return taken;
}

size_t cellar__slab_take(struct cellar__slab *slab, const struct cellar__geometry *geometry, void **items,
                         size_t n)
{
    size_t taken = 0;
    uint32_t word = slab->first_word;
    while (taken < n && word < geometry->nwords) {
        uint64_t free = ~slab->out[word] & cellar__bitmap_mask(geometry->nitems, word);
        if (free == 0) {
            word++;
            continue;
        }
        taken += slab_take_word(slab, geometry, word, free, items + taken, n - taken);
    }
    slab->first_word = (uint16_t)word;
    slab->nout = (uint16_t)(slab->nout + taken);
    slab->nrests = 0;
    return taken;
}

/* Its place in the bitmask, or why it is none. */
CELLAR_INLINE enum cellar__item_fault slab_locate(const struct cellar__slab *slab,
                                                  const struct cellar__geometry *geometry, const void *item,
                                                  uint32_t *ret_index)
{
    uint32_t index = cellar__slab_index(slab, geometry, item);
    if (CELLAR_UNLIKELY(index >= geometry->nitems || cellar__slab_item(slab, geometry, index) != item)) {
        return CELLAR_ITEM_MISALIGNED;
    }
    *ret_index = index;
    return CELLAR_LIKELY(cellar__bitmap_test(slab->out, index)) ? CELLAR_ITEM_OK : CELLAR_ITEM_FREE;
}

size_t cellar__slab_give(struct cellar__slab *slab, const struct cellar__geometry *geometry, void **items,
                         size_t n, enum cellar__item_fault *ret_fault)
{
    uint32_t first_word = slab->first_word;
    size_t given = 0;
    do {
        uint32_t index = 0;
        *ret_fault = slab_locate(slab, geometry, items[given], &index);
        if (CELLAR_UNLIKELY(*ret_fault != CELLAR_ITEM_OK)) {
            break;
        }
        cellar__bitmap_clear(slab->out, index);
        first_word = cellar__min(first_word, index / CELLAR_BITMAP_WORD_BITS);
        given++;
    } while (given < n && cellar__slab_spans(slab, items[given]));
    slab->first_word = (uint16_t)first_word;
    slab->nout = (uint16_t)(slab->nout - given);
    slab->nrests = given != 0 ? 0 : slab->nrests;
    return given;
}

const char *cellar__slab_check(const struct cellar__slab *slab, const struct cellar__geometry *geometry)
{
    size_t colour = (size_t)slab->colour * CELLAR_SLAB_COLOUR_UNIT;
    if (colour + (size_t)geometry->nitems * geometry->size > cellar__run_size(&slab->run)) {
        return "L1";
    }
    for (uint32_t word = 0; word < geometry->nwords; word++) {
        uint64_t mask = cellar__bitmap_mask(geometry->nitems, word);
        if ((slab->out[word] & ~mask) != 0) {
            return "L2";
        }
        if (word < slab->first_word && slab->out[word] != mask) {
            return "L4";
        }
    }
    return cellar__bitmap_count(slab->out, geometry->nitems) == slab->nout ? NULL : "L2";
}
