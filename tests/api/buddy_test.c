/* levels: lib */
/* A buddy as a program uses it: over its own memory, which is not touched, and over file offsets. */
#include <cellar/buddy.h>

#include "test.h"

enum { LG_MIN = 6, LG_MAX = 16, POOL = 3 << 14 };

static _Alignas(1 << LG_MAX) uint8_t pool[POOL];
static uint8_t metadata[CELLAR_BUDDY_METADATA_SIZE(POOL, LG_MIN)];
static struct cellar_buddy buddy;

static void pool_start(void)
{
    struct cellar_buddy_attr attr = {
        .version = CELLAR_BUDDY_ATTR_VERSION,
        .lg_min = LG_MIN,
        .lg_max = LG_MAX,
        .base = (uintptr_t)pool,
        .size = sizeof pool,
        .metadata = metadata,
        .metadata_size = sizeof metadata,
    };
    CHECK_EQ(cellar_buddy_init(&buddy, &attr), 0);
}

static void *pool_alloc(size_t size)
{
    uint64_t addr;
    return cellar_buddy_alloc(&buddy, size, &addr) == 0 ? (void *)(uintptr_t)addr : NULL;
}

TEST(blocks_are_aligned_to_their_size_and_apart)
{
    uint8_t *blocks[64];
    size_t count = 0;
    pool_start();
    for (size_t size = 1; count < 64; size = size * 3 % 2000 + 1) {
        uint64_t usable;
        blocks[count] = pool_alloc(size);
        if (blocks[count] == NULL) {
            break;
        }
        CHECK_EQ(cellar_buddy_size_of(&buddy, (uintptr_t)blocks[count], &usable), 0);
        CHECK_GE(usable, size);
        CHECK_EQ((uintptr_t)blocks[count] % usable, 0);
        CHECK(blocks[count] >= pool && blocks[count] + usable <= pool + sizeof pool);
        memset(blocks[count], (int)count + 1, usable);
        count++;
    }
    CHECK_GT(count, 20);
    CHECK(cellar_buddy_check(&buddy) == NULL);
    for (size_t i = 0; i < count; i++) {
        uint64_t usable;
        CHECK_EQ(cellar_buddy_size_of(&buddy, (uintptr_t)blocks[i], &usable), 0);
        for (uint64_t at = 0; at < usable; at++) {
            CHECK_EQ(blocks[i][at], i + 1);
        }
        CHECK_EQ(cellar_buddy_free(&buddy, (uintptr_t)blocks[i]), 0);
        CHECK_EQ(cellar_buddy_free(&buddy, (uintptr_t)blocks[i]), -EINVAL);
    }
    CHECK(cellar_buddy_check(&buddy) == NULL);
}

TEST(the_pool_itself_is_not_touched)
{
    memset(pool, 0x5a, sizeof pool);
    pool_start();
    void *block = pool_alloc(1000);
    CHECK_EQ(cellar_buddy_resize(&buddy, (uintptr_t)block, 5000), 0);
    CHECK_EQ(cellar_buddy_reserve(&buddy, (uintptr_t)pool + 20000, 100), 0);
    CHECK_EQ(cellar_buddy_free_sized(&buddy, (uintptr_t)block, 5000), 0);
    for (size_t i = 0; i < sizeof pool; i++) {
        CHECK_EQ(pool[i], 0x5a);
    }
}

static void count_out(void *ctx, const struct cellar_buddy_block *block)
{
    *(size_t *)ctx += block->state == CELLAR_BUDDY_OUT;
}

/* A file of 100 TiB, in pieces of 64 MiB to 1 TiB, none of it ever mapped. */
TEST(any_space_of_integers)
{
    static uint8_t tree[CELLAR_BUDDY_METADATA_SIZE(UINT64_C(100) << 40, 26)];
    struct cellar_buddy_attr attr = {
        .version = CELLAR_BUDDY_ATTR_VERSION,
        .lg_min = 26,
        .lg_max = 40,
        .base = UINT64_C(1) << 60,
        .size = UINT64_C(100) << 40,
        .metadata = tree,
        .metadata_size = cellar_buddy_metadata_size(UINT64_C(100) << 40, 26),
    };
    struct cellar_buddy_usage usage;
    struct cellar_buddy_order orders[15];
    struct cellar_buddy_block block;
    size_t nout = 0;
    CHECK_EQ(cellar_buddy_init(&buddy, &attr), 0);
    for (uint64_t i = 0; i < 100; i++) {
        uint64_t offset;
        CHECK_EQ(cellar_buddy_alloc(&buddy, UINT64_C(1) << 40, &offset), 0);
        CHECK_EQ(offset, attr.base + (i << 40));
    }
    CHECK_EQ(cellar_buddy_resize(&buddy, attr.base, 1), 0);
    CHECK_EQ(cellar_buddy_find(&buddy, attr.base + (UINT64_C(1) << 39), &block), 0);
    CHECK(block.state == CELLAR_BUDDY_FREE && block.size == UINT64_C(1) << 39);
    cellar_buddy_walk(&buddy, count_out, &nout);
    cellar_buddy_get_usage(&buddy, &usage);
    cellar_buddy_orders(&buddy, orders);
    CHECK(nout == 100 && usage.nout == 100 && orders[14].nout == 99 && orders[0].nout == 1);
    CHECK_EQ(usage.free, (UINT64_C(1) << 40) - (1 << 26));
    CHECK(cellar_buddy_check(&buddy) == NULL);
}

TEST(bound_is_enough_for_a_pool)
{
    /* 16 KiB out at once in blocks of 64 to 1024 bytes: lg 16 is 4, so three times as much. */
    CHECK_EQ(cellar_buddy_bound(16 << 10, 1 << 10, LG_MIN), 48 << 10);
}

TEST_MAIN()
