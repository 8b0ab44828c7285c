/* levels: base submap os/lock os/panic os/file; with: fake/os.c */
#include "fake/fresh.h"
#include "fake/os.h"
#include "submap/submap.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

static struct cellar__submap submap_of(size_t size)
{
    struct cellar__submap submap;
    CHECK_EQ(cellar__submap_reserve(&submap, "test", size, size, 4096, NULL), 0);
    return submap;
}

static void check_s1(const struct cellar__submap *submap)
{
    CHECK_LE(submap->committed, submap->size);
    CHECK_EQ(submap->committed % fake_os.machine.page_size, 0);
    CHECK_EQ(submap->size % fake_os.machine.page_size, 0);
}

FRESH_TEST(reserve_halves_until_the_kernel_agrees)
{
    struct cellar__submap submap;
    fake_os.reserve_max = 5 * MIB;
    CHECK_EQ(cellar__submap_reserve(&submap, "test", 64 * MIB, 4 * MIB, 2 * MIB, NULL), 0);
    CHECK_EQ(submap.size, 4 * MIB);
    CHECK_EQ(submap.committed, 0);
    CHECK_EQ((uintptr_t)submap.base % (2 * MIB), 0);
    CHECK_EQ(fake_os.reserve.count, 5); /* 64, 32, 16, 8, 4 */
    check_s1(&submap);
}

FRESH_TEST(reserve_fails_below_the_least_size_and_leaves_ret)
{
    struct cellar__submap submap = {.size = 77};
    fake_os.reserve_max = 1 * MIB;
    CHECK_EQ(cellar__submap_reserve(&submap, "test", 64 * MIB, 2 * MIB, 4096, NULL), -ENOMEM);
    CHECK_EQ(submap.size, 77);
    CHECK_EQ(fake_os.reserve.size, 2 * MIB);
    fake_os.refuse_reserve = true;
    CHECK_EQ(cellar__submap_reserve(&submap, "test", 64 * MIB, 0, 4096, NULL), -ENOMEM); /* ends */
}

FRESH_TEST(size_is_a_multiple_of_align)
{
    struct cellar__submap submap;
    CHECK_EQ(cellar__submap_reserve(&submap, "test", 7 * MIB, 1 * MIB, 2 * MIB, (void *)(64 * MIB)), 0);
    CHECK_EQ(submap.size, 6 * MIB);
    CHECK_PTR(fake_os.reserve_hint, (void *)(58 * MIB)); /* it is to end there */
}

/* S2, S3: below the mark usable and zero, above it closed. */
FRESH_TEST(commit_opens_what_was_asked_and_no_more_than_the_mark)
{
    struct cellar__submap submap = submap_of(64 * MIB);
    size_t seen = 0;
    for (size_t end = 1; end < 8 * MIB; end += 300 * KIB + 1) {
        CHECK_EQ(cellar__submap_commit(&submap, end), 0);
        CHECK_GE(submap.committed, end);
        check_s1(&submap);
        for (size_t at = 0; at < submap.committed; at += 1024) {
            CHECK_EQ(submap.base[at], at < seen ? 1 : 0);
            submap.base[at] = 1;
        }
        seen = submap.committed;
        EXPECT_SIGNAL(*(volatile char *)&submap.base[submap.committed] = 1, SIGSEGV, "");
    }
}

FRESH_TEST(commit_keeps_what_is_there)
{
    struct cellar__submap submap = submap_of(4 * MIB);
    CHECK_EQ(cellar__submap_commit(&submap, 1), 0);
    submap.base[0] = 42;
    CHECK_EQ(cellar__submap_commit(&submap, submap.size), 0);
    CHECK_EQ(submap.base[0], 42);
    CHECK_EQ(submap.committed, submap.size);
}

FRESH_TEST(commit_calls_grow_with_the_logarithm)
{
    struct cellar__submap submap = submap_of(256 * MIB);
    for (size_t end = 64 * KIB; end <= submap.size; end += 64 * KIB) {
        CHECK_EQ(cellar__submap_commit(&submap, end), 0);
    }
    CHECK_LT(fake_os.commit.count, 70); /* 8 to reach 2 MiB, then log(128) / log(9/8) = 41 */
    CHECK_EQ(submap.committed, submap.size);
    size_t count = fake_os.commit.count;
    CHECK_EQ(cellar__submap_commit(&submap, 128 * MIB), 0);
    CHECK_EQ(fake_os.commit.count, count); /* nothing to do below the mark */
}

FRESH_TEST(commit_is_content_with_less_when_the_step_is_refused)
{
    struct cellar__submap submap = submap_of(64 * MIB);
    fake_os.commit_max = 64 * KIB;
    CHECK_EQ(cellar__submap_commit(&submap, 64 * KIB), 0);
    CHECK_EQ(submap.committed, 64 * KIB);
    CHECK_EQ(cellar__submap_commit(&submap, 256 * KIB), -ENOMEM);
    CHECK_EQ(submap.committed, 64 * KIB);
    fake_os.refuse_commit = true;
    CHECK_EQ(cellar__submap_commit(&submap, 65 * KIB), -ENOMEM);
    CHECK_EQ(cellar__submap_commit(&submap, 64 * KIB), 0);
    fake_os.refuse_commit = false;
    CHECK_EQ(cellar__submap_commit(&submap, 65 * KIB), 0);
    check_s1(&submap);
}

FRESH_TEST(large_pages)
{
    fake_os.machine.page_size = 64 * KIB;
    struct cellar__submap submap;
    CHECK_EQ(cellar__submap_reserve(&submap, "test", 4 * MIB, 4 * MIB, 64 * KIB, NULL), 0);
    fake_os.commit_max = 128 * KIB;
    CHECK_EQ(cellar__submap_commit(&submap, 1), 0);
    CHECK_EQ(submap.committed, 64 * KIB);
    check_s1(&submap);
}

FRESH_TEST(committed_memory_is_named)
{
    struct cellar__submap submap = submap_of(4 * MIB);
    CHECK_EQ(cellar__submap_commit(&submap, 4096), 0);
    CHECK_STR(fake_os.name_text, "test");
    CHECK_PTR(fake_os.name.addr, submap.base);
    CHECK_EQ(fake_os.name.size, submap.committed);
}

FRESH_TEST(contains_and_release)
{
    struct cellar__submap submap = submap_of(1 * MIB);
    char *base = submap.base;
    CHECK(!cellar__submap_contains(&submap, base - 1));
    CHECK(cellar__submap_contains(&submap, base));
    CHECK(cellar__submap_contains(&submap, base + 1 * MIB - 1));
    CHECK(!cellar__submap_contains(&submap, base + 1 * MIB));
    CHECK(!cellar__submap_contains(&submap, NULL));
    fake_os.refuse_unmap = true;
    CHECK_EQ(cellar__submap_release(&submap), -ENOMEM);
    CHECK(cellar__submap_contains(&submap, base));
    fake_os.refuse_unmap = false;
    CHECK_EQ(cellar__submap_release(&submap), 0);
    CHECK_PTR(fake_os.unmap.addr, base);
    CHECK_EQ(fake_os.unmap.size, 1 * MIB);
    CHECK(!cellar__submap_contains(&submap, base));
}

TEST_MAIN()
