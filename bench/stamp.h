/*
 * Blocks that carry a stamp in their first word, which follows from their address: a block that overlaps
 * another, or that was changed while it travelled between threads, is noticed when it is freed, and ends the
 * program with status 1.
 */
#ifndef BENCH_STAMP_H
#define BENCH_STAMP_H

#include "bench.h"
#include "check.h"

static inline uint64_t bench_stamp(const void *block)
{
    return ((uint64_t)(uintptr_t)block ^ BENCH_SEED) * BENCH_SEED;
}

/* size is at least sizeof(uint64_t), the stamp's. */
static inline void *bench_stamp_alloc(size_t size)
{
    void *block = bench_alloc(size);
    *(volatile uint64_t *)block = bench_stamp(block);
    return block;
}

/* block may be NULL. The stamp is spoiled, so that a block that is freed twice is noticed too. */
static inline void bench_stamp_free(void *block)
{
    if (block == NULL)
        return;
    volatile uint64_t *stamp = block;
    if (*stamp != bench_stamp(block))
        bench_content_fail(block);
    *stamp = 0;
    free(block);
}

#endif
