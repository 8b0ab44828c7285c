/* levels: base os slab keg bucket smr zone malloc/classes malloc/fast; with: fake/heap.c */
#include "malloc/fast.h"

#include "fake/heap.h"
#include "test.h"

TEST(table_agrees_with_the_classes)
{
    CHECK_EQ(cellar__fast_table.small[0], 0);
    for (size_t n = 1; n <= CELLAR_CLASS_SMALL_MAX; n++) {
        CHECK_EQ(cellar__fast_table.small[n], cellar__class_of(n) * sizeof(struct cellar__cache));
    }
    for (size_t n = CELLAR_CLASS_SMALL_MAX + 1; n <= CELLAR_FAST_STEPS_MAX; n++) {
        CHECK_EQ(cellar__fast_table.steps[(n - 1) >> CELLAR_FAST_LG_STEP],
                 cellar__class_of(n) * sizeof(struct cellar__cache));
    }
    for (size_t n = CELLAR_FAST_STEPS_MAX + 1; n <= CELLAR_CLASS_MAX; n++) {
        CHECK_EQ(cellar__fast_table.runs[(n - 1) >> CELLAR_LG_GRANULE],
                 cellar__class_of(n) * sizeof(struct cellar__cache));
    }
}

TEST(tags_tell_the_size)
{
    CHECK_EQ(cellar__fast_size(0), 0);
    for (unsigned id = 1; id < CELLAR_CLASS_END; id++) {
        CHECK_EQ(cellar__fast_size(id * sizeof(struct cellar__cache)), cellar__class_size(id));
    }
}

TEST(class_is_that_of_the_arithmetic)
{
    for (size_t n = 0; n <= CELLAR_CLASS_MAX; n++) {
        CHECK_EQ(cellar__fast_class(n), cellar__class_of(n));
    }
}

/* They have a table of their own, and must not be served by a larger class here. */
TEST(table_leaves_small_classes_to_the_slow_path)
{
    for (size_t n = 1; n <= CELLAR_CLASS_SMALL_MAX; n++) {
        CHECK_EQ(cellar__fast_table.steps[(n - 1) >> CELLAR_FAST_LG_STEP], 0);
    }
}

/* Each request finds the cache of its class, and nothing else. */
TEST(requests_come_to_the_cache_of_their_class)
{
    static char items[CELLAR_CLASS_END];
    fake_heap_start();
    cellar__thread_init();
    struct cellar__thread *thread = cellar__thread_own();
    CHECK(!cellar__thread_is_empty(thread));
    for (unsigned id = 1; id < CELLAR_CLASS_END; id++) {
        cellar__cache_load(&thread->caches[id], cellar__bucket_get(CELLAR_BUCKET_LG_MIN, 1));
    }
    for (size_t n = 0; n <= CELLAR_CLASS_MAX + 1; n += n < 2048 ? 1 : 61) {
        unsigned id = n == 0 || n > CELLAR_CLASS_MAX ? 0 : cellar__class_of(n);
        bool is_small = n <= CELLAR_CLASS_SMALL_MAX;
        CHECK(id == 0 || cellar__cache_push(&thread->caches[id], &items[id]));
        CHECK_PTR(is_small ? cellar__cache_pop(cellar__fast_cache_mid(n)) : cellar__fast_alloc(n), NULL);
        CHECK_PTR(is_small ? cellar__fast_alloc(n) : cellar__cache_pop(cellar__fast_cache_mid(n)),
                  id == 0 ? NULL : &items[id]);
        if (n - 1 < CELLAR_CLASS_SLAB_MAX) {
            CHECK_PTR(cellar__fast_alloc_either(n), NULL);
            CHECK(cellar__cache_push(&thread->caches[id], &items[id]));
            CHECK_PTR(cellar__fast_alloc_either(n), &items[id]);
        }
    }
}

/* Before the page map covers anything, and at an address outside it. */
TEST(free_of_what_is_not_covered_is_left_to_the_slow_path)
{
    static const uintptr_t addresses[] = {0, 16, 0x10000, 0x7fffffff0000, (uintptr_t)-16};
    for (size_t i = 0; i < CELLAR_COUNTOF(addresses); i++) {
        CHECK(!cellar__fast_free((void *)addresses[i]));
    }
}

TEST_MAIN()
