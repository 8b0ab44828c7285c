/* levels: base os slab keg bucket smr zone; with: fake/heap.c */
#include "zone/stash.h"

#include "fake/heap.h"
#include "test.h"

static void start(void)
{
    static bool is_started;
    if (!is_started) {
        is_started = true;
        fake_heap_start();
        cellar__thread_init();
    }
    cellar__stash_end(cellar__thread_own());
}

/* How many buckets of that size lie in the pool. */
static size_t pool_count(unsigned lg_size)
{
    struct cellar__bucket *taken[100];
    size_t n = 0;
    fake_heap.blocks_left = 0;
    while (n < 100 && (taken[n] = cellar__bucket_get(lg_size, 1)) != NULL) {
        n++;
    }
    for (size_t i = 0; i < n; i++) {
        cellar__bucket_put(taken[i]);
    }
    fake_heap.blocks_left = SIZE_MAX;
    return n;
}

TEST(what_was_put_is_got_again_past_the_pool)
{
    start();
    struct cellar__bucket *bucket = cellar__stash_get(CELLAR_BUCKET_LG_MIN, 3);
    CHECK_EQ(bucket->capacity, 3);
    bucket->low = 2;
    size_t n = pool_count(CELLAR_BUCKET_LG_MIN);
    cellar__stash_put(bucket);
    CHECK_EQ(pool_count(CELLAR_BUCKET_LG_MIN), n);
    CHECK_PTR(cellar__stash_get(CELLAR_BUCKET_LG_MIN, 100), bucket);
    CHECK_EQ(bucket->capacity, cellar__bucket_room(CELLAR_BUCKET_LG_MIN));
    CHECK_EQ(bucket->count, 0);
    CHECK_EQ(bucket->low, 0);
    cellar__bucket_put(bucket);
}

TEST(one_of_a_size_and_the_others_go_to_the_pool)
{
    start();
    struct cellar__bucket *one = cellar__stash_get(7, 1);
    struct cellar__bucket *two = cellar__stash_get(7, 1);
    CHECK(one != two);
    size_t n = pool_count(7);
    cellar__stash_put(one);
    cellar__stash_put(two);
    CHECK_EQ(pool_count(7), n + 1);
    CHECK_PTR(cellar__stash_get(7, 1), one);
    cellar__bucket_put(one);
}

TEST(large_ones_and_none_pass_by)
{
    start();
    cellar__stash_put(NULL);
    struct cellar__bucket *bucket = cellar__stash_get(CELLAR_BUCKET_LG_MAX, 1);
    size_t n = pool_count(CELLAR_BUCKET_LG_MAX);
    cellar__stash_put(bucket);
    CHECK_EQ(pool_count(CELLAR_BUCKET_LG_MAX), n + 1);
}

/* As a thread without a record does, or in a slow path's middle. */
TEST(without_a_record_the_pool_serves)
{
    start();
    struct cellar__thread *thread = cellar__self;
    struct cellar__bucket *bucket = cellar__stash_get(8, 1);
    size_t n = pool_count(8);
    cellar__thread_detach();
    cellar__stash_put(bucket);
    CHECK_EQ(pool_count(8), n + 1);
    CHECK(cellar__stash_get(8, 1) != NULL);
    cellar__thread_attach(thread);
}

TEST(the_pool_gets_it_when_the_thread_ends)
{
    start();
    cellar__stash_put(cellar__stash_get(9, 1));
    size_t n = pool_count(9);
    cellar__stash_end(cellar__self);
    CHECK_EQ(pool_count(9), n + 1);
    cellar__stash_end(cellar__self);
    CHECK_EQ(pool_count(9), n + 1);
}

TEST_MAIN()
