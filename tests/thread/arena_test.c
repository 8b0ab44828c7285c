/* levels: base os/fault os/file os/lock os/memory os/panic os/process submap meta arena; with: fake/machine.c */
/*
 * Threads on one arena with a source, on meta, and on runs of the heap. Each owns what it took: it writes its mark over
 * all of it and finds that mark when it gives it back.
 */
#include "arena/arena.h"
#include "arena/budget.h"
#include "arena/dirty.h"
#include "arena/run.h"
#include "base/bits.h"
#include "fake/fresh.h"
#include "fake/machine.h"
#include "submap/window.h"
#include <pthread.h>

enum { THREADS = 4, ROUNDS = 3000, HELD = 24 };

/* Runs `work` in all threads, each with its number. */
static void run_threads(void *(*work)(void *number))
{
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
    }
    for (uintptr_t i = 0; i < THREADS; i++) {
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    }
}

static struct test_random random_of(void *number)
{
    return (struct test_random){test_seed() * 1000 + (uintptr_t)number};
}

/* A space of 2^16 quanta, one byte each, in which every thread marks what it holds. */
enum { QUANTUM = 16, SPACE = 1 << 16 };

static struct cellar__arena arena;
static unsigned char owner[SPACE];
static uint64_t source_next; /* atomic, quanta */
static uint64_t source_spans;

static int import_span(void *source, uint64_t size, uint64_t *ret_base, uint64_t *ret_size)
{
    (void)source;
    *ret_size = cellar__round_up(size, 64 * QUANTUM);
    *ret_base = __atomic_fetch_add(&source_next, *ret_size, __ATOMIC_RELAXED);
    __atomic_add_fetch(&source_spans, 1, __ATOMIC_RELAXED);
    return *ret_base + *ret_size <= (uint64_t)SPACE * QUANTUM ? 0 : -ENOMEM;
}

static void own(uint64_t base, uint64_t size, unsigned from, unsigned to)
{
    for (uint64_t at = base / QUANTUM; at < (base + size) / QUANTUM; at++) {
        CHECK_EQ(owner[at], from);
        owner[at] = (unsigned char)to;
    }
}

static void *arena_work(void *number)
{
    struct test_random random = random_of(number);
    unsigned me = (unsigned)(uintptr_t)number;
    struct cellar_arena_range held[HELD] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        struct cellar_arena_range *range = &held[test_random_below(&random, HELD)];
        uint64_t size = QUANTUM * (1 + test_random_below(&random, 20));
        if (!range->out) {
            range->out = cellar__arena_alloc(&arena, size, QUANTUM << size % 3, &range->base) == 0;
            range->size = size;
            own(range->base, range->out ? size : 0, 0, me);
        } else if (test_random_below(&random, 3) == 0) {
            own(range->base, range->size, me, 0);
            if (cellar__arena_resize(&arena, range->base, range->size, size) == 0) {
                range->size = size;
            }
            own(range->base, range->size, 0, me);
        } else {
            own(range->base, range->size, me, 0);
            CHECK_EQ(cellar__arena_free(&arena, range->base, range->size), 0);
            range->out = false;
        }
        if (round % 500 == 0) {
            CHECK_PTR(cellar__arena_check(&arena), NULL);
        }
    }
    for (size_t i = 0; i < HELD; i++) {
        if (held[i].out) {
            own(held[i].base, held[i].size, me, 0);
            CHECK_EQ(cellar__arena_free(&arena, held[i].base, held[i].size), 0);
        }
    }
    return NULL;
}

static void arena_threads(const struct cellar__fit *fit)
{
    struct cellar__arena_attr attr = {
        .name = "test", .quantum = QUANTUM, .fit = fit, .import_span = import_span};
    struct cellar__arena_usage usage;
    CHECK_EQ(cellar__meta_init(), 0);
    CHECK_EQ(cellar__arena_init(&arena, &attr), 0);
    run_threads(arena_work);
    cellar__arena_usage(&arena, &usage);
    CHECK_PTR(cellar__arena_check(&arena), NULL);
    CHECK_EQ(usage.allocated, 0);
    CHECK_EQ(usage.nfree, usage.nspans);
    CHECK_EQ(usage.nspans, source_spans);
}

