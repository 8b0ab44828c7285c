/*
 * One block at a time of one size: allocated, its first and its last word written, freed. From 16 bytes to
 * 64 MiB it shows whether an allocator has a size from which on each block costs it a system call.
 *
 * A sixteenth of the work runs before the clock starts. An operation is a malloc, the two writes and a free.
 */
#include "bench.h"
#include "result.h"

static const char TOUCH_USAGE[] = "touch SIZE OPERATIONS";

static void touch_run(size_t size, size_t noperations)
{
    size_t last =
        (size - sizeof(uint64_t)) & ~(sizeof(uint64_t) - 1); /* aligned: it ends in the last 8 bytes */
    for (size_t i = 0; i < noperations; i++) {
        char *block = bench_alloc(size);
        *(volatile uint64_t *)(block + last) = i;
        free(block);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s\n", TOUCH_USAGE);
        return 2;
    }
    size_t size = bench_number_get(argv[1], sizeof(uint64_t), SIZE_MAX / 2, TOUCH_USAGE);
    size_t noperations = bench_number_get(argv[2], 1, SIZE_MAX / 2, TOUCH_USAGE);

    touch_run(size, noperations / 16 + 1);
    uint64_t start_ns = bench_clock_ns();
    touch_run(size, noperations);
    uint64_t end_ns = bench_clock_ns();
    bench_result_print((double)(end_ns - start_ns) / (double)noperations, noperations);
    return 0;
}
