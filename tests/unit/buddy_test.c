/* levels: base os buddy */
#include "buddy/buddy_int.h"

#include "test.h"

enum { NORDERS = 11, METADATA_MAX = 1 << 16 };

static struct cellar_buddy buddy;
static uint8_t metadata[METADATA_MAX];

static struct cellar_buddy_attr attr_make(uint64_t base, uint64_t size, unsigned lg_min, unsigned lg_max)
{
    return (struct cellar_buddy_attr){
        .version = CELLAR_BUDDY_ATTR_VERSION,
        .lg_min = lg_min,
        .lg_max = lg_max,
        .base = base,
        .size = size,
        .metadata = metadata,
        .metadata_size = sizeof metadata,
    };
}

static void buddy_start(uint64_t base, uint64_t size, unsigned lg_min, unsigned lg_max)
{
    struct cellar_buddy_attr attr = attr_make(base, size, lg_min, lg_max);
    CHECK_EQ(cellar_buddy_init(&buddy, &attr), 0);
    CHECK(cellar_buddy_check(&buddy) == NULL);
}

static uint64_t alloc(uint64_t size)
{
    uint64_t addr = 0;
    CHECK_EQ(cellar_buddy_alloc(&buddy, size, &addr), 0);
    CHECK(cellar_buddy_check(&buddy) == NULL);
    return addr;
}

static void alloc_fails(uint64_t size, int status)
{
    uint64_t addr = 4711;
    CHECK_EQ(cellar_buddy_alloc(&buddy, size, &addr), status);
    CHECK_EQ(addr, 4711);
}

/* Compares bytes: a call that fails changes nothing at all. */
static struct cellar_buddy buddy_before;
static uint8_t metadata_before[METADATA_MAX];

static void snapshot(void)
{
    buddy_before = buddy;
    memcpy(metadata_before, metadata, sizeof metadata);
}

static void check_unchanged(void)
{
    CHECK(memcmp(&buddy_before, &buddy, sizeof buddy) == 0);
    CHECK(memcmp(metadata_before, metadata, sizeof metadata) == 0);
}

static struct cellar_buddy_usage usage(void)
{
    struct cellar_buddy_usage now;
    cellar_buddy_get_usage(&buddy, &now);
    return now;
}

#define INIT_FAILS(change)                                                                                   \
    do {                                                                                                     \
        struct cellar_buddy_attr attr = attr_make(1 << 20, 1 << 20, 6, 20);                                  \
        change;                                                                                              \
        snapshot();                                                                                          \
        CHECK_EQ(cellar_buddy_init(&buddy, &attr), -EINVAL);                                                 \
        check_unchanged();                                                                                   \
    } while (0)

TEST(init_checks_every_attribute)
{
    buddy_start(1 << 20, 1 << 20, 6, 20);
    INIT_FAILS(attr.version = 0);
    INIT_FAILS(attr.version = 2);
    INIT_FAILS(attr.lg_min = 21);
    INIT_FAILS(attr.lg_max = 5);
    INIT_FAILS(attr.lg_max = 64);
    INIT_FAILS((attr.lg_min = 64, attr.lg_max = 64));
    INIT_FAILS(attr.base = 64);
    INIT_FAILS(attr.base += 1);
    INIT_FAILS(attr.size = 0);
    INIT_FAILS(attr.size = 63);
    INIT_FAILS(attr.metadata = NULL);
    INIT_FAILS(attr.metadata_size = cellar_buddy_metadata_size(1 << 20, 6) - 1);
    INIT_FAILS((attr.base = -(UINT64_C(1) << 20), attr.size = (1 << 20) + 1));
    INIT_FAILS((attr.lg_min = 0, attr.size = (UINT64_C(1) << 39) + 1, attr.metadata_size = SIZE_MAX));
}

