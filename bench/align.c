/*
 * Random replacement among 256 live aligned blocks: alignments of 32 bytes to 4 KiB, each as frequent, sizes of
 * one to four times the alignment; half of them from posix_memalign, half from aligned_alloc, with sizes that are multiples
 * of the alignment. Each address must be aligned, and each block must hold its own address when it is freed.
 *
 * A sixteenth of the work runs before the clock starts. An operation is a free and an aligned allocation.
 */
#include "bench.h"
#include "check.h"
#include "result.h"

enum {
    ALIGN_LIVE = 256,
    ALIGN_MIN = 32,         /* bytes */
    ALIGN_COUNT = 8,        /* 32 << 0 to 32 << 7; a power of two */
    ALIGN_SIZE_MULTIPLE = 4 /* sizes go up to that many alignments */
};

static const char ALIGN_USAGE[] = "align OPERATIONS";

static void *align_block_alloc(uint64_t *random)
{
    uint64_t choice = bench_random(random);
    size_t align = (size_t)ALIGN_MIN << (choice % ALIGN_COUNT);
    size_t size = align + bench_random_below(choice, (ALIGN_SIZE_MULTIPLE - 1) * align);
    void *block = NULL;
    if (choice & ALIGN_COUNT)
        block = aligned_alloc(align, (size + align - 1) & ~(align - 1));
    else if (posix_memalign(&block, align, size) != 0)
        block = NULL;
    if (block == NULL || ((uintptr_t)block & (align - 1)) != 0) {
        fprintf(stderr, "align: %zu bytes aligned to %zu: got %p\n", size, align, block);
        exit(1);
    }
    *(volatile uint64_t *)block = (uintptr_t)block;
    return block;
}

static void align_block_free(void *block)
{
    if (*(volatile uint64_t *)block != (uintptr_t)block)
        bench_content_fail(block);
    free(block);
}

static void align_run(void **blocks, uint64_t *random, size_t noperations)
{
    for (size_t i = 0; i < noperations; i++) {
        void **block = &blocks[bench_random_below(bench_random(random), ALIGN_LIVE)];
        align_block_free(*block);
        *block = align_block_alloc(random);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s\n", ALIGN_USAGE);
        return 2;
    }
    size_t noperations = bench_number_get(argv[1], 1, SIZE_MAX / 2, ALIGN_USAGE);

    uint64_t random = BENCH_SEED;
    void *blocks[ALIGN_LIVE];
    for (size_t i = 0; i < ALIGN_LIVE; i++)
        blocks[i] = align_block_alloc(&random);
    align_run(blocks, &random, noperations / 16 + 1);
    uint64_t start_ns = bench_clock_ns();
    align_run(blocks, &random, noperations);
    uint64_t end_ns = bench_clock_ns();
    for (size_t i = 0; i < ALIGN_LIVE; i++)
        align_block_free(blocks[i]);
    bench_result_print((double)(end_ns - start_ns) / (double)noperations, noperations);
    return 0;
}
