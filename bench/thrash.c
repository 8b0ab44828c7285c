/*
 * Active false sharing: threads allocate small blocks of one size at the same time, and write them many times.
 *
 * After cache-thrash, Berger, McKinley, Blumofe and Wilson, "Hoard: a scalable memory allocator for
 * multithreaded applications" (ASPLOS 2000). An allocator that gives two threads blocks of one cache line makes
 * each of them wait for the other's writes. line.h says what a block is written with.
 *
 * An operation is a malloc, REPETITIONS * WRITES writes and a free. OPERATIONS is for all threads together.
 */
#include "line.h"

static const char THRASH_USAGE[] = "thrash THREADS SIZE REPETITIONS WRITES OPERATIONS";

static struct bench_team thrash_team;
static struct line_work thrash_work;

static void *thrash_thread_run(void *argument)
{
    const size_t *noperations = argument;
    bench_team_ready(&thrash_team);
    for (size_t i = 0; i < *noperations; i++)
        line_block_cycle(&thrash_work);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: %s\n", THRASH_USAGE);
        return 2;
    }
    size_t nthreads = bench_number_get(argv[1], 1, BENCH_THREADS_MAX, THRASH_USAGE);
    thrash_work = line_work_get(argv, THRASH_USAGE);
    size_t noperations = bench_number_get(argv[5], 1, SIZE_MAX / 2, THRASH_USAGE);

    static size_t shares[BENCH_THREADS_MAX];
    for (size_t i = 0; i < nthreads; i++)
        shares[i] = bench_team_share(noperations, nthreads, i);
    bench_team_start(&thrash_team, nthreads, thrash_thread_run, shares, sizeof(shares[0]));
    uint64_t start_ns = bench_team_go(&thrash_team);
    bench_team_join(&thrash_team);
    uint64_t end_ns = bench_clock_ns();
    bench_result_print((double)(end_ns - start_ns) / (double)noperations, noperations);
    return 0;
}
