/* Arithmetic on powers of two. Every alignment in Cellar is a power of two, never a mask. */
#ifndef CELLAR_BASE_BITS_H
#define CELLAR_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

CELLAR_INLINE bool cellar__is_pow2(uint64_t x)
{
    return x != 0 && (x & (x - 1)) == 0;
}

/* Floor of the binary logarithm; x must not be 0. */
CELLAR_INLINE unsigned cellar__lg_floor(uint64_t x)
{
    return 63u - (unsigned)__builtin_clzll(x);
}

/* Ceiling of the binary logarithm; x must not be 0. */
CELLAR_INLINE unsigned cellar__lg_ceil(uint64_t x)
{
    return x == 1 ? 0 : cellar__lg_floor(x - 1) + 1;
}

/* Index of the lowest set bit; x must not be 0. */
CELLAR_INLINE unsigned cellar__low_bit(uint64_t x)
{
    return (unsigned)__builtin_ctzll(x);
}

CELLAR_INLINE uint64_t cellar__round_down(uint64_t x, uint64_t align)
{
    return x & ~(align - 1);
}

/* Rounds up; the caller has made sure that x + align - 1 does not wrap. */
CELLAR_INLINE uint64_t cellar__round_up(uint64_t x, uint64_t align)
{
    return (x + align - 1) & ~(align - 1);
}

/* Rounds up into *ret; false, with *ret untouched, when the sum wraps. */
CELLAR_INLINE bool cellar__round_up_try(uint64_t x, uint64_t align, uint64_t *ret)
{
    uint64_t sum;
    if (__builtin_add_overflow(x, align - 1, &sum)) {
        return false;
    }
    *ret = sum & ~(align - 1);
    return true;
}

CELLAR_INLINE uint64_t cellar__div_ceil(uint64_t x, uint64_t unit)
{
    return x / unit + (x % unit != 0);
}

CELLAR_INLINE uint64_t cellar__min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

CELLAR_INLINE uint64_t cellar__max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

CELLAR_INLINE uint64_t cellar__clamp(uint64_t x, uint64_t low, uint64_t high)
{
    return x < low ? low : x > high ? high : x;
}

#endif
