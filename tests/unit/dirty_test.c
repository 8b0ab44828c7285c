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

FRESH_TEST(the_lowest_comes_back_dirty)
{
    start();
    char *a = fresh_memory(2);
    fresh_memory(1); /* no neighbours */
    char *b = fresh_memory(2);
    cellar__dirty_give(b, 2);
    cellar__dirty_give(a, 2);
    CHECK_EQ(cellar__dirty_bytes(), 4 * CELLAR_GRANULE);
    CHECK_EQ(fake_os.purge.count, 0);
    check(1);
    CHECK_PTR(cellar__dirty_take(2), a);
    CHECK_EQ(a[0], 1);
    CHECK_PTR(cellar__dirty_take(2), b);
    CHECK_PTR(cellar__dirty_take(2), NULL);
    check(5);
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

FRESH_TEST(the_lowest_that_serves_is_cut)
{
    start();
    char *short_one = fresh_memory(2);
    fresh_memory(1);
    char *large = fresh_memory(9);
    fresh_memory(1);
    char *small = fresh_memory(4);
    cellar__dirty_give(large, 9);
    cellar__dirty_give(small, 4);
    cellar__dirty_give(short_one, 2);
    CHECK_PTR(cellar__dirty_take(3), large);
    CHECK_PTR(cellar__dirty_take(2), short_one);
    CHECK_PTR(cellar__dirty_take(7), NULL);
    CHECK_PTR(cellar__dirty_take(6), large + 3 * CELLAR_GRANULE);
    CHECK_PTR(cellar__dirty_take(1), small);
}

/* Of many runs, all apart, the lowest that is long enough each time, and what any of them serves is known. */
FRESH_TEST(lowest_of_many_as_a_scan_finds_it)
{
    enum { N = 60, LONGEST = 9 };
    struct test_random random = {test_seed()};
    char *runs[N];
    size_t lengths[N];
    start();
    for (size_t i = 0; i < N; i++) {
        lengths[i] = 1 + test_random_below(&random, LONGEST);
        runs[i] = fresh_memory(lengths[i]);
        fresh_memory(1);
        CHECK(i == 0 || runs[i] > runs[i - 1]);
    }
    for (size_t i = 0; i < N; i++) { /* in another order */
        cellar__dirty_give(runs[i * 7 % N], lengths[i * 7 % N]);
    }
    for (size_t left = 1; left != 0;) {
        size_t n = 1 + test_random_below(&random, LONGEST);
        size_t i = 0;
        while (i < N && lengths[i] < n) {
            i++;
        }
        CHECK_EQ(cellar__dirty_serves(n), i < N);
        CHECK_PTR(cellar__dirty_take(n), i < N ? runs[i] : NULL);
        if (i < N) {
            runs[i] += n * CELLAR_GRANULE;
            lengths[i] -= n;
        }
        left = 0;
        for (size_t k = 0; k < N; k++) {
            left += lengths[k];
        }
        CHECK_EQ(cellar__dirty_bytes(), left * CELLAR_GRANULE);
    }
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
    fresh_memory(1);
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
    check(1);
    fake_os.now_ns += 300 * MS;
    cellar__dirty_tick();
    CHECK_PTR(fake_os.purge.addr, b);
    CHECK_EQ(cellar__dirty_bytes(), 0);
    check(1);
}

/* Another thread read its clock before the run came, and looks after. */
FRESH_TEST(a_run_from_a_time_to_come_is_not_old)
{
    start();
    cellar__dirty_set_decay_ms(500);
    fake_os.now_ns += 1000 * MS;
    char *a = fresh_memory(1);
    fresh_memory(1);
    char *b = fresh_memory(1);
    cellar__dirty_give(a, 1);
    fake_os.now_ns -= 1;
    cellar__dirty_tick();
    cellar__dirty_give(b, 1);
    CHECK_EQ(fake_os.purge.count, 0);
    CHECK_EQ(cellar__dirty_bytes(), 2 * CELLAR_GRANULE);
    check(1);
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

/* D4: what was in use lately may all wait, and a quarter more. */
FRESH_TEST(what_was_used_lately_is_room_for_what_is_dirty)
{
    start();
    char *runs[80];
    take_fresh(runs, 80);
    give_all(runs, 80);
    CHECK_EQ(cellar__dirty_bytes(), 5 * MIB);
    take_fresh(runs, 20);
    cellar__dirty_tick();
    CHECK_EQ(fake_os.purge.count, 0);
    take_fresh(runs + 20, 1); /* 101 granules */
    cellar__dirty_tick();
    CHECK_EQ(fake_os.purge.count, 1);
    CHECK_EQ(fake_os.purge.size, 4 * CELLAR_GRANULE); /* a run of many loses a part that is worth the call */
    CHECK_EQ(cellar__dirty_bytes(), 76 * CELLAR_GRANULE);
    check(21);
    CHECK(cellar__dirty_take(16) != NULL);
    check(37);
}

FRESH_TEST(the_excess_is_purged_oldest_first)
{
    start();
    char *runs[120];
    take_fresh(runs, 120);
    for (size_t i = 0; i < 120; i += 2) { /* no two are neighbours */
        cellar__dirty_give(runs[i], 1);
    }
    char *more[60];
    take_fresh(more, 50); /* 170 granules, of which 60 dirty */
    cellar__dirty_tick();
    CHECK_EQ(cellar__budget_held(), 150 * CELLAR_GRANULE);
    CHECK_EQ(cellar__dirty_bytes(), 40 * CELLAR_GRANULE);
    CHECK_PTR(fake_os.purge.addr, runs[38]);
    check(110);
}

/* What waits above is as idle as what is dirty: it leaves less room, and makes no peak. */
FRESH_TEST(what_waits_above_counts_as_dirty)
{
    start();
    char *run = fresh_memory(1);
    fresh_memory(79);
    cellar__dirty_give(run, 1); /* 80 granules were in use */
    CHECK(cellar__dirty_is_full());
    cellar__dirty_set_swept(true);
    CHECK(!cellar__dirty_is_full());
    cellar__dirty_count_waiting(70 * CELLAR_GRANULE);
    CHECK(!cellar__dirty_is_full());
    char *more = fresh_memory(20); /* 100 are held, of which 30 are in use: a quarter above the peak */
    CHECK(!cellar__dirty_is_full());
    char *last = fresh_memory(1);
    CHECK(cellar__dirty_is_full());
    cellar__dirty_give(last, 1);
    CHECK(!cellar__dirty_is_full());
    CHECK_EQ(fake_os.purge.count, 1);
    cellar__dirty_give(more, 17);
    CHECK_EQ(cellar__dirty_bytes(), 18 * CELLAR_GRANULE);
    cellar__dirty_set_decay_ms(0);
    CHECK(cellar__dirty_is_full());
    cellar__dirty_count_waiting((size_t)0 - 70 * CELLAR_GRANULE);
    CHECK_EQ(cellar__dirty_waiting, 0);
    check(82);
}

FRESH_TEST(the_floor_is_never_an_excess)
{
    start();
    char *runs[70];
    take_fresh(runs, 40);
    give_all(runs, 40);
    take_fresh(runs + 40, 30); /* 70 granules, after a peak of 40 */
    cellar__dirty_tick();
    CHECK_EQ(cellar__dirty_bytes(), 32 * CELLAR_GRANULE);
    check(30);
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
    take_fresh(runs, 14);
    cellar__dirty_tick(); /* 80 were in use, but long ago */
    CHECK_EQ(cellar__dirty_bytes(), 36 * CELLAR_GRANULE);
    check(14);
}

/* Three runs of 8 granules that are no neighbours, the first the oldest. The heap has 27 granules, and never had more. */
static void give_three(char **runs)
{
    for (size_t i = 0; i < 3; i++) {
        runs[i] = fresh_memory(8);
        fresh_memory(1);
    }
    cellar__dirty_give_way();
    for (size_t i = 0; i < 3; i++) {
        cellar__dirty_give(runs[i], 8);
    }
}

FRESH_TEST(a_new_peak_takes_the_place_of_what_waits)
{
    start();
    char *runs[3];
    give_three(runs);
    fresh_memory(3);
    cellar__dirty_give_way(); /* a little more is not worth a call */
    CHECK_EQ(fake_os.purge.count, 0);
    fresh_memory(7);
    cellar__dirty_give_way(); /* a run, and of the next what is worth one */
    CHECK_EQ(fake_os.purge.count, 2);
    CHECK_PTR(fake_os.purge.addr, runs[1]);
    CHECK_EQ(cellar__dirty_bytes(), 12 * CELLAR_GRANULE);
    check(13);
    CHECK_PTR(cellar__dirty_take(8), runs[2]);
    fresh_memory(100);
    cellar__dirty_give_way();
    CHECK_EQ(cellar__dirty_bytes(), 0);
    check(121);
}

/* What waits elsewhere: a run, and how much was asked for last. */
static char *spilled_run;
static size_t spilled_bytes;

static void spill(size_t bytes)
{
    spilled_bytes = bytes;
    if (spilled_run != NULL) {
        cellar__dirty_give(spilled_run, 8);
        spilled_run = NULL;
    }
}

FRESH_TEST(what_waits_elsewhere_gives_way_as_well)
{
    start();
    cellar__dirty_set_spill(spill);
    char *runs[3];
    give_three(runs); /* 24 are dirty */
    spilled_run = fresh_memory(8);
    CHECK_EQ(spilled_bytes, 0);
    fresh_memory(20);
    cellar__dirty_give_way(); /* 55 granules, where 27 were the most */
    CHECK_EQ(spilled_bytes, 4 * CELLAR_GRANULE);
    CHECK_EQ(cellar__dirty_bytes(), 4 * CELLAR_GRANULE);
    check(23);
    CHECK_EQ(cellar__dirty_purge_last(), 4 * CELLAR_GRANULE);
    CHECK_EQ(spilled_bytes, SIZE_MAX);
    cellar__dirty_set_spill(NULL);
    check(23);
}

FRESH_TEST(below_the_peak_nothing_gives_way)
{
    start();
    char *runs[3];
    give_three(runs);
    fresh_memory(4);
    cellar__dirty_give_way();
    CHECK_EQ(cellar__dirty_bytes(), 20 * CELLAR_GRANULE);
    cellar__dirty_give(cellar__dirty_take(8), 8);
    cellar__dirty_give_way(); /* 27 again */
    CHECK_EQ(fake_os.purge.count, 1);
    check(7);
}

/* Who swings for ever would pay for ever: as much as the heap had, 9 granules, is what gives way in an interval. */
FRESH_TEST(what_gives_way_is_bounded)
{
    start();
    char *run = fresh_memory(8);
    fresh_memory(1);
    cellar__dirty_give_way();
    for (size_t i = 0; i < 3; i++) {
        cellar__dirty_give(run, 8);
        run = fresh_memory(8);
        cellar__dirty_give_way();
    }
    CHECK_EQ(fake_os.purge.count, 2);
    CHECK_EQ(cellar__dirty_bytes(), 8 * CELLAR_GRANULE);
    check(9);
}

/* Half a second later, and again, without any run that comes back meanwhile: what was held before is long ago. */
FRESH_TEST(what_was_held_long_ago_is_no_peak)
{
    start();
    cellar__dirty_set_decay_ms(500);
    char *run = fresh_memory(64);
    cellar__dirty_give_way();
    cellar__dirty_give(run, 64); /* too long to wait */
    CHECK_EQ(cellar__dirty_bytes(), 0);
    fake_os.now_ns += 1000 * MS;
    char *waits = fresh_memory(8);
    fresh_memory(1);
    cellar__dirty_give(waits, 8);
    fresh_memory(8);
    cellar__dirty_give_way(); /* 17 granules; 9 when the interval began */
    CHECK_EQ(cellar__dirty_bytes(), 0);
    check(9);
}

FRESH_TEST(neighbours_become_one)
{
    start();
    char *base = fresh_memory(9);
    CHECK_EQ(
        cellar__arena_split(&cellar__heap_arena, (uintptr_t)base, 9 * CELLAR_GRANULE, 2 * CELLAR_GRANULE), 0);
    CHECK_EQ(cellar__arena_split(&cellar__heap_arena, (uintptr_t)base + 2 * CELLAR_GRANULE,
                                 7 * CELLAR_GRANULE, 3 * CELLAR_GRANULE),
             0);
    cellar__dirty_give(base, 2);
    cellar__dirty_give(base + 5 * CELLAR_GRANULE, 4);
    CHECK_PTR(cellar__dirty_take(5), NULL);
    size_t nblocks = fake_meta.nblocks;
    cellar__dirty_give(base + 2 * CELLAR_GRANULE, 3);
    CHECK_EQ(fake_meta.nblocks, nblocks - 1); /* one descriptor came, two went */
    CHECK_EQ(cellar__dirty_bytes(), 9 * CELLAR_GRANULE);
    check(0);
    CHECK_PTR(cellar__dirty_take(9), base);
    check(9);
}

/* D2: one run of several is as young as the one that came last. */
FRESH_TEST(what_became_one_begins_to_wait_anew)
{
    start();
    cellar__dirty_set_decay_ms(500);
    char *low = fresh_memory(1);
    char *high = fresh_memory(1);
    char *last = fresh_memory(1);
    char *apart = fresh_memory(2);
    CHECK_PTR(high, low + CELLAR_GRANULE);
    CHECK_PTR(last, high + CELLAR_GRANULE);
    CHECK_PTR(apart, last + CELLAR_GRANULE);
    cellar__dirty_give(high, 1);
    fake_os.now_ns += 100 * MS;
    cellar__dirty_give(apart, 2);
    fake_os.now_ns += 100 * MS;
    cellar__dirty_give(low, 1);
    fake_os.now_ns += 300 * MS;
    cellar__dirty_tick(); /* the age of `high` alone */
    CHECK_EQ(fake_os.purge.count, 0);
    fake_os.now_ns += 100 * MS;
    cellar__dirty_tick();
    CHECK_EQ(fake_os.purge.count, 1);
    CHECK_PTR(fake_os.purge.addr, apart);
    fake_os.now_ns += 50 * MS;
    cellar__dirty_give(last, 1); /* beside both that were one */
    fake_os.now_ns += 499 * MS;
    cellar__dirty_tick();
    CHECK_EQ(fake_os.purge.count, 1);
    fake_os.now_ns += 1 * MS;
    cellar__dirty_tick();
    CHECK_EQ(fake_os.purge.count, 2);
    CHECK_PTR(fake_os.purge.addr, low);
    CHECK_EQ(fake_os.purge.size, 3 * CELLAR_GRANULE);
    CHECK_EQ(cellar__dirty_bytes(), 0);
    check(0);
}

/* A cut leaves the rest as old as it was. */
FRESH_TEST(what_is_left_of_a_cut_keeps_its_age)
{
    start();
    cellar__dirty_set_decay_ms(500);
    char *old = fresh_memory(8);
    char *between = fresh_memory(1);
    char *young = fresh_memory(4);
    cellar__dirty_give(old, 8);
    fake_os.now_ns += 250 * MS;
    cellar__dirty_give(young, 4);
    CHECK_PTR(cellar__dirty_take(5), old);
    fake_os.now_ns += 250 * MS;
    cellar__dirty_tick();
    CHECK_PTR(fake_os.purge.addr, old + 5 * CELLAR_GRANULE);
    CHECK_EQ(cellar__dirty_bytes(), 4 * CELLAR_GRANULE);
    cellar__dirty_give(between, 1);
    check(5);
}

FRESH_TEST(what_begins_at_an_address_is_taken)
{
    start();
    char *a = fresh_memory(5);
    CHECK(!cellar__dirty_take_at(a, 1));
    cellar__dirty_give(a, 5);
    CHECK(!cellar__dirty_take_at(a, 6));
    CHECK(!cellar__dirty_take_at(a + CELLAR_GRANULE, 1));
    CHECK(!cellar__dirty_take_at(a - CELLAR_GRANULE, 1));
    CHECK(cellar__dirty_take_at(a, 2));
    CHECK_EQ(cellar__dirty_bytes(), 3 * CELLAR_GRANULE);
    CHECK(cellar__dirty_take_at(a + 2 * CELLAR_GRANULE, 3));
    CHECK_EQ(cellar__dirty_bytes(), 0);
    check(5);
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

/* Before, behind and between. */
FRESH_TEST(beside_a_dirty_run_no_descriptor_is_needed)
{
    start();
    char *base = fresh_memory(5);
    CHECK_EQ(
        cellar__arena_split(&cellar__heap_arena, (uintptr_t)base, 5 * CELLAR_GRANULE, 4 * CELLAR_GRANULE), 0);
    for (size_t i = 3; i > 0; i--) {
        CHECK_EQ(cellar__arena_split(&cellar__heap_arena, (uintptr_t)base, (i + 1) * CELLAR_GRANULE,
                                     i * CELLAR_GRANULE),
                 0);
    }
    cellar__dirty_give(base + 1 * CELLAR_GRANULE, 1);
    fake_meta.fail_to = UINT32_MAX;
    cellar__dirty_give(base, 1);
    cellar__dirty_give(base + 2 * CELLAR_GRANULE, 1);
    fake_meta.fail_to = 0;
    cellar__dirty_give(base + 4 * CELLAR_GRANULE, 1);
    fake_meta.fail_to = UINT32_MAX;
    cellar__dirty_give(base + 3 * CELLAR_GRANULE, 1);
    fake_meta.fail_to = 0;
    CHECK_EQ(fake_os.purge.count, 0);
    CHECK_PTR(cellar__dirty_take(5), base);
    check(5);
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
