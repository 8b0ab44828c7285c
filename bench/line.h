/*
 * The writes with which scratch and thrash show whether threads share a cache line: REPETITIONS passes of
 * WRITES writes each over the bytes of a block, one byte after another, from the first again when the block
 * ends. Each write is an addition, so that a line taken away by another CPU is waited for.
 */
#ifndef LINE_H
#define LINE_H

#include "check.h"
#include "result.h"
#include "team.h"

#include <string.h>

struct line_work {
    size_t size; /* bytes of a block */
    size_t nrepetitions;
    size_t nwrites; /* in one repetition */
};

static inline void line_block_write(void *block, const struct line_work *work)
{
    volatile uint8_t *bytes = block;
    for (size_t repetition = 0; repetition < work->nrepetitions; repetition++) {
        for (size_t i = 0, at = 0; i < work->nwrites; i++) {
            bytes[at]++;
            at = at + 1 < work->size ? at + 1 : 0;
        }
    }
}

/* The operation that both programs repeat: a block is allocated, written and freed. */
static inline void line_block_cycle(const struct line_work *work)
{
    uint8_t *block = malloc(work->size);
    if (block == NULL) {
        perror("line: malloc");
        exit(1);
    }
    memset(block, 0, work->size);
    line_block_write(block, work);
    size_t nfirst = (work->nwrites + work->size - 1) / work->size; /* how often a pass wrote the first byte */
    if (*(volatile uint8_t *)block != (uint8_t)(nfirst * work->nrepetitions))
        bench_content_fail(block);
    free(block);
}

/* SIZE, REPETITIONS and WRITES out of `NAME THREADS SIZE REPETITIONS WRITES OPERATIONS`. */
static inline struct line_work line_work_get(char **argv, const char *usage)
{
    struct line_work work;
    work.size = bench_number_get(argv[2], 1, 1 << 20, usage);
    work.nrepetitions = bench_number_get(argv[3], 0, INT32_MAX, usage);
    work.nwrites = bench_number_get(argv[4], 0, INT32_MAX, usage);
    return work;
}

#endif
