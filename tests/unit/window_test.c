/* levels: base submap os/lock os/panic os/file; with: fake/os.c */
#include "fake/fresh.h"
#include "fake/os.h"
#include "submap/page_map.h"
#include "submap/window.h"

#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)

/* W1, W2 */
static void check_windows(void)
{
    for (size_t i = 0; i < cellar__window_count(); i++) {
        const struct cellar__submap *window = cellar__window_get(i);
        CHECK_EQ((uintptr_t)window->base % CELLAR_WINDOW_ALIGN, 0);
        CHECK_EQ(window->size % CELLAR_WINDOW_ALIGN, 0);
        CHECK(window->size != 0);
        CHECK(cellar__page_map_covers(window->base));
        CHECK(cellar__page_map_covers(window->base + window->size - 1));
        CHECK_PTR(cellar__window_find(window->base), window);
        CHECK_PTR(cellar__window_find(window->base + window->size - 1), window);
        for (size_t j = 0; j < i; j++) {
            const struct cellar__submap *other = cellar__window_get(j);
            CHECK(window->base + window->size <= other->base || other->base + other->size <= window->base);
        }
    }
}

FRESH_TEST(nothing_before_init)
{
    CHECK_EQ(cellar__window_count(), 0);
    CHECK_PTR(cellar__window_find(&fake_os), NULL);
}

/* A tebibyte, or the half of it that sanitizers leave in one piece on some runs; the cover is whole all the same. */
FRESH_TEST(without_a_limit_one_window_ends_the_cover)
{
    fake_os.reserve_max = 1024 * GIB;
    CHECK_EQ(cellar__window_init(), 0);
    CHECK_EQ(cellar__window_count(), 1);
    const struct cellar__submap *window = cellar__window_get(0);
    size_t cover = cellar__page_map.ngranules << CELLAR_LG_GRANULE;
    CHECK(window->size >= 64 * GIB && 1024 * GIB % window->size == 0);
    CHECK_EQ(cover, 1024 * GIB);
    CHECK_EQ(cellar__page_map.base + cover, (uintptr_t)window->base + window->size);
    check_windows();
}

/* Low, so that the page map's tags begin at address 0, with room for the whole cover below the end. */
FRESH_TEST(the_first_window_is_asked_for_at_a_low_address)
{
    CHECK_EQ(cellar__window_init(), 0);
    CHECK_GE((uintptr_t)fake_os.reserve_first_hint, 64 * GIB);
    CHECK_LT((uintptr_t)fake_os.reserve_first_hint, 320 * GIB);
    CHECK_EQ((uintptr_t)fake_os.reserve_first_hint % CELLAR_WINDOW_ALIGN, 0);
}

FRESH_TEST(under_a_limit_a_cover_fits_below_the_first_window)
{
    fake_os.machine.address_limit = 512 * MIB;
    CHECK_EQ(cellar__window_init(), 0);
    CHECK_GE((uintptr_t)fake_os.reserve_first_hint, 8 * GIB);
    CHECK_LT((uintptr_t)fake_os.reserve_first_hint, 16 * GIB);
}

FRESH_TEST(under_a_limit_windows_are_a_sixteenth)
{
    fake_os.machine.address_limit = 512 * MIB;
    CHECK_EQ(cellar__window_init(), 0);
    CHECK_EQ(cellar__window_get(0)->size, 32 * MIB);
    CHECK_EQ(cellar__page_map.ngranules << CELLAR_LG_GRANULE, 16 * 512 * MIB);
    check_windows();
}

FRESH_TEST(a_tiny_limit_still_gets_a_window)
{
    fake_os.machine.address_limit = 1 * MIB;
    CHECK_EQ(cellar__window_init(), 0);
    CHECK_EQ(cellar__window_get(0)->size, 4 * MIB);
}

FRESH_TEST(refused_windows_are_halved_and_leave_room_for_more)
{
    fake_os.reserve_max = 100 * MIB;
    CHECK_EQ(cellar__window_init(), 0);
    CHECK_EQ(cellar__window_get(0)->size, 64 * MIB);
    CHECK_GT(cellar__page_map.ngranules << CELLAR_LG_GRANULE, 64 * MIB);
    CHECK(cellar__window_add(1) != NULL);
    check_windows();
}

