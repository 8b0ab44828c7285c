/*
 * A 64-bit mixing function: every input bit reaches every output bit.
 * Source: the finalizer of splitmix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
 * Generators", OOPSLA 2014). A bijection, so distinct inputs never collide before they are cut to size.
 */
#ifndef CELLAR_BASE_HASH_H
#define CELLAR_BASE_HASH_H

#include <stdint.h>

#include "base/attr.h"

CELLAR_INLINE uint64_t cellar__hash_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

#endif