TEST(init_takes_the_edges)
{
    buddy_start(0, 1, 0, 0);
    CHECK_EQ(alloc(1), 0);
    alloc_fails(1, -ENOMEM);
    buddy_start(-(UINT64_C(1) << 20), 1 << 20, 6, 20); /* to the very end of 64 bits */
    CHECK_EQ(alloc(1 << 20), -(UINT64_C(1) << 20));
    buddy_start(0, UINT64_MAX, 53, 63);
    CHECK_EQ(usage().size, UINT64_MAX - (UINT64_C(1) << 53) + 1);
    CHECK_EQ(alloc(UINT64_C(1) << 63), 0);
    alloc_fails(UINT64_MAX, -ENOMEM);
}

TEST(metadata_is_as_large_as_said)
{
    struct test_random random = {test_seed()};
    for (uint64_t round = 1; round < 20000; round++) {
        uint64_t nunits = round < 10000 ? round : test_random_next(&random) >> (25 + round % 39);
        nunits += nunits == 0;
        size_t exact = cellar_buddy_metadata_size(nunits << 1 | 1, 1);
        size_t macro = CELLAR_BUDDY_METADATA_SIZE(nunits << 1 | 1, 1);
        CHECK_LE(exact, macro);
        CHECK_LE(macro, exact + 2 * cellar__lg_ceil(nunits) + 8);
        CHECK_LE(exact * 8, nunits * 5 + (nunits >> 11) + 8 * 40);
    }
    CHECK_EQ(cellar_buddy_metadata_size(1 << 20, 6), (1 << 14) / 8 * 5);
    CHECK_EQ(cellar_buddy_metadata_size(63, 6), 0);
    CHECK_EQ(cellar_buddy_metadata_size(1, 64), 0);
    CHECK_EQ(cellar_buddy_metadata_size(UINT64_MAX, 0), 0);
}

/* No byte before or behind the metadata is written. */
TEST(metadata_ends_where_it_is_said_to)
{
    for (uint64_t nunits = 1; nunits < 300; nunits++) {
        size_t size = cellar_buddy_metadata_size(nunits, 0);
        struct cellar_buddy_attr attr = attr_make(0, nunits, 0, 10);
        memset(metadata, 0xa5, sizeof metadata);
        attr.metadata = metadata + 1; /* at any alignment */
        attr.metadata_size = size;
        CHECK_EQ(cellar_buddy_init(&buddy, &attr), 0);
        for (uint64_t i = 0; i < nunits; i++) {
            CHECK_EQ(alloc(1), i);
        }
        alloc_fails(1, -ENOMEM);
        CHECK(metadata[0] == 0xa5 && metadata[size + 1] == 0xa5);
    }
}

TEST(alloc_takes_the_lowest_place)
{
    buddy_start(0, 1024, 4, 10);
    CHECK_EQ(alloc(1), 0);
    CHECK_EQ(alloc(17), 32);
    CHECK_EQ(alloc(16), 16);
    CHECK_EQ(alloc(65), 128);
    CHECK_EQ(alloc(64), 64);
    CHECK_EQ(cellar_buddy_free(&buddy, 16), 0);
    CHECK_EQ(alloc(32), 256); /* 16 is free, but no place of 32 */
    CHECK_EQ(alloc(512), 512);
    alloc_fails(128 + 1, -ENOMEM);
    alloc_fails(0, -EINVAL);
    alloc_fails(1025, -ENOMEM);
    alloc_fails(UINT64_MAX, -ENOMEM);
    CHECK_EQ(alloc(16), 16);
}

TEST(blocks_stay_within_lg_max)
{
    buddy_start(1 << 10, 4 << 10, 4, 10);
    alloc_fails((1 << 10) + 1, -ENOMEM);
    for (uint64_t i = 1; i <= 4; i++) {
        CHECK_EQ(alloc(1 << 10), i << 10);
    }
    CHECK_EQ(cellar_buddy_free(&buddy, 2 << 10), 0);
    CHECK_EQ(cellar_buddy_free(&buddy, 3 << 10), 0);
    CHECK_EQ(usage().largest_free, 1 << 10);
    CHECK_EQ(cellar_buddy_resize(&buddy, 1 << 10, 2 << 10), -ENOMEM);
}

