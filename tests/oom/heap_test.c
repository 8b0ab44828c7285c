/* levels: base os/fault os/file os/lock os/memory os/panic os/process submap meta arena; with: fake/machine.c; timeout: 240 */
/*
 * The heap from its start to its last run while the kernel refuses: the n-th call of each kind fails, alone or with all
 * after it, for n from 0 until a whole pass sees no fault. After each step the invariants of run.h must hold; once the
 * kernel gives again, the heap must work again.
 */
#include "arena/budget.h"
#include "arena/dirty.h"
#include "arena/run.h"
#include "fake/machine.h"
#include "os/fault.h"
#include "submap/window.h"
#include "test.h"

enum { RUNS = 220 };
enum { ENDED_UNHURT = 0, ENDED_AFTER_FAULT = 10 };

static struct cellar__run *runs[RUNS];
static size_t nruns;

static void visit(void *ctx, const struct cellar_arena_range *range)
{
    *(size_t *)ctx += range->out ? range->size : 0;
}

/* R1, R2, and the budget: what is held is live or dirty. */
static void check(void)
{
    size_t live = 0, out = 0;
    const char *broken = cellar__arena_check(&cellar__heap_arena);
    CHECK_STR(broken ? broken : "", "");
    for (size_t i = 0; i < nruns; i++) {
        live += cellar__run_size(runs[i]);
        for (size_t at = 0; at < cellar__run_size(runs[i]); at += CELLAR_GRANULE) {
            CHECK_PTR(cellar__run_find(runs[i]->base + at), runs[i]);
            CHECK_EQ(cellar__page_map_tag(runs[i]->base + at), runs[i]->tag);
            CHECK_EQ(runs[i]->base[at], runs[i]->tag);
        }
    }
    cellar__arena_walk(&cellar__heap_arena, visit, &out);
    CHECK_EQ(out, live + cellar__dirty_bytes());
    CHECK_EQ(cellar__budget_held(), out);
    CHECK_EQ(cellar__lock_highest_held(), CELLAR_RANK_NONE);
}

static void fill(struct cellar__run *run)
{
    for (size_t at = 0; at < cellar__run_size(run); at += CELLAR_GRANULE) {
        if (run->is_zero) { /* R3 */
            CHECK_EQ(run->base[at], 0);
        }
        run->base[at] = (char)run->tag;
    }
}

static bool take(size_t ngranules, size_t align)
{
    struct cellar__run *run = cellar__meta_alloc(sizeof *run);
    if (run == NULL) {
        return false;
    }
    run->tag = (uint16_t)(1 + nruns % 100);
    int status = cellar__run_take(run, ngranules, align);
    if (status == 0) {
        CHECK_EQ(run->ngranules, ngranules);
        CHECK_EQ((uintptr_t)run->base % align, 0);
        fill(run);
        runs[nruns++] = run;
    } else {
        CHECK_EQ(status, -ENOMEM);
        cellar__meta_free(run, sizeof *run);
    }
    check();
    return status == 0;
}

static void give(size_t i)
{
    struct cellar__run *run = runs[i];
    char *base = run->base;
    runs[i] = runs[--nruns];
    cellar__run_give(run);
    CHECK_PTR(cellar__run_find(base), NULL);
    cellar__meta_free(run, sizeof *run);
    check();
}

static void resize(size_t i, size_t ngranules)
{
    uint32_t before = runs[i]->ngranules;
    int status = cellar__run_resize(runs[i], ngranules);
    CHECK(status == 0 || status == -ENOMEM);
    CHECK_EQ(runs[i]->ngranules, status == 0 ? ngranules : before);
    for (size_t at = 0; at < cellar__run_size(runs[i]); at += CELLAR_GRANULE) {
        runs[i]->base[at] = (char)runs[i]->tag;
    }
    check();
}

/* Fills some windows of 16 MiB, with runs that are kept dirty and runs that are too long for that. */
static void work(void)
{
    for (size_t i = 0; i < 120; i++) {
        take(1 + i * 7 % 13, CELLAR_GRANULE << (i % 9 == 0 ? 3 : 0));
        if (i % 3 == 0 && nruns > 3) {
            give(nruns / 2);
        }
        if (i % 5 == 0 && nruns > 3) {
            resize(nruns - 1, runs[nruns - 1]->ngranules + 5);
            resize(nruns / 3, 1);
        }
        if (i % 17 == 0) {
            take(40, CELLAR_GRANULE);
        }
        if (i % 20 == 19 && nruns > 3) {
            give(0);
            cellar__dirty_purge_all();
            check();
        }
    }
    take(500, CELLAR_GRANULE);                         /* larger than a window's wish */
    for (size_t before = nruns / 8; nruns > before;) { /* and windows go back */
        give(nruns - 1);
    }
    cellar__dirty_purge_all();
    check();
}

