/*
 * Everything at once: sizes over the whole range, blocks that live for long and for short, blocks that change
 * hands, and threads that end and are followed by others.
 *
 * After the stress test that Leijen, Zorn and de Moura describe with mimalloc ("Mimalloc: free list sharding in
 * action", 2019). The work is in MSTRESS_ROUNDS rounds, each with THREADS new threads. A step of a thread
 * allocates a block, and chooses at random what it takes the place of:
 *
 *   kept    one step in MSTRESS_KEEP_PERIOD: the oldest of MSTRESS_KEPT_BLOCKS, which so live long
 *   young   otherwise: a random one of MSTRESS_YOUNG_BLOCKS
 *
 * One step in MSTRESS_MOVE_PERIOD then exchanges that young block with a random slot of the market, which all
 * threads share and which outlives the rounds:
 *
 *   thread 0: kept, young <--\                      /--> thread 1: kept, young
 *                             [b][b][b][b][b][b]...        market
 *
 * Sizes: a power of two and a random part of it, the double of a size half as often; from 16 bytes to 8 KiB;
 * one block in MSTRESS_LARGE_PERIOD is large, to 100 KiB.
 *
 * A thread frees what it holds at its end, main what the market holds at the end of all. The time is the sum
 * of the rounds, from the start of the threads' work to their join.
 *
 * An operation is one malloc and one free. OPERATIONS is for all threads and rounds together.
 */
#include "result.h"
#include "stamp.h"
#include "team.h"

#include <stdatomic.h>

enum {
    MSTRESS_ROUNDS = 10,
    MSTRESS_YOUNG_BLOCKS = 500,
    MSTRESS_KEPT_BLOCKS = 2000,
    MSTRESS_MARKET_SLOTS = 1024,
    MSTRESS_KEEP_PERIOD = 4,
    MSTRESS_MOVE_PERIOD = 8,
    MSTRESS_SIZE_MIN = 16,
    MSTRESS_LG_STEPS = 9, /* doublings of the smallest size, at most */
    MSTRESS_LARGE_PERIOD = 1000,
    MSTRESS_LARGE_SIZE_MIN = 8 << 10,
    MSTRESS_LARGE_SIZE_MAX = 100 << 10,
};

static const char MSTRESS_USAGE[] = "mstress THREADS OPERATIONS";

struct mstress_thread {
    size_t noperations; /* of this round */
    uint64_t random;
    size_t nkept; /* counts on and on */
    void *young[MSTRESS_YOUNG_BLOCKS];
    void *kept[MSTRESS_KEPT_BLOCKS];
};

static struct bench_team mstress_team;
static struct mstress_thread mstress_threads[BENCH_THREADS_MAX];
static _Atomic(void *) mstress_market[MSTRESS_MARKET_SLOTS];

static size_t mstress_size_choose(uint64_t random)
{
    if (bench_random_below(random, MSTRESS_LARGE_PERIOD) == 0)
        return MSTRESS_LARGE_SIZE_MIN +
               bench_random_below(random << 32, MSTRESS_LARGE_SIZE_MAX - MSTRESS_LARGE_SIZE_MIN);
    int lg_steps = __builtin_ctzll(random | 1u << (MSTRESS_LG_STEPS - 1));
    size_t size = (size_t)MSTRESS_SIZE_MIN << lg_steps;
    return size + bench_random_below(random << 16, size);
}

static void mstress_step(struct mstress_thread *thread)
{
    uint64_t choice = bench_random(&thread->random);
    void *block = bench_stamp_alloc(mstress_size_choose(bench_random(&thread->random)));
    if (choice % MSTRESS_KEEP_PERIOD == 0) {
        void **kept = &thread->kept[thread->nkept++ % MSTRESS_KEPT_BLOCKS];
        bench_stamp_free(*kept);
        *kept = block;
        return;
    }
    void **young = &thread->young[bench_random_below(choice, MSTRESS_YOUNG_BLOCKS)];
    bench_stamp_free(*young);
    *young = block;
    if ((choice >> 8) % MSTRESS_MOVE_PERIOD == 0) {
        /* Release publishes the stamp of the block given, acquire shows that of the block taken. */
        _Atomic(void *) *slot = &mstress_market[(choice >> 16) % MSTRESS_MARKET_SLOTS];
        *young = atomic_exchange_explicit(slot, block, memory_order_acq_rel);
    }
}

static void mstress_blocks_free(void **blocks, size_t nblocks)
{
    for (size_t i = 0; i < nblocks; i++) {
        bench_stamp_free(blocks[i]);
        blocks[i] = NULL;
    }
}

static void *mstress_thread_run(void *argument)
{
    struct mstress_thread *thread = argument;
    bench_team_ready(&mstress_team);
    for (size_t i = 0; i < thread->noperations; i++)
        mstress_step(thread);
    mstress_blocks_free(thread->young, MSTRESS_YOUNG_BLOCKS);
    mstress_blocks_free(thread->kept, MSTRESS_KEPT_BLOCKS);
    return NULL;
}

/* Returns the ns that it took. */
static uint64_t mstress_round_run(size_t nthreads, size_t noperations)
{
    for (size_t i = 0; i < nthreads; i++)
        mstress_threads[i].noperations = bench_team_share(noperations, nthreads, i);
    bench_team_start(&mstress_team, nthreads, mstress_thread_run, mstress_threads,
                     sizeof(mstress_threads[0]));
    uint64_t start_ns = bench_team_go(&mstress_team);
    bench_team_join(&mstress_team);
    return bench_clock_ns() - start_ns;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s\n", MSTRESS_USAGE);
        return 2;
    }
    size_t nthreads = bench_number_get(argv[1], 1, BENCH_THREADS_MAX, MSTRESS_USAGE);
    size_t noperations = bench_number_get(argv[2], 1, SIZE_MAX / 2, MSTRESS_USAGE);

    for (size_t i = 0; i < nthreads; i++)
        mstress_threads[i].random = bench_team_seed(i);
    uint64_t ns = 0;
    for (size_t i = 0; i < MSTRESS_ROUNDS; i++)
        ns += mstress_round_run(nthreads, bench_team_share(noperations, MSTRESS_ROUNDS, i));
    for (size_t i = 0; i < MSTRESS_MARKET_SLOTS; i++)
        bench_stamp_free(atomic_load_explicit(&mstress_market[i], memory_order_relaxed));
    bench_result_print((double)ns / (double)noperations, noperations);
    return 0;
}
