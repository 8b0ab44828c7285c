/*
 * Pairs of malloc and free of one size: BATCH blocks are allocated, then freed in reverse order, until PAIRS
 * pairs are done. With BATCH 1 this is the shortest path an allocator has; a batch of 100 crosses the borders
 * of caches.
 *
 * An operation is a pair. For instruction counts run it under callgrind: everything called from
 * pair_measure is the allocator, and the same number of pairs has run before it in pair_warm, so no first use
 * is counted.
 */
#include "bench.h"
#include "result.h"

enum { PAIR_BATCH_MAX = 1024 };

static const char PAIR_USAGE[] = "pair SIZE BATCH PAIRS";

static inline __attribute__((always_inline)) void pair_run(size_t size, size_t batch, size_t npairs)
{
    void *blocks[PAIR_BATCH_MAX];
    for (size_t done = 0; done < npairs; done += batch) {
        for (size_t i = 0; i < batch; i++)
            blocks[i] = bench_alloc(size);
        for (size_t i = batch; i-- > 0;)
            free(blocks[i]);
    }
}

/*
 * Two functions with one body, which a profiler tells apart by name. They are external, and hold different
 * (empty) assembly, so that no compiler folds them into one.
 */
void pair_warm(size_t size, size_t batch, size_t npairs);
void pair_measure(size_t size, size_t batch, size_t npairs);

__attribute__((noinline)) void pair_warm(size_t size, size_t batch, size_t npairs)
{
    __asm__ volatile("/* warm */");
    pair_run(size, batch, npairs);
}

__attribute__((noinline)) void pair_measure(size_t size, size_t batch, size_t npairs)
{
    __asm__ volatile("/* measure */");
    pair_run(size, batch, npairs);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s\n", PAIR_USAGE);
        return 2;
    }
    size_t size = bench_number_get(argv[1], sizeof(uint64_t), SIZE_MAX / 2, PAIR_USAGE);
    size_t batch = bench_number_get(argv[2], 1, PAIR_BATCH_MAX, PAIR_USAGE);
    size_t npairs = bench_number_get(argv[3], batch, SIZE_MAX / 2, PAIR_USAGE);
    npairs -= npairs % batch;

    pair_warm(size, batch, npairs);
    uint64_t start_ns = bench_clock_ns();
    pair_measure(size, batch, npairs);
    uint64_t end_ns = bench_clock_ns();
    bench_result_print((double)(end_ns - start_ns) / (double)npairs, npairs);
    return 0;
}
