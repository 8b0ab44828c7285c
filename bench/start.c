/*
 * The trivial program: one block of 16 bytes comes and goes. What its start takes, and what the process holds, is what
 * an allocator costs a program that hardly uses it.
 *
 * Prints nothing, or with BENCH_IDLE=1 `rss_kib`, the resident memory of the process.
 */
#include "bench.h"
#include "result.h"

int main(int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        fprintf(stderr, "usage: start\n");
        return 2;
    }
    free(bench_alloc(16));
    const char *idle = getenv("BENCH_IDLE");
    if (idle != NULL && strcmp(idle, "1") == 0)
        printf("rss_kib %ld\n", bench_rss_kib_get());
    return 0;
}
