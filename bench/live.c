/*
 * Random replacement among BLOCKS live blocks of mixed sizes (log-uniform, 16 to 512 bytes): each step frees one
 * chosen at random and allocates another in its place, so that addresses lose all order, as they do in a program
 * that has run for long, and a large number of blocks shows what an allocator's misses cost.
 *
 * As many steps as there are blocks run before the clock starts. An operation is a free, a malloc and the choice
 * between them (about 2 ns).
 */
#include "bench.h"
#include "check.h"
#include "result.h"

static const char LIVE_USAGE[] = "live BLOCKS OPERATIONS";

static uint64_t live_run(void **blocks, size_t nblocks, const uint32_t *sizes, uint64_t random,
                         size_t noperations)
{
    for (size_t i = 0; i < noperations; i++) {
        uint64_t choice = bench_random(&random);
        void **block = &blocks[bench_random_below(choice, nblocks)];
        free(*block);
        *block = bench_alloc(sizes[choice % BENCH_MIX_COUNT]);
    }
    return random;
}

/* Frees all blocks. The first word of each is its size. */
static void live_end(void **blocks, size_t nblocks)
{
    for (size_t i = 0; i < nblocks; i++) {
        uint64_t size = *(uint64_t *)blocks[i];
        if (size < BENCH_MIX_SIZE_MIN || size > BENCH_MIX_SIZE_MAX)
            bench_content_fail(blocks[i]);
        *(volatile uint64_t *)blocks[i] = 0; /* a block that stands in the table twice shows */
        free(blocks[i]);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s\n", LIVE_USAGE);
        return 2;
    }
    size_t nblocks = bench_number_get(argv[1], 1, UINT32_MAX, LIVE_USAGE);
    size_t noperations = bench_number_get(argv[2], 1, SIZE_MAX / 2, LIVE_USAGE);

    static uint32_t sizes[BENCH_MIX_COUNT];
    uint64_t random = BENCH_SEED;
    bench_mix_fill(sizes, &random);
    void **blocks = bench_table_map(nblocks);
    for (size_t i = 0; i < nblocks; i++)
        blocks[i] = bench_alloc(sizes[i % BENCH_MIX_COUNT]);

    random = live_run(blocks, nblocks, sizes, random, nblocks);
    uint64_t start_ns = bench_clock_ns();
    live_run(blocks, nblocks, sizes, random, noperations);
    uint64_t end_ns = bench_clock_ns();
    live_end(blocks, nblocks);
    bench_result_print((double)(end_ns - start_ns) / (double)noperations, noperations);
    return 0;
}
