/*
 * LIVE blocks of mixed sizes (log-uniform, MIN to MAX bytes, or 16 to 512) are allocated, then all are freed: in reverse order
 * (lifo, as a stack or nested scopes) or in the order of allocation (fifo, as a queue or a list that is torn
 * down); this until OPERATIONS blocks have come and gone.
 *
 * One batch runs before the clock starts, and in it the content of the blocks is checked. An operation is a malloc
 * and a free.
 */
#include "bench.h"
#include "check.h"
#include "result.h"

#include <stdbool.h>
#include <string.h>

static const char BATCH_USAGE[] = "batch LIVE lifo|fifo [MIN MAX] OPERATIONS";

static void batch_alloc(void **blocks, size_t nblocks, const uint32_t *sizes)
{
    for (size_t i = 0; i < nblocks; i++)
        blocks[i] = bench_alloc(sizes[i % BENCH_MIX_COUNT]);
}

static void batch_free(void **blocks, size_t nblocks, bool reverse)
{
    if (reverse) {
        for (size_t i = nblocks; i-- > 0;)
            free(blocks[i]);
    } else {
        for (size_t i = 0; i < nblocks; i++)
            free(blocks[i]);
    }
}

static void batch_check(void **blocks, size_t nblocks, const uint32_t *sizes)
{
    for (size_t i = 0; i < nblocks; i++)
        if (*(uint64_t *)blocks[i] != sizes[i % BENCH_MIX_COUNT])
            bench_content_fail(blocks[i]);
}

int main(int argc, char **argv)
{
    if ((argc != 4 && argc != 6) || (strcmp(argv[2], "lifo") != 0 && strcmp(argv[2], "fifo") != 0)) {
        fprintf(stderr, "usage: %s\n", BATCH_USAGE);
        return 2;
    }
    size_t nlive = bench_number_get(argv[1], 1, UINT32_MAX, BATCH_USAGE);
    bool reverse = strcmp(argv[2], "lifo") == 0;
    size_t min = argc == 4 ? BENCH_MIX_SIZE_MIN : bench_number_get(argv[3], 8, UINT32_MAX, BATCH_USAGE);
    size_t max = argc == 4 ? BENCH_MIX_SIZE_MAX : bench_number_get(argv[4], min, UINT32_MAX, BATCH_USAGE);
    size_t noperations = bench_number_get(argv[argc - 1], 1, SIZE_MAX / 2, BATCH_USAGE);

    static uint32_t sizes[BENCH_MIX_COUNT];
    uint64_t random = BENCH_SEED;
    bench_sizes_fill_log(sizes, (uint32_t)min, (uint32_t)max, &random);
    void **blocks = bench_table_map(nlive);

    batch_alloc(blocks, nlive, sizes);
    batch_check(blocks, nlive, sizes);
    batch_free(blocks, nlive, reverse);
    uint64_t start_ns = bench_clock_ns();
    for (size_t nleft = noperations; nleft > 0;) {
        size_t nblocks = nleft < nlive ? nleft : nlive;
        batch_alloc(blocks, nblocks, sizes);
        batch_free(blocks, nblocks, reverse);
        nleft -= nblocks;
    }
    uint64_t end_ns = bench_clock_ns();
    bench_result_print((double)(end_ns - start_ns) / (double)noperations, noperations);
    return 0;
}
