/*
 * Arenas under random replacement: LIVE ranges of mixed sizes (log-uniform, 16 to 512) are out; each step frees one
 * chosen at random and allocates another in its place, so that after a while the free space is scattered as in a
 * program that has run for long. The space is as large as the ranges that are out at first and a quarter more.
 *
 * As many steps as there are ranges run before the clock starts. Prints nanoseconds an operation (an allocation or a
 * free), bytes of metadata a range, and the shares of the space that are lost to external fragmentation, as the free space
 * that is not in the longest free range, and to internal, as what ranges are longer than asked. For instructions run it
 * under callgrind: everything called from arena_measure is the arena.
 */
#include "bench.h"
#include "fit.h"

static const char ARENA_USAGE[] = "arena FIT LIVE STEPS";

struct arena_range {
    uint64_t base;
    uint64_t size;
};

/* The arena imports when it is full, as one that serves a program would; spans never go back. */
static int arena_import(void *ctx, uint64_t size, uint64_t *ret_base, uint64_t *ret_size)
{
    uint64_t *next = ctx;
    *ret_base = *next;
    *ret_size = size;
    *next += 2 * size;
    return 0;
}

static void arena_range_alloc(struct cellar_arena *arena, struct arena_range *range, uint64_t size)
{
    range->size = size;
    if (cellar_arena_alloc(arena, size, &range->base) != 0) {
        fputs("arena: no range\n", stderr);
        exit(1);
    }
}

static void **arena_table_map(size_t live)
{
    return bench_table_map(live * (sizeof(struct arena_range) / sizeof(void *)));
}

/* Two functions with one body, told apart by name, as in pair.c. */
#define ARENA_RUN                                                                                            \
    for (size_t step = 0; step < nsteps; step++) {                                                           \
        uint64_t choice = bench_random(&random);                                                             \
        struct arena_range *range = &ranges[bench_random_below(choice, live)];                               \
        cellar_arena_free(arena, range->base, range->size);                                                  \
        arena_range_alloc(arena, range, sizes[choice % BENCH_MIX_COUNT]);                                    \
    }                                                                                                        \
    return random

uint64_t arena_warm(struct cellar_arena *arena, struct arena_range *ranges, size_t live,
                    const uint32_t *sizes, uint64_t random, size_t nsteps);
uint64_t arena_measure(struct cellar_arena *arena, struct arena_range *ranges, size_t live,
                       const uint32_t *sizes, uint64_t random, size_t nsteps);

__attribute__((noinline)) uint64_t arena_warm(struct cellar_arena *arena, struct arena_range *ranges,
                                              size_t live, const uint32_t *sizes, uint64_t random,
                                              size_t nsteps)
{
    __asm__ volatile("/* warm */");
    ARENA_RUN;
}

__attribute__((noinline)) uint64_t arena_measure(struct cellar_arena *arena, struct arena_range *ranges,
                                                 size_t live, const uint32_t *sizes, uint64_t random,
                                                 size_t nsteps)
{
    __asm__ volatile("/* measure */");
    ARENA_RUN;
}

static void arena_report(struct cellar_arena *arena, double ns, size_t nsteps)
{
    struct cellar_arena_usage usage;
    cellar_arena_get_usage(arena, &usage);
    uint64_t nfree = usage.total - usage.allocated;
    printf("%.3f %.2f %.4f %.4f\n", ns / (double)nsteps / 2, (double)usage.metadata / (double)usage.nranges,
           nfree == 0 ? 0 : 1 - (double)usage.largest_free / (double)nfree,
           1 - (double)usage.asked / (double)usage.given);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s\n", ARENA_USAGE);
        return 2;
    }
    static uint32_t sizes[BENCH_MIX_COUNT];
    static uint64_t import_next = UINT64_C(1) << 60;
    size_t live = bench_number_get(argv[2], 1, UINT32_MAX, ARENA_USAGE);
    size_t nsteps = bench_number_get(argv[3], 1, SIZE_MAX / 2, ARENA_USAGE);
    uint64_t random = BENCH_SEED;
    bench_mix_fill(sizes, &random);
    struct arena_range *ranges = (struct arena_range *)arena_table_map(live);
    struct cellar_arena_attr attr = {.version = CELLAR_ARENA_VERSION,
                                     .name = "bench",
                                     .quantum = 16,
                                     .fit = bench_fit_get(argv[1], ARENA_USAGE),
                                     .flags = CELLAR_ARENA_UNLOCKED,
                                     .import = arena_import,
                                     .import_quantum = 1 << 20,
                                     .ctx = &import_next};
    struct cellar_arena *arena;
    uint64_t total = 0;
    for (size_t i = 0; i < live; i++)
        total += sizes[i % BENCH_MIX_COUNT];
    if (cellar_arena_create(&attr, &arena) != 0 ||
        cellar_arena_add(arena, 1 << 20, (total + total / 4 + 4096) / 4096 * 4096) != 0) {
        fputs("arena: no arena\n", stderr);
        return 1;
    }
    for (size_t i = 0; i < live; i++)
        arena_range_alloc(arena, &ranges[i], sizes[i % BENCH_MIX_COUNT]);
    random = arena_warm(arena, ranges, live, sizes, random, 2 * live);
    uint64_t start_ns = bench_clock_ns();
    arena_measure(arena, ranges, live, sizes, random, nsteps);
    uint64_t end_ns = bench_clock_ns();
    arena_report(arena, (double)(end_ns - start_ns), nsteps);
    return 0;
}
