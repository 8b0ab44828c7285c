/* levels: base os bucket; with: fake/heap.c */
#include "bucket/cache.h"

#include "fake/heap.h"
#include "test.h"

static struct cellar__cache cache;
static char items[16];

static void start(void)
{
    cache = (struct cellar__cache){0};
}

TEST(zeros_are_empty_and_full)
{
    start();
    CHECK_PTR(cellar__cache_pop(&cache), NULL);
    CHECK(!cellar__cache_push(&cache, items));
    CHECK_PTR(cellar__cache_unload(&cache), NULL);
    CHECK_PTR(cellar__cache_take_previous(&cache), NULL);
    CHECK_EQ(cellar__cache_nitems(&cache), 0);
    CHECK_EQ(cellar__cache_nleft(&cache), 0);
}

TEST(last_pushed_pops_first)
{
    fake_heap_start();
    start();
    struct cellar__bucket *bucket = cellar__bucket_get(6, 4);
    cellar__cache_load(&cache, bucket);
    for (size_t i = 0; i < 4; i++) {
        CHECK(cellar__cache_push(&cache, items + i));
        CHECK_EQ(cellar__cache_nitems(&cache), i + 1);
    }
    CHECK(!cellar__cache_push(&cache, items + 4)); /* the capacity, not the room, is the bound */
    for (size_t i = 4; i-- > 0;) {
        CHECK_PTR(cellar__cache_pop(&cache), items + i);
    }
    CHECK_PTR(cellar__cache_pop(&cache), NULL);
    CHECK_EQ(cache.nrequests, 0);
    CHECK_PTR(cellar__cache_pop_counted(&cache), NULL);
    CHECK(cellar__cache_push(&cache, items));
    CHECK_PTR(cellar__cache_pop_counted(&cache), items);
    CHECK_EQ(cache.nrequests, 1);
}

/* By what it held when it was loaded: pairs of a push and a pop do not show. */
TEST(items_that_left_are_told)
{
    start();
    struct cellar__bucket *bucket = cellar__bucket_get(6, 6);
    cellar__cache_load(&cache, bucket);
    for (size_t i = 0; i < 4; i++) {
        CHECK(cellar__cache_push(&cache, items + i));
    }
    CHECK_EQ(cellar__cache_nleft(&cache), 0);
    CHECK_PTR(cellar__cache_unload(&cache), bucket);
    cellar__cache_load(&cache, bucket);
    CHECK_PTR(cellar__cache_pop(&cache), items + 3);
    CHECK_PTR(cellar__cache_pop(&cache), items + 2);
    CHECK_EQ(cellar__cache_nleft(&cache), 2);
    CHECK(cellar__cache_push(&cache, items + 3));
    CHECK_EQ(cellar__cache_nleft(&cache), 1);
    CHECK_PTR(cellar__cache_unload(&cache), bucket);
    CHECK_EQ(cellar__cache_nleft(&cache), 0);
}

TEST(what_lies_on_top_is_not_pushed_again)
{
    start();
    cellar__cache_load(&cache, cellar__bucket_get(6, 6));
    CHECK(cellar__cache_push(&cache, items));
    CHECK(!cellar__cache_push(&cache, items));
    CHECK_EQ(cellar__cache_nitems(&cache), 1);
    CHECK(cellar__cache_push(&cache, items + 1));
    CHECK(cellar__cache_push(&cache, items)); /* not on top: only the slab can tell */
}

/* Every store of a load or a swap may be the last one before a longjmp. */
TEST(mend_drops_what_is_not_wholly_in_its_place)
{
    start();
    struct cellar__bucket *bucket = cellar__bucket_get(6, 6);
    cellar__cache_load(&cache, bucket);
    cellar__cache_push(&cache, items);
    cellar__cache_mend(&cache);
    CHECK_PTR(cache.loaded, bucket); /* nothing was wrong */
    CHECK_EQ(cellar__cache_nitems(&cache), 1);
    cellar__cache_put_previous(&cache, bucket); /* a swap after its first half */
    cellar__cache_mend(&cache);
    CHECK_PTR(cellar__cache_previous(&cache), NULL);
    CHECK_PTR(cache.loaded, bucket);
    cache.top = NULL;
    cellar__cache_mend(&cache);
    CHECK_PTR(cache.loaded, NULL);
    CHECK_PTR(cache.floor, NULL);
    CHECK_PTR(cache.ceiling, NULL);
    cellar__cache_put_previous(&cache, bucket);
    cache.ceiling = bucket->items; /* a load that has not come to `loaded` */
    cellar__cache_mend(&cache);
    CHECK_PTR(cache.ceiling, NULL);
    CHECK_PTR(cellar__cache_previous(&cache), bucket);
}

/* C2: the count is right once the bucket is out. */
TEST(unload_counts)
{
    start();
    struct cellar__bucket *bucket = cellar__bucket_get(6, 6);
    cellar__cache_load(&cache, bucket);
    cellar__cache_push(&cache, items);
    cellar__cache_push(&cache, items + 1);
    CHECK_PTR(cellar__cache_unload(&cache), bucket);
    CHECK_EQ(bucket->count, 2);
    CHECK_PTR(cellar__cache_pop(&cache), NULL);
    CHECK(!cellar__cache_push(&cache, items));
    cellar__cache_load(&cache, bucket);
    CHECK_PTR(cellar__cache_pop(&cache), items + 1);
}

TEST(swap_exchanges_the_buckets)
{
    start();
    struct cellar__bucket *one = cellar__bucket_get(6, 6);
    cellar__cache_load(&cache, one);
    cellar__cache_push(&cache, items);
    cellar__cache_swap(&cache, NULL);
    CHECK_PTR(cellar__cache_previous(&cache), one);
    CHECK_EQ(one->count, 1);
    CHECK_PTR(cache.loaded, NULL);
    CHECK_PTR(cellar__cache_pop(&cache), NULL);
    CHECK_EQ(cellar__cache_nitems(&cache), 1);
    cellar__cache_load(&cache, cellar__bucket_get(7, 14));
    cellar__cache_push(&cache, items + 1);
    CHECK_EQ(cellar__cache_nitems(&cache), 2);
    cellar__cache_swap(&cache, cellar__cache_take_previous(&cache));
    CHECK_PTR(cache.loaded, one);
    CHECK_PTR(cellar__cache_pop(&cache), items);
    CHECK_EQ(cellar__cache_previous(&cache)->count, 1);
}

/* C4: only what lay there from one look to the next. */
TEST(steal_takes_what_it_has_seen_before)
{
    start();
    bool waits = true;
    struct cellar__bucket *one = cellar__bucket_get(6, 6);
    CHECK_PTR(cellar__cache_steal(&cache, &waits), NULL);
    CHECK(!waits);
    cellar__cache_put_previous(&cache, one);
    CHECK_PTR(cellar__cache_steal(&cache, &waits), NULL);
    CHECK(waits);
    CHECK_PTR(cellar__cache_previous(&cache), one); /* the mark does not show */
    CHECK_PTR(cellar__cache_take_previous(&cache), one);
    cellar__cache_put_previous(&cache, one); /* the same again, which was away meanwhile */
    CHECK_PTR(cellar__cache_steal(&cache, &waits), NULL);
    CHECK(waits);
    CHECK_PTR(cellar__cache_steal(&cache, &waits), one);
    CHECK(!waits);
    CHECK_PTR(cellar__cache_take_previous(&cache), NULL);
}

TEST_MAIN()
