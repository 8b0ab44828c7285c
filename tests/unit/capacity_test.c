/* levels: base os slab keg bucket smr zone; with: fake/heap.c */
#include "zone/capacity.h"

#include "fake/heap.h"
#include "test.h"
#include "zone/change.h"
#include "zone/thread.h"
#include "zone/zone_int.h"

static struct cellar__zone zone;
static struct cellar__cache cache;
static struct cellar__thread thread;

static void start(size_t size)
{
    fake_heap_start();
    zone = (struct cellar__zone){.attr = {.name = "test", .size = size}};
    cache = (struct cellar__cache){0};
    thread = (struct cellar__thread){0};
    cellar__capacity_init(&zone);
}

/* Both bounds hold for every size; the depot takes at least one bucket. */
TEST(bounds_in_bytes)
{
    for (size_t size = 16; size <= (size_t)1 << 20; size += 16) {
        start(size);
        CHECK_GE(zone.max_items, 1);
        CHECK_LE(zone.max_items, cellar__bucket_room(CELLAR_BUCKET_LG_MAX));
        CHECK(zone.max_items <= 2 || zone.max_items * size <= 128u << 10);
        CHECK_GE(zone.depot.max_items, zone.max_items);
        CHECK(zone.depot.max_items == zone.max_items || zone.depot.max_items * size <= 2u << 20);
    }
}

/* What somebody sweeps may hold more than its bound, but not of small items. */
TEST(a_swept_depot_of_larger_items_is_wide)
{
    static const struct {
        size_t size;
        bool is_swept;
        bool is_wide;
    } rows[] = {{64, true, false},    {1024, true, false}, {1280, true, true},
                {1280, false, false}, {65536, true, true}, {1 << 20, true, true}};
    for (size_t i = 0; i < CELLAR_COUNTOF(rows); i++) {
        start(rows[i].size);
        zone.attr.is_swept = rows[i].is_swept;
        cellar__capacity_init(&zone);
        CHECK_EQ(zone.is_wide, rows[i].is_wide);
    }
}

/* A bucket that is all but empty above its half takes the half. */
TEST(buckets_fit_their_memory)
{
    start(224);
    CHECK_EQ(zone.max_items, 62); /* in 512 bytes; 64 would take 1024 */
    start(192);
    CHECK_EQ(zone.max_items, 74);
}

/* 14 KiB; or 16 items, in 128 KiB at most, which fewer fit where that halves the bucket itself. */
TEST(larger_items_have_larger_buckets)
{
    static const struct {
        size_t size;
        uint16_t max_items;
    } rows[] = {{64, 224},  {512, 28},   {1024, 14}, {2048, 14}, {8192, 14},
                {9216, 14}, {10240, 12}, {16384, 8}, {32768, 4}};
    for (size_t i = 0; i < CELLAR_COUNTOF(rows); i++) {
        start(rows[i].size);
        CHECK_EQ(zone.max_items, rows[i].max_items);
    }
}

/* Up to the bound by use, never down, and never more than 4 KiB or an item beyond the one before. */
TEST(capacity_is_earned)
{
    static const size_t sizes[] = {16, 64, 256, 1024};
    for (size_t i = 0; i < CELLAR_COUNTOF(sizes); i++) {
        start(sizes[i]);
        uint32_t last = 0;
        while (last < zone.max_items) {
            uint32_t next = cellar__capacity_next(&zone, &thread, &cache);
            CHECK_GT(next, last);
            CHECK(next == last + 1 || (next - last) * sizes[i] <= 4096);
            cache.capacity = (uint16_t)next;
            last = next;
        }
        CHECK_EQ(last, zone.max_items);
        CHECK_EQ(cellar__capacity_next(&zone, &thread, &cache), zone.max_items);
    }
}

/* The capacity after so many turns of the same kind. */
static uint32_t grown(int8_t streak, size_t nturns)
{
    cache.streak = streak;
    for (size_t i = 0; i < nturns; i++) {
        cache.capacity = (uint16_t)cellar__capacity_next(&zone, &thread, &cache);
    }
    return cache.capacity;
}

TEST(who_comes_for_room_has_what_it_has)
{
    start(64);
    uint32_t first = grown(-1, 1);
    CHECK_EQ(first, 6);
    CHECK_EQ(grown(-1, 1000), first);
    CHECK_EQ(grown(-(CELLAR_CHANGE_STEADY - 1), 1000), first);
    CHECK_EQ(grown(1, 1), 2 * first + 2);
}

TEST(who_only_frees_has_little_unless_it_does_so_often)
{
    start(64);
    grown(-CELLAR_CHANGE_STEADY, 1);
    uint32_t little = grown(-CELLAR_CHANGE_STEADY, 100);
    CHECK_GE(little * 64, 2048);
    CHECK_LT(little * 64, 4096);
    size_t nturns = 0;
    while (grown(-CELLAR_CHANGE_STEADY, 1) < zone.max_items &&
           nturns < 100000000) { /* until a tick saw enough of them */
        nturns++;
    }
    CHECK_EQ(cache.capacity, zone.max_items);
    CHECK_GE(nturns, 900);
}

