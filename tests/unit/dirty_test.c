/* levels: base submap arena os/lock os/panic os/file; with: fake/os.c fake/meta.c */
#include "arena/budget.h"
#include "arena/dirty.h"
#include "arena/run.h"
#include "fake/fresh.h"
#include "fake/meta.h"
#include "fake/os.h"
#include "submap/window.h"

#define MIB ((size_t)1 << 20)
#define MS UINT64_C(1000000)

static void start(void)
{
    fake_os.machine.address_limit = 1024 * MIB;
    CHECK_EQ(cellar__heap_init(&cellar__fit_best, CELLAR_SIZING_EXACT), 0);
}

/* Memory that is out, charged, written, and known to nobody, as a run that is about to be given. */
static char *fresh_memory(size_t ngranules)
{
    uint64_t base;
    size_t size = ngranules << CELLAR_LG_GRANULE;
    CHECK_EQ(cellar__budget_charge(size), 0);
    CHECK_EQ(cellar__arena_alloc(&cellar__heap_arena, size, 1, &base), 0);
    struct cellar__submap *window = cellar__window_find((char *)base);
    CHECK_EQ(cellar__submap_commit(window, (size_t)((char *)base - window->base) + size), 0);
    memset((char *)base, 1, size);
    return (char *)base;
}

/* D1, D3: what is out in the arena is what the test holds and what is dirty. */
static void check(size_t held_granules)
{
    struct cellar__arena_usage usage;
    cellar__arena_usage(&cellar__heap_arena, &usage);
    CHECK_PTR(cellar__arena_check(&cellar__heap_arena), NULL);
    CHECK_EQ(usage.allocated, (held_granules << CELLAR_LG_GRANULE) + cellar__dirty_bytes());
    CHECK_EQ(cellar__budget_held(), usage.allocated);
}

FRESH_TEST(empty)
{
    start();
    CHECK_PTR(cellar__dirty_take(1), NULL);
    CHECK_EQ(cellar__dirty_purge_all(), 0);
    cellar__dirty_tick();
    CHECK_EQ(cellar__dirty_bytes(), 0);
}

FRESH_TEST(the_youngest_of_a_size_comes_back_dirty)
{
    start();
    char *a = fresh_memory(2);
    char *b = fresh_memory(2);
    cellar__dirty_give(a, 2);
    cellar__dirty_give(b, 2);
    CHECK_EQ(cellar__dirty_bytes(), 4 * CELLAR_GRANULE);
    CHECK_EQ(fake_os.purge.count, 0);
    check(0);
    CHECK_PTR(cellar__dirty_take(2), b);
    CHECK_EQ(b[0], 1);
    CHECK_PTR(cellar__dirty_take(2), a);
    CHECK_PTR(cellar__dirty_take(2), NULL);
    check(4);
    CHECK_EQ(fake_meta.nblocks,
             3); /* descriptors went back; tags, the policy's table, the hash's first block are left */
}

FRESH_TEST(a_larger_one_is_cut)
{
    start();
    char *a = fresh_memory(7);
    cellar__dirty_give(a, 7);
    CHECK_PTR(cellar__dirty_take(8), NULL);
    CHECK_PTR(cellar__dirty_take(3), a);
    CHECK_EQ(cellar__dirty_bytes(), 4 * CELLAR_GRANULE);
    check(3);
    CHECK_PTR(cellar__dirty_take(4), a + 3 * CELLAR_GRANULE);
    check(7);
}

FRESH_TEST(the_smallest_that_serves_is_cut)
{
    start();
    char *large = fresh_memory(9);
    char *small = fresh_memory(4);
    cellar__dirty_give(large, 9);
    cellar__dirty_give(small, 4);
    CHECK_PTR(cellar__dirty_take(3), small);
    CHECK_PTR(cellar__dirty_take(2), large);
}

FRESH_TEST(long_runs_are_purged_at_once)
{
    start();
    char *a = fresh_memory(CELLAR_DIRTY_MAX_GRANULES + 1);
    char *b = fresh_memory(CELLAR_DIRTY_MAX_GRANULES);
    cellar__dirty_give(a, CELLAR_DIRTY_MAX_GRANULES + 1);
    CHECK_EQ(fake_os.purge.count, 1);
    CHECK_PTR(fake_os.purge.addr, a);
    CHECK_EQ(a[0], 0);
    cellar__dirty_give(b, CELLAR_DIRTY_MAX_GRANULES);
    CHECK_EQ(fake_os.purge.count, 1);
    check(0);
    CHECK_PTR(cellar__dirty_take(CELLAR_DIRTY_MAX_GRANULES + 1), NULL);
    CHECK_PTR(cellar__dirty_take(CELLAR_DIRTY_MAX_GRANULES), b);
}

FRESH_TEST(the_old_are_purged_when_their_time_is_up)
{
    start();
    cellar__dirty_set_decay_ms(500);
    char *a = fresh_memory(1);
    char *b = fresh_memory(2);
    cellar__dirty_give(a, 1);
    fake_os.now_ns += 300 * MS;
    cellar__dirty_give(b, 2);
    fake_os.now_ns += 199 * MS;
    cellar__dirty_tick();
    CHECK_EQ(fake_os.purge.count, 0);
    fake_os.now_ns += 1 * MS;
    cellar__dirty_tick();
    CHECK_EQ(fake_os.purge.count, 1);
    CHECK_PTR(fake_os.purge.addr, a);
    check(0);
    fake_os.now_ns += 300 * MS;
    cellar__dirty_tick();
    CHECK_PTR(fake_os.purge.addr, b);
    CHECK_EQ(cellar__dirty_bytes(), 0);
    check(0);
}

