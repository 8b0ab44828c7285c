/* levels: base os slab keg bucket smr zone; with: fake/heap.c */
#include "zone/deep_int.h"

#include "arena/dirty.h"
#include "fake/heap.h"
#include "os/fault.h"
#include "test.h"
#include "zone/capacity.h"
#include "zone/reclaim.h"
#include "zone/zone_int.h"

/* A zone of 8 KiB and one of 128 KiB, whose items are addresses of an array that nobody writes. */
enum { NITEMS = 1024, MEDIUM_ID = 5, LARGE_ID, MEDIUM_SIZE = 8 << 10, LARGE_SIZE = 128 << 10 };

static struct source {
    bool out[NITEMS];
    size_t nout;
    char space[NITEMS];
} sources[2];

static struct cellar__zone zones[2];
static struct cellar__zone *const medium = &zones[0];
static struct cellar__zone *const large = &zones[1];
static void *items[NITEMS];

static size_t source_import(void *ctx, void **to, size_t n)
{
    struct source *source = ctx;
    size_t given = 0;
    for (size_t i = 0; i < NITEMS && given < n; i++) {
        if (!source->out[i]) {
            source->out[i] = true;
            to[given++] = &source->space[i];
        }
    }
    source->nout += given;
    return given;
}

static size_t source_release(void *ctx, void **from, size_t n, enum cellar__item_fault *ret_fault)
{
    struct source *source = ctx;
    *ret_fault = CELLAR_ITEM_OK;
    for (size_t i = 0; i < n; i++) {
        size_t index = (size_t)((char *)from[i] - source->space);
        CHECK(source->out[index]);
        source->out[index] = false;
    }
    source->nout -= n;
    return n;
}

static const struct cellar__zone_backend backend = {"array", source_import, source_release};

static struct cellar__cache *cache(const struct cellar__zone *zone)
{
    return &cellar__thread_own()->caches[zone->id];
}

static size_t previous_count(const struct cellar__zone *zone)
{
    const struct cellar__bucket *previous = cellar__cache_previous(cache(zone));
    return previous == NULL ? 0 : previous->count;
}

static void take(struct cellar__zone *zone, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        items[i] = cellar__zone_alloc(zone);
        CHECK(items[i] != NULL);
    }
}

static void give(struct cellar__zone *zone, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        cellar__zone_free(zone, items[i]);
    }
}

/* Nothing is lost, and what waits in previous buckets and depots is counted. `held`: items that this test has of the zone. */
static void check(struct cellar__zone *zone, size_t held)
{
    size_t waiting = 0;
    for (size_t i = 0; i < 2; i++) {
        waiting += (previous_count(&zones[i]) + cellar__depot_nitems(&zones[i].depot)) * zones[i].attr.size;
    }
    CHECK_EQ(cellar__dirty_waiting + (size_t)cellar__self->deep_bytes, waiting);
    CHECK_EQ(sources[zone - zones].nout,
             held + cellar__cache_nitems(cache(zone)) + cellar__depot_nitems(&zone->depot));
    CHECK_EQ(cache(zone)->net, (int64_t)(held + cellar__cache_nitems(cache(zone))));
}

static void start(void)
{
    static bool is_started;
    static const size_t sizes[] = {MEDIUM_SIZE, LARGE_SIZE};
    if (!is_started) {
        is_started = true;
        fake_heap_start();
        cellar__thread_init();
        for (size_t i = 0; i < 2; i++) {
            struct cellar__zone_attr attr = {.name = "deep",
                                             .size = sizes[i],
                                             .backend = &backend,
                                             .source = &sources[i],
                                             .is_swept = true};
            cellar__zone_init(&zones[i], (uint16_t)(MEDIUM_ID + i), &attr);
            CHECK(zones[i].is_wide);
        }
    }
    fake_heap.is_full = false;
    cellar__thread_own();
    cellar__thread_total = 1;
    for (size_t i = 0; i < 2; i++) {
        cellar__zone_drain_own(&zones[i]);
        cellar__zone_drain_depot(&zones[i]);
        cache(&zones[i])->streak = 0;
        while (cache(&zones[i])->capacity <
               zones[i].max_items) { /* until the cache has earned what it may have */
            take(&zones[i], 0, 100);
            give(&zones[i], 0, 100);
        }
        cellar__zone_drain_own(&zones[i]);
        cellar__zone_drain_depot(&zones[i]);
        CHECK_EQ(sources[i].nout, 0);
    }
}

