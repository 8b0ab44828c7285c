/* levels: base submap os/lock os/panic os/file; with: fake/os.c */
#include "fake/fresh.h"
#include "fake/os.h"
#include "submap/page_map.h"

#define BASE ((uintptr_t)0x700000000000)
#define COVER ((size_t)2048 * CELLAR_GRANULE)

static const char *granule_addr(size_t granule)
{
    return (const char *)(BASE + granule * CELLAR_GRANULE);
}

FRESH_TEST(all_is_foreign_before_init)
{
    static const uintptr_t addresses[] = {0, 1, 0x10000, BASE, (uintptr_t)-1};
    for (size_t i = 0; i < CELLAR_COUNTOF(addresses); i++) {
        CHECK(!cellar__page_map_covers((void *)addresses[i]));
        CHECK_EQ(cellar__page_map_tag((void *)addresses[i]), 0);
        CHECK_EQ(cellar__page_map_ref((void *)addresses[i]), 0);
    }
}

/* P1 */
FRESH_TEST(foreign_outside_the_cover)
{
    CHECK_EQ(cellar__page_map_init(BASE, COVER, 0), 0);
    cellar__page_map_set(granule_addr(0), 2048, 7, 8);
    CHECK(cellar__page_map_covers(granule_addr(0)));
    CHECK(cellar__page_map_covers(granule_addr(2048) - 1));
    CHECK_EQ(cellar__page_map_ref(granule_addr(2048) - 1), 7);
    static const uintptr_t outside[] = {0, 1, BASE - 1, BASE + COVER, (uintptr_t)-1};
    for (size_t i = 0; i < CELLAR_COUNTOF(outside); i++) {
        CHECK(!cellar__page_map_covers((void *)outside[i]));
        CHECK_EQ(cellar__page_map_tag((void *)outside[i]), 0);
        CHECK_EQ(cellar__page_map_ref((void *)outside[i]), 0);
    }
}

FRESH_TEST(set_writes_the_granules_of_the_run_and_no_others)
{
    CHECK_EQ(cellar__page_map_init(BASE, COVER, 0), 0);
    cellar__page_map_set(granule_addr(10), 3, 0xfffffffe, 0xfffd);
    cellar__page_map_set(granule_addr(13), 1, 5, 6);
    for (size_t granule = 0; granule < 2048; granule++) {
        uint32_t ref = granule >= 10 && granule < 13 ? 0xfffffffe : granule == 13 ? 5 : 0;
        uint16_t tag = granule >= 10 && granule < 13 ? 0xfffd : granule == 13 ? 6 : 0;
        CHECK_EQ(cellar__page_map_ref(granule_addr(granule)), ref);
        CHECK_EQ(cellar__page_map_tag(granule_addr(granule) + CELLAR_GRANULE - 1), tag);
    }
    cellar__page_map_set(granule_addr(10), 3, 0, 0);
    CHECK_EQ(cellar__page_map_ref(granule_addr(12)), 0);
    CHECK_EQ(cellar__page_map_ref(granule_addr(13)), 5);
}

FRESH_TEST(the_last_granule)
{
    CHECK_EQ(cellar__page_map_init(BASE, COVER, 0), 0);
    cellar__page_map_set(granule_addr(2047), 1, 1, 1);
    CHECK_EQ(cellar__page_map_ref(granule_addr(2047)), 1);
    EXPECT_SIGNAL(cellar__page_map.refs[-1] = 1, SIGSEGV,
                  ""); /* a closed page on each side: both fill whole pages */
    EXPECT_SIGNAL(cellar__page_map.tags[2048] = 1, SIGSEGV, "");
}

/* P4: a cover at low addresses has its tags from address 0 on. */
FRESH_TEST(tags_of_a_near_cover_begin_at_zero)
{
    const char *base = (const char *)((uintptr_t)64 << 30);
    CHECK_EQ(cellar__page_map_init((uintptr_t)base, COVER, 0), 0);
    CHECK_EQ(cellar__page_map.near_end, ((size_t)64 << 14) + 2048);
    cellar__page_map_set(base, 2048, 7, 8);
    static const uintptr_t foreign[] = {
        0, 1, ((uintptr_t)64 << 30) - 1, ((uintptr_t)64 << 30) + COVER, BASE, (uintptr_t)-1};
    for (size_t i = 0; i < CELLAR_COUNTOF(foreign); i++) {
        CHECK_EQ(cellar__page_map_near_tag((void *)foreign[i]), 0);
        CHECK_EQ(cellar__page_map_tag((void *)foreign[i]), 0);
        CHECK_EQ(cellar__page_map_ref((void *)foreign[i]), 0);
    }
    for (size_t granule = 0; granule < 2048; granule++) {
        CHECK_EQ(cellar__page_map_near_tag(base + granule * CELLAR_GRANULE), 8);
        CHECK_EQ(cellar__page_map_tag(base + granule * CELLAR_GRANULE), 8);
    }
    EXPECT_SIGNAL(cellar__page_map.refs[-1] = 1, SIGSEGV, "");
    EXPECT_SIGNAL(cellar__page_map.tags[2048] = 1, SIGSEGV, "");
}

