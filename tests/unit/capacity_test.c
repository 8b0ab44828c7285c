/* levels: base os slab keg bucket smr zone; with: fake/heap.c */
#include "zone/capacity.h"

#include "fake/heap.h"
#include "test.h"
#include "zone/thread.h"

static struct cellar__zone zone;
static struct cellar__cache cache;

static void start(size_t size)
{
    fake_heap_start();
    zone = (struct cellar__zone){.attr = {.name = "test", .size = size}};
    cache = (struct cellar__cache){0};
    cellar__capacity_init(&zone);
}

/* Both bounds hold for every size; the depot takes at least one bucket. */
TEST(bounds_in_bytes)
{
    for (size_t size = 16; size <= (size_t)1 << 20; size += 16) {
        start(size);
        CHECK_GE(zone.max_items, 1);
        CHECK_LE(zone.max_items, cellar__bucket_room(CELLAR_BUCKET_LG_MAX));
        CHECK(zone.max_items <= 2 || zone.max_items * size <= 64u << 10);
        CHECK_GE(zone.depot.max_items, zone.max_items);
        CHECK(zone.depot.max_items == zone.max_items || zone.depot.max_items * size <= 2u << 20);
    }
}

/* A bucket that is all but empty above its half takes the half. */
TEST(buckets_fit_their_memory)
{
    start(512);
    CHECK_EQ(zone.max_items, 30); /* in 256 bytes; 32 would take 512 */
    start(384);
    CHECK_EQ(zone.max_items, 42);
    start(8192);
    CHECK_EQ(zone.max_items, 8);
}

/* Up to the bound by use, never down, and never more than 4 KiB or an item beyond the one before. */
TEST(capacity_is_earned)
{
    static const size_t sizes[] = {16, 64, 256, 1024};
    for (size_t i = 0; i < CELLAR_COUNTOF(sizes); i++) {
        start(sizes[i]);
        uint32_t last = 0;
        while (last < zone.max_items) {
            uint32_t next = cellar__capacity_next(&zone, &cache);
            CHECK_GT(next, last);
            CHECK(next == last + 1 || (next - last) * sizes[i] <= 4096);
            cache.capacity = (uint16_t)next;
            last = next;
        }
        CHECK_EQ(last, zone.max_items);
        CHECK_EQ(cellar__capacity_next(&zone, &cache), zone.max_items);
    }
}

TEST(large_items_wait_for_a_bucket)
{
    start(2048);
    size_t n = 1;
    while (cellar__capacity_next(&zone, &cache) == 0) {
        n++;
    }
    CHECK_EQ(n, 16);
    start(1024);
    CHECK_EQ(cellar__capacity_next(&zone, &cache), 1);
}

TEST_MAIN()
