/* levels: base os slab keg bucket smr zone; with: fake/heap.c */
#include "arena/dirty.h"
#include "zone/zone.h"

#include <pthread.h>

#include "fake/heap.h"
#include "test.h"
#include "zone/stash.h"
#include "zone/thread.h"

/* The backend is an array of items and what is out of it, so that nothing can be lost or given twice unseen. */
enum { ITEM_SIZE = 1024, NITEMS = 4096 };

static struct {
    bool out[NITEMS];
    size_t nout;
    size_t nimports; /* calls */
    size_t limit;    /* items it will have out at most */
    enum cellar__item_fault fault;
} source;

static char space[NITEMS][16];
static void *items[NITEMS];
static struct cellar__zone zone;

static size_t source_import(void *ctx, void **to, size_t n)
{
    size_t given = 0;
    CHECK_PTR(ctx, &source);
    source.nimports++;
    for (size_t i = 0; i < NITEMS && given < n && source.nout < source.limit; i++) {
        if (!source.out[i]) {
            source.out[i] = true;
            source.nout++;
            to[given++] = space[i];
        }
    }
    return given;
}

static size_t source_release(void *ctx, void **from, size_t n, enum cellar__item_fault *ret_fault)
{
    CHECK_PTR(ctx, &source);
    CHECK_GT(n, 0); /* nothing is given back for nothing */
    *ret_fault = source.fault;
    for (size_t i = 0; i < n && source.fault == CELLAR_ITEM_OK; i++) {
        size_t index = (size_t)((char *)from[i] - space[0]) / sizeof space[0];
        CHECK_LT(index, NITEMS);
        CHECK(source.out[index]); /* Z1 */
        source.out[index] = false;
        source.nout--;
    }
    return source.fault == CELLAR_ITEM_OK ? n : 0;
}

static const struct cellar__zone_backend backend = {"array", source_import, source_release};

static struct cellar__cache *cache(void)
{
    return &cellar__thread_own()->caches[zone.id];
}

/* The program holds `held` items: the rest of what is out lies in the thread's cache or in the depot. */
static void check(size_t held)
{
    CHECK_EQ(source.nout, held + cellar__cache_nitems(cache()) + cellar__depot_nitems(&zone.depot));
    CHECK_LE(cellar__cache_nitems(cache()), 2 * zone.max_items); /* Z3 */
    CHECK_LE(cellar__depot_nitems(&zone.depot), zone.depot.max_items);
}

static void start_attr(struct cellar__zone_attr attr)
{
    static bool is_started;
    if (!is_started) {
        fake_heap_start();
        cellar__thread_init();
        is_started = true;
    }
    if (zone.is_ready) {
        cellar__zone_drain_cache(&zone, cache());
        cellar__zone_drain_depot(&zone);
        cache()->capacity = 0;
        cache()->nturns = 0;
    }
    memset(&source, 0, sizeof source);
    source.limit = NITEMS;
    attr.size = ITEM_SIZE;
    attr.backend = &backend;
    attr.source = &source;
    cellar__zone_init(&zone, 3, &attr);
}

static void start(void)
{
    start_attr((struct cellar__zone_attr){.name = "test"});
}

static void take(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        items[i] = cellar__zone_alloc(&zone);
        CHECK(items[i] != NULL);
    }
}

static void give(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        cellar__zone_free(&zone, items[i]);
    }
}

TEST(init_enters_the_zone)
{
    start();
    CHECK_PTR(cellar__zone_get(3), &zone);
    CHECK_PTR(cellar__zone_get(2), NULL);
    CHECK_GT(cellar__zone_id_end(), 3);
    CHECK_STR(zone.attr.name, "test");
}

TEST(lowest_item_goes_out_first)
{
    start();
    take(0, 10);
    for (size_t i = 0; i < 10; i++) {
        CHECK_PTR(items[i], space[i]);
    }
    check(10);
}

TEST(freed_last_goes_out_first)
{
    start();
    take(0, 3);
    give(0, 3);
    CHECK_PTR(cellar__zone_alloc(&zone), items[2]);
    CHECK_PTR(cellar__zone_alloc(&zone), items[1]);
    CHECK_PTR(cellar__zone_alloc(&zone), items[0]);
    check(3);
}

TEST(items_are_distinct)
{
    start();
    take(0, 1000);
    check(1000);
    bool seen[NITEMS] = {false};
    for (size_t i = 0; i < 1000; i++) {
        size_t index = (size_t)((char *)items[i] - space[0]) / sizeof space[0];
        CHECK(!seen[index]);
        seen[index] = true;
    }
}