FRESH_TEST(a_far_cover_is_known_by_its_base_only)
{
    CHECK_EQ(cellar__page_map_init(BASE, COVER, 0), 0);
    cellar__page_map_set(granule_addr(0), 2048, 7, 8);
    CHECK_EQ(cellar__page_map.near_end, 0);
    CHECK_EQ(cellar__page_map_near_tag(granule_addr(5)), 0);
    CHECK_EQ(cellar__page_map_tag(granule_addr(5)), 8);
}

FRESH_TEST(a_near_cover_makes_do_with_less)
{
    uintptr_t base = (uintptr_t)64 << 30;
    fake_os.commit_max = 2048 * (sizeof(uint16_t) + sizeof(uint32_t)); /* what the cover alone needs */
    CHECK_EQ(cellar__page_map_init(base, COVER, 0), 0);
    CHECK_EQ(cellar__page_map.near_end, 0);
    cellar__page_map_set((void *)base, 1, 7, 8);
    CHECK_EQ(cellar__page_map_tag((void *)base), 8);
}

#define GRANULES_64_GIB ((size_t)1 << 20)

/* P5 */
FRESH_TEST(entries_beyond_the_heap_are_closed_until_it_gets_there)
{
    const char *base = (const char *)((uintptr_t)128 << 30);
    size_t ngranules = 4 * GRANULES_64_GIB;
    const char *end = base + ngranules * CELLAR_GRANULE;
    CHECK_EQ(cellar__page_map_init((uintptr_t)base, ngranules * CELLAR_GRANULE, 0), 0);
    CHECK_EQ(cellar__page_map.nopen, GRANULES_64_GIB);
    CHECK_LE(fake_os.commit.size, (size_t)16 << 20);
    cellar__page_map_set(base + (GRANULES_64_GIB - 1) * CELLAR_GRANULE, 1, 7, 8);
    EXPECT_SIGNAL(cellar__page_map.tags[GRANULES_64_GIB] = 1, SIGSEGV, "");
    EXPECT_SIGNAL(cellar__page_map.refs[ngranules - 1 - GRANULES_64_GIB] = 1, SIGSEGV, "");
    CHECK_EQ(cellar__page_map_ref(end - 1), 0);
    CHECK_EQ(cellar__page_map_tag(end - 1), 0);
    CHECK_EQ(cellar__page_map_commit(base + GRANULES_64_GIB * CELLAR_GRANULE), 0);
    CHECK_EQ(fake_os.commit.count, 1); /* nothing to do */
    fake_os.refuse_commit = true;
    CHECK_EQ(cellar__page_map_commit(base + (GRANULES_64_GIB + 1) * CELLAR_GRANULE), -ENOMEM);
    fake_os.refuse_commit = false;
    CHECK_EQ(cellar__page_map_commit(base + (GRANULES_64_GIB + 1) * CELLAR_GRANULE), 0);
    cellar__page_map_set(end - CELLAR_GRANULE, 1, 9, 10);
    CHECK_EQ(cellar__page_map_ref(end - 1), 9);
    CHECK_EQ(cellar__page_map_tag(end - 1), 10);
    CHECK_EQ(cellar__page_map_ref(base + (GRANULES_64_GIB - 1) * CELLAR_GRANULE), 7);
}

FRESH_TEST(entries_that_are_wanted_at_once_are_open)
{
    size_t size = 4 * GRANULES_64_GIB * CELLAR_GRANULE;
    CHECK_EQ(cellar__page_map_init(BASE, size, size), 0);
    cellar__page_map_set((const char *)(BASE + size - CELLAR_GRANULE), 1, 7, 8);
    CHECK_EQ(cellar__page_map_ref((const char *)(BASE + size - 1)), 7);
}

FRESH_TEST(set_past_the_end_is_a_bug)
{
    CHECK_EQ(cellar__page_map_init(BASE, COVER, 0), 0);
    struct test_child child;
    if (test_child_fork(&child)) {
        cellar__page_map_set(granule_addr(2047), 2, 1, 1);
        _exit(TEST_SURVIVED);
    }
    test_child_wait(&child);
    CHECK(test_child_ended(&child, 0, SIGABRT));
}

FRESH_TEST(init_fails_when_memory_is_refused_and_works_later)
{
    fake_os.refuse_reserve = true;
    CHECK_EQ(cellar__page_map_init(BASE, COVER, 0), -ENOMEM);
    fake_os.refuse_reserve = false;
    fake_os.refuse_commit = true;
    CHECK_EQ(cellar__page_map_init(BASE, COVER, 0), -ENOMEM);
    CHECK_EQ(fake_os.unmap.count, 1); /* the reservation whose commit failed */
    CHECK(!cellar__page_map_covers(granule_addr(0)));
    fake_os.refuse_commit = false;
    CHECK_EQ(cellar__page_map_init(BASE, COVER, 0), 0);
    CHECK(cellar__page_map_covers(granule_addr(0)));
}

TEST_MAIN()
