/* levels: base submap arena os/lock os/panic os/file; with: fake/os.c fake/meta.c */
#include "arena/budget.h"
#include "arena/dirty.h"
#include "arena/run.h"
#include "fake/fresh.h"
#include "fake/meta.h"
#include "fake/os.h"
#include "submap/window.h"

#define MIB ((size_t)1 << 20)

/* Windows of 16 MiB: 256 granules. */
static void start(void)
{
    fake_os.machine.address_limit = 256 * MIB;
    CHECK_EQ(cellar__heap_init(&cellar__fit_instant, CELLAR_SIZING_EXACT), 0);
}

static struct cellar__run *take(size_t ngranules, size_t align)
{
    struct cellar__run *run = cellar__meta_alloc(sizeof *run);
    run->tag = (uint16_t)(100 + ngranules);
    if (cellar__run_take(run, ngranules, align) != 0) {
        cellar__meta_free(run, sizeof *run);
        return NULL;
    }
    return run;
}

/* R2, and that the granules beside the run are not its own. */
static void check_map(const struct cellar__run *run)
{
    char *end = run->base + cellar__run_size(run);
    for (char *at = run->base; at < end; at += CELLAR_GRANULE / 2) {
        CHECK_PTR(cellar__run_find(at), run);
        CHECK_EQ(cellar__page_map_tag(at), run->tag);
    }
    CHECK_PTR(cellar__run_find(end - 1), run);
    CHECK(cellar__run_find(end) != run);
    CHECK(cellar__run_find(run->base - 1) != run);
}

FRESH_TEST(a_start_that_fails_may_be_tried_again)
{
    fake_os.machine.address_limit = 256 * MIB;
    fake_os.refuse_reserve = true;
    CHECK_EQ(cellar__heap_init(&cellar__fit_best, CELLAR_SIZING_EXACT), -ENOMEM);
    fake_os.refuse_reserve = false;
    fake_meta.fail_to = UINT32_MAX;
    CHECK_EQ(cellar__heap_init(&cellar__fit_best, CELLAR_SIZING_EXACT), -ENOMEM);
    fake_meta.fail_to = 0;
    CHECK_EQ(cellar__heap_init(&cellar__fit_best, CELLAR_SIZING_EXACT), 0);
    CHECK_EQ(cellar__window_count(), 1);
    CHECK(take(1, 1) != NULL);
}

/* R1, R3 */
FRESH_TEST(a_clean_run_is_zero_and_writable)
{
    start();
    struct cellar__run *run = take(3, CELLAR_GRANULE);
    CHECK(run != NULL && run->is_zero && run->ngranules == 3);
    CHECK_EQ((uintptr_t)run->base % CELLAR_GRANULE, 0);
    for (size_t at = 0; at < cellar__run_size(run); at++) {
        CHECK_EQ(run->base[at], 0);
        run->base[at] = 1;
    }
    check_map(run);
    CHECK_EQ(cellar__budget_held(), 3 * CELLAR_GRANULE);
    CHECK_PTR(cellar__run_find(&fake_os), NULL);
    CHECK_PTR(cellar__run_find(NULL), NULL);
}

FRESH_TEST(a_run_that_came_back_is_not_called_zero)
{
    start();
    struct cellar__run *run = take(3, 1);
    char *base = run->base;
    memset(base, 1, cellar__run_size(run));
    cellar__run_give(run);
    CHECK_PTR(cellar__run_find(base), NULL);
    CHECK_EQ(cellar__page_map_tag(base + 2 * CELLAR_GRANULE), 0);
    run = take(3, 1);
    CHECK_PTR(run->base, base);
    CHECK(!run->is_zero);
    check_map(run);
    cellar__run_give(run);
    CHECK_EQ(cellar__dirty_purge_all(), 3 * CELLAR_GRANULE);
    run = take(3, 1);
    CHECK_PTR(run->base, base);
    CHECK(run->is_zero);
    CHECK_EQ(base[0], 0);
}

FRESH_TEST(alignment)
{
    start();
    for (size_t align = 1; align <= 2 * MIB; align *= 2) {
        struct cellar__run *run = take(1, align);
        CHECK(run != NULL);
        CHECK_EQ((uintptr_t)run->base % align, 0);
        check_map(run);
    }
    CHECK_PTR(cellar__arena_check(&cellar__heap_arena), NULL);
}

FRESH_TEST(full_windows_are_followed_by_others)
{
    start();
    struct cellar__run *runs[20];
    for (size_t i = 0; i < 20; i++) {
        runs[i] = take(100, 1);
        CHECK(runs[i] != NULL);
        runs[i]->base[0] = 1;
    }
    CHECK_GE(cellar__window_count(), 8);
    for (size_t i = 0; i < 20; i++) {
        check_map(runs[i]);
        cellar__run_give(runs[i]);
    }
    CHECK_EQ(cellar__budget_held(), 0);
    CHECK_PTR(cellar__arena_check(&cellar__heap_arena), NULL);
}

