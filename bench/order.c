/*
 * Blocks of mixed sizes (log-uniform, 16 to 512 bytes) are allocated and all freed, ROUNDS times over: in
 * reverse order (lifo, as a stack or nested scopes) or in the order of allocation (fifo, as a queue or a list
 * that is torn down).
 *
 * One round runs before the clock starts. Prints nanoseconds for one block allocated and freed.
 */
#include "bench.h"

#include <stdbool.h>
#include <string.h>

static const char ORDER_USAGE[] = "order lifo|fifo BLOCKS ROUNDS";

static void order_run(void **blocks, size_t nblocks, const uint32_t *sizes, bool reverse)
{
    for (size_t i = 0; i < nblocks; i++)
        blocks[i] = bench_alloc(sizes[i % BENCH_MIX_COUNT]);
    if (reverse) {
        for (size_t i = nblocks; i-- > 0;)
            free(blocks[i]);
    } else {
        for (size_t i = 0; i < nblocks; i++)
            free(blocks[i]);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4 || (strcmp(argv[1], "lifo") != 0 && strcmp(argv[1], "fifo") != 0)) {
        fprintf(stderr, "usage: %s\n", ORDER_USAGE);
        return 2;
    }
    bool reverse = strcmp(argv[1], "lifo") == 0;
    size_t nblocks = bench_number_get(argv[2], 1, UINT32_MAX, ORDER_USAGE);
    size_t nrounds = bench_number_get(argv[3], 1, UINT32_MAX, ORDER_USAGE);

    static uint32_t sizes[BENCH_MIX_COUNT];
    uint64_t random = BENCH_SEED;
    bench_mix_fill(sizes, &random);
    void **blocks = bench_table_map(nblocks);

    order_run(blocks, nblocks, sizes, reverse);
    uint64_t start_ns = bench_clock_ns();
    for (size_t round = 0; round < nrounds; round++)
        order_run(blocks, nblocks, sizes, reverse);
    uint64_t end_ns = bench_clock_ns();
    printf("%.3f\n", (double)(end_ns - start_ns) / ((double)nblocks * (double)nrounds));
    return 0;
}