static void give_all(void)
{
    while (nruns > 0) {
        give(nruns - 1);
    }
    cellar__dirty_purge_all();
    check();
    CHECK_EQ(cellar__budget_held(), 0);
}

/* More than the first window, which is the only one now. */
static void fill_windows(void)
{
    for (size_t i = 0; i < 40; i++) {
        CHECK(take(20, CELLAR_GRANULE));
    }
    give_all();
}

static void pass(enum cellar__fault kind, uint32_t skip, uint32_t count)
{
    cellar__fault_arm(kind, skip, count);
    int status = cellar__meta_init();
    if (status == 0) {
        status = cellar__heap_init(&cellar__fit_instant, CELLAR_SIZING_EXACT);
    }
    if (status == 0) {
        work();
    }
    bool hurt = cellar__fault_calls(kind) > skip;
    cellar__fault_disarm_all();
    if (status != 0) { /* a start that failed can be tried again */
        CHECK_EQ(status, -ENOMEM);
        CHECK_EQ(cellar__meta_base == NULL ? cellar__meta_init() : 0, 0);
        CHECK_EQ(cellar__heap_init(&cellar__fit_instant, CELLAR_SIZING_EXACT), 0);
    }
    check();
    CHECK(take(3, CELLAR_GRANULE));
    CHECK(take(16, CELLAR_GRANULE));
    give_all();
    fill_windows();
    _exit(hurt ? ENDED_AFTER_FAULT : ENDED_UNHURT);
}

/* How many calls of the kind a pass makes. */
static uint32_t sweep(enum cellar__fault kind, uint32_t count)
{
    for (uint32_t n = 0;; n++) {
        struct test_child child;
        if (test_child_fork(&child)) {
            pass(kind, n, count);
        }
        test_child_wait(&child);
        if (test_child_ended(&child, ENDED_UNHURT, 0)) {
            return n;
        }
        if (!test_child_ended(&child, ENDED_AFTER_FAULT, 0)) {
            TEST_FAIL("kind %d, fault %" PRIu32 ", %" PRIu32 " in a row: status %#x: %s", kind, n, count,
                      (unsigned)child.status, child.stderr_text);
        }
    }
}

TEST(reserve)
{
    CHECK_GT(sweep(CELLAR_FAULT_RESERVE, 1),
             4); /* meta, a window, two arrays of the page map, more windows */
    CHECK_GT(sweep(CELLAR_FAULT_RESERVE, UINT32_MAX), 4);
}

TEST(commit)
{
    CHECK_GT(sweep(CELLAR_FAULT_COMMIT, 1), 10);
    CHECK_GT(sweep(CELLAR_FAULT_COMMIT, 2), 10); /* both the generous step and the exact one */
    CHECK_GT(sweep(CELLAR_FAULT_COMMIT, UINT32_MAX), 10);
}

TEST(purge)
{
    CHECK_GT(sweep(CELLAR_FAULT_PURGE, 1), 5);
    CHECK_GT(sweep(CELLAR_FAULT_PURGE, UINT32_MAX), 5);
}

/* Of windows that are free. */
TEST(unmap)
{
    CHECK_GT(sweep(CELLAR_FAULT_UNMAP, 1), 1);
    CHECK_GT(sweep(CELLAR_FAULT_UNMAP, UINT32_MAX), 1);
}

/* A start that fails unmaps what it had; then that may fail too. */
TEST(reserve_then_unmap)
{
    for (uint32_t n = 0; n < 8; n++) {
        struct test_child child;
        if (test_child_fork(&child)) {
            cellar__fault_arm(CELLAR_FAULT_UNMAP, 0, UINT32_MAX);
            pass(CELLAR_FAULT_RESERVE, n, 1);
        }
        test_child_wait(&child);
        if (!test_child_ended(&child, ENDED_AFTER_FAULT, 0) && !test_child_ended(&child, ENDED_UNHURT, 0)) {
            TEST_FAIL("reserve %" PRIu32 " and every unmap: %s", n, child.stderr_text);
        }
    }
}

TEST_MAIN()
