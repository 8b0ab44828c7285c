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

enum { NOUT = 300 };

struct out {
    unsigned char *block;
    size_t size;
    unsigned char fill;
};

static void out_free(struct out *out)
{
    for (size_t at = 0; at < out->size; at++) {
        CHECK_EQ(out->block[at], out->fill); /* nobody else wrote there */
    }
    cellar__meta_free(out->block, out->size);
    out->block = NULL;
}

static void out_alloc(struct out *out, struct test_random *random)
{
    out->size = test_random_below(random, (size_t)1 << test_random_below(random, 15)) + 1;
    out->block = cellar__meta_alloc(out->size);
    out->fill = (unsigned char)(test_random_next(random) | 1);
    CHECK(out->block != NULL);
    CHECK_EQ((uintptr_t)out->block % 64, 0);
    CHECK(is_zero((char *)out->block, out->size));
    memset(out->block, out->fill, out->size);
}

/* So many steps; one in purge_period is a purge, and before it a third of the blocks go. */
static void churn(int nsteps, size_t purge_period)
{
    struct test_random random = {test_seed() + 1};
    static struct out out[NOUT];
    size_t npurges = 0;
    for (int step = 0; step < nsteps; step++) {
        size_t i = test_random_below(&random, NOUT);
        if (purge_period != 0 && test_random_below(&random, purge_period) == 0) {
            for (i = 0; i < NOUT; i += 1 + i % 2) {
                if (out[i].block != NULL) {
                    out_free(&out[i]);
                }
            }
            npurges += cellar__meta_purge() != 0;
        } else if (out[i].block != NULL) {
            out_free(&out[i]);
        } else {
            out_alloc(&out[i], &random);
        }
    }
    CHECK(purge_period == 0 || npurges > 1);
    size_t used = usage().used;
    for (size_t i = 0; i < NOUT; i++) {
        if (out[i].block != NULL) {
            out_free(&out[i]);
        }
    }
    CHECK_GT(used, 0);
    CHECK_EQ(usage().used, 0);
}

/* M1 */
FRESH_TEST(blocks_are_aligned_zero_and_disjoint)
{
    start(SIZE_MAX);
    churn(30000, 0);
}

/* M1, M4 */
FRESH_TEST(and_they_are_between_purges)
{
    start(SIZE_MAX);
    churn(30000, 500);
}

FRESH_TEST(and_when_purges_are_refused)
{
    struct test_random random = {test_seed()};
    static struct out out[NOUT];
    start(SIZE_MAX);
    fake_os.refuse_purge = true;
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < NOUT; i++) {
            out_alloc(&out[i], &random);
        }
        for (size_t i = 0; i < NOUT; i++) {
            out_free(&out[i]);
        }
        CHECK_EQ(cellar__meta_purge(), 0);
    }
    CHECK_GT(fake_os.purge.count, 0);
    CHECK_EQ(usage().used, 0);
    CHECK_LT(usage().touched, 8 * MIB); /* what was free served again */
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

FRESH_TEST(a_block_may_go_back_in_pieces)
{
    start(SIZE_MAX);
    char *block = cellar__meta_alloc(512);
    memset(block, 1, 512);
    for (size_t at = 0; at < 512; at += 128) {
        cellar__meta_free(block + at, 128);
    }
    CHECK_EQ(usage().used, 0);
    for (size_t i = 0; i < 4; i++) {
        char *piece = cellar__meta_alloc(128);
        CHECK(piece >= block && piece < block + 512);
        CHECK(is_zero(piece, 128));
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

enum { NBLOCKS = 1000 };

static char *blocks[NBLOCKS];

static void blocks_alloc(size_t size)
{
    for (size_t i = 0; i < NBLOCKS; i++) {
        blocks[i] = cellar__meta_alloc(size);
        CHECK(blocks[i] != NULL);
        memset(blocks[i], 1, size);
    }
}

/* All but one in so many; those are NULL then. */
static void blocks_free(size_t size, size_t period)
{
    for (size_t i = 0; i < NBLOCKS; i++) {
        if (i % period != 0) {
            cellar__meta_free(blocks[i], size);
            blocks[i] = NULL;
        }
    }
}

static void blocks_check(size_t size)
{
    for (size_t i = 0; i < NBLOCKS; i++) {
        for (size_t at = 0; blocks[i] != NULL && at < size; at++) {
            CHECK_EQ(blocks[i][at], 1);
        }
    }
}

FRESH_TEST(purge_gives_back_whole_free_pages)
{
    size_t page_size = cellar__os_machine()->page_size;
    start(SIZE_MAX);
    blocks_alloc(2048);
    blocks_free(2048, 100);
    size_t touched = usage().touched;
    size_t purged = cellar__meta_purge();
    CHECK_EQ(purged % page_size, 0);
    CHECK_GT(purged,
             10 * (99 * 2048 - 2 * page_size)); /* between two that stay an edge, and the header's page */
    CHECK_LE(usage().touched, touched - purged);
    blocks_check(2048);
    CHECK_EQ(cellar__meta_purge(), 0); /* nothing more */
}

FRESH_TEST(a_page_with_a_block_stays)
{
    start(SIZE_MAX);
    blocks_alloc(2048);
    blocks_free(2048, 2);
    size_t touched = usage().touched;
    CHECK_EQ(cellar__meta_purge(), 0);
    CHECK_EQ(fake_os.purge.count, 0);
    CHECK_EQ(usage().touched, touched);
    blocks_check(2048);
}

FRESH_TEST(little_is_not_worth_a_purge)
{
    start(SIZE_MAX);
    void *block = cellar__meta_alloc(65536);
    memset(block, 1, 65536);
    cellar__meta_free(block, 65536);
    CHECK_EQ(cellar__meta_purge(), 0);
    CHECK_EQ(fake_os.purge.count, 0);
}

/* Freed blocks of one size serve another after a purge, before the region's end is asked for. */
FRESH_TEST(purged_memory_serves_any_size)
{
    start(32 * MIB); /* a region of 1 MiB */
    char *block[16];
    for (size_t i = 0; i < CELLAR_COUNTOF(block); i++) {
        block[i] = cellar__meta_alloc(65536);
        CHECK(block[i] != NULL);
        memset(block[i], 1, 65536);
    }
    CHECK_PTR(cellar__meta_alloc(64), NULL);
    for (size_t i = 0; i < CELLAR_COUNTOF(block); i++) {
        cellar__meta_free(block[i], 65536);
    }
    CHECK_GT(cellar__meta_purge(), 0);
    size_t count = 0;
    for (char *other; (other = cellar__meta_alloc(192)) != NULL; count++) {
        CHECK(is_zero(other, 192));
        memset(other, 1, 192);
    }
    CHECK_GE(count, (1 * MIB - 4096) / 192); /* the last of a stretch is a block of its own size */
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
