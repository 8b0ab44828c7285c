#include "bound/touch.h"

#include <stdlib.h>

#include "meta/meta.h"
#include "test.h"

enum { TOUCH_OPS = 4000 };

struct touch_range {
    uint64_t base;
    uint64_t size;
};

static uint64_t touch_size(enum touch_comb comb, size_t i, struct test_random *random)
{
    if (comb == TOUCH_RANDOM) {
        return 1 + test_random_below(random, 300);
    }
    return comb == TOUCH_RISING ? 1 + i : 3;
}

/* n free segments, each with a range of one quantum that is out behind it; the rest of the space is one more. */
static void touch_lay_out(struct cellar__arena *arena, size_t n, enum touch_comb comb,
                          struct test_random *random)
{
    struct touch_range *ranges = malloc(n * sizeof *ranges);
    CHECK(ranges != NULL);
    for (size_t i = 0; i < n; i++) {
        uint64_t mark;
        ranges[i].size = touch_size(comb, i, random);
        CHECK_EQ(cellar__arena_alloc(arena, ranges[i].size, 1, &ranges[i].base), 0);
        CHECK_EQ(cellar__arena_alloc(arena, 1, 1, &mark), 0);
    }
    for (size_t i = n; i > 1; i--) { /* in any order */
        size_t j = test_random_below(random, i);
        struct touch_range swap = ranges[i - 1];
        ranges[i - 1] = ranges[j];
        ranges[j] = swap;
    }
    for (size_t i = 0; i < n; i++) {
        CHECK_EQ(cellar__arena_free(arena, ranges[i].base, ranges[i].size), 0);
    }
    free(ranges);
}

static int touch_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

struct touch_count touch_measure(const struct cellar__fit *fit, size_t n, enum touch_comb comb)
{
    static uint64_t counts[TOUCH_OPS];
    static struct touch_range ranges[TOUCH_OPS / 4];
    struct test_random random = {1}; /* any will do */
    struct cellar__arena_attr attr = {.name = "touch", .quantum = 1, .fit = fit};
    static struct cellar__arena space;
    struct cellar__arena *arena = &space;
    CHECK_EQ(cellar__meta_init(), 0);
    CHECK_EQ(cellar__arena_init(arena, &attr), 0);
    CHECK_EQ(cellar__arena_add(arena, UINT64_C(1) << 32, UINT64_C(1) << 60), 0);
    touch_lay_out(arena, n, comb, &random);
    for (size_t i = 0; i < TOUCH_OPS; i++) {
        struct touch_range *range = &ranges[i / 2 % (TOUCH_OPS / 4)];
        uint64_t before = cellar__segment_ntouches;
        if (i % 2 == 1) {
            range->size = comb == TOUCH_EQUAL ? 4 : 1 + test_random_below(&random, 300);
            before = cellar__segment_ntouches;
            CHECK_EQ(cellar__arena_alloc(arena, range->size, 1, &range->base), 0);
        } else if (range->size != 0) {
            CHECK_EQ(cellar__arena_free(arena, range->base, range->size), 0);
        }
        counts[i] = cellar__segment_ntouches - before;
    }
    memset(ranges, 0, sizeof ranges);
    qsort(counts, TOUCH_OPS, sizeof *counts, touch_compare);
    cellar__arena_fini(arena);
    return (struct touch_count){counts[TOUCH_OPS / 2], counts[TOUCH_OPS - 1]};
}

const char *touch_comb_name(enum touch_comb comb)
{
    static const char *const names[TOUCH_COMBS] = {"random", "rising", "equal"};
    return names[comb];
}