/* A thread that goes back and forth by fewer items than a bucket holds never meets the backend. */
TEST(work_at_a_buckets_border_stays_in_the_cache)
{
    start();
    take(0, 500);
    give(0, 250);
    size_t nimports = source.nimports;
    for (size_t i = 0; i < 1000; i++) {
        take(0, zone.max_items);
        give(0, zone.max_items);
    }
    CHECK_EQ(source.nimports, nimports);
    give(250, 500);
    check(0);
}

TEST(free_keeps_within_the_bounds)
{
    start();
    take(0, NITEMS);
    CHECK_EQ(source.nout, NITEMS);
    for (size_t i = 0; i < NITEMS; i++) {
        cellar__zone_free(&zone, items[i]);
        check(NITEMS - 1 - i);
    }
    CHECK_GT(cellar__depot_nitems(&zone.depot), 0);
    CHECK_LT(source.nout, NITEMS / 2);
}

TEST(depot_serves_before_the_backend)
{
    start();
    take(0, 400);
    give(0, 400);
    size_t nimports = source.nimports;
    size_t cached = cellar__cache_nitems(cache()) + cellar__depot_nitems(&zone.depot);
    CHECK_GT(cellar__depot_nitems(&zone.depot), 0);
    take(0, cached);
    CHECK_EQ(source.nimports, nimports);
    check(cached);
}

TEST(alloc_gives_none_when_the_backend_has_none)
{
    start();
    source.limit = 40;
    take(0, 40);
    CHECK_PTR(cellar__zone_alloc(&zone), NULL);
    check(40);
    cellar__zone_free(&zone, items[7]);
    CHECK_PTR(cellar__zone_alloc(&zone), items[7]);
    check(40);
}

TEST(without_buckets_everything_goes_to_the_backend)
{
    start();
    take(0, 1); /* the thread's record and first bucket are made */
    give(0, 1);
    cellar__zone_drain_cache(&zone, cache());
    cellar__zone_drain_depot(&zone);
    CHECK_EQ(source.nout, 0);
    fake_heap.blocks_left = 0;
    for (unsigned lg = CELLAR_BUCKET_LG_MIN; lg <= CELLAR_BUCKET_LG_MAX; lg++) {
        while (cellar__stash_get(lg, 1) != NULL) { /* empties stash and pool */
        }
    }
    take(0, 100);
    CHECK_EQ(source.nout, 100);
    give(0, 100);
    CHECK_EQ(source.nout, 0);
    fake_heap.blocks_left = SIZE_MAX;
    check(0);
}

TEST(uncached_zone_goes_to_the_backend_at_once)
{
    start();
    cellar__zone_set_uncached(true);
    take(0, 20);
    CHECK_EQ(source.nout, 20);
    CHECK_EQ(source.nimports, 20);
    give(0, 20);
    CHECK_EQ(source.nout, 0);
    cellar__zone_set_uncached(false);
}

static uint64_t count(void)
{
    return cache()->nrequests + cellar__cache_nleft(cache()) + zone.retired_requests;
}

/* What leaves the buckets is counted once, and an item that comes back to the same bucket is not. */
TEST(items_that_leave_their_bucket_are_counted)
{
    start();
    cache()->nrequests = 0;
    take(0, 300);
    CHECK_EQ(count(), 300);
    give(0, 300);
    cellar__zone_drain_cache(&zone, cache());
    CHECK_LE(count(), 300);
    uint64_t before = count();
    take(0, 1);
    CHECK_EQ(count(), before + 1);
    give(0, 1);
    CHECK_EQ(count(), before);
    take(0, 5);
    cellar__zone_drain_cache(&zone, cache());
    CHECK_EQ(zone.retired_requests, before + 5);
    CHECK_EQ(cache()->nrequests, 0);
    check(5);
}

/* Every request is counted once, by the cache that served it or by the zone. */
TEST(requests_are_counted_where_a_zone_wants_it)
{
    start();
    cache()->nrequests = 0;
    zone.is_counted = true;
    take(0, 300);
    give(0, 300);
    take(0, 5);
    CHECK_EQ(cache()->nrequests + zone.retired_requests, 305);
    cellar__zone_drain_cache(&zone, cache());
    CHECK_EQ(zone.retired_requests, 305);
    CHECK_EQ(cache()->nrequests, 0);
    check(5);
}

TEST(sample_adds_up)
{
    start();
    cellar__zone_sample(&zone, 700);
    cellar__zone_sample(&zone, 900);
    CHECK_EQ(zone.nsamples, 2);
    CHECK_EQ(zone.sampled_requested, 1600);
}

static size_t nctors, ndtors, fail_at;

static int hook_ctor(void *item, size_t size, void *ctx)
{
    CHECK(item != NULL);
    CHECK_EQ(size, ITEM_SIZE);
    CHECK_PTR(ctx, &fail_at);
    return ++nctors == fail_at ? -EAGAIN : 0;
}