FRESH_TEST(no_decay_purges_at_once)
{
    start();
    cellar__dirty_set_decay_ms(0);
    cellar__dirty_give(fresh_memory(1), 1);
    CHECK_EQ(cellar__dirty_bytes(), 0);
    check(0);
}

static void give_all(char **runs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cellar__dirty_give(runs[i], 1);
    }
}

static void take_fresh(char **runs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        runs[i] = fresh_memory(1);
    }
}

/* D4: what was in use lately may all wait. */
FRESH_TEST(what_was_used_lately_is_room_for_what_is_dirty)
{
    start();
    char *runs[80];
    take_fresh(runs, 80);
    give_all(runs, 80);
    CHECK_EQ(cellar__dirty_bytes(), 5 * MIB);
    cellar__dirty_tick();
    CHECK_EQ(fake_os.purge.count, 0);
    char *more = fresh_memory(1); /* larger than it ever was */
    cellar__dirty_tick();
    CHECK_EQ(fake_os.purge.count, 1);
    CHECK_PTR(fake_os.purge.addr, runs[0]);
    cellar__dirty_give(more, 1);
    check(0);
}

FRESH_TEST(more_than_the_room_is_purged_oldest_first)
{
    start();
    char *runs[80];
    take_fresh(runs, 40);
    give_all(runs, 40);
    take_fresh(runs + 40, 40); /* beside the 40 that wait */
    CHECK_EQ(fake_os.purge.count, 0);
    cellar__dirty_tick();
    CHECK_EQ(fake_os.purge.count, 8); /* down to the floor: 32 runs */
    CHECK_PTR(fake_os.purge.addr, runs[7]);
    check(40);
}

FRESH_TEST(an_eighth_may_wait_above_the_room)
{
    start();
    char *runs[400];
    take_fresh(runs, 400);
    give_all(runs, 60);
    take_fresh(runs, 40);
    cellar__dirty_tick();
    CHECK_EQ(cellar__dirty_bytes(), 54 * CELLAR_GRANULE); /* of 434 granules */
    check(380);
}

FRESH_TEST(a_peak_is_forgotten_after_two_intervals)
{
    start();
    cellar__dirty_set_decay_ms(500);
    char *runs[80];
    take_fresh(runs, 80);
    give_all(runs, 80);
    fake_os.now_ns += 1000 * MS;
    cellar__dirty_tick();
    CHECK_EQ(cellar__dirty_bytes(), 0);
    take_fresh(runs, 40);
    give_all(runs, 40);
    CHECK_EQ(cellar__dirty_bytes(), 40 * CELLAR_GRANULE);
    take_fresh(runs, 1);
    cellar__dirty_tick(); /* 80 were in use, but long ago */
    CHECK_EQ(cellar__dirty_bytes(), 39 * CELLAR_GRANULE);
    check(1);
}

FRESH_TEST(refused_purge_keeps_the_run)
{
    start();
    char *a = fresh_memory(20);
    fake_os.refuse_purge = true;
    cellar__dirty_give(a, 20);
    CHECK_EQ(cellar__dirty_bytes(), 20 * CELLAR_GRANULE);
    CHECK_EQ(cellar__dirty_purge_all(), 0);
    check(0);
    CHECK_PTR(cellar__dirty_take(16), a); /* also a long one serves, cut */
    CHECK_EQ(cellar__dirty_bytes(), 4 * CELLAR_GRANULE);
    fake_os.refuse_purge = false;
    CHECK_EQ(cellar__dirty_purge_all(), 4 * CELLAR_GRANULE);
    check(16);
}

FRESH_TEST(without_a_descriptor_it_is_purged)
{
    start();
    char *a = fresh_memory(3);
    fake_meta.fail_to = UINT32_MAX;
    cellar__dirty_give(a, 3);
    CHECK_EQ(fake_os.purge.count, 1);
    check(0);
}

FRESH_TEST(without_a_tag_a_larger_one_is_not_cut)
{
    start();
    char *a = fresh_memory(3);
    cellar__dirty_give(a, 3);
    fake_meta.fail_to = UINT32_MAX;
    size_t cuts = 0;
    while (cellar__heap_arena.nspare >= 4) { /* each leaves a hole, which costs tags */
        CHECK_EQ(cellar__arena_alloc(&cellar__heap_arena, CELLAR_GRANULE, 4 * CELLAR_GRANULE, &(uint64_t){0}),
                 0);
        cuts++;
    }
    CHECK_GT(cuts, 0);
    CHECK_PTR(cellar__dirty_take(1), NULL);
    CHECK_EQ(cellar__dirty_bytes(), 3 * CELLAR_GRANULE);
    fake_meta.fail_to = 0;
    CHECK_PTR(cellar__dirty_take(1), a);
}

TEST_MAIN()