TEST(space_need_be_no_power_of_two)
{
    buddy_start(0, 1000, 4, 10); /* 62 units, and 8 bytes that are not used */
    CHECK_EQ(usage().size, 992);
    CHECK_EQ(usage().largest_free, 512);
    alloc_fails(1000, -ENOMEM);
    CHECK_EQ(alloc(512), 0);
    CHECK_EQ(alloc(256), 512);
    CHECK_EQ(alloc(128), 768);
    CHECK_EQ(alloc(64), 896);
    CHECK_EQ(alloc(32), 960);
    alloc_fails(1, -ENOMEM);
    CHECK_EQ(usage().free, 0);
}

TEST(free_joins_buddies_and_nobody_else)
{
    buddy_start(0, 128, 4, 7);
    for (uint64_t i = 0; i < 8; i++) {
        CHECK_EQ(alloc(16), i * 16);
    }
    CHECK_EQ(cellar_buddy_free(&buddy, 16), 0);
    CHECK_EQ(cellar_buddy_free(&buddy, 32), 0);
    CHECK_EQ(usage().largest_free, 16); /* neighbours, but no buddies */
    CHECK_EQ(cellar_buddy_free(&buddy, 48), 0);
    CHECK_EQ(usage().largest_free, 32);
    CHECK_EQ(cellar_buddy_free(&buddy, 0), 0);
    CHECK_EQ(usage().largest_free, 64);
    for (uint64_t i = 4; i < 8; i++) {
        CHECK_EQ(cellar_buddy_free(&buddy, i * 16), 0);
        CHECK(cellar_buddy_check(&buddy) == NULL);
    }
    CHECK_EQ(usage().largest_free, 128);
    CHECK_EQ(usage().nout, 0);
}

static void free_fails(uint64_t addr)
{
    uint64_t size = 4711;
    snapshot();
    CHECK_EQ(cellar_buddy_free(&buddy, addr), -EINVAL);
    CHECK_EQ(cellar_buddy_free_sized(&buddy, addr, 16), -EINVAL);
    CHECK_EQ(cellar_buddy_resize(&buddy, addr, 16), -EINVAL);
    CHECK_EQ(cellar_buddy_size_of(&buddy, addr, &size), -EINVAL);
    CHECK_EQ(size, 4711);
    check_unchanged();
}

TEST(free_refuses_what_is_no_block)
{
    buddy_start(1024, 1024, 4, 10);
    uint64_t small = alloc(16);
    uint64_t large = alloc(100);
    uint64_t gone = alloc(16);
    CHECK_EQ(cellar_buddy_free(&buddy, gone), 0);
    CHECK_EQ(cellar_buddy_reserve(&buddy, 2032, 16), 0);
    free_fails(gone);                       /* twice */
    free_fails(small + 1);                  /* misaligned */
    free_fails(large + 16);                 /* inside a block */
    free_fails(large + 64);                 /* so is its upper half */
    free_fails(large + 127);                /* and its last byte */
    free_fails(1023);                       /* before the space */
    free_fails(2048);                       /* behind it */
    free_fails(0);                          /* foreign */
    free_fails(UINT64_MAX);                 /* foreign */
    free_fails(UINT64_MAX & ~UINT64_C(15)); /* foreign */
    free_fails(2032);                       /* reserved */
    free_fails(1536);                       /* free, and never was a block */
    CHECK_EQ(cellar_buddy_free(&buddy, small), 0);
    CHECK_EQ(cellar_buddy_free(&buddy, large), 0);
}