static void hook_dtor(void *item, size_t size, void *ctx)
{
    CHECK(item != NULL);
    CHECK_EQ(size, ITEM_SIZE);
    CHECK_PTR(ctx, &fail_at);
    ndtors++;
}

TEST(hooks_run_at_each_alloc_and_free)
{
    start_attr(
        (struct cellar__zone_attr){.name = "hooks", .ctor = hook_ctor, .dtor = hook_dtor, .ctx = &fail_at});
    nctors = ndtors = fail_at = 0;
    take(0, 50);
    CHECK_EQ(nctors, 50);
    give(0, 50);
    take(0, 10);
    CHECK_EQ(nctors, 60);
    CHECK_EQ(ndtors, 50);
    fail_at = 61;
    CHECK_PTR(cellar__zone_alloc(&zone), NULL);
    CHECK_EQ(ndtors, 50);
    check(10);
}

static void release_fault(enum cellar__item_fault fault)
{
    start();
    cellar__zone_set_uncached(true);
    source.fault = fault;
    cellar__zone_free(&zone, space[0]);
}

/* As long as no bucket leaves the cache, which one of 16 items in each of two does not here. */
TEST(freed_last_goes_out_first_at_every_border)
{
    enum { NFREED = 16, NHELD = 64 };
    void *freed[NFREED];
    uint64_t random = 1;
    start();
    zone.max_items = NFREED;
    take(0, NHELD);
    give(0, NHELD);
    take(0, NHELD);
    for (size_t nfreed = 0, nheld = NHELD, i = 0; i < 20000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        if (nfreed < NFREED && (random >> 60 < 8 || nheld == NITEMS)) {
            freed[nfreed++] = items[--nheld];
            cellar__zone_free(&zone, items[nheld]);
        } else {
            items[nheld] = cellar__zone_alloc(&zone);
            CHECK(nfreed == 0 || items[nheld] == freed[--nfreed]);
            nheld++;
        }
        check(nheld);
    }
}

/* Where the need turns at a border, the next one is half a bucket away. */
TEST(turn_leaves_half_of_a_bucket_on_both_sides)
{
    start();
    zone.max_items = 16;
    for (size_t i = 0; i < 8; i++) {
        take(0, 100);
        give(0, 100);
    }
    take(0, 20);
    ptrdiff_t nloaded = cache()->top - cache()->floor;
    give((size_t)(4 + nloaded), 20); /* the loaded bucket is full */
    CHECK_PTR(cache()->top, cache()->ceiling);
    cellar__zone_free(&zone, items[3 + nloaded]);
    CHECK_EQ(cache()->top - cache()->floor, 16 / 2 + 1);
    for (size_t i = 0; i < 8; i++) {
        CHECK(cellar__zone_alloc(&zone) != NULL);
    }
}

TEST(fault_of_the_backend_ends_the_program)
{
    EXPECT_DEATH(release_fault(CELLAR_ITEM_FREE),
                 "cellar: double free of PTR in zone test: the item is free already\n");
    EXPECT_DEATH(release_fault(CELLAR_ITEM_MISALIGNED),
                 "cellar: invalid free of PTR in zone test: not the begin of an item\n");
    EXPECT_DEATH(release_fault(CELLAR_ITEM_NOT_HERE),
                 "cellar: invalid free of PTR in zone test: no item of this zone lies there\n");
}

static void free_twice(size_t before)
{
    start();
    take(0, before + 1);
    give(0, before);
    void *item = cellar__zone_alloc(&zone);
    cellar__zone_free(&zone, item);
    cellar__zone_free(&zone, item);
}

/* By hand, for a bucket that was left alone: the push after it was loaded meets the item on top. */
static void free_twice_across_an_exchange(void)
{
    start();
    take(0, 3);
    struct cellar__bucket *half = cellar__bucket_get(CELLAR_BUCKET_LG_MIN, 2);
    CHECK(half != NULL);
    half->items[0] = items[1];
    half->count = 1;
    cellar__cache_load(cache(), NULL);
    cellar__cache_put_previous(cache(), half);
    cellar__zone_free(&zone, items[1]);
}

TEST(double_free_is_seen_after_an_exchange)
{
    EXPECT_DEATH(free_twice_across_an_exchange(),
                 "cellar: double free of PTR in zone test: the item is free already\n");
}

/* In the middle of a bucket and, by the bucket's first capacity, when it is full. */
TEST(double_free_in_a_row_is_seen_in_the_bucket)
{
    for (size_t before = 0; before < 20; before++) {
        EXPECT_DEATH(free_twice(before),
                     "cellar: double free of PTR in zone test: the item is free already\n");
    }
}

