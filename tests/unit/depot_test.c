/* levels: base os bucket; with: fake/heap.c */
#include "bucket/depot.h"

#include "fake/heap.h"
#include "test.h"

static struct cellar__depot depot;

static void start(uint32_t max_items, uint32_t max_buckets)
{
    fake_heap_start();
    depot = (struct cellar__depot){.max_items = max_items, .max_buckets = max_buckets};
}

/* From metadata, not from the pools, which outlive a test's heap. */
static struct cellar__bucket *make(uint16_t count)
{
    struct cellar__bucket *bucket = cellar__meta_alloc(128);
    *bucket = (struct cellar__bucket){.count = count, .capacity = 14, .lg_size = 7};
    return bucket;
}

TEST(empty_depot_has_none)
{
    start(100, 10);
    CHECK_PTR(cellar__depot_get(&depot), NULL);
    CHECK_EQ(cellar__depot_nitems(&depot), 0);
}

TEST(what_was_put_comes_back)
{
    start(100, 10);
    struct cellar__bucket *one = make(14);
    struct cellar__bucket *two = make(3);
    CHECK(cellar__depot_put(&depot, one, false));
    CHECK(cellar__depot_put(&depot, two, false));
    CHECK_EQ(cellar__depot_nitems(&depot), 17);
    CHECK_PTR(cellar__depot_get(&depot), two);
    CHECK_EQ(cellar__depot_nitems(&depot), 14);
    CHECK_PTR(cellar__depot_get(&depot), one);
    CHECK_PTR(cellar__depot_get(&depot), NULL);
    CHECK_EQ(one->count, 14);
    CHECK_EQ(depot.nbuckets, 0);
    CHECK_EQ(depot.nitems, 0);
}

TEST(bound_on_items)
{
    start(20, 10);
    CHECK(cellar__depot_put(&depot, make(14), false));
    struct cellar__bucket *refused = make(7);
    CHECK(!cellar__depot_put(&depot, refused, false));
    CHECK_EQ(refused->count, 7);
    CHECK_EQ(cellar__depot_nitems(&depot), 14);
    CHECK(cellar__depot_put(&depot, make(6), false));
    CHECK_EQ(cellar__depot_nitems(&depot), 20);
}

TEST(beyond_the_bound_when_told_so)
{
    start(20, 10);
    CHECK(cellar__depot_put(&depot, make(14), false));
    CHECK(cellar__depot_put(&depot, make(14), true));
    CHECK_EQ(cellar__depot_nitems(&depot), 28);
    CHECK(!cellar__depot_put(&depot, make(1), false));
}

TEST(bound_on_buckets)
{
    start(1000, 2);
    CHECK(cellar__depot_put(&depot, make(1), false));
    CHECK(cellar__depot_put(&depot, make(1), false));
    CHECK(!cellar__depot_put(&depot, make(1), false));
    CHECK_EQ(cellar__depot_nitems(&depot), 2);
    CHECK(cellar__depot_get(&depot) != NULL);
    CHECK(cellar__depot_put(&depot, make(1), false));
}

TEST(idle_is_what_nobody_took)
{
    start(1000, 100);
    CHECK_EQ(cellar__depot_idle(&depot), 0);
    for (size_t i = 0; i < 5; i++) {
        CHECK(cellar__depot_put(&depot, make(4), false));
    }
    CHECK_EQ(cellar__depot_idle(&depot), 0); /* 20 have come since the interval began */
    struct cellar__bucket *first = cellar__depot_get(&depot);
    struct cellar__bucket *second = cellar__depot_get(&depot);
    CHECK(cellar__depot_put(&depot, first, false) && cellar__depot_put(&depot, second, false));
    CHECK_EQ(cellar__depot_idle(&depot), 12);
    CHECK_EQ(cellar__depot_idle(&depot), 20);
}

TEST(news_are_of_buckets_that_came)
{
    start(1000, 1);
    cellar__depot_take_news();
    CHECK(!cellar__depot_take_news());
    CHECK(cellar__depot_put(&depot, make(4), false));
    CHECK(!cellar__depot_put(&depot, make(4), false));
    CHECK(cellar__depot_take_news());
    CHECK(!cellar__depot_take_news());
    CHECK(cellar__depot_get(&depot) != NULL);
    CHECK(!cellar__depot_take_news());
}

TEST_MAIN()