TEST(the_previous_bucket_takes_what_the_depot_would)
{
    start();
    take(medium, 0, 200);
    give(medium, 0, 200);
    CHECK_GT(previous_count(medium), 180);
    CHECK_EQ(cellar__depot_nitems(&medium->depot), 0);
    check(medium, 0);
    take(medium, 0, 200);
    CHECK_EQ(sources[0].nout, 200);
    check(medium, 200);
    give(medium, 0, 200);
}

/* As in one bucket: what was freed last comes first, however often the two pass items. */
TEST(freed_last_goes_out_first)
{
    start();
    take(medium, 0, 300);
    give(medium, 0, 300);
    for (size_t i = 300; i-- > 0;) {
        CHECK_PTR(cellar__zone_alloc(medium), items[i]);
    }
    give(medium, 0, 300);
}

/* Nothing is lost or counted wrong over turns of any length. */
TEST(turns_of_any_length)
{
    start();
    uint32_t random = 1;
    size_t held[2] = {0};
    static void *out[2][NITEMS];
    for (size_t turn = 0; turn < 4000; turn++) {
        random = random * 1664525 + 1013904223;
        size_t which = random >> 31;
        size_t n = (random >> 20) % 60;
        bool gives = (random >> 16) % 2 != 0;
        fake_heap.is_full = (random >> 12) % 4 == 0;
        for (; n > 0 && (gives ? held[which] > 0 : held[which] < 500); n--) {
            if (gives) {
                cellar__zone_free(&zones[which], out[which][--held[which]]);
            } else {
                out[which][held[which]++] = cellar__zone_alloc(&zones[which]);
            }
        }
        check(&zones[which], held[which]);
    }
    for (size_t which = 0; which < 2; which++) {
        while (held[which] > 0) {
            cellar__zone_free(&zones[which], out[which][--held[which]]);
        }
        check(&zones[which], 0);
    }
}

TEST(a_full_one_grows_and_then_goes_to_the_depot)
{
    start();
    take(medium, 0, 900);
    give(medium, 0, 60);
    uint32_t capacity = cellar__cache_previous(cache(medium))->capacity;
    CHECK_LT(capacity, 100);
    give(medium, 60, 900);
    CHECK_EQ(cellar__cache_previous(cache(medium))->capacity, medium->deep_items);
    CHECK_GE(cellar__depot_nitems(&medium->depot), 2u * medium->deep_items);
    check(medium, 0);
}

/* Where no more may wait than depots hold, both together are no more than that, and what is beyond goes to the backend. */
TEST(with_the_depot_no_more_than_its_bound_when_much_waits)
{
    start();
    take(medium, 0, 500);
    fake_heap.is_full = true;
    give(medium, 0, 500);
    CHECK_LE(previous_count(medium) + cellar__depot_nitems(&medium->depot), medium->depot.max_items);
    CHECK_GT(previous_count(medium), medium->depot.max_items / 2);
    check(medium, 0);
}

/* Others have filled the depot: the thread keeps no more than a loaded bucket would beside it. */
TEST(beside_a_full_depot_it_holds_one_loaded_bucket)
{
    start();
    take(medium, 0, 600);
    fake_heap.is_full = true;
    cellar__thread_total++;
    give(medium, 0, 300);
    cellar__thread_total--;
    size_t in_depot = cellar__depot_nitems(&medium->depot);
    CHECK_GT(in_depot, medium->depot.max_items - medium->max_items);
    give(medium, 300, 600);
    CHECK_LE(previous_count(medium), medium->max_items);
    CHECK_LE(cellar__depot_nitems(&medium->depot), medium->depot.max_items);
    check(medium, 0);
}

TEST(with_others_it_grows_when_all_of_it_is_used)
{
    start();
    cellar__thread_total++;
    take(medium, 0, 120);
    give(medium, 0, 120);
    CHECK_LE(previous_count(medium), 2u * medium->max_items);
    for (size_t i = 0; i < 10; i++) {
        take(medium, 0, 120);
        give(medium, 0, 120);
    }
    CHECK_GT(cellar__cache_previous(cache(medium))->capacity, 3u * medium->max_items);
    CHECK_LE(cellar__cache_previous(cache(medium))->capacity, medium->deep_items / 4);
    check(medium, 0);
    for (size_t i = 0; i < 10; i++) {
        take(large, 0, 20);
        give(large, 0, 20);
    }
    CHECK_GT(cellar__cache_previous(cache(large))->capacity, 6);
    CHECK_LE(cellar__cache_previous(cache(large))->capacity, large->deep_items / 4);
    check(large, 0);
}

