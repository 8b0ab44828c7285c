/*
 * A change of phase: MIB MiB of 32-byte blocks are allocated and freed, then as much of 48-byte blocks. An allocator
 * that cannot use the memory of the first phase for the second one holds twice as much; the peak of RSS shows it.
 *
 * The blocks are linked through themselves and freed nearly in the order of allocation (see chain.h). An operation is a malloc and a free, of either phase.
 */
#include "bench.h"
#include "chain.h"
#include "result.h"

enum {
    PHASE_SIZE_FIRST = 32,  /* bytes */
    PHASE_SIZE_SECOND = 48, /* bytes */
};

static const char PHASE_USAGE[] = "phase MIB";

static void phase_run(size_t size, size_t nblocks)
{
    struct bench_chain chain = {0};
    for (size_t i = 0; i < nblocks; i++)
        bench_chain_append(&chain, size);
    bench_chain_free(&chain);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s\n", PHASE_USAGE);
        return 2;
    }
    size_t size = bench_number_get(argv[1], 1, 1 << 20, PHASE_USAGE) << 20;
    size_t nfirst = size / PHASE_SIZE_FIRST;
    size_t nsecond = size / PHASE_SIZE_SECOND;

    uint64_t start_ns = bench_clock_ns();
    phase_run(PHASE_SIZE_FIRST, nfirst);
    phase_run(PHASE_SIZE_SECOND, nsecond);
    uint64_t end_ns = bench_clock_ns();
    bench_result_print((double)(end_ns - start_ns) / (double)(nfirst + nsecond), nfirst + nsecond);
    return 0;
}
