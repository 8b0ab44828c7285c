/* levels: base os submap arena; with: fake/meta.c */
/*
 * An arena whose metadata runs out: the n-th request to meta fails, alone or with all after it, for n from 0 until a
 * whole pass sees no failure. What fails must change nothing, what is out must stay out, free must work.
 */
#include "arena/arena.h"
#include "fake/meta.h"
#include "test.h"

enum { QUANTUM = 16, RANGES = 400 };
enum { ENDED_UNHURT, ENDED_AFTER_FAILURE = 10 };

static struct cellar__arena arena;
static struct {
    uint64_t base;
    uint64_t size;
} out[RANGES];
static size_t nout;
static uint64_t source_next;
static int source_balance; /* spans imported and not released */

static int import_span(void *source, uint64_t size, uint64_t *ret_base, uint64_t *ret_size)
{
    (void)source;
    *ret_base = source_next;
    *ret_size = size;
    source_next += size + QUANTUM;
    source_balance++;
    return 0;
}

static void release_span(void *source, uint64_t base, uint64_t size)
{
    (void)source;
    CHECK(base >= 1 << 20 && size > 0);
    source_balance--;
}

static void check(void)
{
    const char *broken = cellar__arena_check(&arena);
    struct cellar__arena_usage usage;
    uint64_t sum = 0;
    CHECK_STR(broken ? broken : "", "");
    cellar__arena_usage(&arena, &usage);
    for (size_t i = 0; i < nout; i++) {
        sum += out[i].size;
    }
    CHECK_EQ(usage.allocated, sum);
    CHECK_EQ(usage.nspans, 1 + source_balance);
}

static void check_same(const struct cellar__arena_usage *before)
{
    struct cellar__arena_usage after;
    cellar__arena_usage(&arena, &after);
    CHECK_EQ(memcmp(before, &after, offsetof(struct cellar__arena_usage, metadata)), 0);
}

/* The size as the arena rounds it. */
static uint64_t given(uint64_t size)
{
    uint64_t rounded;
    CHECK(cellar__sizing_round(&arena.attr, size, &rounded));
    return rounded;
}

static void try_alloc(uint64_t size, uint64_t align)
{
    struct cellar__arena_usage before;
    uint64_t base;
    cellar__arena_usage(&arena, &before);
    int status = cellar__arena_alloc(&arena, size, align, &base);
    if (status == 0) {
        out[nout].base = base;
        out[nout++].size = given(size);
    } else {
        CHECK_EQ(status, -ENOMEM);
        check_same(&before);
    }
    check();
}

static void try_split(size_t i, uint64_t first)
{
    struct cellar__arena_usage before;
    cellar__arena_usage(&arena, &before);
    int status = cellar__arena_split(&arena, out[i].base, out[i].size, first);
    if (status == 0) {
        out[nout].base = out[i].base + first;
        out[nout++].size = out[i].size - first;
        out[i].size = first;
    } else {
        CHECK_EQ(status, -ENOMEM);
        check_same(&before);
    }
    check();
}

static void try_resize(size_t i, uint64_t size)
{
    struct cellar__arena_usage before;
    cellar__arena_usage(&arena, &before);
    int status = cellar__arena_resize(&arena, out[i].base, out[i].size, size);
    if (status == 0) {
        out[i].size = given(size);
    } else {
        CHECK_EQ(status, -ENOMEM);
        check_same(&before);
    }
    check();
}

static void free_out(size_t i)
{
    CHECK_EQ(cellar__arena_free(&arena, out[i].base, out[i].size), 0); /* never fails */
    out[i] = out[--nout];
    check();
}

static void work(void)
{
    for (uint64_t i = 0; i < 90; i++) {
        try_alloc(QUANTUM * (1 + i % 5), QUANTUM << i % 4);
        if (i % 3 == 0 && nout > 2 && out[nout / 2].size > QUANTUM) {
            try_split(nout / 2, QUANTUM);
        }
        if (i % 4 == 0 && nout > 2) {
            try_resize(nout / 3, out[nout / 3].size + QUANTUM);
            try_resize(nout / 3, QUANTUM);
        }
        if (i % 5 == 0 && nout > 2) {
            free_out(nout / 4);
        }
    }
    try_alloc(100 * QUANTUM, QUANTUM); /* does not fit: an import */
    try_alloc(100 * QUANTUM, 64 * QUANTUM);
    for (int i = 0; i < 70; i++) { /* an import each */
        try_alloc(300 * QUANTUM, QUANTUM);
    }
}

static void pass(const struct cellar__fit *fit, uint32_t fail_from, uint32_t fail_to)
{
    struct cellar__arena_attr attr = {.name = "test",
                                      .quantum = QUANTUM,
                                      .fit = fit,
                                      .import_span = import_span,
                                      .release_span = release_span};
    source_next = 1 << 20;
    fake_meta.fail_from = fail_from;
    fake_meta.fail_to = fail_to;
    int status = cellar__arena_init(&arena, &attr);
    if (status == 0) {
        status = cellar__arena_add(&arena, 0, 200 * QUANTUM);
        if (status == 0) {
            work();
            while (nout > 0) {
                free_out(nout - 1);
            }
        }
        cellar__arena_fini(&arena);
    }
    CHECK(status == 0 || status == -ENOMEM);
    CHECK_EQ(source_balance, 0);
    CHECK_EQ(fake_meta.nblocks, 0); /* init that fails leaves nothing */
    _exit(fake_meta.calls > fail_from ? ENDED_AFTER_FAILURE : ENDED_UNHURT);
}

static void sweep(const struct cellar__fit *fit, bool alone)
{
    for (uint32_t n = 0;; n++) {
        struct test_child child;
        if (test_child_fork(&child)) {
            pass(fit, n, alone ? n + 1 : UINT32_MAX);
        }
        test_child_wait(&child);
        if (test_child_ended(&child, ENDED_UNHURT, 0)) {
            CHECK_GT(n, 5); /* tags and blocks of the hash: a pass asks for some of each */
            return;
        }
        if (!test_child_ended(&child, ENDED_AFTER_FAILURE, 0)) {
            TEST_FAIL("%s fit, failure %" PRIu32 "%s: %s", fit->name, n, alone ? "" : " and all after it",
                      child.stderr_text);
        }
    }
}

TEST(one_failure)
{
    for (size_t i = 0; cellar__fits[i] != NULL; i++) {
        sweep(cellar__fits[i], true);
    }
}

TEST(all_fail_from_one_on)
{
    for (size_t i = 0; cellar__fits[i] != NULL; i++) {
        sweep(cellar__fits[i], false);
    }
}

TEST_MAIN()
