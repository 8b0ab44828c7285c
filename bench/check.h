/* What a bench program says when the allocator has failed it. */
#ifndef BENCH_CHECK_H
#define BENCH_CHECK_H

#include <stdio.h>
#include <stdlib.h>

/* Ends the program: a block does not hold what was written to it. */
static inline _Noreturn void bench_content_fail(const void *block)
{
    fprintf(stderr, "bench: the block at %p does not hold what was written to it\n", block);
    exit(1);
}

#endif
