/*
 * What every bench program shares: the clock, the random numbers, the mix of sizes and the reading of
 * arguments.
 *
 * Nothing here calls the allocator, so that a program's calls of malloc and free are exactly those in its own
 * text.
 */
#ifndef BENCH_H
#define BENCH_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum {
    BENCH_MIX_COUNT = 4096,   /* power of two: an index is a mask of random bits */
    BENCH_MIX_SIZE_MIN = 16,  /* bytes */
    BENCH_MIX_SIZE_MAX = 512, /* bytes */
};

/* The same seed in every process: all allocators see one and the same sequence of requests. */
#define BENCH_SEED UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t bench_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* xorshift64*: three shifts and a multiplication, about one ns. *state is never zero. */
static inline uint64_t bench_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

/* A number below limit (at most 2^32), from the high half of random by multiplication: no division. */
static inline size_t bench_random_below(uint64_t random, size_t limit)
{
    return (size_t)(((random >> 32) * (uint64_t)limit) >> 32);
}

/* A number in [0, 1). */
static inline double bench_random_fraction(uint64_t *state)
{
    return (double)(bench_random(state) >> 11) / 9007199254740992.0; /* 2^53 */
}

/* Fills sizes[BENCH_MIX_COUNT] log-uniformly with sizes in [min, max): each doubling of size is as frequent. */
static inline void bench_sizes_fill_log(uint32_t *sizes, uint32_t min, uint32_t max, uint64_t *state)
{
    const double lg_ratio = log2((double)max / min);
    for (size_t i = 0; i < BENCH_MIX_COUNT; i++)
        sizes[i] = (uint32_t)(min * exp2(bench_random_fraction(state) * lg_ratio));
}

/* Fills sizes[BENCH_MIX_COUNT] with sizes from min to max whose frequency falls in a line to nothing. */
static inline void bench_sizes_fill_falling(uint32_t *sizes, uint32_t min, uint32_t max, uint64_t *state)
{
    for (size_t i = 0; i < BENCH_MIX_COUNT; i++)
        sizes[i] = min + (uint32_t)((max - min + 1) * (1.0 - sqrt(1.0 - bench_random_fraction(state))));
}

/* The common mix of small sizes, log-uniform, which is nearer to what programs ask for than a uniform mix. */
static inline void bench_mix_fill(uint32_t *sizes, uint64_t *state)
{
    bench_sizes_fill_log(sizes, BENCH_MIX_SIZE_MIN, BENCH_MIX_SIZE_MAX, state);
}

/* A zeroed array of nblocks pointers straight from the kernel, so that the tables cost the allocator nothing.
 */
static inline void **bench_table_map(size_t nblocks)
{
    void *table = mmap(NULL, nblocks * sizeof(void *), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (table == MAP_FAILED) {
        perror("bench: mmap");
        exit(1);
    }
    return table;
}

/* malloc and a write of the first word, as a program would; the compiler can neither drop nor merge the pair.
 */
static inline void *bench_alloc(size_t size)
{
    void *block = malloc(size);
    if (block == NULL) {
        perror("bench: malloc");
        exit(1);
    }
    *(volatile uint64_t *)block = size;
    return block;
}

/* A whole number in [min, max], or the usage line and exit. */
static inline size_t bench_number_get(const char *text, size_t min, size_t max, const char *usage)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || value < min || value > max) {
        fprintf(stderr, "bench: bad number \"%s\"\nusage: %s\n", text, usage);
        exit(2);
    }
    return (size_t)value;
}

#endif