TEST(large_items_wait_for_a_bucket)
{
    start(2048);
    size_t n = 1;
    while (cellar__capacity_next(&zone, &thread, &cache) == 0) {
        n++;
    }
    CHECK_EQ(n, 16);
    start(1024);
    CHECK_EQ(cellar__capacity_next(&zone, &thread, &cache), 1);
}

/* Zones of items of 8 KiB grow in turn, one half of them more often: the sum stays within the bound, and who asks more often has more. */
static void check_bound_of_a_thread(int8_t streak, size_t bound)
{
    enum { NZONES = 40, FIRST_ID = 10, SIZE = 8192 };
    static struct cellar__zone zones[NZONES];
    start(SIZE);
    for (size_t i = 0; i < NZONES; i++) {
        zones[i] =
            (struct cellar__zone){.attr = {.name = "many", .size = SIZE}, .id = (uint16_t)(FIRST_ID + i)};
        cellar__capacity_init(&zones[i]);
        cellar__zone_set_entry(zones[i].id, &zones[i]);
        thread.caches[zones[i].id].streak = streak;
    }
    size_t sum = 0;
    size_t often = 0; /* of the first half */
    for (size_t turn = 0; turn < 100000; turn++) {
        size_t i = turn % 8 == 0 ? NZONES / 2 + turn / 8 % (NZONES / 2) : turn % (NZONES / 2);
        struct cellar__cache *other = &thread.caches[zones[i].id];
        cellar__capacity_set(&zones[i], &thread, other, cellar__capacity_next(&zones[i], &thread, other));
        sum = 0;
        often = 0;
        for (size_t k = 0; k < NZONES; k++) {
            size_t bytes = thread.caches[zones[k].id].capacity * (size_t)SIZE;
            sum += bytes;
            often += k < NZONES / 2 ? bytes : 0;
        }
        CHECK_EQ(sum, thread.bucket_bytes);
        CHECK_LE(sum, bound + NZONES * SIZE); /* the first item is everybody's */
    }
    CHECK_GT(sum, bound * 4 / 5); /* it is used */
    CHECK_GT(often, sum / 2);
    CHECK_LT(often, sum);
}

TEST(caches_of_a_thread_share_a_bound)
{
    check_bound_of_a_thread(0, 5u << 19);
    check_bound_of_a_thread(CELLAR_CHANGE_STEADY, 5u << 18); /* who only allocates */
    cellar__thread_total = 4;
    check_bound_of_a_thread(0, 5u << 18);
    cellar__thread_total = 0;
}

/* What all threads may keep together is what a few may, but for the rounding. */
TEST(many_threads_share_what_few_may_keep)
{
    CHECK_EQ(cellar__capacity_share(126, 1), 126);
    CHECK_EQ(cellar__capacity_share(126, CELLAR_CAPACITY_FEW_THREADS), 126);
    for (size_t n = 1; n < 5000; n++) {
        size_t share = cellar__capacity_share(126, n);
        CHECK_LE(share, cellar__capacity_share(126, n - 1));
        CHECK(share == 126 || (share + 1) * n > 126 * CELLAR_CAPACITY_FEW_THREADS);
    }
    CHECK_EQ(cellar__capacity_share(126, 5000), 0);
}

/* An eighth, but a cache line at least and the bucket at most; all of it for who only allocates. */
TEST(imports_are_parts)
{
    static const struct {
        size_t size;
        uint32_t capacity;
        uint32_t part;
    } rows[] = {{16, 254, 32}, {16, 6, 4}, {16, 2, 2},    {64, 126, 16},
                {64, 1, 1},    {48, 6, 2}, {1024, 14, 2}, {65536, 1, 1}};
    for (size_t i = 0; i < CELLAR_COUNTOF(rows); i++) {
        start(rows[i].size);
        for (cache.streak = -CELLAR_CHANGE_STEADY; cache.streak < CELLAR_CHANGE_STEADY; cache.streak++) {
            CHECK_EQ(cellar__capacity_import(&zone, &cache, rows[i].capacity), rows[i].part);
        }
        CHECK_EQ(cellar__capacity_import(&zone, &cache, rows[i].capacity), rows[i].capacity);
    }
}

/* Who allocates what others free waits for more of that, as long as two imports last. */
TEST(imports_after_a_bucket_of_others_are_parts)
{
    start(64);
    cache.streak = CELLAR_CHANGE_STEADY - 1;
    cellar__change_feed(&cache); /* it may free as well */
    CHECK_EQ(cache.streak, CELLAR_CHANGE_STEADY - 1);
    cellar__change_note(&cache, CELLAR_WANT_ITEMS);
    for (size_t round = 0; round < 3; round++) {
        CHECK_EQ(cellar__capacity_import(&zone, &cache, 126), 126);
        cellar__change_feed(&cache);
        for (size_t i = 0; i < CELLAR_CHANGE_FED; i++) {
            CHECK(cellar__change_only_allocates(&cache));
            cellar__change_note(&cache, CELLAR_WANT_ITEMS);
            CHECK_EQ(cellar__capacity_import(&zone, &cache, 126), 16);
        }
    }
    cellar__change_feed(&cache);
    cellar__change_note(&cache, CELLAR_WANT_ROOM);
    CHECK_EQ(cache.streak, -1);
}

TEST_MAIN()
