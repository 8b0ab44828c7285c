/*
 * The round that sh6 and sh8 have in common, after the tests 6 and 8 of MicroQuill's benchmark for SmartHeap:
 * a batch of blocks of mixed sizes, 1 to 1000 bytes and small ones most often, of which one in SH_KEEP_PERIOD
 * is kept and the others are freed, in the order of their allocation and, every second round, in reverse.
 *
 * Each thread keeps SH_KEPT_BLOCKS blocks; a block that comes takes the place of the oldest. What becomes of
 * that one is what the two programs differ in.
 *
 * A block holds the byte that its address says, in its first byte for want of more.
 */
#ifndef SH_H
#define SH_H

#include "result.h"
#include "stamp.h"
#include "team.h"

#include <stdbool.h>

enum {
    SH_SIZE_MIN = 1,    /* bytes */
    SH_SIZE_MAX = 1000, /* bytes */
    SH_BATCH_BLOCKS = 200,
    SH_KEEP_PERIOD = 4,
    SH_KEPT_BLOCKS = 1000,
};

struct sh_thread {
    size_t index;
    size_t noperations;
    size_t nkept; /* counts on and on */
    void *kept[SH_KEPT_BLOCKS];
};

/* What becomes of a block that another took the place of; it may be NULL. */
typedef void sh_retire(struct sh_thread *thread, void *block);

static struct bench_team sh_team;
static uint32_t sh_sizes[BENCH_MIX_COUNT];

static inline void *sh_block_alloc(size_t size)
{
    void *block = malloc(size);
    if (block == NULL) {
        perror("sh: malloc");
        exit(1);
    }
    *(volatile uint8_t *)block = (uint8_t)(bench_stamp(block) >> 56);
    return block;
}

static inline void sh_block_free(void *block)
{
    if (block == NULL)
        return;
    if (*(volatile uint8_t *)block != (uint8_t)(bench_stamp(block) >> 56))
        bench_content_fail(block);
    free(block);
}

/* Keeps its share of the nblocks blocks and frees the rest. */
static inline void sh_batch_free(struct sh_thread *thread, void **blocks, size_t nblocks, bool reverse,
                                 sh_retire *retire)
{
    for (size_t i = 0; i < nblocks; i++) {
        void *block = blocks[reverse ? nblocks - 1 - i : i];
        if (i % SH_KEEP_PERIOD != 0) {
            sh_block_free(block);
            continue;
        }
        void **place = &thread->kept[thread->nkept++ % SH_KEPT_BLOCKS];
        retire(thread, *place);
        *place = block;
    }
}

/* The work of a thread, from the start to the free of all that it keeps. */
static inline void sh_thread_work(struct sh_thread *thread, sh_retire *retire)
{
    void *blocks[SH_BATCH_BLOCKS];
    uint64_t random = bench_team_seed(thread->index);
    bool reverse = false;
    for (size_t done = 0; done < thread->noperations; reverse = !reverse) {
        size_t nleft = thread->noperations - done;
        size_t nblocks = nleft < SH_BATCH_BLOCKS ? nleft : SH_BATCH_BLOCKS;
        for (size_t i = 0; i < nblocks; i++)
            blocks[i] = sh_block_alloc(sh_sizes[bench_random(&random) % BENCH_MIX_COUNT]);
        sh_batch_free(thread, blocks, nblocks, reverse, retire);
        done += nblocks;
    }
    for (size_t i = 0; i < SH_KEPT_BLOCKS; i++)
        sh_block_free(thread->kept[i]);
}

/* Returns the time all threads took, in ns. */
static inline uint64_t sh_run(size_t nthreads, size_t noperations, void *(*run)(void *))
{
    static struct sh_thread threads[BENCH_THREADS_MAX];
    uint64_t random = BENCH_SEED;
    bench_sizes_fill_falling(sh_sizes, SH_SIZE_MIN, SH_SIZE_MAX, &random);
    for (size_t i = 0; i < nthreads; i++) {
        threads[i].index = i;
        threads[i].noperations = bench_team_share(noperations, nthreads, i);
    }
    bench_team_start(&sh_team, nthreads, run, threads, sizeof(threads[0]));
    uint64_t start_ns = bench_team_go(&sh_team);
    bench_team_join(&sh_team);
    return bench_clock_ns() - start_ns;
}

#endif
