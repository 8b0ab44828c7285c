/*
 * Passive false sharing: blocks that one thread allocated side by side are freed by others, which then allocate
 * blocks of the same size and write them many times.
 *
 * After cache-scratch, Berger, McKinley, Blumofe and Wilson, "Hoard: a scalable memory allocator for
 * multithreaded applications" (ASPLOS 2000).
 *
 *   main      [b0][b1][b2][b3]       one cache line, perhaps
 *              |   |   |   |
 *   thread     0   1   2   3         each frees its own, and allocates, writes, frees, allocates, ...
 *
 * An allocator that gives a thread again the block it freed, though others have those beside it, makes each
 * of them wait for the other's writes, for good. line.h says what a block is written with.
 *
 * An operation is a malloc, REPETITIONS * WRITES writes and a free. OPERATIONS is for all threads together; the
 * block that main allocates for each thread is not among them.
 */
#include "line.h"

static const char SCRATCH_USAGE[] = "scratch THREADS SIZE REPETITIONS WRITES OPERATIONS";

struct scratch_thread {
    void *block; /* main's gift */
    size_t noperations;
};

static struct bench_team scratch_team;
static struct line_work scratch_work;

static void *scratch_thread_run(void *argument)
{
    const struct scratch_thread *thread = argument;
    bench_team_ready(&scratch_team);
    free(thread->block);
    for (size_t i = 0; i < thread->noperations; i++)
        line_block_cycle(&scratch_work);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: %s\n", SCRATCH_USAGE);
        return 2;
    }
    size_t nthreads = bench_number_get(argv[1], 1, BENCH_THREADS_MAX, SCRATCH_USAGE);
    scratch_work = line_work_get(argv, SCRATCH_USAGE);
    size_t noperations = bench_number_get(argv[5], 1, SIZE_MAX / 2, SCRATCH_USAGE);

    static struct scratch_thread threads[BENCH_THREADS_MAX];
    for (size_t i = 0; i < nthreads; i++) {
        threads[i].noperations = bench_team_share(noperations, nthreads, i);
        threads[i].block = malloc(scratch_work.size);
        if (threads[i].block == NULL) {
            perror("scratch: malloc");
            return 1;
        }
        memset(threads[i].block, 1, scratch_work.size);
    }
    bench_team_start(&scratch_team, nthreads, scratch_thread_run, threads, sizeof(threads[0]));
    uint64_t start_ns = bench_team_go(&scratch_team);
    bench_team_join(&scratch_team);
    uint64_t end_ns = bench_clock_ns();
    bench_result_print((double)(end_ns - start_ns) / (double)noperations, noperations);
    return 0;
}
