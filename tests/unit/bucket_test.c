/* levels: base os bucket; with: fake/heap.c */
#include "bucket/bucket.h"

#include "fake/heap.h"
#include "test.h"

TEST(room_is_what_the_header_leaves)
{
    for (unsigned lg = CELLAR_BUCKET_LG_MIN; lg <= CELLAR_BUCKET_LG_MAX; lg++) {
        size_t used = sizeof(struct cellar__bucket) + cellar__bucket_room(lg) * sizeof(void *);
        CHECK_LE(used, (size_t)1 << lg);
        CHECK_GT(used + sizeof(void *), (size_t)1 << lg);
    }
}

TEST(lg_size_is_the_smallest_with_room)
{
    for (size_t n = 1; n <= cellar__bucket_room(CELLAR_BUCKET_LG_MAX); n++) {
        unsigned lg = cellar__bucket_lg_size(n);
        CHECK_GE(cellar__bucket_room(lg), n);
        CHECK(lg == CELLAR_BUCKET_LG_MIN || cellar__bucket_room(lg - 1) < n);
    }
    CHECK_EQ(cellar__bucket_lg_size(100000), CELLAR_BUCKET_LG_MAX);
}

/* B1: the capacity is bounded by the room. */
TEST(get_bounds_the_capacity)
{
    fake_heap_start();
    struct cellar__bucket *bucket = cellar__bucket_get(CELLAR_BUCKET_LG_MIN, 1000);
    CHECK_EQ(bucket->capacity, cellar__bucket_room(CELLAR_BUCKET_LG_MIN));
    CHECK_EQ(bucket->count, 0);
    cellar__bucket_put(bucket);
    bucket = cellar__bucket_get(CELLAR_BUCKET_LG_MIN, 2);
    CHECK_EQ(bucket->capacity, 2);
    cellar__bucket_put(bucket);
}

TEST(put_is_followed_by_get_of_the_same)
{
    struct cellar__bucket *small = cellar__bucket_get(7, 14);
    struct cellar__bucket *large = cellar__bucket_get(8, 30);
    cellar__bucket_put(small);
    cellar__bucket_put(large);
    cellar__bucket_put(NULL);
    size_t nblocks = fake_heap.nblocks;
    CHECK_PTR(cellar__bucket_get(8, 30), large);
    CHECK_PTR(cellar__bucket_get(7, 14), small);
    CHECK_EQ(fake_heap.nblocks, nblocks);
    cellar__bucket_put(small);
    cellar__bucket_put(large);
}

/* Buckets are made some at once; each of them is one, and empty. */
TEST(small_buckets_are_made_together)
{
    struct cellar__bucket *buckets[64];
    size_t nblocks = fake_heap.nblocks;
    for (size_t i = 0; i < CELLAR_COUNTOF(buckets); i++) {
        buckets[i] = cellar__bucket_get(CELLAR_BUCKET_LG_MIN, 6);
        CHECK_EQ(buckets[i]->lg_size, CELLAR_BUCKET_LG_MIN);
        CHECK_EQ(buckets[i]->count, 0);
        buckets[i]->count = (uint16_t)i;
        for (size_t k = 0; k < 6; k++) {
            buckets[i]->items[k] = &buckets[i];
        }
    }
    CHECK_LE(fake_heap.nblocks, nblocks + CELLAR_COUNTOF(buckets) / 4);
    for (size_t i = 0; i < CELLAR_COUNTOF(buckets); i++) {
        CHECK_EQ(buckets[i]->count, i);
        CHECK_PTR(buckets[i]->items[5], &buckets[i]);
        buckets[i]->count = 0;
        cellar__bucket_put(buckets[i]);
    }
}

TEST(get_gives_none_without_memory)
{
    fake_heap.blocks_left = 0;
    CHECK_PTR(cellar__bucket_get(9, 20), NULL);
    fake_heap.blocks_left = SIZE_MAX;
    struct cellar__bucket *bucket = cellar__bucket_get(9, 20);
    CHECK(bucket != NULL);
    CHECK_EQ(bucket->lg_size, 9);
    cellar__bucket_put(bucket);
}

/* Large buckets are blocks of their own, small ones pieces of one. */
TEST(trim_gives_the_pools_back)
{
    enum { NSMALL = 8 };
    struct cellar__bucket *large[2];
    struct cellar__bucket *small[NSMALL];
    cellar__bucket_trim();
    size_t before = fake_heap.nblocks;
    for (unsigned i = 0; i < CELLAR_COUNTOF(large); i++) {
        large[i] = cellar__bucket_get(CELLAR_BUCKET_LG_MAX - i, 1);
    }
    for (size_t i = 0; i < NSMALL; i++) {
        small[i] = cellar__bucket_get(CELLAR_BUCKET_LG_MIN, 1);
    }
    CHECK_EQ(fake_heap.nblocks, before + 3);
    cellar__bucket_put(large[0]);
    for (size_t i = 0; i < NSMALL; i++) {
        cellar__bucket_put(small[i]);
    }
    cellar__bucket_trim();
    CHECK_EQ(fake_heap.nblocks, before + 1); /* one is out */
    cellar__bucket_put(large[1]);
    CHECK_PTR(cellar__bucket_get(CELLAR_BUCKET_LG_MAX - 1, 1), large[1]);
}

TEST(stack_is_last_in_first_out)
{
    struct cellar__bucket_stack stack = {0};
    struct cellar__bucket *buckets[3];
    CHECK_PTR(cellar__bucket_pop(&stack), NULL);
    for (size_t i = 0; i < 3; i++) {
        buckets[i] = cellar__bucket_get(6, 6);
        cellar__bucket_push(&stack, buckets[i]);
    }
    for (size_t i = 3; i-- > 0;) {
        CHECK_PTR(cellar__bucket_pop(&stack), buckets[i]);
    }
    CHECK_PTR(cellar__bucket_pop(&stack), NULL);
}

/* The version tells a stack that holds the same bucket again from the stack as it was. */
TEST(top_changes_when_a_bucket_comes_back)
{
    struct cellar__bucket_stack stack = {0};
    struct cellar__bucket *bucket = cellar__bucket_get(6, 6);
    cellar__bucket_push(&stack, bucket);
    uint64_t top = stack.top;
    CHECK_PTR(cellar__bucket_pop(&stack), bucket);
    cellar__bucket_push(&stack, bucket);
    CHECK_EQ((uint32_t)stack.top, (uint32_t)top);
    CHECK_NE(stack.top, top);
}

TEST_MAIN()
