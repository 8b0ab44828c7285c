/*
 * Batches of mixed sizes, freed in order or in reverse, while some blocks stay for a while; all by the thread
 * that allocated them. sh.h says where the workload is from and what a round of it is.
 *
 * An operation is one malloc and one free. OPERATIONS is for all threads together.
 */
#include "sh.h"

static const char SH6_USAGE[] = "sh6 THREADS OPERATIONS";

static void sh6_retire(struct sh_thread *thread, void *block)
{
    (void)thread;
    sh_block_free(block);
}

static void *sh6_thread_run(void *argument)
{
    bench_team_ready(&sh_team);
    sh_thread_work(argument, sh6_retire);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s\n", SH6_USAGE);
        return 2;
    }
    size_t nthreads = bench_number_get(argv[1], 1, BENCH_THREADS_MAX, SH6_USAGE);
    size_t noperations = bench_number_get(argv[2], 1, SIZE_MAX / 2, SH6_USAGE);
    uint64_t ns = sh_run(nthreads, noperations, sh6_thread_run);
    bench_result_print((double)ns / (double)noperations, noperations);
    return 0;
}