TEST(free_sized_compares_the_block)
{
    buddy_start(0, 1024, 4, 10);
    uint64_t addr = alloc(100);
    snapshot();
    CHECK_EQ(cellar_buddy_free_sized(&buddy, addr, 64), -EINVAL);
    CHECK_EQ(cellar_buddy_free_sized(&buddy, addr, 129), -EINVAL);
    CHECK_EQ(cellar_buddy_free_sized(&buddy, addr, 0), -EINVAL);
    CHECK_EQ(cellar_buddy_free_sized(&buddy, addr, UINT64_MAX), -EINVAL);
    check_unchanged();
    CHECK_EQ(cellar_buddy_free_sized(&buddy, addr, 65), 0);
    CHECK_EQ(usage().allocated, 0);
    addr = alloc(1);
    CHECK_EQ(cellar_buddy_free_sized(&buddy, addr, 16), 0);
}

TEST(resize_grows_and_shrinks_in_place)
{
    uint64_t size;
    buddy_start(0, 1024, 4, 10);
    uint64_t addr = alloc(16);
    CHECK_EQ(cellar_buddy_resize(&buddy, addr, 1024), 0);
    CHECK_EQ(usage().free, 0);
    CHECK(cellar_buddy_check(&buddy) == NULL);
    CHECK_EQ(cellar_buddy_resize(&buddy, addr, 33), 0);
    CHECK_EQ(cellar_buddy_size_of(&buddy, addr, &size), 0);
    CHECK_EQ(size, 64);
    CHECK_EQ(usage().largest_free, 512);
    CHECK(cellar_buddy_check(&buddy) == NULL);
    CHECK_EQ(alloc(1), 64);
    CHECK_EQ(cellar_buddy_resize(&buddy, addr, 64), 0);
    snapshot();
    CHECK_EQ(cellar_buddy_resize(&buddy, addr, 65), -ENOMEM); /* its buddy is out */
    CHECK_EQ(cellar_buddy_resize(&buddy, 64, 200), -ENOMEM);  /* it is an upper half */
    CHECK_EQ(cellar_buddy_resize(&buddy, addr, 1025), -ENOMEM);
    CHECK_EQ(cellar_buddy_resize(&buddy, addr, 0), -EINVAL);
    check_unchanged();
    CHECK_EQ(cellar_buddy_resize(&buddy, 64, 64), 0);
    CHECK_EQ(cellar_buddy_free(&buddy, 64), 0);
    CHECK_EQ(cellar_buddy_resize(&buddy, addr, 1), 0);
    CHECK_EQ(cellar_buddy_free(&buddy, addr), 0);
    CHECK_EQ(usage().largest_free, 1024);
    CHECK(cellar_buddy_check(&buddy) == NULL);
}

TEST(reserve_takes_whole_units_for_good)
{
    buddy_start(0, 1024, 4, 10);
    CHECK_EQ(cellar_buddy_reserve(&buddy, 100, 200), 0); /* 96 to 304 */
    CHECK_EQ(usage().reserved, 208);
    CHECK(cellar_buddy_check(&buddy) == NULL);
    CHECK_EQ(alloc(128), 384);
    CHECK_EQ(alloc(64), 0);
    CHECK_EQ(alloc(32), 64);
    CHECK_EQ(alloc(16), 304);
    CHECK_EQ(cellar_buddy_reserve(&buddy, 90, 8), -EBUSY);
    CHECK_EQ(cellar_buddy_free(&buddy, 64), 0);
    CHECK_EQ(cellar_buddy_reserve(&buddy, 80, 64), 0); /* in part reserved already */
    CHECK_EQ(usage().reserved, 224);
    CHECK(cellar_buddy_check(&buddy) == NULL);
    snapshot();
    CHECK_EQ(cellar_buddy_reserve(&buddy, 100, 200), 0); /* once more */
    CHECK_EQ(cellar_buddy_reserve(&buddy, 800, 225), -EINVAL);
    CHECK_EQ(cellar_buddy_reserve(&buddy, 1024, 1), -EINVAL);
    CHECK_EQ(cellar_buddy_reserve(&buddy, 1, UINT64_MAX), -EINVAL);
    CHECK_EQ(cellar_buddy_reserve(&buddy, 0, 0), -EINVAL);
    CHECK_EQ(cellar_buddy_reserve(&buddy, 304, 700), -EBUSY);
    check_unchanged();
}

