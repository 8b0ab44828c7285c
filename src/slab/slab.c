#include "slab/slab.h"

#include "base/assert.h"
#include "base/bitmap.h"

bool cellar__slab_is_out(const struct cellar__slab *slab, uint32_t index)
{
    return cellar__bitmap_test(slab->out, index);
}

/* Marks the item ready and says whether it was not: by the lowest bit, which no item's address has. */
static uintptr_t slab_fresh_mark(struct cellar__slab *slab, const struct cellar__geometry *geometry,
                                 uint32_t index)
{
    uint64_t *ready = cellar__slab_ready(slab, geometry);
    bool fresh = !cellar__bitmap_test(ready, index);
    cellar__bitmap_set(ready, index);
    return fresh;
}

size_t cellar__slab_take(struct cellar__slab *slab, const struct cellar__geometry *geometry, void **items,
                         size_t n)
{
    size_t taken = 0;
    uint32_t word = slab->first_word;
    while (taken < n && word < geometry->nwords) {
        uint64_t clear = ~slab->out[word] & cellar__bitmap_mask(geometry->nitems, word);
        if (clear == 0) {
            word++;
            continue;
        }
        uint32_t index = word * CELLAR_BITMAP_WORD_BITS + (uint32_t)__builtin_ctzll(clear);
        uintptr_t item = (uintptr_t)cellar__slab_item(slab, geometry, index);
        slab->out[word] |= clear & -clear;
        items[taken++] = (void *)(geometry->has_ready ? item | slab_fresh_mark(slab, geometry, index) : item);
    }
    slab->first_word = (uint16_t)word;
    slab->nout = (uint16_t)(slab->nout + taken);
    slab->nrests = 0;
    return taken;
}

enum cellar__item_fault cellar__slab_give(struct cellar__slab *slab, const struct cellar__geometry *geometry,
                                          const void *item)
{
    uint32_t index = cellar__slab_index(slab, geometry, item);
    if (index >= geometry->nitems || cellar__slab_item(slab, geometry, index) != item) {
        return CELLAR_ITEM_MISALIGNED;
    }
    if (!cellar__bitmap_test(slab->out, index)) {
        return CELLAR_ITEM_FREE;
    }
    uint32_t word = index / CELLAR_BITMAP_WORD_BITS;
    cellar__bitmap_clear(slab->out, index);
    slab->first_word = word < slab->first_word ? (uint16_t)word : slab->first_word;
    slab->nout--;
    slab->nrests = 0;
    return CELLAR_ITEM_OK;
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
