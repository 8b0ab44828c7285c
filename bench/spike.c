/*
 * A spike: beside 1 MiB of small blocks, which were there before and stay, MIB MiB of blocks of one KIND are
 * allocated, every page of them written, and all freed nearly in that order. Then the program does
 * nothing for a second. What it holds after that is the point: an allocator may keep the spike for ever, give it back
 * at once (which costs page faults at the next one), or give it back in time without being called.
 *
 *   small  16 bytes to 1 KiB    mixed  16 bytes to 64 KiB    large  64 KiB to 8 MiB, all log-uniform
 *
 * Prints `spike_rss_kib`, what the process holds when the spike is at its highest, and `idle_rss_kib`, whether or not
 * BENCH_IDLE is set. An operation is a malloc, the writes and a free.
 */
#include "bench.h"
#include "chain.h"
#include "result.h"

#include <string.h>

enum {
    SPIKE_PAGE_SIZE = 4096,
    SPIKE_STAYING_SIZE = 1 << 20, /* bytes of all blocks that stay */
    SPIKE_STAYING_MIN = 16,       /* bytes of one */
    SPIKE_STAYING_MAX = 1024,
};

static const char SPIKE_USAGE[] = "spike MIB small|mixed|large";

struct spike_kind {
    const char *name;
    uint32_t min; /* bytes of a block */
    uint32_t max;
};

static const struct spike_kind *spike_kind_get(const char *name)
{
    static const struct spike_kind kinds[] = {
        {"small", 16, 1024}, {"mixed", 16, 64 << 10}, {"large", 64 << 10, 8 << 20}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    fprintf(stderr, "usage: %s\n", SPIKE_USAGE);
    exit(2);
}

/* Allocates blocks from min to max bytes until the next one would make them more than size bytes together. */
static size_t spike_fill(struct bench_chain *chain, uint32_t min, uint32_t max, size_t size)
{
    static uint32_t sizes[BENCH_MIX_COUNT];
    uint64_t random = BENCH_SEED;
    bench_sizes_fill_log(sizes, min, max, &random);
    size_t nblocks = 0;
    for (size_t left = size; left >= sizes[nblocks % BENCH_MIX_COUNT]; nblocks++) {
        size_t block_size = sizes[nblocks % BENCH_MIX_COUNT];
        char *block = bench_chain_append(chain, block_size);
        for (size_t at = SPIKE_PAGE_SIZE; at + sizeof(uint64_t) <= block_size; at += SPIKE_PAGE_SIZE)
            *(volatile uint64_t *)(block + at) = at;
        left -= block_size;
    }
    return nblocks;
}

/* The idle second of the program whose point it is, unless bench_result_print has had one. */
static void spike_idle_print(void)
{
    const char *idle = getenv("BENCH_IDLE");
    if (idle != NULL && strcmp(idle, "1") == 0)
        return;
    bench_second_wait();
    bench_lines_write("idle_rss_kib %ld\n", bench_rss_kib_get());
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s\n", SPIKE_USAGE);
        return 2;
    }
    size_t size = bench_number_get(argv[1], 8, 1 << 20, SPIKE_USAGE) << 20;
    const struct spike_kind *kind = spike_kind_get(argv[2]);

    struct bench_chain staying = {0};
    struct bench_chain spike = {0};
    spike_fill(&staying, SPIKE_STAYING_MIN, SPIKE_STAYING_MAX, SPIKE_STAYING_SIZE);
    uint64_t start_ns = bench_clock_ns();
    size_t nblocks = spike_fill(&spike, kind->min, kind->max, size);
    uint64_t ns = bench_clock_ns() - start_ns;
    long spike_rss_kib = bench_rss_kib_get();
    start_ns = bench_clock_ns();
    bench_chain_free(&spike);
    ns += bench_clock_ns() - start_ns;

    bench_lines_write("spike_rss_kib %ld\n", spike_rss_kib);
    bench_result_print((double)ns / (double)nblocks, nblocks);
    spike_idle_print();
    bench_chain_free(&staying);
    return 0;
}
