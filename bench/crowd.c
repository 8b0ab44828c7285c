/*
 * What a crowd of threads costs in memory: while they wait, and after thousands have gone.
 *
 *   1  THREADS threads start, and wait:                    the first VmRSS
 *   2  each replaces random blocks of 16 bytes to 32 KiB (log-uniform), CROWD_BLOCKS at a time, 2 MiB at
 *      most, and frees all of them; this is what is timed
 *   3  all wait for a second:                              the second VmRSS
 *   4  the threads end; CROWD_WAVES waves of CROWD_WAVE_THREADS threads each follow, which allocate a few
 *      blocks, free them, and end; VmRSS after the wave that makes the first thousand, and after the last
 *
 * Two more lines than others print:
 *
 *   idle_thread_kib  (second VmRSS - first VmRSS) / THREADS: what the allocator holds for a thread without blocks
 *   flat_kib         by how much VmRSS grew from the 1000th to the 10000th thread; 0 but for noise, or
 *                    something of each thread stays
 *
 * The kernel counts VmRSS by CPU, so that it may be off by some 100 KiB.
 *
 * An operation is one malloc and one free of step 2. OPERATIONS is for all threads together, and
 * CROWD_THREAD_OPERATIONS for each unless it is given. The clock stops when all threads have freed their blocks,
 * not when they end.
 */
#include "result.h"
#include "stamp.h"
#include "team.h"

enum {
    CROWD_PAGE_SIZE = 4096,    /* bytes; larger pages are touched more than once */
    CROWD_SIZE_MIN = 16,       /* bytes */
    CROWD_SIZE_MAX = 32 << 10, /* bytes */
    CROWD_LIVE_MAX = 2 << 20,  /* bytes in a thread */
    CROWD_BLOCKS = 400,
    CROWD_THREAD_OPERATIONS = 20000,
    CROWD_WAVES = 100,
    CROWD_WAVE_THREADS = 100,
    CROWD_FIRST_WAVES = 10, /* a thousand threads */
    CROWD_WAVE_BLOCKS = 20,
};

static const char CROWD_USAGE[] = "crowd THREADS [OPERATIONS]";

struct crowd_block {
    void *data;
    size_t size;
};

struct crowd_thread {
    size_t index;
    size_t noperations;
    size_t nlive_bytes;
    struct crowd_block blocks[CROWD_BLOCKS];
};

static struct bench_team crowd_team;
static struct crowd_thread crowd_threads[BENCH_THREADS_MAX];
static uint32_t crowd_sizes[BENCH_MIX_COUNT];

static void crowd_block_free(struct crowd_thread *thread, struct crowd_block *block)
{
    bench_stamp_free(block->data);
    thread->nlive_bytes -= block->size;
    *block = (struct crowd_block){NULL, 0};
}

static void crowd_step(struct crowd_thread *thread, uint64_t choice)
{
    struct crowd_block *block = &thread->blocks[bench_random_below(choice, CROWD_BLOCKS)];
    crowd_block_free(thread, block);
    size_t size = crowd_sizes[choice % BENCH_MIX_COUNT];
    if (thread->nlive_bytes + size > CROWD_LIVE_MAX)
        size = CROWD_SIZE_MIN;
    *block = (struct crowd_block){bench_stamp_alloc(size), size};
    thread->nlive_bytes += size;
    for (size_t at = CROWD_PAGE_SIZE; at < size; at += CROWD_PAGE_SIZE)
        ((volatile char *)block->data)[at] = 1; /* what is live is resident */
}

static void *crowd_thread_run(void *argument)
{
    struct crowd_thread *thread = argument;
    uint64_t random = bench_team_seed(thread->index);
    bench_team_ready(&crowd_team);
    for (size_t i = 0; i < thread->noperations; i++)
        crowd_step(thread, bench_random(&random));
    for (size_t i = 0; i < CROWD_BLOCKS; i++)
        crowd_block_free(thread, &thread->blocks[i]);
    bench_team_meet(&crowd_team); /* done */
    bench_team_meet(&crowd_team); /* main has looked */
    return NULL;
}

static void *crowd_wave_thread_run(void *argument)
{
    void *blocks[CROWD_WAVE_BLOCKS];
    size_t first = *(const size_t *)argument;
    for (size_t i = 0; i < CROWD_WAVE_BLOCKS; i++)
        blocks[i] = bench_stamp_alloc(crowd_sizes[(first + i) % BENCH_MIX_COUNT]);
    for (size_t i = 0; i < CROWD_WAVE_BLOCKS; i++)
        bench_stamp_free(blocks[i]);
    return NULL;
}

/* Step 4. Returns the growth in KiB. */
static long crowd_waves_run(void)
{
    long first_kib = 0;
    for (size_t wave = 0; wave < CROWD_WAVES; wave++) {
        size_t firsts[CROWD_WAVE_THREADS];
        pthread_t handles[CROWD_WAVE_THREADS];
        for (size_t i = 0; i < CROWD_WAVE_THREADS; i++) {
            firsts[i] =
                i * CROWD_WAVE_BLOCKS; /* alike in each wave, so that only the number of waves grows */
            handles[i] = bench_thread_create(crowd_wave_thread_run, &firsts[i]);
        }
        for (size_t i = 0; i < CROWD_WAVE_THREADS; i++)
            pthread_join(handles[i], NULL);
        if (wave + 1 == CROWD_FIRST_WAVES)
            first_kib = bench_rss_kib_get();
    }
    return bench_rss_kib_get() - first_kib;
}

/* Steps 1 to 3. Returns the ns that step 2 took. */
static uint64_t crowd_run(size_t nthreads, size_t noperations, long *ret_idle_kib)
{
    for (size_t i = 0; i < nthreads; i++) {
        crowd_threads[i].index = i;
        crowd_threads[i].noperations = bench_team_share(noperations, nthreads, i);
    }
    /* The tables are resident before the first look: they are no memory of the allocator's. */
    for (size_t i = 0; i < sizeof(crowd_threads); i += CROWD_PAGE_SIZE)
        ((volatile char *)crowd_threads)[i] += 0;
    bench_team_start(&crowd_team, nthreads, crowd_thread_run, crowd_threads, sizeof(crowd_threads[0]));
    bench_team_meet(&crowd_team);
    long first_kib = bench_rss_kib_get();
    uint64_t start_ns = bench_clock_ns();
    bench_team_meet(&crowd_team);
    bench_team_meet(&crowd_team);
    uint64_t end_ns = bench_clock_ns();
    bench_second_wait();
    *ret_idle_kib = bench_rss_kib_get() - first_kib;
    bench_team_meet(&crowd_team);
    bench_team_join(&crowd_team);
    return end_ns - start_ns;
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: %s\n", CROWD_USAGE);
        return 2;
    }
    size_t nthreads = bench_number_get(argv[1], 1, BENCH_THREADS_MAX, CROWD_USAGE);
    size_t noperations = nthreads * CROWD_THREAD_OPERATIONS;
    if (argc == 3)
        noperations = bench_number_get(argv[2], 1, SIZE_MAX / 2, CROWD_USAGE);
    uint64_t random = BENCH_SEED;
    bench_sizes_fill_log(crowd_sizes, CROWD_SIZE_MIN, CROWD_SIZE_MAX, &random);

    long idle_kib = 0;
    uint64_t ns = crowd_run(nthreads, noperations, &idle_kib);
    long flat_kib = crowd_waves_run();
    bench_lines_write("idle_thread_kib %.1f\nflat_kib %ld\n", (double)idle_kib / (double)nthreads, flat_kib);
    bench_result_print((double)ns / (double)noperations, noperations);
    return 0;
}