FRESH_TEST(arena_instant)
{
    arena_threads(&cellar__fit_instant);
}

FRESH_TEST(arena_best)
{
    arena_threads(&cellar__fit_best);
}

FRESH_TEST(arena_first)
{
    arena_threads(&cellar__fit_first);
}

static void *meta_work(void *number)
{
    struct test_random random = random_of(number);
    struct {
        unsigned char *block;
        size_t size;
    } held[HELD] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        size_t i = test_random_below(&random, HELD);
        if (held[i].block == NULL) {
            held[i].size = 1 + test_random_below(&random, 2000);
            held[i].block = cellar__meta_alloc(held[i].size);
            CHECK(held[i].block != NULL);
            for (size_t at = 0; at < held[i].size; at++) {
                CHECK_EQ(held[i].block[at], 0);
            }
            memset(held[i].block, (int)(uintptr_t)number, held[i].size);
        } else {
            CHECK_EQ(held[i].block[0], (uintptr_t)number);
            CHECK_EQ(held[i].block[held[i].size - 1], (uintptr_t)number);
            cellar__meta_free(held[i].block, held[i].size);
            held[i].block = NULL;
        }
    }
    for (size_t i = 0; i < HELD; i++) {
        cellar__meta_free(held[i].block, held[i].size);
    }
    return NULL;
}

FRESH_TEST(meta)
{
    struct cellar__meta_usage usage;
    CHECK_EQ(cellar__meta_init(), 0);
    run_threads(meta_work);
    cellar__meta_usage(&usage);
    CHECK_EQ(usage.used, 0);
    CHECK_GT(usage.touched, 0);
}

static void run_mark(const struct cellar__run *run, char from, char to)
{
    for (size_t at = 0; at < cellar__run_size(run); at += 4096) {
        if (run->is_zero || from != 0) {
            CHECK_EQ(run->base[at], from);
        }
        run->base[at] = to;
    }
}

static void *run_work(void *number)
{
    struct test_random random = random_of(number);
    char me = (char)(uintptr_t)number;
    struct cellar__run *held[HELD] = {0};
    for (int round = 0; round < ROUNDS / 3; round++) {
        struct cellar__run **run = &held[test_random_below(&random, HELD)];
        if (*run != NULL) {
            CHECK_PTR(cellar__run_find((*run)->base + cellar__run_size(*run) - 1), *run);
            run_mark(*run, me, me);
            cellar__run_give(*run);
            cellar__meta_free(*run, sizeof **run);
            *run = NULL;
            continue;
        }
        *run = cellar__meta_alloc(sizeof **run);
        CHECK(*run != NULL);
        (*run)->tag = (uint16_t)(uintptr_t)number;
        size_t ngranules = 1 + test_random_below(&random, test_random_below(&random, 10) == 0 ? 40 : 6);
        if (cellar__run_take(*run, ngranules, CELLAR_GRANULE) == 0) {
            run_mark(*run, 0, me);
        } else {
            cellar__meta_free(*run, sizeof **run);
            *run = NULL;
        }
    }
    for (size_t i = 0; i < HELD; i++) {
        if (held[i] != NULL) {
            cellar__run_give(held[i]);
        }
    }
    return NULL;
}

static void run_threads_with_decay(uint64_t decay_ms)
{
    CHECK_EQ(cellar__meta_init(), 0);
    CHECK_EQ(cellar__heap_init(&cellar__fit_instant, CELLAR_SIZING_EXACT), 0);
    cellar__dirty_set_decay_ms(decay_ms);
    run_threads(run_work);
    cellar__dirty_purge_all();
    CHECK_EQ(cellar__dirty_bytes(), 0);
    CHECK_EQ(cellar__budget_held(), 0);
    CHECK_PTR(cellar__arena_check(&cellar__heap_arena), NULL);
    struct cellar__arena_usage usage;
    cellar__arena_usage(&cellar__heap_arena, &usage);
    CHECK_EQ(usage.allocated, 0);
    CHECK_EQ(usage.nspans, 1); /* the windows that were added went back, free as they were */
}

FRESH_TEST(runs)
{
    run_threads_with_decay(500);
}

FRESH_TEST(runs_purged_at_once)
{
    run_threads_with_decay(0);
}

TEST_MAIN()
