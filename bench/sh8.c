/*
 * As sh6, but the blocks that stay for a while are freed by another thread. sh.h says where the workload is
 * from and what a round of it is.
 *
 *   thread 0 ---> [row 0: b b b b ..] ---> thread 1 ---> [row 1: b b b b ..] ---> thread 2 ... thread 0
 *
 * A block that is kept no longer goes into the row of its thread, whose slots are filled one after another; a
 * thread that puts a block there looks into the same slot of the row before its own, and frees what it finds.
 * A block that is still in a slot when its thread comes round again is freed by that thread: the other is
 * behind. With one thread the row before is its own.
 *
 * Main frees what the rows hold at the end, within the time measured.
 *
 * An operation is one malloc and one free. OPERATIONS is for all threads together.
 */
#include "sh.h"

#include <stdatomic.h>

enum { SH8_ROW_SLOTS = 1024 };

static const char SH8_USAGE[] = "sh8 THREADS OPERATIONS";

static _Atomic(void *) sh8_rows[BENCH_THREADS_MAX][SH8_ROW_SLOTS];

/* Release publishes the stamp of the block put in, acquire shows that of the block taken out. */
static void *sh8_slot_exchange(size_t row, size_t slot, void *block)
{
    return atomic_exchange_explicit(&sh8_rows[row][slot], block, memory_order_acq_rel);
}

static void sh8_retire(struct sh_thread *thread, void *block)
{
    if (block == NULL)
        return;
    size_t nthreads = sh_team.nthreads;
    size_t slot = thread->nkept % SH8_ROW_SLOTS;
    sh_block_free(sh8_slot_exchange((thread->index + nthreads - 1) % nthreads, slot, NULL));
    sh_block_free(sh8_slot_exchange(thread->index, slot, block));
}

static void *sh8_thread_run(void *argument)
{
    bench_team_ready(&sh_team);
    sh_thread_work(argument, sh8_retire);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s\n", SH8_USAGE);
        return 2;
    }
    size_t nthreads = bench_number_get(argv[1], 1, BENCH_THREADS_MAX, SH8_USAGE);
    size_t noperations = bench_number_get(argv[2], 1, SIZE_MAX / 2, SH8_USAGE);
    uint64_t ns = sh_run(nthreads, noperations, sh8_thread_run);
    uint64_t start_ns = bench_clock_ns();
    for (size_t i = 0; i < nthreads; i++) {
        for (size_t j = 0; j < SH8_ROW_SLOTS; j++)
            sh_block_free(sh8_slot_exchange(i, j, NULL));
    }
    ns += bench_clock_ns() - start_ns;
    bench_result_print((double)ns / (double)noperations, noperations);
    return 0;
}
