/*
 * Random replacement among 64 live blocks of SIZE bytes from calloc: each must hold zeros where a word of it is
 * read, at a place chosen at random, before that word and the first one are written. So memory that comes again
 * comes with words that are not zero, and an allocator that clears too little is noticed.
 *
 * A sixteenth of the work runs before the clock starts. An operation is a free, a calloc, the read and the writes.
 */
#include "bench.h"
#include "result.h"

enum { ZERO_LIVE = 64 };

static const char ZERO_USAGE[] = "zero SIZE OPERATIONS";

static void *zero_block_alloc(size_t size, uint64_t place)
{
    uint64_t *words = calloc(1, size);
    if (words == NULL) {
        perror("zero: calloc");
        exit(1);
    }
    volatile uint64_t *word = &words[bench_random_below(place, size / sizeof(*words))];
    if (*word != 0) {
        fprintf(stderr, "zero: the word at %p of the block at %p is not 0\n", (void *)word, (void *)words);
        exit(1);
    }
    *word = ~place;
    *(volatile uint64_t *)words = size;
    return words;
}

static void zero_run(void **blocks, size_t size, uint64_t *random, size_t noperations)
{
    for (size_t i = 0; i < noperations; i++) {
        uint64_t choice = bench_random(random);
        void **block = &blocks[choice % ZERO_LIVE];
        free(*block);
        *block = zero_block_alloc(size, choice);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s\n", ZERO_USAGE);
        return 2;
    }
    size_t size = bench_number_get(argv[1], sizeof(uint64_t), UINT32_MAX, ZERO_USAGE);
    size_t noperations = bench_number_get(argv[2], 1, SIZE_MAX / 2, ZERO_USAGE);

    uint64_t random = BENCH_SEED;
    void *blocks[ZERO_LIVE];
    for (size_t i = 0; i < ZERO_LIVE; i++)
        blocks[i] = zero_block_alloc(size, bench_random(&random));
    zero_run(blocks, size, &random, noperations / 16 + 1);
    uint64_t start_ns = bench_clock_ns();
    zero_run(blocks, size, &random, noperations);
    uint64_t end_ns = bench_clock_ns();
    for (size_t i = 0; i < ZERO_LIVE; i++)
        free(blocks[i]);
    bench_result_print((double)(end_ns - start_ns) / (double)noperations, noperations);
    return 0;
}
