/*
 * What grows by realloc, in three ways.
 *
 *   vector  8 vectors of words grow at random turns, an element after the other; a full one doubles, from 16 bytes
 *           to 1 MiB, and is freed when that is full. An operation is one realloc with the elements that follow it.
 *   string  256 strings get 1 to 40 bytes at their end at random turns, each time by a realloc to the exact size, up
 *           to a length of their own between 64 bytes and 64 KiB, log-uniform; then they are freed, and begin anew.
 *           An operation is one realloc with the bytes that it makes room for.
 *   big     64 MiB grow to 320 MiB in 8 steps. An operation is the series of 8 reallocs, and the clock runs for them
 *           alone: all pages of the 64 MiB are written before the first, and four places are read after each.
 */
#include "bench.h"
#include "check.h"
#include "result.h"

#include <string.h>

enum {
    GROW_NVECTORS = 8,
    GROW_VECTOR_MIN = 16,      /* bytes */
    GROW_VECTOR_MAX = 1 << 20, /* bytes */
    GROW_VECTOR_RUN = 16,      /* elements a vector gets in its turn */
    GROW_NSTRINGS = 256,
    GROW_STRING_MIN = 64,       /* bytes */
    GROW_STRING_MAX = 64 << 10, /* bytes */
    GROW_APPEND_MAX = 40,       /* bytes */
    GROW_NSTEPS = 8,
    GROW_NPLACES = 4,
    GROW_PAGE_SIZE = 4096,
};

#define GROW_BIG_SIZE ((size_t)64 << 20)
#define GROW_BIG_STEP ((size_t)32 << 20)

static const char GROW_USAGE[] = "grow vector|string|big OPERATIONS";

static void *grow_realloc(void *block, size_t size)
{
    void *grown = realloc(block, size);
    if (grown == NULL) {
        perror("grow: realloc");
        exit(1);
    }
    return grown;
}

struct grow_vector {
    uint64_t *items;
    size_t nitems;
    size_t size; /* bytes of items; a power of two, or 0 */
};

/* Item i holds i: the first and the last, and one in each doubling of size between them. */
static void grow_vector_free(struct grow_vector *vector)
{
    for (size_t i = vector->nitems; i > 0; i /= 2)
        if (vector->items[i - 1] != i - 1)
            bench_content_fail(vector->items);
    free(vector->items);
    *vector = (struct grow_vector){0};
}

static void grow_vector_grow(struct grow_vector *vector)
{
    if (vector->size == GROW_VECTOR_MAX)
        grow_vector_free(vector);
    vector->size = vector->size == 0 ? GROW_VECTOR_MIN : 2 * vector->size;
    vector->items = grow_realloc(vector->items, vector->size);
}

static double grow_vectors_run(size_t noperations)
{
    struct grow_vector vectors[GROW_NVECTORS] = {0};
    uint64_t random = BENCH_SEED;
    uint64_t start_ns = bench_clock_ns();
    for (size_t nreallocs = 0; nreallocs < noperations;) {
        struct grow_vector *vector = &vectors[bench_random_below(bench_random(&random), GROW_NVECTORS)];
        for (size_t i = 0; i < GROW_VECTOR_RUN && nreallocs < noperations; i++) {
            if (vector->nitems * sizeof(*vector->items) == vector->size) {
                grow_vector_grow(vector);
                nreallocs++;
            }
            vector->items[vector->nitems] = vector->nitems;
            vector->nitems++;
        }
    }
    for (size_t i = 0; i < GROW_NVECTORS; i++)
        grow_vector_free(&vectors[i]);
    return (double)(bench_clock_ns() - start_ns);
}

struct grow_string {
    char *text;
    size_t size;
    size_t size_max;
};

/* All bytes of string number i are i. */
static void grow_string_free(struct grow_string *string, size_t i)
{
    for (size_t place = 0; place < GROW_NPLACES && string->size > 0; place++)
        if ((uint8_t)string->text[(string->size - 1) * place / (GROW_NPLACES - 1)] != (uint8_t)i)
            bench_content_fail(string->text);
    free(string->text);
    string->text = NULL;
    string->size = 0;
}

static void grow_string_append(struct grow_string *string, size_t i, size_t size)
{
    string->text = grow_realloc(string->text, string->size + size);
    memset(string->text + string->size, (int)i, size);
    string->size += size;
}

static double grow_strings_run(size_t noperations)
{
    static uint32_t sizes[BENCH_MIX_COUNT];
    struct grow_string strings[GROW_NSTRINGS] = {0};
    uint64_t random = BENCH_SEED;
    bench_sizes_fill_log(sizes, GROW_STRING_MIN, GROW_STRING_MAX, &random);
    uint64_t start_ns = bench_clock_ns();
    for (size_t done = 0; done < noperations; done++) {
        uint64_t choice = bench_random(&random);
        size_t i = choice % GROW_NSTRINGS;
        struct grow_string *string = &strings[i];
        size_t size = 1 + bench_random_below(choice, GROW_APPEND_MAX);
        if (string->size + size > string->size_max) {
            grow_string_free(string, i);
            string->size_max = sizes[done % BENCH_MIX_COUNT];
        }
        grow_string_append(string, i, size);
    }
    for (size_t i = 0; i < GROW_NSTRINGS; i++)
        grow_string_free(&strings[i], i);
    return (double)(bench_clock_ns() - start_ns);
}

/* The nanoseconds of one series. Each page begins with its offset. */
static uint64_t grow_big_run(void)
{
    uint64_t ns = 0;
    size_t size = GROW_BIG_SIZE;
    char *block = bench_alloc(size);
    for (size_t at = 0; at < size; at += GROW_PAGE_SIZE)
        *(volatile uint64_t *)(block + at) = at;
    for (size_t step = 0; step < GROW_NSTEPS; step++) {
        size += GROW_BIG_STEP;
        uint64_t start_ns = bench_clock_ns();
        block = grow_realloc(block, size);
        ns += bench_clock_ns() - start_ns;
        for (size_t place = 0; place < GROW_NPLACES; place++) {
            size_t last = GROW_BIG_SIZE / GROW_PAGE_SIZE - 1;
            size_t at = last * place / (GROW_NPLACES - 1) * GROW_PAGE_SIZE;
            if (*(volatile uint64_t *)(block + at) != at)
                bench_content_fail(block);
        }
    }
    free(block);
    return ns;
}

int main(int argc, char **argv)
{
    double ns = 0;
    if (argc != 3) {
        fprintf(stderr, "usage: %s\n", GROW_USAGE);
        return 2;
    }
    size_t noperations = bench_number_get(argv[2], 1, SIZE_MAX / 2, GROW_USAGE);
    if (strcmp(argv[1], "vector") == 0) {
        ns = grow_vectors_run(noperations);
    } else if (strcmp(argv[1], "string") == 0) {
        ns = grow_strings_run(noperations);
    } else if (strcmp(argv[1], "big") == 0) {
        for (size_t i = 0; i < noperations; i++)
            ns += (double)grow_big_run();
    } else {
        fprintf(stderr, "usage: %s\n", GROW_USAGE);
        return 2;
    }
    bench_result_print(ns / (double)noperations, noperations);
    return 0;
}