TEST(first_bucket_holds_a_kib)
{
    start();
    take(0, 1);
    CHECK_EQ(source.nout, 1);
    give(0, 1);
    start();
    zone.attr.size = 16;
    take(0, 1);
    CHECK_EQ(cache()->capacity, 6);
    CHECK_EQ(source.nout, 4); /* a cache line of them */
    give(0, 1);
    check(0);
}

/* Parts of a bucket come in until the thread has come for many; a free that needs room has it begin again. */
TEST(buckets_are_filled_in_parts)
{
    start();
    zone.attr.size = 64;
    zone.max_items = 64;
    take(0, 1000);
    size_t surplus = source.nout - 1000;
    CHECK_LT(surplus, 64);
    size_t nimports = source.nimports;
    take(1000, 1640);
    CHECK_LE(source.nimports - nimports, 10); /* whole ones */
    give(0, 1640);
    cellar__zone_drain_own(&zone);
    cellar__zone_drain_depot(&zone);
    CHECK_EQ(source.nout, 0);
    take(0, 1);
    CHECK_EQ(source.nout, 8);
    give(0, 1);
    check(0);
}

/* A thread that has only freed for long holds one bucket, and what came in the other is in the depot. */
TEST(who_only_frees_keeps_one_bucket)
{
    start();
    zone.max_items = 14;
    zone.depot.max_items = 1000;
    take(0, 400);
    give(0, 100);
    CHECK(cellar__cache_previous(cache()) != NULL);
    give(100, 400);
    CHECK_PTR(cellar__cache_previous(cache()), NULL);
    CHECK_LE(cellar__cache_nitems(cache()), 14);
    check(0);
    take(0, 400);
    CHECK_LT(source.nout, 414); /* they come back */
    give(0, 400);
    check(0);
}

/* What is counted as waiting, of which this thread may not have told yet, and what should be. */
static size_t waiting_bytes(void)
{
    return cellar__dirty_waiting + (size_t)cellar__self->deep_bytes;
}

static size_t cached_bytes(void)
{
    const struct cellar__bucket *previous = cellar__cache_previous(cache());
    size_t nitems = cellar__depot_nitems(&zone.depot) + (previous == NULL ? 0 : previous->count);
    return nitems * zone.attr.size;
}

TEST(a_wide_depot_goes_beyond_its_bound_as_long_as_memory_may_wait)
{
    start();
    zone.max_items = 14;
    zone.depot.max_items = 28;
    zone.is_wide = true;
    cellar__thread_total++; /* another thread, for which the depot is */
    take(0, 800);
    give(0, 400);
    size_t stored = cellar__depot_nitems(&zone.depot);
    CHECK_GT(stored, 300);
    CHECK_EQ(waiting_bytes(), cached_bytes());
    fake_heap.is_full = true;
    give(400, 800);
    CHECK_EQ(cellar__depot_nitems(&zone.depot), stored);
    CHECK_EQ(waiting_bytes(), cached_bytes());
    take(0, 200);
    CHECK_LT(cellar__depot_nitems(&zone.depot), stored);
    CHECK_EQ(waiting_bytes(), cached_bytes());
    give(0, 200);
    cellar__thread_total--;
    cellar__zone_drain_own(&zone);
    cellar__zone_drain_depot(&zone);
    CHECK_EQ(source.nout, 0);
    CHECK_EQ(waiting_bytes(), 0);
}

TEST(bucket_grows_by_four_kib)
{
    start();
    zone.max_items = 200;
    take(0, 100);
    uint32_t grown = cache()->capacity;
    CHECK_LT(grown, 70); /* 1, 4, 8, 12, ...: twice as many would be 126 and more by now */
    CHECK_GT(grown, 16);
    give(0, 100);
    check(0);
}

/* What a thread asks for now and then it has no bucket for. */
TEST(large_items_have_no_bucket_before_they_have_earned_one)
{
    start();
    zone.attr.size = 8192;
    for (size_t i = 0; i < 7; i++) {
        take(0, 1);
        give(0, 1);
        CHECK_EQ(source.nout, 0);
    }
    for (size_t i = 0; i < 7; i++) {
        take(0, 1);
        give(0, 1);
    }
    CHECK_GT(source.nout, 0);
    check(0);
}

/* Twenty items go and come back: with room for them in one bucket no other is touched. */
TEST(bucket_that_is_turned_over_grows)
{
    start();
    zone.attr.size = 64;
    zone.max_items = 200;
    take(0, 20);
    for (size_t i = 0; i < 100; i++) {
        give(0, 20);
        take(0, 20);
    }
    const struct cellar__bucket *loaded = cache()->loaded;
    give(0, 20);
    CHECK_PTR(cache()->loaded, loaded);
    take(0, 20);
    CHECK_PTR(cache()->loaded, loaded);
    give(0, 20);
    check(0);
}

TEST_MAIN()
