/*
 * Random replacement: BLOCKS blocks of mixed sizes (log-uniform, 16 to 512 bytes) are live; each step frees
 * one chosen at random and allocates another in its place. The order of addresses decays to random, as in a
 * program that has run for long, so a large number of blocks shows what an allocator's misses cost.
 *
 * As many steps as there are blocks run before the clock starts. Prints nanoseconds a step, that is, for one
 * free, one malloc and the choice between them (about 2 ns).
 */
#include "bench.h"

static const char REPLACE_USAGE[] = "replace BLOCKS STEPS";

static uint64_t replace_run(void **blocks, size_t nblocks, const uint32_t *sizes, uint64_t random,
                            size_t nsteps)
{
    for (size_t step = 0; step < nsteps; step++) {
        uint64_t choice = bench_random(&random);
        void **block = &blocks[bench_random_below(choice, nblocks)];
        free(*block);
        *block = bench_alloc(sizes[choice % BENCH_MIX_COUNT]);
    }
    return random;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s\n", REPLACE_USAGE);
        return 2;
    }
    size_t nblocks = bench_number_get(argv[1], 1, UINT32_MAX, REPLACE_USAGE);
    size_t nsteps = bench_number_get(argv[2], 1, SIZE_MAX / 2, REPLACE_USAGE);

    static uint32_t sizes[BENCH_MIX_COUNT];
    uint64_t random = BENCH_SEED;
    bench_mix_fill(sizes, &random);
    void **blocks = bench_table_map(nblocks);
    for (size_t i = 0; i < nblocks; i++)
        blocks[i] = bench_alloc(sizes[i % BENCH_MIX_COUNT]);

    random = replace_run(blocks, nblocks, sizes, random, nblocks);
    uint64_t start_ns = bench_clock_ns();
    replace_run(blocks, nblocks, sizes, random, nsteps);
    uint64_t end_ns = bench_clock_ns();
    printf("%.3f\n", (double)(end_ns - start_ns) / (double)nsteps);
    return 0;
}