FRESH_TEST(init_fails_clean_and_may_be_tried_again)
{
    fake_os.machine.address_limit = 512 * MIB;
    fake_os.reserve_max = 1 * MIB;
    CHECK_EQ(cellar__window_init(), -ENOMEM);
    CHECK_EQ(cellar__window_count(), 0);
    fake_os.reserve_max = SIZE_MAX;
    fake_os.refuse_commit = true; /* the page map's */
    CHECK_EQ(cellar__window_init(), -ENOMEM);
    CHECK_EQ(cellar__window_count(), 0);
    CHECK_EQ(fake_os.unmap.size, 32 * MIB); /* the window went back */
    fake_os.refuse_commit = false;
    CHECK_EQ(cellar__window_init(), 0);
    check_windows();
}

FRESH_TEST(added_windows_lie_below_and_are_found)
{
    fake_os.machine.address_limit = 512 * MIB;
    CHECK_EQ(cellar__window_init(), 0);
    for (size_t i = 1; i <= 8; i++) {
        struct cellar__submap *window = cellar__window_add(1);
        CHECK(window != NULL);
        CHECK_EQ(cellar__window_count(), i + 1);
        CHECK_PTR(window, cellar__window_get(i));
        CHECK_EQ(window->size, 32 * MIB);
    }
    check_windows();
    CHECK_PTR(cellar__window_find(NULL), NULL);
    CHECK_PTR(cellar__window_find(&fake_os), NULL);
}

FRESH_TEST(a_window_goes_back_and_its_slot_serves_again)
{
    fake_os.machine.address_limit = 512 * MIB;
    CHECK_EQ(cellar__window_init(), 0);
    struct cellar__submap *first = cellar__window_add(1);
    struct cellar__submap *second = cellar__window_add(1);
    char *base = first->base;
    cellar__window_release(base);
    CHECK_PTR(fake_os.unmap.addr, base);
    CHECK_EQ(fake_os.unmap.size, 32 * MIB);
    CHECK_PTR(cellar__window_find(base), NULL);
    CHECK_PTR(cellar__window_find(second->base), second);
    CHECK_EQ(cellar__window_count(), 3);
    CHECK_PTR(cellar__window_add(1), first);
    CHECK_EQ(first->size, 32 * MIB);
    CHECK_EQ(cellar__window_count(), 3);
}

/* The kernel grants small windows only: each next one lies right below the last, so the cover suffices. */
FRESH_TEST(refused_sizes_leave_no_gaps)
{
    CHECK_EQ((fake_os.reserve_max = 64 * MIB, cellar__window_init()), 0);
    uintptr_t lowest = (uintptr_t)cellar__window_get(0)->base;
    for (size_t i = 0; i < 20; i++) {
        struct cellar__submap *window = cellar__window_add(1);
        CHECK(window != NULL);
        CHECK_EQ(window->size, 64 * MIB);
        CHECK_EQ((uintptr_t)fake_os.reserve_hint, lowest - 64 * MIB);
        lowest = (uintptr_t)window->base < lowest ? (uintptr_t)window->base : lowest;
    }
}

FRESH_TEST(a_window_that_the_kernel_keeps_serves_again)
{
    CHECK_EQ((fake_os.reserve_max = 64 * MIB, cellar__window_init()), 0);
    struct cellar__submap *window = cellar__window_add(1);
    CHECK(window != NULL);
    char *base = window->base;
    fake_os.refuse_unmap = true;
    cellar__window_release(base);
    CHECK_PTR(cellar__window_find(base), window); /* nothing else is to lie there */
    fake_os.refuse_unmap = false;
    struct cellar__submap *larger = cellar__window_add(65 * MIB);
    CHECK_PTR(larger, NULL); /* the kernel grants no more */
    CHECK_PTR(cellar__window_add(1), window);
    CHECK_PTR(window->base, base);
    struct cellar__submap *further = cellar__window_add(1);
    CHECK(further != NULL && further != window);
    cellar__window_release(base);
    CHECK_PTR(cellar__window_find(base), NULL);
}

/* Each window goes back before the next comes: neither its size nor its place is lost to the heap. */
FRESH_TEST(windows_that_come_and_go_use_nothing_up)
{
    CHECK_EQ((fake_os.reserve_max = 64 * MIB, cellar__window_init()), 0);
    fake_os.reserve_max = SIZE_MAX;
    for (size_t i = 0; i < 100; i++) {
        struct cellar__submap *window = cellar__window_add(1);
        CHECK(window != NULL);
        CHECK_EQ(window->size, 64 * MIB);
        cellar__window_release(window->base);
    }
}

