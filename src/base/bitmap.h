/*
 * Bitmaps over caller-owned words. Bit i is bit i % 64 of word i / 64. Bits beyond nbits are kept 0.
 * Nothing here is atomic: the owner's lock protects the words.
 */
#ifndef CELLAR_BASE_BITMAP_H
#define CELLAR_BASE_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define CELLAR_BITMAP_WORD_BITS 64u

CELLAR_INLINE size_t cellar__bitmap_nwords(size_t nbits)
{
    return (nbits + CELLAR_BITMAP_WORD_BITS - 1) / CELLAR_BITMAP_WORD_BITS;
}

CELLAR_INLINE bool cellar__bitmap_test(const uint64_t *words, size_t bit)
{
    return (words[bit / CELLAR_BITMAP_WORD_BITS] >> (bit % CELLAR_BITMAP_WORD_BITS)) & 1;
}

CELLAR_INLINE void cellar__bitmap_set(uint64_t *words, size_t bit)
{
    words[bit / CELLAR_BITMAP_WORD_BITS] |= UINT64_C(1) << (bit % CELLAR_BITMAP_WORD_BITS);
}

CELLAR_INLINE void cellar__bitmap_clear(uint64_t *words, size_t bit)
{
    words[bit / CELLAR_BITMAP_WORD_BITS] &= ~(UINT64_C(1) << (bit % CELLAR_BITMAP_WORD_BITS));
}

/* The word's mask of valid bits: all ones but in the last word of a bitmap whose size is no multiple of 64. */
CELLAR_INLINE uint64_t cellar__bitmap_mask(size_t nbits, size_t word)
{
    size_t left = nbits - word * CELLAR_BITMAP_WORD_BITS;
    return left >= CELLAR_BITMAP_WORD_BITS ? UINT64_MAX : (UINT64_C(1) << left) - 1;
}

/* The lowest clear bit at or after word `from`, or nbits when every bit from there on is set. */
CELLAR_INLINE size_t cellar__bitmap_find_clear(const uint64_t *words, size_t nbits, size_t from_word)
{
    size_t nwords = cellar__bitmap_nwords(nbits);
    for (size_t i = from_word; i < nwords; i++) {
        uint64_t clear = ~words[i] & cellar__bitmap_mask(nbits, i);
        if (clear != 0) {
            return i * CELLAR_BITMAP_WORD_BITS + (size_t)__builtin_ctzll(clear);
        }
    }
    return nbits;
}

CELLAR_INLINE size_t cellar__bitmap_count(const uint64_t *words, size_t nbits)
{
    size_t count = 0;
    for (size_t i = 0; i < cellar__bitmap_nwords(nbits); i++) {
        count += (size_t)__builtin_popcountll(words[i]);
    }
    return count;
}

#endif