/* What it does not use the others may have. */
TEST(with_others_it_shrinks_by_what_lies_there_unused)
{
    start();
    cellar__thread_total++;
    for (size_t i = 0; i < 10; i++) {
        take(medium, 0, 120);
        give(medium, 0, 120);
    }
    take(medium, 200, 400);
    for (size_t i = 0; i < 10; i++) {
        take(medium, 0, 40);
        give(medium, 0, 40);
        give(medium, 200 + i * 20, 220 + i * 20);
    }
    CHECK_LE(cellar__cache_previous(cache(medium))->capacity, 40);
    CHECK_GT(cellar__depot_nitems(&medium->depot), 150);
    check(medium, 0);
}

TEST(with_many_others_it_holds_no_more_than_the_loaded_one)
{
    start();
    take(medium, 0, 200);
    cellar__thread_total += 16;
    give(medium, 0, 100);
    CHECK_LE(previous_count(medium), medium->max_items);
    CHECK_GT(cellar__depot_nitems(&medium->depot), 60);
    check(medium, 100);
    take(large, 0, 30);
    give(large, 0, 30); /* of which it has no share */
    CHECK_EQ(previous_count(large), 0);
    CHECK_GE(cellar__depot_nitems(&large->depot), 29); /* one may be loaded */
    check(large, 0);
    give(medium, 100, 200);
}

/* So many threads that each has less than an item: what one frees another gets, with no way to the backend. */
TEST(who_has_no_share_goes_to_the_depot)
{
    start();
    cellar__thread_total += 1000;
    CHECK_EQ(cellar__capacity_max(medium), 0);
    take(medium, 0, 40);
    size_t nout = sources[0].nout;
    give(medium, 0, 40);
    CHECK_EQ(sources[0].nout, nout);
    CHECK_GE(cellar__depot_nitems(&medium->depot), 38);
    take(medium, 0, 40);
    CHECK_EQ(sources[0].nout, nout);
    cellar__thread_total -= 1000;
    check(medium, 40);
    give(medium, 0, 40);
}

static void free_twice_without_a_share(void)
{
    start();
    take(medium, 0, 2);
    cellar__thread_total += 1000;
    cellar__zone_free(medium, items[1]);
    cellar__zone_free(medium, items[0]);
    cellar__zone_free(medium, items[0]);
}

TEST(double_free_without_a_share_is_seen)
{
    EXPECT_DEATH(free_twice_without_a_share(),
                 "cellar: double free of PTR in zone deep: the item is free already\n");
}

/* Another thread has had the item meanwhile. */
TEST(who_frees_an_item_again_that_another_had_is_right)
{
    start();
    take(medium, 0, 2);
    cellar__thread_total += 1000;
    for (size_t i = 0; i < 3; i++) {
        give(medium, 1, 2);
        take(medium, 1, 2);
    }
    cellar__thread_total -= 1000;
    give(medium, 0, 2);
    check(medium, 0);
}

TEST(large_items_pass_by_the_loaded_bucket)
{
    start();
    take(large, 0, 20);
    give(large, 0, 20);
    CHECK_EQ(previous_count(large) + (cache(large)->loaded == NULL ? 0 : cache(large)->loaded->capacity), 20);
    CHECK_EQ(cellar__depot_nitems(&large->depot), 0);
    check(large, 0);
    cellar__zone_evict(large, cellar__self);
    size_t before = previous_count(large);
    void *item = cellar__zone_alloc(large);
    CHECK_EQ(previous_count(large), before - 1);
    cellar__zone_free(large, item);
    CHECK_EQ(previous_count(large), before);
    check(large, 0);
}

/* Who only frees may be idle soon: half a bucket is out of reach then. What it takes next fills a whole one. */
TEST(who_only_frees_keeps_half)
{
    start();
    take(medium, 0, 600);
    give(medium, 0, 600);
    CHECK_LE(cellar__cache_nitems(cache(medium)) - previous_count(medium), medium->max_items / 2);
    take(medium, 0, 20);
    CHECK_EQ(cache(medium)->loaded->capacity, medium->max_items);
    give(medium, 0, 20);
    check(medium, 0);
}

