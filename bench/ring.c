/*
 * A queue of buffers: LIVE blocks are held, each step frees the oldest and allocates another. All are of SIZE
 * bytes, or with `mixed-large` of 64 KiB to 8 MiB, log-uniform. A word is written in each page of a block's first
 * 64 KiB, as by a program that fills a part of its buffers; so memory that an allocator gives back to the kernel
 * and takes again costs page faults here.
 *
 * The queue has gone round once before the clock starts. An operation is a free, a malloc and the writes.
 */
#include "bench.h"
#include "check.h"
#include "result.h"

#include <string.h>

enum {
    RING_PAGE_SIZE = 4096,
    RING_WRITTEN_SIZE = 64 << 10,
    RING_SIZE_MIN = 64 << 10, /* of mixed-large */
    RING_SIZE_MAX = 8 << 20,
};

static const char RING_USAGE[] = "ring SIZE|mixed-large LIVE OPERATIONS";

struct ring {
    void **blocks;
    size_t nblocks;
    const uint32_t *sizes;
    size_t nallocs; /* so far; the place in sizes of the next block */
};

static void *ring_block_alloc(struct ring *ring)
{
    size_t size = ring->sizes[ring->nallocs++ % BENCH_MIX_COUNT];
    char *block = bench_alloc(size);
    size_t end = size < RING_WRITTEN_SIZE ? size : RING_WRITTEN_SIZE;
    for (size_t at = RING_PAGE_SIZE; at + sizeof(uint64_t) <= end; at += RING_PAGE_SIZE)
        *(volatile uint64_t *)(block + at) = size;
    return block;
}

/* Frees the oldest block, whose first word is its size. */
static void ring_block_free(const struct ring *ring, void *block)
{
    if (*(uint64_t *)block != ring->sizes[(ring->nallocs - ring->nblocks) % BENCH_MIX_COUNT])
        bench_content_fail(block);
    free(block);
}

static void ring_run(struct ring *ring, size_t noperations)
{
    size_t oldest = 0;
    for (size_t i = 0; i < noperations; i++) {
        ring_block_free(ring, ring->blocks[oldest]);
        ring->blocks[oldest] = ring_block_alloc(ring);
        oldest = oldest + 1 < ring->nblocks ? oldest + 1 : 0;
    }
}

static void ring_sizes_fill(uint32_t *sizes, const char *text)
{
    uint64_t random = BENCH_SEED;
    if (strcmp(text, "mixed-large") == 0) {
        bench_sizes_fill_log(sizes, RING_SIZE_MIN, RING_SIZE_MAX, &random);
        return;
    }
    uint32_t size = (uint32_t)bench_number_get(text, sizeof(uint64_t), UINT32_MAX, RING_USAGE);
    for (size_t i = 0; i < BENCH_MIX_COUNT; i++)
        sizes[i] = size;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s\n", RING_USAGE);
        return 2;
    }
    static uint32_t sizes[BENCH_MIX_COUNT];
    ring_sizes_fill(sizes, argv[1]);
    struct ring ring = {.sizes = sizes};
    ring.nblocks = bench_number_get(argv[2], 1, UINT32_MAX, RING_USAGE);
    size_t noperations = bench_number_get(argv[3], 1, SIZE_MAX / 2, RING_USAGE);
    ring.blocks = bench_table_map(ring.nblocks);

    for (size_t i = 0; i < ring.nblocks; i++)
        ring.blocks[i] = ring_block_alloc(&ring);
    ring_run(&ring, ring.nblocks);
    uint64_t start_ns = bench_clock_ns();
    ring_run(&ring, noperations);
    uint64_t end_ns = bench_clock_ns();
    for (size_t i = 0; i < ring.nblocks; i++)
        free(ring.blocks[i]);
    bench_result_print((double)(end_ns - start_ns) / (double)noperations, noperations);
    return 0;
}
