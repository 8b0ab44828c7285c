/* levels: api */
/* A buddy from C++, and from libcellar-api. */
#include <cellar/buddy.h>

#include "test.h"

static constexpr unsigned lg_min = 4, lg_max = 10;
alignas(1 << lg_max) static unsigned char pool[1000];
static unsigned char metadata[CELLAR_BUDDY_METADATA_SIZE(sizeof pool, lg_min)];

TEST(a_buddy_in_cxx)
{
    cellar_buddy buddy;
    cellar_buddy_attr attr = {};
    attr.version = CELLAR_BUDDY_ATTR_VERSION;
    attr.lg_min = lg_min;
    attr.lg_max = lg_max;
    attr.base = reinterpret_cast<uintptr_t>(pool);
    attr.size = sizeof pool;
    attr.metadata = metadata;
    attr.metadata_size = sizeof metadata;
    CHECK_EQ(cellar_buddy_init(&buddy, &attr), 0);
    uint64_t addr = 0, size = 0;
    CHECK_EQ(cellar_buddy_alloc(&buddy, 100, &addr), 0);
    CHECK_EQ(addr, attr.base);
    CHECK_EQ(cellar_buddy_size_of(&buddy, addr, &size), 0);
    CHECK_EQ(size, 128);
    int visits = 0;
    cellar_buddy_walk(
        &buddy, [](void *ctx, const cellar_buddy_block *) { ++*static_cast<int *>(ctx); }, &visits);
    CHECK_EQ(visits, 7); /* 128 out, 128 256 256 128 64 32 free */
    CHECK(cellar_buddy_check(&buddy) == nullptr);
    CHECK_EQ(cellar_buddy_free(&buddy, addr), 0);
}

TEST_MAIN()