/* The lowest window stays when the one above it goes back, so each next one would lie lower. */
FRESH_TEST(a_gap_between_windows_is_filled_first)
{
    fake_os.machine.address_limit = 512 * MIB;
    CHECK_EQ(cellar__window_init(), 0);
    struct cellar__submap *above = cellar__window_add(1);
    CHECK(above != NULL);
    for (size_t i = 0; i < 2 * CELLAR_WINDOW_MAX; i++) {
        struct cellar__submap *below = cellar__window_add(1);
        CHECK(below != NULL);
        char *gap = above->base;
        cellar__window_release(above->base);
        above = cellar__window_add(1);
        CHECK(above != NULL);
        CHECK_PTR(above->base, gap);
        cellar__window_release(below->base);
    }
}

/* What the heap holds in all is wanted again; where the cover has no room for that, what is needed is enough. */
FRESH_TEST(windows_double_the_heap_until_the_cover_ends)
{
    CHECK_EQ((fake_os.reserve_max = 64 * MIB, cellar__window_init()), 0);
    fake_os.reserve_max = SIZE_MAX;
    for (size_t size = 64 * MIB; size <= 1024 * MIB; size *= 2) {
        struct cellar__submap *window = cellar__window_add(1);
        CHECK(window != NULL);
        CHECK_EQ(window->size, size);
    }
    struct cellar__submap *window = cellar__window_add(3 * MIB); /* of 4 GiB, 2 are used up */
    CHECK(window != NULL);
    CHECK_EQ(window->size, 2 * GIB);
    CHECK_PTR(cellar__window_add(1), NULL);
    check_windows();
    cellar__window_release(cellar__window_get(1)->base);
    window = cellar__window_add(3 * MIB); /* 64 MiB are free, where as much as all would not fit */
    CHECK(window != NULL);
    CHECK_EQ(window->size, 4 * MIB);
}

FRESH_TEST(a_large_wish_gets_a_large_window)
{
    fake_os.machine.address_limit = 512 * MIB;
    CHECK_EQ(cellar__window_init(), 0);
    struct cellar__submap *window = cellar__window_add(100 * MIB + 1);
    CHECK(window != NULL);
    CHECK_EQ(window->size, 102 * MIB);
    CHECK_PTR(cellar__window_add(SIZE_MAX), NULL);
    CHECK_PTR(cellar__window_add(SIZE_MAX - 4 * MIB), NULL);
    check_windows();
}

FRESH_TEST(a_window_outside_the_cover_goes_back)
{
    fake_os.machine.address_limit = 64 * MIB;
    CHECK_EQ(cellar__window_init(), 0);
    char *end = (char *)cellar__page_map.base + (cellar__page_map.ngranules << CELLAR_LG_GRANULE);
    fake_os.reserve_at = (char *)cellar__page_map.base - 1024 * MIB;
    CHECK_PTR(cellar__window_add(1), NULL);
    CHECK_PTR(fake_os.unmap.addr, fake_os.reserve_at);
    CHECK_EQ(cellar__window_count(), 1);
    fake_os.reserve_at = (char *)cellar__page_map.base - 2 * MIB; /* half in, half out */
    CHECK_PTR(cellar__window_add(1), NULL);
    CHECK_EQ(cellar__window_count(), 1);
    fake_os.reserve_at = (char *)cellar__page_map.base;
    CHECK(cellar__window_add(1) != NULL);
    CHECK(cellar__window_get(0)->base + cellar__window_get(0)->size == end);
    check_windows();
}

FRESH_TEST(refusal_of_a_further_window)
{
    fake_os.machine.address_limit = 512 * MIB;
    CHECK_EQ(cellar__window_init(), 0);
    fake_os.refuse_reserve = true;
    CHECK_PTR(cellar__window_add(1), NULL);
    fake_os.refuse_reserve = false;
    CHECK(cellar__window_add(1) != NULL);
    CHECK(cellar__lock_try(&cellar__window_lock)); /* not left locked */
}

FRESH_TEST(the_table_has_an_end)
{
    fake_os.machine.address_limit = 512 * MIB; /* a cover of 8 GiB, 256 windows */
    CHECK_EQ(cellar__window_init(), 0);
    size_t count = 1;
    while (cellar__window_add(1) != NULL) {
        count++;
    }
    CHECK_EQ(count, CELLAR_WINDOW_MAX);
    CHECK_EQ(cellar__window_count(), CELLAR_WINDOW_MAX);
    check_windows();
}

TEST_MAIN()
