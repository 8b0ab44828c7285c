#include "slab/slab.h"

#include "base/assert.h"
#include "base/bitmap.h"
#include "base/bits.h"

#define SLAB_EACH 32u /* items given back one by one until it is asked again whether a row begins */

bool cellar__slab_is_out(const struct cellar__slab *slab, uint32_t index)
{
    return cellar__bitmap_test(slab->out, index);
}

/* Marks the items of one word ready, whose bits are in `taken`; those that were not get their address's lowest bit set. */
static CELLAR_NOINLINE void slab_mark_ready(uint64_t *ready, uint64_t taken, void **items)
{
    for (uint64_t left = taken; left != 0; left &= left - 1, items++) {
        bool fresh = (*ready & left & -left) == 0;
        *items = (void *)((uintptr_t)*items | fresh); // NOLINT(performance-no-int-to-ptr)
    }
    *ready |= taken;
}

/* Writes the addresses of n neighbours. */
static void slab_list(char *item, size_t size, void **items, size_t n)
{
    for (size_t i = 0; i < n; i++, item += size) {
        items[i] = item;
    }
}

/* Takes up to n of the items of one word that are not out, whose bits are in `free`; how many. */
static size_t slab_take_word(struct cellar__slab *slab, const struct cellar__geometry *geometry,
                             uint32_t word, uint64_t free, void **items, size_t n)
{
    char *first = cellar__slab_item(slab, geometry, word * CELLAR_BITMAP_WORD_BITS);
    size_t size = geometry->size;
    uint64_t left = free;
    size_t taken = 0;
    if ((free & (free + (free & -free))) == 0) { /* neighbours, as in a new slab */
        unsigned begin = cellar__low_bit(free);
        unsigned end = cellar__lg_floor(free) + 1;
        taken = cellar__min(end - begin, n);
        slab_list(first + begin * size, size, items, taken);
        left = begin + taken == end ? 0 : free & (UINT64_MAX << (begin + taken));
    } else {
        do {
            items[taken++] = first + cellar__low_bit(left) * size;
            left &= left - 1;
        } while (left != 0 && taken < n);
    }
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

/* Gives items back, of which the first lies in the slab's run, up to one at fault or out of the slab. How many. */
static CELLAR_NOINLINE size_t slab_give_each(struct cellar__slab *slab,
                                             const struct cellar__geometry *geometry, void *const *items,
                                             size_t n, enum cellar__item_fault *ret_fault)
{
    /* Copies: for all that the compiler knows, clearing a bit changes the originals. */
    const char *first = cellar__slab_first(slab);
    const struct cellar__geometry cut = *geometry;
    size_t first_word = slab->first_word;
    size_t given;
    for (given = 0; given < n; given++) {
        size_t offset = (size_t)((const char *)items[given] - first);
        size_t index = (offset * cut.reciprocal) >> CELLAR_SLAB_LG_UNIT;
        if (CELLAR_UNLIKELY(index >= cut.nitems || index * cut.size != offset)) {
            *ret_fault =
                given == 0 ? CELLAR_ITEM_MISALIGNED : CELLAR_ITEM_OK; /* elsewhere: the caller asks */
            break;
        }
        uint64_t *word = &slab->out[index / CELLAR_BITMAP_WORD_BITS];
        uint64_t bit = UINT64_C(1) << (index % CELLAR_BITMAP_WORD_BITS);
        if (CELLAR_UNLIKELY((*word & bit) == 0)) {
            *ret_fault = CELLAR_ITEM_FREE;
            break;
        }
        *word ^= bit;
        first_word = cellar__min(first_word, index / CELLAR_BITMAP_WORD_BITS);
    }
    slab->first_word = (uint16_t)first_word;
    return given;
}

/*
 * Programs free much in the order of addresses, or against it. When items[1] is the neighbour of items[0], above or below,
 * and so on, those whose bits are in one word go at once. How many; 0 when there is no such row, or when one of it is at
 * fault.
 */
static size_t slab_give_row(struct cellar__slab *slab, const struct cellar__geometry *geometry,
                            void *const *items, size_t n)
{
    if (n < 2) {
        return 0;
    }
    size_t step = (uintptr_t)items[1] - (uintptr_t)items[0]; /* wraps when it leads down */
    bool is_up = step == geometry->size;
    size_t index = cellar__slab_index(slab, geometry, items[0]);
    if ((!is_up && step != (size_t)0 - geometry->size) || index >= geometry->nitems ||
        cellar__slab_item(slab, geometry, (uint32_t)index) != items[0]) {
        return 0;
    }
    size_t bit = index % CELLAR_BITMAP_WORD_BITS;
    size_t word = index / CELLAR_BITMAP_WORD_BITS;
    size_t most = cellar__min(n, is_up ? CELLAR_BITMAP_WORD_BITS - bit : bit + 1);
    size_t k = 1;
    for (uintptr_t next = (uintptr_t)items[1]; k < most && (uintptr_t)items[k] == next; next += step) {
        k++;
    }
    uint64_t row = UINT64_MAX >> (CELLAR_BITMAP_WORD_BITS - k) << (is_up ? bit : bit + 1 - k);
    if (CELLAR_UNLIKELY((slab->out[word] & row) != row)) {
        return 0;
    }
    slab->out[word] &= ~row;
    slab->first_word = (uint16_t)cellar__min(slab->first_word, word);
    return k;
}

/* As cellar__slab_give, but for the counts. */
static CELLAR_NOINLINE size_t slab_give_some(struct cellar__slab *slab,
                                             const struct cellar__geometry *geometry, void *const *items,
                                             size_t n, enum cellar__item_fault *ret_fault)
{
    size_t given = 0;
    do {
        size_t k = slab_give_row(slab, geometry, items + given, n - given);
        if (k == 0) {
            k = slab_give_each(slab, geometry, items + given, cellar__min(n - given, SLAB_EACH), ret_fault);
        }
        given += k;
    } while (given < n && *ret_fault == CELLAR_ITEM_OK && cellar__slab_spans(slab, items[given]));
    return given;
}

/* Its place in the bitmask is clear now, or why not. */
CELLAR_INLINE enum cellar__item_fault slab_give_one(struct cellar__slab *slab,
                                                    const struct cellar__geometry *geometry, const void *item)
{
    uint32_t index = cellar__slab_index(slab, geometry, item);
    if (CELLAR_UNLIKELY(index >= geometry->nitems || cellar__slab_item(slab, geometry, index) != item)) {
        return CELLAR_ITEM_MISALIGNED;
    }
    if (CELLAR_UNLIKELY(!cellar__bitmap_test(slab->out, index))) {
        return CELLAR_ITEM_FREE;
    }
    cellar__bitmap_clear(slab->out, index);
    slab->first_word = (uint16_t)cellar__min(slab->first_word, index / CELLAR_BITMAP_WORD_BITS);
    return CELLAR_ITEM_OK;
}

size_t cellar__slab_give(struct cellar__slab *slab, const struct cellar__geometry *geometry, void **items,
                         size_t n, enum cellar__item_fault *ret_fault)
{
    size_t given;
    *ret_fault = CELLAR_ITEM_OK;
    if (n > 1 && cellar__slab_spans(slab, items[1])) {
        given = slab_give_some(slab, geometry, items, n, ret_fault);
    } else {
        *ret_fault = slab_give_one(slab, geometry, items[0]);
        given = *ret_fault == CELLAR_ITEM_OK;
    }
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