TEST(find_sees_the_block_around_an_address)
{
    struct cellar_buddy_block block;
    buddy_start(1024, 1024, 4, 10);
    uint64_t addr = alloc(100);
    CHECK_EQ(cellar_buddy_reserve(&buddy, 1024 + 256, 64), 0);
    CHECK_EQ(cellar_buddy_find(&buddy, addr + 77, &block), 0);
    CHECK(block.addr == 1024 && block.size == 128 && block.state == CELLAR_BUDDY_OUT);
    CHECK_EQ(cellar_buddy_find(&buddy, 1024 + 300, &block), 0);
    CHECK(block.addr == 1280 && block.size == 64 && block.state == CELLAR_BUDDY_RESERVED);
    CHECK_EQ(cellar_buddy_find(&buddy, 2047, &block), 0);
    CHECK(block.addr == 1536 && block.size == 512 && block.state == CELLAR_BUDDY_FREE);
    CHECK_EQ(cellar_buddy_find(&buddy, 2048, &block), -EINVAL);
    CHECK_EQ(cellar_buddy_find(&buddy, 1023, &block), -EINVAL);
    CHECK_EQ(block.addr, 1536);
}

static uint64_t walk_end;
static size_t walk_count;

static void walk_in_order(void *ctx, const struct cellar_buddy_block *block)
{
    CHECK_EQ(block->addr, walk_end);
    CHECK_EQ(block->addr % block->size, 0);
    walk_end += block->size;
    walk_count++;
    if (ctx != NULL && block->state == CELLAR_BUDDY_OUT) {
        CHECK_EQ(cellar_buddy_free(ctx, block->addr), 0);
    }
}

static void walk_freeing(void *ctx, const struct cellar_buddy_block *block)
{
    CHECK_GE(block->addr, walk_end);
    walk_end = block->addr + block->size;
    walk_count++;
    if (block->state == CELLAR_BUDDY_OUT) {
        CHECK_EQ(cellar_buddy_free(ctx, block->addr), 0);
    }
}

TEST(walk_shows_every_block_once)
{
    struct cellar_buddy_order orders[7];
    buddy_start(0, 1008, 4, 10);
    alloc(16);
    alloc(100);
    CHECK_EQ(cellar_buddy_reserve(&buddy, 256, 48), 0);
    walk_end = 0;
    walk_count = 0;
    cellar_buddy_walk(&buddy, walk_in_order, NULL);
    CHECK_EQ(walk_end, 1008);
    /* 0 out, 16 32 64 free, 128 out, 256 288 reserved, 304 320 384 free, 512 768 896 960 992 free */
    CHECK_EQ(walk_count, 15);
    cellar_buddy_orders(&buddy, orders);
    CHECK(orders[0].nout == 1 && orders[0].nfree == 3);
    CHECK(orders[3].nout == 1 && orders[3].nfree == 2);
    CHECK(orders[6].nout == 0 && orders[6].nfree == 0);
}

TEST(visit_may_free_what_it_is_shown)
{
    buddy_start(0, 1024, 4, 10);
    for (uint64_t i = 0; i < 40; i++) {
        alloc(16);
    }
    walk_end = 0;
    walk_count = 0;
    cellar_buddy_walk(&buddy, walk_freeing, &buddy);
    CHECK_EQ(usage().largest_free, 1024);
    CHECK_GE(walk_count, 40);
    CHECK(cellar_buddy_check(&buddy) == NULL);
}