FRESH_TEST(dirty_runs_are_purged_before_a_request_fails)
{
    start();
    cellar__budget_set_limit(10 * CELLAR_GRANULE);
    struct cellar__run *a = take(6, 1);
    struct cellar__run *b = take(4, 1);
    CHECK_PTR(take(1, 1), NULL);
    cellar__run_give(a);
    CHECK_EQ(cellar__dirty_bytes(), 6 * CELLAR_GRANULE);
    CHECK(take(6, 2 * MIB) != NULL); /* aligned: not from the store */
    CHECK_EQ(cellar__dirty_bytes(), 0);
    CHECK_PTR(take(1, 1), NULL);
    CHECK_EQ(cellar__budget_held(), 10 * CELLAR_GRANULE);
    check_map(b);
}

FRESH_TEST(refused_commit_leaves_nothing)
{
    struct cellar__arena_usage before, after;
    start();
    cellar__arena_usage(&cellar__heap_arena, &before);
    fake_os.refuse_commit = true;
    CHECK_PTR(take(3, 1), NULL);
    cellar__arena_usage(&cellar__heap_arena, &after);
    CHECK_EQ(memcmp(&before, &after, offsetof(struct cellar__arena_usage, metadata)), 0);
    CHECK_EQ(cellar__budget_held(), 0);
    fake_os.refuse_commit = false;
    CHECK(take(3, 1) != NULL);
}

FRESH_TEST(grow_in_place)
{
    start();
    struct cellar__run *run = take(2, 1);
    char *base = run->base;
    base[0] = 7;
    CHECK_EQ(cellar__run_resize(run, 2), 0);
    CHECK_EQ(cellar__run_resize(run, 200), 0);
    CHECK(run->base == base && base[0] == 7 && run->ngranules == 200);
    base[cellar__run_size(run) - 1] = 1;
    check_map(run);
    CHECK_EQ(cellar__budget_held(), 200 * CELLAR_GRANULE);
    CHECK_EQ(cellar__run_resize(run, 257), -ENOMEM); /* the window ends */
    CHECK_EQ(run->ngranules, 200);
    CHECK_EQ(cellar__budget_held(), 200 * CELLAR_GRANULE);
    struct cellar__run *other = take(1, 1);
    CHECK_PTR(other->base, base + 200 * CELLAR_GRANULE);
    CHECK_EQ(cellar__run_resize(run, 201), -ENOMEM);
    check_map(run);
    check_map(other);
}

/* R1: dirty memory behind the run becomes part of it; what is left stays dirty. */
FRESH_TEST(grow_into_dirty_memory)
{
    start();
    struct cellar__run *run = take(2, 1);
    struct cellar__run *behind = take(5, 1);
    struct cellar__run *last = take(1, 1);
    char *base = run->base;
    CHECK_PTR(behind->base, base + 2 * CELLAR_GRANULE);
    behind->base[0] = 1;
    cellar__run_give(behind);
    CHECK_EQ(cellar__run_resize(run, 8), -ENOMEM);
    CHECK_EQ(cellar__dirty_bytes(), 5 * CELLAR_GRANULE);
    CHECK_EQ(cellar__run_resize(run, 5), 0);
    CHECK(run->base == base && run->ngranules == 5 && !run->is_zero);
    CHECK_EQ(base[2 * CELLAR_GRANULE], 1);
    CHECK_EQ(cellar__dirty_bytes(), 2 * CELLAR_GRANULE);
    check_map(run);
    CHECK_EQ(cellar__run_resize(run, 7), 0);
    CHECK_EQ(cellar__dirty_bytes(), 0);
    check_map(run);
    check_map(last);
    CHECK_EQ(cellar__budget_held(), 8 * CELLAR_GRANULE);
    CHECK_PTR(cellar__arena_check(&cellar__heap_arena), NULL);
    cellar__run_give(run);
    CHECK_EQ(cellar__dirty_bytes(), 7 * CELLAR_GRANULE);
}

FRESH_TEST(growth_whose_commit_is_refused_leaves_the_run_as_it_was)
{
    start();
    struct cellar__run *run = take(2, 1);
    fake_os.refuse_commit = true;
    CHECK_EQ(cellar__run_resize(run, 200), -ENOMEM);
    fake_os.refuse_commit = false;
    CHECK_EQ(run->ngranules, 2);
    CHECK_EQ(cellar__budget_held(), 2 * CELLAR_GRANULE);
    check_map(run);
    cellar__run_give(run);
    cellar__dirty_purge_all();
    CHECK_EQ(cellar__budget_held(), 0);
}

FRESH_TEST(shrink_gives_the_tail_back_dirty)
{
    start();
    struct cellar__run *run = take(9, 1);
    char *base = run->base;
    CHECK_EQ(cellar__run_resize(run, 4), 0);
    CHECK(run->base == base && run->ngranules == 4);
    check_map(run);
    CHECK_PTR(cellar__run_find(base + 4 * CELLAR_GRANULE), NULL);
    CHECK_EQ(cellar__dirty_bytes(), 5 * CELLAR_GRANULE);
    struct cellar__run *other = take(5, 1);
    CHECK_PTR(other->base, base + 4 * CELLAR_GRANULE);
    CHECK(!other->is_zero);
    CHECK_PTR(cellar__arena_check(&cellar__heap_arena), NULL);
}

TEST_MAIN()
