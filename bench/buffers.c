/*
 * Buffers of services: THREADS threads have BLOCKS blocks each, of mixed sizes (log-uniform, MIN to MAX bytes), which they
 * replace at random: each step frees one and allocates another in its place. Larger blocks, of which a thread cannot keep
 * many while others do without.
 *
 * A block carries a stamp in its first word; nothing else of it is written, or the time would be the memory's. As many steps
 * as a thread has blocks run before the clock starts. An operation is a free and a malloc. OPERATIONS is for all threads
 * together.
 */
#include "result.h"
#include "stamp.h"
#include "team.h"

enum { BUFFERS_BLOCKS_MAX = 1000 };

static const char BUFFERS_USAGE[] = "buffers THREADS BLOCKS MIN MAX OPERATIONS";

struct buffers_thread {
    size_t index;
    size_t nblocks;
    size_t noperations;
    void *blocks[BUFFERS_BLOCKS_MAX];
};

static struct bench_team buffers_team;
static uint32_t buffers_sizes[BENCH_MIX_COUNT];

static void buffers_replace(struct buffers_thread *thread, size_t nsteps, uint64_t *random)
{
    for (size_t step = 0; step < nsteps; step++) {
        uint64_t choice = bench_random(random);
        void **block = &thread->blocks[bench_random_below(choice, thread->nblocks)];
        bench_stamp_free(*block);
        *block = bench_stamp_alloc(buffers_sizes[choice % BENCH_MIX_COUNT]);
    }
}

static void *buffers_thread_run(void *argument)
{
    struct buffers_thread *thread = argument;
    uint64_t random = bench_team_seed(thread->index);
    for (size_t i = 0; i < thread->nblocks; i++)
        thread->blocks[i] = bench_stamp_alloc(buffers_sizes[bench_random(&random) % BENCH_MIX_COUNT]);
    buffers_replace(thread, thread->nblocks, &random);
    bench_team_ready(&buffers_team);
    buffers_replace(thread, thread->noperations, &random);
    for (size_t i = 0; i < thread->nblocks; i++)
        bench_stamp_free(thread->blocks[i]);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: %s\n", BUFFERS_USAGE);
        return 2;
    }
    size_t nthreads = bench_number_get(argv[1], 1, BENCH_THREADS_MAX, BUFFERS_USAGE);
    size_t nblocks = bench_number_get(argv[2], 1, BUFFERS_BLOCKS_MAX, BUFFERS_USAGE);
    size_t min = bench_number_get(argv[3], sizeof(uint64_t), UINT32_MAX, BUFFERS_USAGE);
    size_t max = bench_number_get(argv[4], min, UINT32_MAX, BUFFERS_USAGE);
    size_t noperations = bench_number_get(argv[5], 1, SIZE_MAX / 2, BUFFERS_USAGE);

    static struct buffers_thread threads[BENCH_THREADS_MAX];
    uint64_t random = BENCH_SEED;
    bench_sizes_fill_log(buffers_sizes, (uint32_t)min, (uint32_t)max, &random);
    for (size_t i = 0; i < nthreads; i++) {
        threads[i].index = i;
        threads[i].nblocks = nblocks;
        threads[i].noperations = bench_team_share(noperations, nthreads, i);
    }
    bench_team_start(&buffers_team, nthreads, buffers_thread_run, threads, sizeof(threads[0]));
    uint64_t start_ns = bench_team_go(&buffers_team);
    bench_team_join(&buffers_team);
    uint64_t end_ns = bench_clock_ns();
    bench_result_print((double)(end_ns - start_ns) / (double)noperations, noperations);
    return 0;
}
