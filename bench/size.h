/* Tables of sizes drawn at random before the clock starts, for the programs whose sizes go beyond bench.h's mix. */
#ifndef BENCH_SIZE_H
#define BENCH_SIZE_H

#include "bench.h"

enum { BENCH_SIZES_COUNT = 4096 }; /* in a table; a power of two: an index is a mask */

/* Fills sizes[BENCH_SIZES_COUNT] log-uniformly with sizes in [min, max): each doubling of size is as frequent. */
static inline void bench_sizes_fill(uint32_t *sizes, uint32_t min, uint32_t max, uint64_t *random)
{
    const double lg_ratio = log2((double)max / min);
    for (size_t i = 0; i < BENCH_SIZES_COUNT; i++) {
        double fraction = (double)(bench_random(random) >> 11) / 9007199254740992.0; /* 2^53 */
        sizes[i] = (uint32_t)(min * exp2(fraction * lg_ratio));
    }
}

#endif
