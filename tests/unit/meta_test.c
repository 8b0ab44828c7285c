/* levels: base submap meta os/lock os/panic os/file; with: fake/os.c */
#include "base/bits.h"
#include "fake/fresh.h"
#include "fake/os.h"
#include "meta/meta.h"

#define MIB ((size_t)1 << 20)

static void start(size_t address_limit)
{
    fake_os.machine.address_limit = address_limit;
    CHECK_EQ(cellar__meta_init(), 0);
}

static struct cellar__meta_usage usage(void)
{
    struct cellar__meta_usage ret;
    cellar__meta_usage(&ret);
    return ret;
}

static bool is_zero(const char *block, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (block[i] != 0) {
            return false;
        }
    }
    return true;
}

FRESH_TEST(no_block_before_init)
{
    CHECK_PTR(cellar__meta_alloc(0), NULL);
    CHECK_PTR(cellar__meta_alloc(64), NULL);
    cellar__meta_free(NULL, 64);
}

FRESH_TEST(init_fails_when_refused_and_works_later)
{
    fake_os.refuse_reserve = true;
    CHECK_EQ(cellar__meta_init(), -ENOMEM);
    fake_os.refuse_reserve = false;
    CHECK_EQ(cellar__meta_init(), 0);
    CHECK(cellar__meta_alloc(1) != NULL);
}

FRESH_TEST(refs_of_the_largest_region_fit_31_bits)
{
    start(SIZE_MAX);
    CHECK_LE((usage().reserved + 64) >> 3, INT32_MAX);
    CHECK_GT(usage().reserved, (size_t)15 << 30);
}

/* M1 */
FRESH_TEST(blocks_are_aligned_zero_and_disjoint)
{
    struct test_random random = {test_seed() + 1};
    static struct {
        unsigned char *block;
        size_t size;
        unsigned char fill;
    } out[300];
    start(SIZE_MAX);
    for (int step = 0; step < 30000; step++) {
        size_t i = test_random_below(&random, 300);
        if (out[i].block != NULL) {
            for (size_t at = 0; at < out[i].size; at++) {
                CHECK_EQ(out[i].block[at], out[i].fill); /* nobody else wrote there */
            }
            cellar__meta_free(out[i].block, out[i].size);
            out[i].block = NULL;
            continue;
        }
        out[i].size = test_random_below(&random, (size_t)1 << test_random_below(&random, 15)) + 1;
        out[i].block = cellar__meta_alloc(out[i].size);
        out[i].fill = (unsigned char)(test_random_next(&random) | 1);
        CHECK(out[i].block != NULL);
        CHECK_EQ((uintptr_t)out[i].block % 64, 0);
        CHECK(is_zero((char *)out[i].block, out[i].size));
        memset(out[i].block, out[i].fill, out[i].size);
    }
}

FRESH_TEST(size_0_is_a_block_of_its_own)
{
    start(SIZE_MAX);
    void *a = cellar__meta_alloc(0);
    void *b = cellar__meta_alloc(0);
    CHECK(a != NULL && b != NULL && a != b);
}

/* M2 */
FRESH_TEST(refs_lead_back_and_0_is_no_block)
{
    start(SIZE_MAX);
    CHECK_EQ(cellar__meta_ref(NULL), 0);
    for (int i = 0; i < 1000; i++) {
        void *block = cellar__meta_alloc(100);
        CHECK_NE(cellar__meta_ref(block), 0);
        CHECK_PTR(cellar__meta_ptr(cellar__meta_ref(block)), block);
        CHECK_PTR(cellar__meta_ptr(cellar__meta_ref((char *)block + 8)), (char *)block + 8);
    }
}

FRESH_TEST(freed_blocks_return_for_their_size)
{
    start(SIZE_MAX);
    static const size_t sizes[] = {1, 64, 65, 4096, 4097, 8192, 100000};
    for (size_t i = 0; i < CELLAR_COUNTOF(sizes); i++) {
        void *block = cellar__meta_alloc(sizes[i]);
        cellar__meta_free(block, sizes[i]);
        void *other = cellar__meta_alloc(1000000); /* of another size: does not get it */
        CHECK(other != block);
        cellar__meta_free(other, 1000000);
        CHECK_PTR(cellar__meta_alloc(sizes[i]), block);
    }
}

FRESH_TEST(usage_counts_what_is_out)
{
    start(SIZE_MAX);
    CHECK_EQ(usage().used, 0);
    void *a = cellar__meta_alloc(1);
    void *b = cellar__meta_alloc(5000);
    CHECK_EQ(usage().used, 64 + 8192);
    cellar__meta_free(a, 1);
    cellar__meta_free(b, 5000);
    CHECK_EQ(usage().used, 0);
    CHECK_EQ(usage().touched, 64 + 8192);
}

FRESH_TEST(the_region_has_an_end)
{
    start(32 * MIB); /* a region of 1 MiB */
    CHECK_EQ(usage().reserved, 1 * MIB);
    CHECK_PTR(cellar__meta_alloc(SIZE_MAX), NULL);
    CHECK_PTR(cellar__meta_alloc(1 * MIB + 1), NULL);
    size_t count = 0;
    void *last = NULL;
    for (void *block; (block = cellar__meta_alloc(4096)) != NULL; last = block) {
        memset(block, 1, 4096);
        count++;
    }
    CHECK_EQ(count, 256);
    CHECK_PTR(cellar__meta_alloc(1), NULL);
    cellar__meta_free(last, 4096);
    CHECK_PTR(cellar__meta_alloc(4096), last);
    CHECK(is_zero(last, 4096));
}

FRESH_TEST(refused_commit_fails_one_request_only)
{
    start(SIZE_MAX);
    fake_os.refuse_commit = true;
    CHECK_PTR(cellar__meta_alloc(64), NULL);
    CHECK_EQ(usage().used, 0);
    fake_os.refuse_commit = false;
    CHECK(cellar__meta_alloc(64) != NULL);
}

FRESH_TEST(guards_on_both_sides)
{
    start(32 * MIB);
    volatile char *first = cellar__meta_alloc(1 * MIB);
    CHECK(first != NULL);
    first[0] = first[1 * MIB - 1] = 1;
    EXPECT_SIGNAL(first[-1] = 1, SIGSEGV, "");
    EXPECT_SIGNAL(first[1 * MIB] = 1, SIGSEGV, "");
}

FRESH_TEST(nothing_is_open_above_the_mark)
{
    start(SIZE_MAX);
    volatile char *block = cellar__meta_alloc(64);
    EXPECT_SIGNAL(block[8 * MIB] = 1, SIGSEGV, "");
}

FRESH_TEST(a_block_of_no_region_is_a_bug)
{
    start(SIZE_MAX);
    static char foreign[64];
    struct test_child child;
    if (test_child_fork(&child)) {
        cellar__meta_free(foreign, 64);
        _exit(TEST_SURVIVED);
    }
    test_child_wait(&child);
    CHECK(test_child_ended(&child, 0, SIGABRT));
}

TEST_MAIN()