/* Where all threads can be fenced, the owner takes it out by plain steps, and none is stolen from one that is at it. */
TEST(owners_are_not_disturbed)
{
    start();
    cellar__reclaim_sleepers();
    if (!cellar__reclaim_is_fenced()) { /* by this kernel, or with a sanitizer */
        return;
    }
    cellar__deep_tell(cellar__self);
    CHECK(cellar__self->is_fenced);
    take(medium, 0, 200);
    give(medium, 0, 200);
    size_t count = previous_count(medium);
    cellar__self->is_taking = true;
    CHECK(cellar__reclaim_sleepers());
    CHECK(cellar__reclaim_sleepers());
    CHECK_EQ(previous_count(medium), count);
    cellar__self->is_taking = false;
    cellar__fault_arm(CELLAR_FAULT_FENCE, 0, UINT32_MAX);
    CHECK(cellar__reclaim_sleepers());
    CHECK(cellar__reclaim_sleepers());
    CHECK_EQ(previous_count(medium), count);
    cellar__fault_disarm_all();
    CHECK(cellar__reclaim_sleepers()); /* marks it */
    take(medium, 0, 100);
    give(medium, 0, 100);
    CHECK(!cellar__self->is_taking);
    CHECK(cellar__reclaim_sleepers()); /* it was touched */
    CHECK_GT(previous_count(medium), 0);
    check(medium, 0);
}

/* The janitor's two looks. */
TEST(sleepers_lose_it)
{
    start();
    take(medium, 0, 200);
    give(medium, 0, 200);
    size_t count = previous_count(medium);
    CHECK(cellar__reclaim_sleepers());
    CHECK(!cellar__reclaim_sleepers());
    CHECK_PTR(cellar__cache_previous(cache(medium)), NULL);
    CHECK_LE(sources[0].nout, medium->max_items);
    CHECK_EQ(cellar__dirty_waiting + (size_t)cellar__self->deep_bytes, 0);
    cache(medium)->net -= count; /* the janitor cannot write it */
    take(medium, 0, 100);        /* the cache goes on */
    give(medium, 0, 100);
    check(medium, 0);
}

/* Of the depot goes what nobody wanted, a part of a bucket too, and what is left of that at the next look. */
TEST(idle_parts_of_buckets_go_one_look_after_the_other)
{
    start();
    take(medium, 0, 100);
    give(medium, 0, 100);
    cellar__deep_end(cellar__self);
    size_t nitems = cellar__depot_nitems(&medium->depot);
    CHECK_GT(nitems, 60);
    medium->depot.low_items = 20; /* the others were wanted meanwhile */
    cellar__zone_trim_idle(medium);
    CHECK_EQ(cellar__depot_nitems(&medium->depot), nitems - 20);
    cellar__zone_trim_idle(medium);
    CHECK_EQ(cellar__depot_nitems(&medium->depot), 0);
    check(medium, 0);
}

TEST(others_have_it_when_the_thread_ends)
{
    start();
    take(medium, 0, 100);
    give(medium, 0, 100);
    size_t count = previous_count(medium);
    CHECK_GT(count, 0);
    cellar__deep_end(cellar__self);
    CHECK_EQ(previous_count(medium), 0);
    CHECK_EQ(cellar__depot_nitems(&medium->depot), count);
    CHECK_EQ(cellar__self->deep_bytes, 0);
    check(medium, 0);
}

/* A child of fork has its parent's other threads no more. */
TEST(what_is_forgotten_waits_no_more)
{
    start();
    take(medium, 0, 100);
    give(medium, 0, 100);
    size_t bytes = previous_count(medium) * MEDIUM_SIZE;
    size_t waiting = cellar__dirty_waiting + (size_t)cellar__self->deep_bytes;
    cellar__deep_forget(cellar__self);
    CHECK_EQ(cellar__dirty_waiting, waiting - bytes);
    cellar__dirty_count_waiting(bytes); /* it is not forgotten, after all */
    check(medium, 0);
}

TEST(without_memory_for_a_bucket_items_go_on)
{
    start();
    take(medium, 0, 900);
    fake_heap.blocks_left = 0;
    give(medium, 0, 900);
    fake_heap.blocks_left = SIZE_MAX;
    check(medium, 0);
    take(medium, 0, 100);
    give(medium, 0, 100);
    check(medium, 0);
}

static void free_twice_past_the_loaded_bucket(void)
{
    start();
    take(large, 0, 20);
    give(large, 0, 20);
    cellar__zone_evict(large, cellar__self);
    cellar__zone_free(large, items[18]); /* 19 was in the loaded one */
}

TEST(double_free_in_a_row_is_seen)
{
    EXPECT_DEATH(free_twice_past_the_loaded_bucket(),
                 "cellar: double free of PTR in zone deep: the item is free already\n");
}

TEST_MAIN()