TEST(usage_follows)
{
    buddy_start(0, 1024, 4, 10);
    CHECK(usage().largest == 0 && usage().extent == 0 && usage().bound == 0);
    uint64_t addr = alloc(100);
    alloc(10);
    CHECK_EQ(cellar_buddy_free(&buddy, addr), 0);
    struct cellar_buddy_usage now = usage();
    CHECK(now.size == 1024 && now.allocated == 16 && now.free == 1008 && now.reserved == 0);
    CHECK(now.largest_free == 512 && now.nout == 1);
    CHECK(now.requested == 110 && now.granted == 144 && now.max_allocated == 144);
    CHECK(now.largest == 128 && now.extent == 144);
    CHECK_GE(now.bound, now.extent);
}

/* Each would break the bound of a buddy without them. */
TEST(bound_allows_for_holes_and_resizes)
{
    buddy_start(0, 256, 0, 3);
    for (uint64_t i = 0; i < 8; i++) {
        CHECK_EQ(cellar_buddy_reserve(&buddy, i * 8 + 3, 1), 0);
    }
    CHECK_EQ(alloc(8), 64);
    CHECK_EQ(usage().bound, 184); /* by hand: B(0) to B(3) are 16, 40, 88, 184 */
    buddy_start(0, 256, 0, 3);
    for (uint64_t i = 0; i < 8; i++) {
        CHECK_EQ(alloc(8), i * 8);
        CHECK_EQ(cellar_buddy_resize(&buddy, i * 8, 1), 0);
        CHECK(cellar_buddy_check(&buddy) == NULL);
    }
    CHECK_EQ(usage().extent, 64);
    CHECK_LT(cellar_buddy_bound(usage().max_allocated, 8, 0), 64);
    CHECK_EQ(usage().bound, usage().max_allocated * 8);
}

/* Whatever one node says in place of the truth is noticed: by the tree, or by the sums. */
TEST(check_notices_every_wrong_node)
{
    buddy_start(0, 62, 0, 5);
    uint64_t addr = alloc(8);
    alloc(1);
    alloc(4);
    CHECK_EQ(cellar_buddy_reserve(&buddy, 40, 5), 0);
    CHECK_EQ(cellar_buddy_free(&buddy, addr), 0);
    for (unsigned order = 0; order <= buddy.root_order; order++) {
        for (size_t index = 0; index < cellar__buddy_nnodes(62, order); index++) {
            unsigned right = cellar__buddy_get(&buddy, order, index);
            for (unsigned wrong = 0; wrong <= cellar__buddy_hole(order); wrong++) {
                cellar__buddy_put(&buddy, order, index, wrong);
                CHECK_EQ(cellar_buddy_check(&buddy) == NULL, wrong == right);
            }
            cellar__buddy_put(&buddy, order, index, right);
        }
    }
    CHECK(cellar_buddy_check(&buddy) == NULL);
}

#define CHECK_NOTICES(change, name)                                                                          \
    do {                                                                                                     \
        snapshot();                                                                                          \
        change;                                                                                              \
        CHECK_STR(cellar_buddy_check(&buddy), name);                                                         \
        buddy = buddy_before;                                                                                \
        memcpy(metadata, metadata_before, sizeof metadata);                                                  \
    } while (0)

TEST(check_names_the_invariant)
{
    buddy_start(0, 2000, 4, 8);
    alloc(128);
    alloc(16);
    CHECK_NOTICES(cellar__buddy_put(&buddy, 0, 1, 2), "B1");
    CHECK_NOTICES(cellar__buddy_put(&buddy, 2, 0, 1), "B1");
    CHECK_NOTICES(cellar__buddy_tree_set(&buddy, 5, 1, CELLAR_BUDDY_NONE), "B2");
    CHECK_NOTICES(buddy.nout++, "B3");
    CHECK_NOTICES(buddy.allocated--, "B3");
    CHECK_NOTICES(buddy.reserved++, "B3");
    CHECK_NOTICES(buddy.max_allocated = 8, "B4");
    CHECK_NOTICES(buddy.largest_order = 2, "B4");
    CHECK_NOTICES(buddy.extent = 8, "B4");
    CHECK_NOTICES(buddy.extent = 125, "B5");
    CHECK(cellar_buddy_check(&buddy) == NULL);
}

TEST_MAIN()
